"""Looking after a store and a machine: doctor, benchmark, self-test."""

from __future__ import annotations

import subprocess
import sys
from typing import Annotated

import typer

from medsynth_engine.kernel.errors import CheckFailed, WrongUsage
from medsynth_tui.cli import fits, show
from medsynth_tui.cli.command import command, group
from medsynth_tui.cli.face import Document, Face

SELFTESTS = {
    "deid": "medsynth_engine.intake.selftest",
    "gauge": "medsynth_engine.trial",
    "device": "medsynth_engine.gan.device",
}
about = group("about", "What rules MedSynth, and in which edition.", "medsynth about deid")


def attach(root: typer.Typer) -> None:
    """Declare the commands of this file in `root`."""

    @command(
        root,
        "doctor",
        "medsynth doctor",
        "# For a program: no measuring, a document, exit code 9 where not all is well",
        "medsynth doctor --json",
    )
    def doctor(
        face: Face,
        measure: Annotated[
            bool | None,
            typer.Option(
                "--measure/--no-measure", help="Which preset fits this machine; at a terminal it is measured."
            ),
        ] = None,
    ) -> None:
        """What is well with this store, and what to do about the rest. Exit code 9 where not all is.

        Besides: how the machine stands (memory, heat), and what an hour of training gives on it, measured.
        """
        document = face.ask(lambda engine: engine.doctor())
        if face.json:
            document["fit"] = fits.measured(lambda _: None) if measure else None
        face.give(document, show_checks)
        if not face.json and (measure if measure is not None else face.out.is_terminal):
            fits.measure_and_show(face)
        if not all(check["ok"] for check in document["checks"]):
            raise typer.Exit(CheckFailed.exit_code)

    @command(root, "benchmark", "medsynth benchmark", "medsynth benchmark --quick")
    def benchmark(
        face: Face, quick: Annotated[bool, typer.Option("--quick", help="The smallest preset only.")] = False
    ) -> None:
        """What this machine does, measured: training, generation, intake, evaluation."""
        done = _module(face, "medsynth_engine.benchmark", *(["--quick"] if quick else []))
        raise typer.Exit(done.returncode)

    @command(
        root,
        "selftest",
        "# Identifiers planted everywhere, and looked for",
        "medsynth selftest deid",
        "# Generators that leak a known share: does the gate close?",
        "medsynth selftest gauge --seeds 3",
        "# Does this machine's accelerator compute what its processor does?",
        "medsynth selftest device",
    )
    def selftest(
        face: Face,
        what: Annotated[str, typer.Argument(metavar="WHAT", help=", ".join(SELFTESTS))],
        seeds: Annotated[
            int | None,
            typer.Option("--seeds", metavar="N", min=1, max=1_000, help="Of gauge: cohorts of each kind (3; all: 20)."),
        ] = None,
    ) -> None:
        """Prove a part of MedSynth on this machine. Exit code 9 where it fails."""
        if what not in SELFTESTS:
            raise WrongUsage("no_such_selftest", "There is no such self-test.", f"One of: {', '.join(SELFTESTS)}.")
        if seeds is not None and what != "gauge":
            raise WrongUsage("bad_option", "Only the self-test of the gauge takes --seeds.", "medsynth selftest gauge")
        done = _module(face, SELFTESTS[what], *(["--seeds", str(seeds)] if seeds else []), kept=True)
        if not done.stdout:
            raise CheckFailed("selftest_failed", f"Self-test {what}: It said nothing, so nothing is proved.")
        if done.returncode != 0 and what == "device":
            hint = "Train with --device cpu meanwhile."
            raise CheckFailed("selftest_failed", f"Self-test {what}: It fails on this machine.", hint)
        sys.stdout.write(done.stdout)
        if done.returncode != 0:  # what was found tells more than a sentence
            raise typer.Exit(CheckFailed.exit_code)

    root.add_typer(about)


@command(about, "deid", "medsynth about deid")
def deid(face: Face) -> None:
    """The table of DICOM attributes that de-identification goes by: standard, edition, rows, SHA-256."""
    from medsynth_engine.intake.rules.profile import edition

    face.give(edition().document(), lambda face, told: show.pairs(face, list(told.items())))


def _module(face: Face, module: str, *arguments: str, kept: bool = False) -> subprocess.CompletedProcess[str]:
    """Run a module that needs torch in a process of its own; this process stays small. `kept`: its stdout is ours."""
    command = [sys.executable, "-m", module, *arguments, *(["--json"] if face.json else [])]
    return subprocess.run(command, check=False, text=True, stdout=subprocess.PIPE if kept else None)


def show_checks(face: Face, document: Document) -> None:
    rows = [("ok" if check["ok"] else "look", check["name"], check["says"]) for check in document["checks"]]
    marks = {True: "ok", False: "look", None: "?"}
    rows += [(marks[each["ok"]], each["name"], each["says"]) for each in document["machine"]]
    show.table(face, ("", "check", ""), rows)
    for check in [*document["checks"], *document["machine"]]:
        if not check["ok"] and check.get("what_to_do"):
            show.sentences(face, str(check["name"]), [check["what_to_do"]])
