"""The pure parts of the output layer: whatever is wanted is what a terminal shows, and no frame is sent ahead."""

from __future__ import annotations

from collections.abc import Sequence

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.style import Style
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.strip import Segment, Strip

from medsynth_tui.terminal import selfcheck
from medsynth_tui.terminal.inks import Depth, Inks, depth_for, nearest
from medsynth_tui.terminal.meter import LinkMeter
from medsynth_tui.terminal.pace import FIRST_ANSWER_SECONDS, LOST_SECONDS, PROBE, SLICE, SMALL, TRIES, Pace
from medsynth_tui.terminal.painter import Hand, Skills, move, paint, skills_for
from medsynth_tui.terminal.pen import BOLD, PLAIN, REVERSE, UNDERLINE, Pen, change
from medsynth_tui.terminal.profile import AUTO_FAST, AUTO_SLOW, FAST, SLOW, after_measuring, profile_for
from medsynth_tui.terminal.window import Row, Window

WIDTH, HEIGHT = 24, 6
STYLES = ("", "#dfe7ea on #10161b", "bold #f39a91 on #10161b", "on #23474c", "reverse #93b6e0", "underline #010203")


def drawn(lines: Sequence[Sequence[tuple[str, str]]]) -> LayoutUpdate:
    strips = [[Strip([Segment(text, Style.parse(style)) for text, style in line])] for line in lines]
    return LayoutUpdate(strips, Region(0, 0, WIDTH, len(lines)))


def line(parts: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [*parts, (" " * WIDTH, "on #10161b")]


words = st.text(st.sampled_from("ab─█⣿ é中🙂e\u0301\t\x1b\x07"), max_size=9) | st.integers(1, 20).map(lambda n: " " * n)
pictures = st.lists(
    st.lists(st.tuples(words, st.sampled_from(STYLES)), max_size=4).map(line), min_size=HEIGHT, max_size=HEIGHT
)
skills = st.sampled_from([Skills(), Skills(tint=False), Skills(erase=False, tint=False)])


class Screen(pyte.Screen):
    """What pyte shows, a space without the ink that nobody sees."""

    def erase_in_display(self, how: int = 0, *args: object, **kwargs: object) -> None:
        """As terminals do it: pyte forgets the cells that were never written."""
        assert how == 2
        for y in range(self.lines):
            for x in range(self.columns):
                self.buffer[y][x] = self.cursor.attrs

    def looks(self) -> list[list[tuple[object, ...]]]:
        return [[self._look(self.buffer[y][x]) for x in range(self.columns)] for y in range(self.lines)]

    @staticmethod
    def _look(cell: pyte.screens.Char) -> tuple[object, ...]:
        if cell.data == " " and not (cell.reverse or cell.underscore):
            return " ", cell.bg
        return cell.data, cell.fg, cell.bg, cell.bold, cell.italics, cell.reverse, cell.underscore


def terminal() -> tuple[Screen, pyte.Stream]:
    screen = Screen(WIDTH, HEIGHT)
    stream = pyte.Stream(screen)
    stream.feed("\x1b[?7l")
    return screen, stream


def as_wanted(window: Window) -> list[list[tuple[object, ...]]]:
    return cell_by_cell(window.wanted)


def as_shown(window: Window) -> list[list[tuple[object, ...]]]:
    return cell_by_cell(window.shown)


def cell_by_cell(rows: list[Row]) -> list[list[tuple[object, ...]]]:
    """Drawn the longest way there is; a cell that is not known stays as a terminal has it at first."""
    screen, stream = terminal()
    for y, row in enumerate(rows):
        for x, cell in enumerate(row):
            if cell is None:
                continue
            stream.feed(f"\x1b[{y + 1};{x + 1}H\x1b[0;{cell[1].codes}m{cell[0]}" if cell[0] else "")
    return screen.looks()


@settings(max_examples=60, deadline=None)
@given(st.lists(pictures, min_size=1, max_size=4), skills)
def test_a_terminal_shows_what_is_wanted_after_every_frame(
    shown: list[list[list[tuple[str, str]]]], can: Skills
) -> None:
    window, hand = Window(WIDTH, HEIGHT, Inks(Depth.all)), Hand()
    screen, stream = terminal()
    for picture in shown:
        window.take(drawn(picture))
        frame = paint(window, hand, can)
        window.written(frame.rows, frame.emptied)
        hand = frame.hand
        stream.feed(frame.data)
        assert screen.looks() == as_wanted(window)
        assert not paint(window, hand, can).data


@settings(max_examples=30, deadline=None)
@given(pictures, pictures, st.integers(1, 60))
def test_a_frame_may_come_in_slices(
    first: list[list[tuple[str, str]]], second: list[list[tuple[str, str]]], limit: int
) -> None:
    window, hand = Window(WIDTH, HEIGHT, Inks(Depth.many)), Hand()
    screen, stream = terminal()
    for picture in (first, second):
        window.take(drawn(picture))
        for _ in range(HEIGHT + 1):
            frame = paint(window, hand, Skills(), limit)
            window.written(frame.rows, frame.emptied)
            hand = frame.hand
            stream.feed(frame.data)
            assert screen.looks() == as_shown(window)
            if not frame.rest:
                break
        assert screen.looks() == as_wanted(window)


@settings(max_examples=30, deadline=None)
@given(pictures)
def test_no_control_character_of_a_cell_reaches_the_terminal(picture: list[list[tuple[str, str]]]) -> None:
    window = Window(WIDTH, HEIGHT, Inks(Depth.none))
    window.take(drawn([[(f"{text}\x1b]52;c;AAAA\x07\x9b", style) for text, style in parts] for parts in picture]))
    data = paint(window, Hand(), Skills()).data
    assert not set(data) & set("\x07\x9b\t")
    assert "\x1b]" not in data


def test_one_changed_letter_costs_its_place_its_colour_and_itself() -> None:
    window, hand = Window(WIDTH, HEIGHT, Inks(Depth.many)), Hand()
    before = [[("kimg 41   loss 0.693    ", "#dfe7ea on #10161b")]] * HEIGHT
    window.take(drawn(before))
    first = paint(window, hand, Skills())
    window.written(first.rows, first.emptied)
    window.take(drawn([*before[:3], [("kimg 42   loss 0.693    ", "#dfe7ea on #10161b")], *before[4:]]))
    assert paint(window, first.hand, Skills()).data == "\x1b[4;7H2"


def test_a_window_of_which_nothing_is_known_is_sent_whole() -> None:
    window = Window(WIDTH, HEIGHT, Inks(Depth.all))
    window.take(drawn([[("x" * WIDTH, "")]] * HEIGHT))
    frame = paint(window, Hand(), Skills())
    window.written(frame.rows, frame.emptied)
    assert not paint(window, frame.hand, Skills()).data
    window.forget()
    assert paint(window, Hand(), Skills()).data.count("x") == WIDTH * HEIGHT


pens = st.builds(
    Pen,
    st.sampled_from(["", "31", "38;5;116", "38;2;1;2;3"]),
    st.sampled_from(["", "44", "48;5;235"]),
    st.frozensets(st.sampled_from([BOLD, "2", "3", UNDERLINE, REVERSE, "9"])),
)


@given(pens, pens)
def test_the_way_from_one_pen_to_another_ends_at_the_other(old: Pen, new: Pen) -> None:
    def look(codes: str) -> object:
        screen, stream = terminal()
        stream.feed(codes + "x")
        cell = screen.buffer[0][0]
        return cell.fg, cell.bg, cell.bold, cell.italics, cell.underscore, cell.reverse, cell.strikethrough

    there = change(old, new)
    assert look(change(None, old) + there) == look(change(None, new))
    assert len(there) <= len(change(None, new))
    assert change(PLAIN, PLAIN) == ""


@given(
    st.none() | st.tuples(st.integers(0, 23), st.integers(0, 5)), st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1)
)
def test_the_shortest_move_arrives(at: tuple[int, int] | None, x: int, y: int) -> None:
    screen, stream = terminal()
    if at is not None:
        stream.feed(f"\x1b[{at[1] + 1};{at[0] + 1}H")
    stream.feed(move(at, x, y))
    assert (screen.cursor.x, screen.cursor.y) == (x, y)


def test_no_colour_means_none_and_a_marked_row_is_still_marked() -> None:
    assert depth_for({"NO_COLOR": "1"}, None) is Depth.none
    assert depth_for({"TERM": "vt100"}, None) is Depth.none
    inks = Inks(Depth.none, frozenset({"#10161b"}), cursor="#dfe7ea")
    assert inks.of(Style.parse("bold #f39a91 on #10161b")) == Pen(marks=frozenset({BOLD}))
    assert inks.of(Style.parse("#f39a91 on #23474c")) == Pen(marks=frozenset({REVERSE}))
    assert inks.of(Style.parse("#10161b on #dfe7ea")) == Pen(marks=frozenset({REVERSE, UNDERLINE}))


def test_of_256_colours_the_nearest_is_taken() -> None:
    assert nearest(0x1E, 0x28, 0x30) == 235
    assert nearest(255, 0, 0) == 196
    assert nearest(255, 255, 255) == 231


def test_what_a_terminal_cannot_do_is_not_asked_of_it() -> None:
    assert skills_for({"TERM": "xterm-256color"}) == Skills()
    assert not skills_for({"TERM": "screen-256color"}).tint
    assert not skills_for({"TERM": "vt100"}).erase


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def trusted() -> tuple[Pace, Clock]:
    clock = Clock()
    pace = Pace(clock)
    assert pace.sent(100) == PROBE
    assert pace.answered()
    return pace, clock


def test_nothing_is_written_while_a_frame_is_in_flight() -> None:
    pace, clock = trusted()
    pace.sent(4_000)
    clock.now = 3.0
    assert not pace.may_write(4_000)
    assert pace.answered()
    assert pace.may_write(4_000)
    assert pace.meter.rate == pytest.approx(4_000 / 3.0, rel=0.1)


def test_a_key_lets_one_small_frame_follow() -> None:
    pace, _ = trusted()
    pace.sent(900)
    pace.key()
    assert not pace.may_write(SMALL + 1)
    assert pace.may_write(SMALL)
    pace.sent(SMALL)
    assert not pace.may_write(10)
    assert not pace.answered()
    assert pace.answered()


def test_on_a_slow_line_two_slices_are_under_way_and_their_distance_tells_the_rate() -> None:
    pace, clock = trusted()
    pace.slow = pace.slices = True
    for _ in range(2):
        assert pace.may_write(SLICE)
        pace.sent(SLICE)
    assert not pace.may_write(SLICE)
    clock.now = 0.4
    assert pace.answered()
    pace.sent(SLICE)
    clock.now = 0.65
    pace.answered()
    assert pace.meter.rate == pytest.approx(SLICE / 0.25)


def test_a_terminal_that_never_answers_is_asked_three_times_and_not_waited_for() -> None:
    clock = Clock()
    pace = Pace(clock)
    asked = [pace.sent(100) for _ in range(6)]
    assert asked == [PROBE] * TRIES + [""] * (6 - TRIES)
    clock.now = FIRST_ANSWER_SECONDS
    assert pace.may_write(100_000)


def test_what_follows_the_first_frame_waits_for_the_first_answer_but_not_for_ever() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.sent(0)
    assert pace.may_write(700), "the question before the first frame holds nothing up"
    pace.sent(700)
    clock.now = 0.5
    assert not pace.may_write(3_000), "nothing is known of the line yet"
    assert pace.unheard == FIRST_ANSWER_SECONDS - 0.5
    pace.answered()
    assert pace.unheard == 0
    assert not pace.may_write(3_000), "but the frame that was sent is still on its way"
    assert pace.answered()
    assert pace.may_write(3_000)


def test_a_peer_that_is_gone_is_asked_once_more_and_then_nothing_is_written() -> None:
    pace, clock = trusted()
    pace.sent(500)
    clock.now = LOST_SECONDS + 1
    assert pace.overdue() == PROBE
    assert pace.overdue() == ""
    clock.now = 3_600
    assert not pace.may_write(1)


def test_a_lost_answer_does_not_silence_a_terminal_at_which_somebody_types() -> None:
    pace, clock = trusted()
    pace.sent(500)
    clock.now = LOST_SECONDS + 1
    pace.overdue()
    clock.now = 2 * LOST_SECONDS + 2
    pace.key()
    assert pace.may_write(10_000)
    assert pace.sent(10_000) == ""


def test_the_meter_tells_a_modem_from_a_network() -> None:
    modem, network = LinkMeter(), LinkMeter()
    modem.frame(3_000, 3.2)
    assert modem.slow
    first = LinkMeter()
    first.frame(0, 0.4)
    first.frame(740, 0.9)
    assert first.slow is None
    first.frame(1_000, 1.2)
    assert first.slow, "the first slice tells it, before a picture follows"
    assert modem.seconds_for(960) == pytest.approx(4.2, abs=0.5)
    for _ in range(5):
        network.frame(2_000, 0.03)
    assert network.slow is False
    for _ in range(5):
        network.frame(300, 1.2)
    assert network.slow
    for _ in range(5):
        network.frame(300, 0.1)
    assert network.slow is False or network.rate is not None


def test_a_profile_chosen_by_hand_stays_and_auto_follows_the_meter() -> None:
    assert profile_for("slow", {}) is SLOW
    assert profile_for("auto", {}) is AUTO_FAST
    assert profile_for("auto", {"SSH_CONNECTION": "1"}).depth is Depth.many
    assert after_measuring(FAST, True, False) is FAST
    slow = after_measuring(AUTO_FAST, True, False)
    assert slow.slow
    assert slow.depth is AUTO_FAST.depth, "what is on the screen keeps its colours"
    assert after_measuring(slow, False, False).name == "fast"
    assert not AUTO_SLOW.pictures


def test_the_self_check_finds_the_pinned_textual_fit_and_another_one_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert selfcheck.trouble() == ""
    monkeypatch.setattr(selfcheck, "installed", lambda: "9.0.0")
    assert "9.0.0" in selfcheck.trouble()
    monkeypatch.undo()
    monkeypatch.setattr(Strip, "render", lambda self, console: "\x1b[1;1Hsomething else")
    assert "differently" in selfcheck.trouble()
