"""Writing the list that one sees into a file for other programs; what may be in it the engine decides, and logs it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar

from medsynth_tui.screens.confirm import Ask
from medsynth_tui.widgets.field import needed
from medsynth_tui.words import count, said

if TYPE_CHECKING:
    from medsynth_engine.engine import Engine
    from medsynth_tui.view import View

    Base = View
else:
    Base = object

WRITING = "The list is still being written."


class WritesList(Base):
    """For a screen with a list, which has `ListWrite` among its commands: `LIST` is the engine's word for it."""

    LIST: ClassVar[str]
    ALL_OF_IT = "All its rows, as a CSV table for other programs."

    def do_list_write(self) -> None:
        name = time.strftime(f"{self.LIST}-%Y%m%dT%H%M%SZ.csv", time.gmtime())
        says = f"{self.ALL_OF_IT} A new file on the machine where MedSynth runs; the audit log says so."
        there = str(self.studio.home.generated / name)
        ask = Ask("Write this list", "File", says=says, value=there, check=needed("A path"), verb="Write")
        self.studio.push_screen(ask, self._write_list)

    def _write_list(self, path: str | None) -> None:
        if path:
            self.clear()
            self.ask(lambda engine: self.write_list(engine, path), self._list_written, group="write", here=WRITING)

    async def write_list(self, engine: Engine, path: str) -> dict[str, Any]:
        """What is asked of the engine; answers `path` and how many rows."""
        return await engine.lists_export(self.LIST, path)

    def _list_written(self, document: dict[str, Any]) -> None:
        self.say(f"{count(document.get('rows', document.get('records')))} rows: {said(document['path'], 300)}")
