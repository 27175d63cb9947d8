"""Forms whose choices are still being read when somebody who types ahead has already pressed the button."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from medsynth_tui.widgets.choice import Choice

if TYPE_CHECKING:
    from medsynth_tui.view import View

    Base = View
else:
    Base = object


class WaitsForChoices(Base):
    """For a form: what its button does waits for choices that are `late`, and is dropped by whatever goes wrong."""

    _waits: Callable[[], object] | None = None

    def still_read(self, begin: Callable[[], object]) -> bool:
        """Whether a choice is not there yet, so that `begin` is called again when it is."""
        late = [choice.label.lower() for choice in self.query(Choice) if choice.awaited]
        if not late:
            return False
        self._waits = begin
        self.say(f"Still reading what there is to choose ({', '.join(late)}). It begins when that is there.")
        return True

    def on_choice_offered(self) -> None:
        begin, self._waits = self._waits, None
        if begin is not None:
            begin()

    def complain(self, message: str, hint: str = "") -> None:
        self._waits = None
        super().complain(message, hint)
