"""`medsynth users`: accounts, for an admin."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from medsynth_tui.cli import show
from medsynth_tui.cli.command import command, group
from medsynth_tui.cli.face import Document, Face
from medsynth_tui.words import account_state

app = group("users", "People and their roles (admin).", "medsynth users add carla --role researcher")
Name = Annotated[str, typer.Argument(metavar="NAME", help="The account's name.")]


class Role(StrEnum):
    researcher = "researcher"
    admin = "admin"
    auditor = "auditor"


@command(app, "list", "medsynth users list")
def users(face: Face) -> None:
    """All accounts."""
    face.give(face.ask(lambda engine: engine.users_list()), show_users)


@command(app, "add", "medsynth users add carla --role researcher", "medsynth users add omar --role auditor")
def add(face: Face, name: Name, role: Annotated[Role, typer.Option("--role", help="What the person may do.")]) -> None:
    """A new account, and the single-use code with which its owner sets a password."""
    face.give(face.ask(lambda engine: engine.users_add(name, role.value)), show_code)


@command(app, "role", "medsynth users role carla auditor")
def change_role(
    face: Face, name: Name, role: Annotated[Role, typer.Argument(metavar="ROLE", help="researcher, admin or auditor.")]
) -> None:
    """Give somebody another role. Their sessions end."""
    face.give(face.ask(lambda engine: engine.users_role(name, role.value)), show_person)


@command(app, "disable", "medsynth users disable carla")
def disable(face: Face, name: Name) -> None:
    """Close an account; its sessions and its running jobs' grants end. `users reset` opens it again, by a new code."""
    face.give(face.ask(lambda engine: engine.users_disable(name)), show_closed)


@command(
    app,
    "reset",
    "medsynth users reset carla",
    "# The phone is lost: the second factor alone",
    "medsynth users reset carla --second-factor",
)
def reset(
    face: Face,
    name: Name,
    second_factor: Annotated[
        bool, typer.Option("--second-factor", help="Take a lost second factor away instead; the password stays.")
    ] = False,
) -> None:
    """A new single-use code for somebody who forgot the password, or whose account was disabled.

    Who reset a credential may not judge that person's assessments for 30 days.
    """
    if second_factor:
        face.give(face.ask(lambda engine: engine.users_totp_reset(name)), show_person)
    else:
        face.give(face.ask(lambda engine: engine.users_reset(name)), show_code)


def show_users(face: Face, people: list[Document]) -> None:
    rows = [
        (
            one["name"],
            one["role"],
            account_state(one),
            "on" if one["second_factor"] else "",
            show.moment(one["created"]),
            show.moment(one["last_login"]),
        )
        for one in people
    ]
    show.table(face, ("name", "role", "state", "second factor", "created", "last login"), rows)


def show_person(face: Face, person: Document) -> None:
    show.pairs(face, [(key, person.get(key)) for key in ("name", "role", "state")])


def show_closed(face: Face, person: Document) -> None:
    show_person(face, person)
    show.line(face, f"To open it again: medsynth users reset {person['name']}")


def show_code(face: Face, person: Document) -> None:
    show.pairs(face, [("name", person["name"]), ("role", person["role"]), ("code", person["code"])])
    face.out.print("[dim]Hand the code over in person; it works once, within 24 hours.[/dim]")
    show.hint(face, f"medsynth activate {person['name']}")
