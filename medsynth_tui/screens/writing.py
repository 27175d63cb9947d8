"""Writing the list that one sees into a file for other programs; what may be in it the engine decides, and logs it."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from medsynth_tui.screens.confirm import Ask
from medsynth_tui.screens.listing import HasList
from medsynth_tui.widgets.arranged import is_heading
from medsynth_tui.widgets.field import needed
from medsynth_tui.words import counted, said

if TYPE_CHECKING:
    from medsynth_engine.engine import Engine

WRITING = "The list is still being written."
WHERE = (
    "A new file on the machine where MedSynth runs: in the store's folder `generated`, or where a path says. "
    "The audit log says so."
)


class WritesList(HasList):
    """For a screen with a list: `commands_list.LISTED` are among its commands, `LIST` is the engine's word for it."""

    LIST: ClassVar[str]
    ALL_OF_IT: ClassVar[str] = "All its rows, as a CSV table for other programs."
    AS_SEEN: ClassVar[str] = "The rows as you filtered and sorted them, as a CSV table for other programs."

    def do_list_write(self) -> None:
        name = time.strftime(f"{self.LIST}-%Y%m%dT%H%M%SZ.csv", time.gmtime())
        what = self.AS_SEEN if self.narrowed() else self.ALL_OF_IT
        says = f"{what} {WHERE}"
        ask = Ask("Write this list", "File", says=says, value=name, check=needed("A name"), verb="Write")
        self.studio.push_screen(ask, self._write_list)

    def narrowed(self) -> bool:
        """Whether the list that one sees is not the whole list as it comes."""
        return bool(self.arrangement)

    def _write_list(self, named: str | None) -> None:
        if named:
            path = named if "/" in named else str(self.studio.home.generated / named)
            only = self._seen() if self.narrowed() else None
            self.clear()
            question = partial(self.write_list, path=path, only=only)
            self.ask(question, self._list_written, group="write", here=WRITING)

    def _seen(self) -> list[str]:
        """The keys of the rows that one sees, in their order."""
        table = self.list_table()
        return [key for key, _ in table.shown if not is_heading(key)] if table is not None else []

    async def write_list(self, engine: Engine, path: str, only: list[str] | None) -> dict[str, Any]:
        """What is asked of the engine; answers `path` and how many rows. `only`: of these rows, in this order."""
        return await engine.lists_export(self.LIST, path, only=only)

    def _list_written(self, document: dict[str, Any]) -> None:
        written = document["rows"] if "rows" in document else document["records"]
        self.say(f"{counted(written, 'row')}: {said(document['path'], 300)}")
