"""Fields of a form: a label, what is typed or chosen, and under it a hint or what is wrong, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Label, Static

from medsynth_engine.kernel.errors import MedSynthError
from medsynth_tui.widgets.drawn import Drawn

Check = Callable[[str], str]
"""Takes what was typed, returns what is wrong with it in words, or nothing."""


def needed(what: str) -> Check:
    return lambda text: "" if text.strip() else f"{what} is needed."


def whole_number(low: int, high: int) -> Check:
    def check(text: str) -> str:
        if not text.strip().isdigit():
            return "This is a whole number."
        return "" if low <= int(text) <= high else f"Between {low:,} and {high:,}."

    return check


def positive(text: str) -> str:
    """A number above nothing."""
    try:
        return "" if float(text) > 0 else "This must be more than nothing."
    except ValueError:
        return "This is a number, for instance 10 or 0.5."


def or_nothing(check: Check) -> Check:
    """What may be left empty."""
    return lambda text: check(text) if text.strip() else ""


class Typed(Input):
    """An input without a blinking cursor; down and up leave it, because it has one line."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("down", "app.focus_next", "Next", show=False),
        Binding("up", "app.focus_previous", "Previous", show=False),
    ]

    def on_mount(self) -> None:
        self.cursor_blink = False


class Field(Vertical):
    """A typed field. Checked when it loses the focus and when the form is sent; the message says what is wrong."""

    DEFAULT_CSS = """
    Field { height: 2; }
    Field > Horizontal { height: 1; }
    Field Label { width: 16; color: $foreground; }
    Field.-focused Label { color: $primary; text-style: bold; }
    Field Typed { width: 1fr; }
    Field .field-note { height: 1; padding-left: 17; color: $muted; }
    Field.-wrong .field-note { color: $error; }
    """

    REPLACED: ClassVar[bool] = False
    """Whether what stands in it is selected when it gets the focus, so that typing replaces it."""

    def __init__(
        self,
        label: str,
        id: str,
        *,
        value: str = "",
        hint: str = "",
        check: Check | None = None,
        password: bool = False,
    ) -> None:
        super().__init__(id=id)
        self.label, self.hint, self.check = label, hint, check
        self.typed = Typed(value=value, password=password, compact=True, select_on_focus=self.REPLACED)

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Label(self.label)
            yield self.typed
        yield Static(Content(self.hint), classes="field-note")

    @property
    def value(self) -> str:
        return self.typed.value.strip() if not self.typed.password else self.typed.value

    @value.setter
    def value(self, text: str) -> None:
        self.typed.value = text
        self.typed.cursor_position = len(text)

    def valid(self) -> bool:
        """Check, and say what is wrong."""
        wrong = self.check(self.value) if self.check else ""
        self.tell(wrong)
        return not wrong

    def tell(self, wrong: str) -> None:
        """Show what is wrong, or the hint again."""
        self.set_class(bool(wrong), "-wrong")
        self.query_one(".field-note", Static).update(Content(wrong or self.hint))

    def focus_input(self) -> None:
        self.typed.focus()

    @on(events.DescendantFocus)
    def _entered(self) -> None:
        self.add_class("-focused")

    @on(events.DescendantBlur)
    def _left(self) -> None:
        self.remove_class("-focused")
        if self.typed.value:
            self.valid()


class NumberField(Field):
    """A field for a number, which is typed anew sooner than added to."""

    REPLACED = True


class Go(Drawn, can_focus=True):
    """What sends the form: a word in a box, pressed with enter or space."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("enter,space", "press", "Press", show=False),
        Binding("up,left", "app.focus_previous", "Previous field", show=False),
        Binding("down,right", "app.focus_next", "Next field", show=False),
    ]
    DEFAULT_CSS = """
    Go { height: 1; width: auto; margin-right: 2; }
    """

    class Pressed(Message):
        """The button's `id` is in `go.id`."""

        def __init__(self, go: Go) -> None:
            super().__init__()
            self.go = go

        @property
        def control(self) -> Go:
            return self.go

    def __init__(self, label: str, id: str) -> None:
        super().__init__(id=id)
        self.label = label

    def lines(self, width: int) -> list[Content]:
        style = "bold $ink on $primary" if self.has_focus else "bold $foreground on $panel"
        return [Content.assemble((f"  {self.label}  ", style))]

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return len(self.label) + 4

    def action_press(self) -> None:
        self.post_message(self.Pressed(self))


def filled_in(fields: Iterable[Field]) -> bool:
    """Whether all hold what they should. All are checked; the first that does not is gone to."""
    wrong = [field for field in fields if not field.valid()]
    if wrong:
        wrong[0].focus_input()
    return not wrong


def told_at(form: Widget, fields: Mapping[str, str], error: MedSynthError) -> bool:
    """Say a refusal at the field of `form` whose id `fields` has for its code, and go there. False: it has none."""
    if error.code not in fields:
        return False
    field = form.query_one(f"#{fields[error.code]}", Field)
    field.focus_input()
    field.tell(error.message)
    return True
