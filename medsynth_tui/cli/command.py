"""How a command is declared: every one takes the same options, before and after its own name, and gets a `Face`."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from medsynth_tui.cli.face import Face, Link, Manner
from medsynth_tui.cli.help_page import Explained, ExplainedGroup

SETTINGS = {"help_option_names": ["-h", "--help"]}
Kind = Any  # what typer reads a parameter's type from

SHARED: dict[str, tuple[Kind, dict[str, Any]]] = {
    "home": (Path | None, {"metavar": "DIR", "help": "The folder of the store (or MEDSYNTH_HOME)."}),
    "json": (bool, {"help": "One JSON document on stdout; progress and messages on stderr."}),
    "link": (Link | None, {"help": "How fast the line to the terminal is; the studio draws less on a slow one."}),
    "plain": (bool, {"help": "No colours and no moving parts."}),
    "ascii": (bool, {"help": "Only ASCII characters."}),
    "simulated": (bool, {"help": "Curves and pictures without training, marked SIMULATED everywhere."}),
}
"""The options of every level of the command line; where one is given twice, the later one stands."""


def group(name: str, help: str, *examples: str) -> typer.Typer:
    """A noun with verbs under it; `examples` close its help."""
    app = typer.Typer(
        name=name,
        cls=ExplainedGroup,
        help=help,
        epilog="\n".join(examples),
        no_args_is_help=True,
        context_settings=SETTINGS,
        add_completion=False,
        rich_markup_mode=None,
    )

    def merge(context: typer.Context, **options: Any) -> None:
        context.obj = (context.obj or Manner()).changed(**options)

    app.callback()(typed(merge, [], shown=()))
    return app


def command(
    app: typer.Typer, name: str, *examples: str, also: tuple[str, ...] = ()
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Declare `function(face, ...)` as the command `name` of `app`; its docstring and `examples` are its help.

    An example that begins with `#` says what the next one does (`help_page`).
    `also` names shared options that mean something to this command, so that its help shows them.
    """

    def declare(function: Callable[..., None]) -> Callable[..., None]:
        def run(context: typer.Context, **arguments: Any) -> None:
            shared = {key: arguments.pop(key) for key in SHARED}
            with Face((context.obj or Manner()).changed(**shared)) as face:
                function(face, **arguments)

        hints = typing.get_type_hints(function, include_extras=True)
        own = [
            parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[parameter.name])
            for parameter in list(inspect.signature(function).parameters.values())[1:]
        ]
        run.__doc__ = function.__doc__
        app.command(name, cls=Explained, epilog="\n".join(examples), context_settings=SETTINGS)(
            typed(run, own, shown=("home", "json", *also))
        )
        return function

    return declare


def shared_parameters(shown: tuple[str, ...]) -> list[inspect.Parameter]:
    """The shared options as typer reads them; those not in `shown` work but are left out of the help."""
    return [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=False if kind is bool else None,
            annotation=Annotated[kind, typer.Option(f"--{name}", hidden=name not in shown, **more)],
        )
        for name, (kind, more) in SHARED.items()
    ]


def typed(run: Callable[..., None], own: list[inspect.Parameter], shown: tuple[str, ...]) -> Callable[..., None]:
    """`run` with a signature that names every option, since typer reads options from signatures."""
    context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    parameters = [context, *own, *shared_parameters(shown)]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run
