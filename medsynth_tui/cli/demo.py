"""`medsynth demo`: the whole main job, through the engine exactly as three users would do it, in a home of its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medsynth_engine.kernel.errors import CheckFailed, Interrupted, MedSynthError, Refused
from medsynth_tui.cli import own_home, show
from medsynth_tui.cli.command import command
from medsynth_tui.cli.demo_names import BALANCE, BALANCED, DATASET, RUN, TRAINED
from medsynth_tui.cli.face import Document, Face
from medsynth_tui.cli.own_home import PEOPLE
from medsynth_tui.cli.waiting import LEFT_RUNNING, wait

if TYPE_CHECKING:
    from medsynth_engine.engine import Engine

ANSWERS = {
    "need": {"purpose": "Trying MedSynth out."},
    "processing": {"source": "The built-in phantom cohort: drawn by a program, nobody's data."},
    "consultation": {"people": "Nobody: no person stands behind the phantom."},
    "necessity": {"lawful_basis": "None is needed: no personal data.", "ethics": "None is needed: no people."},
    "outcome": {"owner": "alice"},
}
"""What only a person knows, for the assessment."""


def attach(root: typer.Typer) -> None:
    """Declare `demo` in `root`."""

    @command(
        root,
        "demo",
        "medsynth demo",
        "# A quicker look: less training, fewer patients",
        "medsynth demo --minutes 0.5 --patients 600",
    )
    def demo(
        face: Face,
        minutes: Annotated[float, typer.Option("--minutes", metavar="M", help="For how long to train.")] = 2.5,
        patients: Annotated[int, typer.Option("--patients", metavar="N", help="How many phantom patients.")] = 2000,
        number: Annotated[
            int | None,
            typer.Option("-n", "--number", metavar="N", help="Records in each cohort; else as many as were learned."),
        ] = None,
    ) -> None:
        """The whole main job on a built-in cohort.

        From an empty store to a gated export, with three accounts. It asks nothing and takes some four minutes on two
        cores. Its store is one of its own: data/demo in the folder that --home or MEDSYNTH_HOME names.
        """
        began = time.monotonic()
        with afresh(face) as home, Face(replace(face.manner, home=home)) as inside:
            story = Story(inside, minutes, patients, number)
            document = story.tell()
        document["seconds"] = round(time.monotonic() - began, 1)
        from medsynth_tui.cli.demo_report import show_demo

        face.give(document, show_demo)


@contextmanager
def afresh(face: Face) -> Iterator[Path]:
    """An empty folder for the demo in the store's home, ours alone while the block lasts. Raises Busy, WrongUsage."""
    with own_home.held(face, "demo") as folder:
        own_home.clear(face, folder, folder)
        own_home.make(folder)
        yield folder


@dataclass
class Story:
    """The demo's chapters, in the order in which a hospital would live them."""

    face: Face
    minutes: float
    patients: int
    number: int | None
    people: dict[str, Engine] = field(default_factory=dict)
    told: Document = field(default_factory=dict)

    def tell(self) -> Document:
        chapters = (
            ("A store with three accounts: a researcher, an auditor, an admin", self.open_store),
            (f"alice takes in {self.patients:,} phantom patients: images, a table, and a bias", self.take_in),
            (f"alice trains a GAN for {self.minutes:g} minutes", self.train),
            ("alice draws two cohorts: as trained, and balanced by sex and age", self.draw),
            ("Fidelity, privacy, bias and utility of both", self.judge),
            ("alice tries to export before anybody has signed", self.export_too_early),
            ("alice drafts the assessment, the auditor concurs, the admin approves", self.sign),
            ("alice exports through the gate", self.export),
            ("The auditor verifies the record of all this", self.verify),
        )
        for place, (headline, chapter) in enumerate(chapters, 1):
            if not self.face.json:
                show.title(self.face, f"{place} of {len(chapters)}  {headline}")
            began = time.monotonic()
            chapter()
            self.told.setdefault("chapters", {})[chapter.__name__] = round(time.monotonic() - began, 1)
        return self.told

    def short(self, operation: Any) -> Any:
        return self.face.runner.run(operation)

    def long(self, operation: Any) -> Document:
        started = self.short(operation)
        return wait(self.face, str(started["job"]), self.people["alice"], started.get("run"))

    def both(self, operations: dict[str, Any]) -> dict[str, Document]:
        """Start all, then wait for each: two cores can do two jobs."""
        jobs = {name: str(self.short(operation)["job"]) for name, operation in operations.items()}
        alice = self.people["alice"]
        try:
            return {name: wait(self.face, job, alice) for name, job in jobs.items()}
        except Interrupted as interrupted:
            for job in jobs.values() if interrupted.code != LEFT_RUNNING else ():
                with suppress(MedSynthError):
                    self.short(alice.jobs_cancel(job))
            raise

    def say(self, sentence: str) -> None:
        if not self.face.json:
            show.line(self.face, sentence, indent=3)

    def open_store(self) -> None:
        own_home.open_store(self.face, self.face.home)
        for name, password in PEOPLE.items():
            engine = self.face.engine_with(None)
            self.short(engine.login(name, password))
            self.people[name] = engine
        self.told["home"] = str(self.face.home)

    def take_in(self) -> None:
        folder = self.face.home / "phantom"
        own_home.draw_phantom(folder, self.patients)
        source, table = str(folder / "images"), str(folder / "metadata.csv")
        alice = self.people["alice"]
        scan = self.long(alice.datasets_scan(source, table))
        found = {kind: count for kind, count in scan["identifiers_removed"].items() if count}
        self.say(f"{scan['submitted']:,} records; identifiers to remove: {show.text(found)}")
        intake = self.long(alice.datasets_add(DATASET, source, table))
        self.told["dataset"] = {**intake, **self.short(alice.datasets_show(DATASET))}
        self.say(
            f"{intake['accepted']:,} accepted, {intake['rejected']:,} rejected, {intake['quarantined']:,} quarantined; "
            f"{intake['train']:,} to train on, {intake['holdout']:,} held out for the evidence"
        )

    def train(self) -> None:
        alice = self.people["alice"]
        self.long(alice.train(DATASET, name=RUN, preset="nano32", minutes=self.minutes))
        self.told["run"] = run = self.short(alice.runs_show(RUN))
        self.say(
            f"{run['kimg']:,.1f} thousand images on {run['device']}, {run['images_per_second'] or 0:,.0f} a second"
        )

    def draw(self) -> None:
        alice = self.people["alice"]
        plans: dict[str, list[str]] = {TRAINED: [], BALANCED: BALANCE}
        number = self.number or self.told["dataset"]["train"]
        drawn = self.both(
            {
                name: alice.generate(name, number, run=RUN, balance=balance, small_cells="broaden", seed=1)
                for name, balance in plans.items()
            }
        )
        self.told["cohorts"] = {}
        for name, document in drawn.items():
            self.told["cohorts"][name] = {**self.short(alice.cohorts_show(name)), **document}
            self.say(f"{name}: {document['n']:,} records in {document['seconds']:.0f} s")
            for merger in document.get("mergers") or []:
                self.say(f"too few patients, so merged: {show.merger(merger)}")

    def judge(self) -> None:
        alice = self.people["alice"]
        self.told["evaluations"] = self.both({name: alice.evaluate(name) for name in (TRAINED, BALANCED)})
        gallery = self.short(alice.cohorts_gallery(BALANCED, 24, 24))
        self.told["pictures"] = gallery["images"]

    def export_too_early(self) -> None:
        for name, password in PEOPLE.items():  # the training may have taken longer than a password is fresh
            self.short(self.people[name].confirm(password))
        try:
            self.long(self.people["alice"].export(BALANCED, "folder", "internal"))
        except Refused as refused:
            self.told["refused"] = refused.reasons
            for reason in refused.reasons:
                self.say(f"refused: {reason['why']}")
            return
        raise CheckFailed("gate_open", "The gate let out what nobody had signed.", "This is a fault; please report it.")

    def sign(self) -> None:
        alice, auditor, admin = (self.people[name] for name in ("alice", "auditor", "admin"))
        self.short(alice.pia_draft(BALANCED, "internal", ANSWERS))
        self.short(alice.pia_submit(BALANCED))
        self.short(auditor.pia_opinion(BALANCED, True, "The evidence carries internal use."))
        signed = self.short(admin.pia_approve(BALANCED, "For trying MedSynth out."))
        self.told["assessment"] = {key: signed.get(key) for key in ("subject", "audience", "state", "digest")}

    def export(self) -> None:
        self.told["release"] = released = self.long(self.people["alice"].export(BALANCED, "folder", "internal"))
        self.say(f"release {released['release']}, in")
        self.say(released["path"])

    def verify(self) -> None:
        self.told["audit"] = found = self.short(self.people["auditor"].audit_verify())
        if not found["ok"]:
            raise CheckFailed("audit_broken", "The record does not verify.", "This is a fault; please report it.")
        self.say(f"{found['records']:,} records, whole")
