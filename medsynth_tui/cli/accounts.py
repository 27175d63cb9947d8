"""Making a store, and being somebody in it. Passwords are never on the command line, where others would see them."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

import typer

from medsynth_engine.kernel.errors import MedSynthError, WrongUsage
from medsynth_tui.cli import show, token
from medsynth_tui.cli.command import command
from medsynth_tui.cli.face import Document, Face
from medsynth_tui.cli.options import passwords
from medsynth_tui.cli.proving import with_code

Name = Annotated[str, typer.Argument(metavar="NAME", help="The account's name.")]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read it from stdin, one secret a line.")]


def attach(app: typer.Typer) -> None:
    """Declare the commands of this file in `app`."""

    @command(
        app,
        "init",
        "# To try it: three known accounts, never for patients' data",
        "medsynth init --dev",
        "# For real work: prints a code with which ada sets a password",
        "medsynth init --admin ada",
    )
    def init(
        face: Face,
        dev: Annotated[bool, typer.Option("--dev", help="A store for trying out, with three known accounts.")] = False,
        admin: Annotated[str | None, typer.Option("--admin", metavar="NAME", help="The first admin's name.")] = None,
    ) -> None:
        """Make a store. Without --dev it prints a single-use activation code for the first admin."""
        if dev and admin:
            raise WrongUsage("bad_option", "--dev makes its own admin.", "Give --dev or --admin, not both.")
        engine = face.engine_with(None)
        face.give(face.runner.run(engine.init(development=dev, admin=admin or "admin")), show_init)

    @command(app, "activate", "medsynth activate admin")
    def activate(face: Face, name: Name, password_stdin: FromStdin = False) -> None:
        """Set your first password with an activation code.

        On stdin: the code, then the password, a line each.
        """
        code, *chosen = passwords(password_stdin, "Activation code", "New password", *_again(password_stdin))
        _same(chosen)
        document = face.runner.run(face.engine_with(None).activate(name, code, chosen[0]))
        face.give(document, _ready)

    @command(
        app,
        "login",
        "medsynth login alice",
        "# Without a terminal",
        "medsynth login alice --password-stdin < password.txt",
    )
    def login(face: Face, name: Name, password_stdin: FromStdin = False) -> None:
        """Log in, for the commands that follow.

        On stdin: the password, and where there is a second factor a code on the next line. The session is kept in
        your user's state folder; the studio never reads it and asks again.
        """
        if token.kiosk():
            token.keep(face.home, token.Session("", "", ""))  # says why not
        (password,) = passwords(password_stdin, f"Password of {name}")
        before = token.read(face.home)
        opened = with_code(
            face, face.engine_with(None), password_stdin, lambda engine, code: engine.login(name, password, code)
        )
        token.keep(face.home, token.Session(opened["token"], opened["name"], str(opened["stamp"])))
        if before is not None:
            with suppress(MedSynthError):  # it may have run out meanwhile
                face.runner.run(face.engine_with(before.token).logout())
        told = {key: value for key, value in opened.items() if key != "token"}
        face.give(told, show_login)

    @command(app, "logout", "medsynth logout")
    def logout(face: Face) -> None:
        """End the session that login keeps."""
        try:
            document = face.ask(lambda engine: engine.logout())
        finally:
            token.forget(face.home)
        face.give(document, lambda face, told: _sentence(face, f"{told['name']} is logged out."))

    @command(app, "whoami", "medsynth whoami")
    def whoami(face: Face) -> None:
        """Who is logged in, as what, and what that permits."""
        face.give(face.ask(lambda engine: engine.whoami()), show_whoami)

    @command(app, "passwd", "medsynth passwd")
    def passwd(face: Face, password_stdin: FromStdin = False) -> None:
        """Change your password.

        On stdin: the old one, then the new one, a line each; with a second factor then a code.
        """
        old, *chosen = passwords(password_stdin, "Old password", "New password", *_again(password_stdin))
        _same(chosen)
        document = with_code(
            face, face.engine, password_stdin, lambda engine, code: engine.change_password(old, chosen[0], code)
        )
        face.give(document, lambda face, told: _sentence(face, f"The password of {told['name']} is changed."))


def _again(from_stdin: bool) -> tuple[str, ...]:
    return () if from_stdin else ("New password again",)


def _same(chosen: list[str]) -> None:
    if len(set(chosen)) != 1:
        raise WrongUsage("not_the_same", "The two new passwords differ.", "Nothing was changed; try again.")


def _ready(face: Face, document: Document) -> None:
    _sentence(face, f"Account {document['name']} ({document['role']}) is ready.")
    show.hint(face, f"medsynth login {document['name']}")


def _sentence(face: Face, words: str) -> None:
    face.out.print(show.cell(words))


def show_login(face: Face, told: Document) -> None:
    _sentence(face, f"Logged in as {told['name']} ({told['role']}).")
    if told["failures_before"]:
        show.line(
            face, f"Wrong attempts before this login: {told['failures_before']}. Tell an admin if none was yours."
        )
    if told.get("without_code"):
        show.line(
            face,
            f"Times the right password was given without the code: {told['without_code']}. "
            "If it was not you, somebody knows your password: medsynth passwd.",
        )
    if told.get("owes"):
        show.line(face, "Your role needs a second factor before anything else.")
        show.hint(face, "medsynth totp")


def show_init(face: Face, document: Document) -> None:
    if document["stamp"] == "development":
        _sentence(face, "A DEVELOPMENT store: for trying out, never for patients' data.")
    else:
        _sentence(face, "The store is ready.")
    show.table(face, ("account", "role"), [(one["name"], one["role"]) for one in document["accounts"]])
    activation = document.get("activation")
    if activation:
        show.pairs(face, [("activation code", activation["code"]), ("for", activation["name"])])
        face.out.print("[dim]It works once, within 24 hours, and is not shown again.[/dim]")
        show.hint(face, f"medsynth activate {activation['name']}")
    else:
        show.hint(face, f"medsynth login {document['accounts'][0]['name']}")


def show_whoami(face: Face, document: Document) -> None:
    show.pairs(
        face,
        [
            ("name", document["name"]),
            ("role", document["role"]),
            ("store", document["stamp"]),
            ("until", show.moment(document["expires"])),
            ("second factor", "on" if document["second_factor"] else "off"),
            ("permitted", document["permissions"]),
        ],
    )
