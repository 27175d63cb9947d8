"""The `medsynth` command: without a command it opens the studio; everything else is here."""

from __future__ import annotations

import inspect
import sys
from typing import Annotated, Any

import typer
from typer.main import get_command

from medsynth_engine.kernel.errors import WrongUsage
from medsynth_tui.cli import (
    accounts,
    audit,
    backups,
    bundle,
    care,
    cohorts,
    completion,
    datasets,
    demo,
    disk,
    governance,
    jobs,
    review,
    rows,
    runs,
    settings,
    store,
    studio,
    totp,
    tour,
    unexpected,
    users,
    weights,
)
from medsynth_tui.cli.command import SETTINGS, SHARED, typed
from medsynth_tui.cli.face import Face, Manner, print_json
from medsynth_tui.cli.help_page import ExplainedGroup, write_whole

HELP = """A studio for synthetic medical data, in the terminal.

Without a command it opens the studio. Every command takes --home, --json, --plain and --ascii, before or after its
name, and has a --help of its own with examples. For the Tab key: medsynth completion --help."""
EXAMPLES = (
    "# The whole way on made-up patients, from files to an export, in four minutes",
    "medsynth demo",
    "# A store to try things out, and the studio on it",
    "medsynth init --dev",
    "medsynth",
)

ORDER = (
    *("demo", "tour", "init", "activate", "login", "logout", "whoami", "passwd", "totp", "users", "settings"),
    *("datasets", "review", "rules", "rows", "train", "bundle", "runs", "jobs", "generate", "evaluate", "cohorts"),
    *("pia", "report", "gate", "export", "releases", "weights", "audit"),
    *("backup", "restore", "store", "disk", "doctor", "benchmark", "selftest", "about", "completion"),
)
"""The way through: as somebody meets them, not as they are declared."""

Version = Annotated[bool, typer.Option("--version", help="Print the version.")]


class InOrder(ExplainedGroup):
    """Lists its commands in the order in which one needs them."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(super().list_commands(ctx), key=ORDER.index)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        write_whole(self.epilog, formatter)


def build() -> typer.Typer:
    """The whole tree of commands. Declaring them imports no engine."""
    app = typer.Typer(
        name="medsynth",
        cls=InOrder,
        help=HELP,
        epilog="\n".join(EXAMPLES),
        invoke_without_command=True,
        context_settings=SETTINGS,
        add_completion=False,
        rich_markup_mode=None,
    )
    version = inspect.Parameter("version", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Version)
    app.callback()(typed(begin, [version], shown=tuple(SHARED)))
    demo.attach(app)
    tour.attach(app)
    accounts.attach(app)
    totp.attach(app)
    for noun in (users.app, settings.app, datasets.app, review.app, rows.rules, rows.app):
        app.add_typer(noun)
    runs.attach(app)
    bundle.attach(app)
    app.add_typer(runs.app)
    app.add_typer(jobs.app)
    cohorts.attach(app)
    app.add_typer(cohorts.app)
    app.add_typer(governance.pia)
    app.add_typer(governance.gate)
    governance.attach(app)
    for noun in (weights.app, audit.app):
        app.add_typer(noun)
    backups.attach(app)
    app.add_typer(store.app)
    disk.attach(app)
    care.attach(app)
    completion.attach(app)
    return app


def begin(context: typer.Context, version: bool, **options: Any) -> None:
    """What happens before any command."""
    context.obj = Manner().changed(**options)
    if version:
        from importlib.metadata import version as installed

        print(f"medsynth {installed('medsynth')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        open_studio(context.obj)


def open_studio(manner: Manner) -> None:
    with Face(manner) as face:
        if manner.json:
            raise WrongUsage("no_command", "--json goes with a command.", "See: medsynth --help")
        code = studio.open_at(face, face.home)
    raise typer.Exit(code)


def answer(arguments: list[str]) -> int:
    """Do what `arguments` (without the program's name) ask for; the exit code of DESIGN."""
    unexpected.install(arguments)
    try:
        code = get_command(build()).main(arguments, prog_name="medsynth", standalone_mode=False)
    except typer.Abort:
        return 130
    except typer.TyperException as error:
        return _wrong_usage(error, "--json" in arguments)
    return code if isinstance(code, int) else 0


def _wrong_usage(error: typer.TyperException, as_json: bool) -> int:
    """Typer's own complaints, in the manner of ours."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "medsynth"
    message, hint = error.format_message().replace(": Value error, ", ": ", 1), f"See: {path} --help"
    if as_json:
        print_json({"error": {"code": "wrong_usage", "message": message, "hint": hint}})
    elif type(error).__name__ == "NoArgsIsHelpError":
        print(message, file=sys.stderr)  # the message is the help
    else:
        print(f"{message}\n{hint}", file=sys.stderr)
    return error.exit_code
