"""What a call acts on, as its audit record names it, whether it was done or denied: `cohort:c3`, `dataset:chest`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from typing import Any

from medsynth_engine.operations.declare import NAME, Declaration

_GIVEN = re.compile(rf"([a-z]+:)?{NAME.pattern}(/[A-Za-z0-9_.-]{{1,64}})?")
"""How a thing is named on a command line: `chest`, `dataset:chest`, `chest/12`."""
_BY_PARAMETER = {"subject": "cohort", "id": "dataset"}
"""A subject without its kind is a cohort; the id of a quarantined picture begins with its dataset."""
_BY_FAMILY = {
    "account": "preference",
    "cohorts": "cohort",
    "datasets": "dataset",
    "lists": "",
    "runs": "run",
    "settings": "setting",
    "users": "user",
    "weights": "generator",
}
"""What a parameter that only says `name` or `key` names, by the operation's first word; a list is of no kind."""
KINDS = ("cohort", "dataset", "job", "run")


def kind_of(declaration: Declaration) -> str:
    """The kind of thing that is named by the parameter that the declaration is `about`; nothing where by none."""
    about = declaration.about
    if about in ("", *KINDS):
        return about
    return _BY_PARAMETER.get(about) or _BY_FAMILY[declaration.name.partition(".")[0]]


def acted_on(
    declaration: Declaration, body: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[str, dict[str, str]]:
    """What a call acts on, where its declaration names the parameter and a name was given, else nothing.

    Beside it what else the name says: the record, where it is a picture in quarantine.
    """
    if not declaration.about:
        return "", {}
    try:
        given = inspect.signature(body).bind_partial(None, *args, **kwargs).arguments.get(declaration.about)
    except TypeError:  # a call that does not fit
        return "", {}
    if not (isinstance(given, str) and len(given) <= 80 and _GIVEN.fullmatch(given)):
        return "", {}
    kind, _, whole = given.rpartition(":")
    name, _, record = whole.partition("/")
    if declaration.about == "id" and not record:  # the id alone does not say of which dataset it is
        return "", {"record": name}
    kind = kind or kind_of(declaration)
    return f"{kind}:{name}" if kind else name, {"record": record} if record else {}


def named_before(object_: str, declared: Iterable[Declaration]) -> tuple[str, list[str]]:
    """The plain name that earlier programs gave a denied `object_`, and the actions that meant such a thing by it."""
    kind, _, name = object_.partition(":")
    return name, [each.name for each in declared if kind and kind_of(each) == kind]


def declared_in(engine: type) -> dict[str, Declaration]:
    """Everything that is declared as an operation of `engine`, by its method's name."""
    found = {name: getattr(member, "declaration", None) for name, member in inspect.getmembers(engine)}
    return {name: declaration for name, declaration in found.items() if declaration is not None}
