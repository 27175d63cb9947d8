"""Pages that people take along: one HTML file whose every value is escaped, with no network and no script."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

WARNINGS = {
    "DEVELOPMENT": "Made in a development store with well-known passwords. For development only.",
    "SIMULATED": "Made in simulated mode: no model was trained. Nothing here means anything.",
    "OVERRIDDEN": "The release gate was closed and overridden by two administrators.",
}
"""What a page says of each mark that what it shows bears."""


def template(package: str, folder: str, name: str, **filters: Callable[[Any], str]) -> Template:
    """The template `name` in `folder` of a package; `filters` by the names that it calls them by.

    A value that the template asks for and nobody gave raises jinja2.UndefinedError: no page has a hole in it.
    """
    environment = Environment(
        loader=PackageLoader(package, folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= filters
    return environment.get_template(name)
