"""`medsynth totp`: a second factor for one's own account, from the first picture to the recovery codes."""

from __future__ import annotations

import io
import sys
from typing import Annotated

import typer

from medsynth_engine.kernel.errors import WrongUsage
from medsynth_tui.cli import show
from medsynth_tui.cli.command import command
from medsynth_tui.cli.face import Document, Face
from medsynth_tui.cli.options import passwords
from medsynth_tui.qr import picture


def attach(app: typer.Typer) -> None:
    """Declare `totp` in `app`."""

    @command(
        app,
        "totp",
        "medsynth totp",
        "# New codes for the day on which the phone is lost",
        "medsynth totp --new-codes",
        "# No second factor any more",
        "medsynth totp --off",
    )
    def totp(
        face: Face,
        status: Annotated[bool, typer.Option("--status", help="Only say whether it is on.")] = False,
        confirm: Annotated[
            bool, typer.Option("--confirm", help="Finish: a first code, on stdin or asked for.")
        ] = False,
        new_codes: Annotated[bool, typer.Option("--new-codes", help="Fresh recovery codes for the old ones.")] = False,
        off: Annotated[bool, typer.Option("--off", help="Turn it off.")] = False,
    ) -> None:
        """Set up a second factor: from then on a login asks for a code of your phone as well.

        Without a terminal it takes two steps: `medsynth totp` prints the secret, `medsynth totp --confirm` reads a
        first code. --off and --new-codes read the password, then a code, a line each.
        """
        if sum((status, confirm, new_codes, off)) > 1:
            raise WrongUsage("bad_option", "One of these at a time.", "See: medsynth totp --help")
        if status:
            face.give(face.ask(lambda engine: engine.totp()), show_status)
        elif confirm:
            _confirm(face)
        elif off or new_codes:
            password, code = passwords(not sys.stdin.isatty(), "Password", "Code")
            if off:
                face.give(face.ask(lambda engine: engine.totp_off(password, code)), show_off)
            else:
                face.give(face.ask(lambda engine: engine.totp_codes(password, code)), show_codes)
        else:
            face.give(face.ask(lambda engine: engine.totp_begin()), show_begun)
            if sys.stdin.isatty() and not face.json:
                _confirm(face)


def _confirm(face: Face) -> None:
    (code,) = passwords(not sys.stdin.isatty(), "First code")
    face.give(face.ask(lambda engine: engine.totp_confirm(code)), show_codes)


def show_begun(face: Face, document: Document) -> None:
    show.title(face, "Scan this with an authenticator app, or type the secret into it.")
    if face.out.is_terminal and not face.manner.ascii and _unicode():
        for line in picture(document["text"]):
            face.out.print(f"[bright_white on black]{line}[/]", highlight=False)
    show.pairs(face, [("secret", document["secret"]), ("text", document["text"])])
    show.hint(face, "medsynth totp --confirm")


def show_codes(face: Face, document: Document) -> None:
    show.title(face, "The second factor is on. These codes stand in for a lost phone, each once; write them down:")
    for code in document["recovery_codes"]:
        face.out.print(f"  {code}", highlight=False)
    face.out.print("[dim]They are not shown again.[/dim]")


def show_off(face: Face, document: Document) -> None:
    show.line(face, "The second factor is off.")


def show_status(face: Face, document: Document) -> None:
    show.pairs(
        face,
        [
            ("second factor", "on" if document["on"] else "off"),
            ("since", show.moment(document["since"]) if document["since"] else None),
            ("needed by the role", "yes" if document["needed"] else "no"),
            ("recovery codes left", document["recovery_codes_left"]),
        ],
    )
    if not document["on"]:
        show.hint(face, "medsynth totp")


def _unicode() -> bool:
    return isinstance(sys.stdout, io.TextIOWrapper) and "utf" in (sys.stdout.encoding or "").lower()
