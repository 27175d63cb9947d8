"""A run while it trains, and after: curves, a sample picture, the copy risk, the log. As often as the line carries."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from medsynth_tui import commands as c
from medsynth_tui import commands_runs as r
from medsynth_tui.command import Command
from medsynth_tui.commands_chart import CHART, COUNTS
from medsynth_tui.run_events import sentence
from medsynth_tui.screens.run_arranged import ArrangesCharts
from medsynth_tui.screens.run_course import GOING, STANDING, BendsItsCourse
from medsynth_tui.screens.run_samples import ShowsSamples
from medsynth_tui.view import View
from medsynth_tui.widgets.log_tail import LogTail
from medsynth_tui.widgets.picture import Pictures
from medsynth_tui.widgets.risk import CopyRisk, Overfitting, Spent
from medsynth_tui.words import number, said, span, state

OVER = ("finished", "stopped", "failed")
SELDOM = 5
"""Looks of which one is at a run that stands still."""
OTHER_YARDSTICK = "Of the validation fold: the evidence's ratio has another yardstick."
"""It is of other images than the evidence, and of fewer: who reads both ratios would take one for the other."""


class LiveRun(BendsItsCourse, ArrangesCharts, ShowsSamples, View):
    """Narrow windows show one chart (`v` for the next), wide and tall ones three; 1, 2 and 4 choose."""

    CSS_PATH = "run.tcss"
    HERE: ClassVar[tuple[Command, ...]] = (
        c.RunPause,
        c.RunStop,
        c.RunChart,
        c.RunLog,
        r.RunEvents,
        c.RunCohort,
        c.RunEarlier,
        c.RunLater,
        c.RunRemove,
        *CHART,
        *COUNTS,
    )

    def __init__(self, name: str) -> None:
        super().__init__()
        self.run_name = name
        self.document: dict[str, Any] = {}
        self.behind: str | None = None
        self.read_to = self.looks = 0

    def place(self) -> tuple[str, ...]:
        return ("Runs", self.run_name)

    def simulated(self) -> bool:
        return bool(self.document.get("simulated"))

    def compose_body(self) -> ComposeResult:
        yield Static(Content("Asking the store"), id="facts")
        with Horizontal():
            with Vertical(id="charts"):
                yield from self.compose_charts()
            with Vertical(id="side"):
                yield Static("", id="caption", classes="muted")
                yield Pictures(id="sample")
                yield CopyRisk(id="risk")
                yield Overfitting(id="overfit")
                yield Spent(id="spent")
                yield LogTail(id="log", classes="muted")

    def on_mount(self) -> None:
        self._arrange()
        self.set_timer(self.studio.profile.look_seconds, self._tick)

    def on_resize(self) -> None:
        self._arrange()

    def _arrange(self) -> None:
        """What stands beside the charts: nothing where there are four of them, the log where it was asked for."""
        strip = not self.roomy and not self.log_wanted and self.studio.profile.log_lines is not None
        self.query_one("#side").display = self.log_wanted or self.chart_count < 4
        self.query_one("#log").display = self.roomy or self.log_wanted or strip
        for part in ("#sample", "#caption"):
            self.query_one(part).display = not self.log_wanted
        super()._arrange()

    log_wanted = False
    told: list[str] | None = None
    """The newest lines of the log, once they are known."""

    def line_changed(self) -> None:
        self.offer_again()
        self._arrange()

    def load(self) -> None:
        name = self.run_name
        self.ask(lambda engine: engine.runs_show(name), self._show, group="show")
        self._watch()

    def _tick(self) -> None:
        self.looks += 1
        word = self.document.get("state")
        due = word in GOING or (word in STANDING and (self.asked_on or self.looks % SELDOM == 0))
        if self.is_current and due and not self.awaits("watch"):
            self._watch()
        self.set_timer(self.studio.profile.look_seconds, self._tick)

    def _watch(self) -> None:
        name, read_to = self.run_name, self.read_to
        self.ask(lambda engine: engine.runs_watch(name, read_to), self._news, group="watch")

    def _show(self, document: dict[str, Any]) -> None:
        changed = document.get("state") != self.document.get("state")
        self.document, self.behind = document, document.get("queued_behind")
        self._facts()
        if changed:
            self.asked_on = False
            self.clear()
            self.place_changed()
            self._draw()  # what was not measured yet never will be
        if document["state"] == "failed":
            error = document.get("error")
            words = error.get("message") if isinstance(error, dict) else error
            self.complain("This run failed.", said(words, 200) if words else "Its log says why (l).")

    def _news(self, document: dict[str, Any]) -> None:
        self.read_to = document["offset"]
        self.behind = document.get("queued_behind")
        self.curves.images_per_step, self.curves.best = document.get("images_per_step"), document.get("best")
        nothing_yet = not self.curves.ticks
        self.curves.add(document["records"])
        if nothing_yet and self.curves.ticks:
            self.place_changed()  # from now on a cohort can be drawn with it
        begins = nothing_yet and self.curves.ticks and not self.document.get("device")
        if begins or document["state"] != self.document.get("state"):
            self._ask_again()  # the device is known once it trains
        self._log(document["log"])
        self.samples_are(document["samples"])
        self._facts()
        self._draw()

    def _ask_again(self) -> None:
        name = self.run_name
        self.ask(lambda engine: engine.runs_show(name), self._show, group="show")

    def _log(self, lines: list[str]) -> None:
        self.told = lines
        short = [said(line.partition("Z ")[2] or line, 300) for line in lines]
        fixed = self.studio.profile.log_lines
        room = max(6, self.size.height - 8) if self.log_wanted else fixed or 8
        strip = fixed is not None and not self.log_wanted
        if not short or not strip:  # a log of few words leaves room for what happened before
            happened = [f"{number(each.get('kimg'))} kimg: {sentence(each)}" for each in self.curves.events]
            short = [*happened, *short]
        self.query_one("#log", LogTail).show(short or ["Nothing in the log yet."], room, strip)

    def _draw(self) -> None:
        super()._draw()
        if not self.is_mounted:
            return
        last, beside = self.curves.last, not self.log_wanted
        risk, signal = self.query_one(CopyRisk), self.query_one(Overfitting)
        risk.display = signal.display = beside and not self.curves.private
        over = self.document.get("state") in OVER
        risk.judge(_measured(last.get("nearest_neighbour_risk")), last.get("copying"), over)
        signal.show(_measured(last.get("overfitting")), over)
        spent = self.query_one(Spent)
        spent.display = beside and self.curves.private
        spent.show(last.get("epsilon"), last.get("epsilon_promised"))

    def _facts(self) -> None:
        document, last, glyphs = self.document, self.curves.last, self.studio.glyphs
        if not document:
            return
        word = document["state"]
        colour = {"failed": "$error", "running": "$success", "interrupted": "$warning"}.get(word, "$foreground")
        done, total = float(last.get("kimg") or document.get("kimg") or 0), document.get("kimg_total")
        parts: list[tuple[str, str]] = [(state(word), f"bold {colour}"), ("  ", "")]
        waits = f"behind {self.behind}" if word == "queued" and self.behind else ""
        if total and not waits:
            room = 20 if self.size.width >= 110 else 12
            filled = round(room * min(1.0, done / total))
            parts += [(glyphs.full * filled, "$primary"), (glyphs.empty * (room - filled), "$muted"), ("  ", "")]
        if waits:  # in the place of numbers that do not move
            parts.append((said(waits, self.size.width - 4 - len(state(word)) - 2), "$warning"))
        else:
            parts.append((f"{steady(done, total)}{f' of {steady(total, total)}' if total else ''} kimg", "$foreground"))
        if word == "running":
            speed = last.get("images_per_second")
            parts.append((f"  {rounded(speed)} images/s" if speed else "", "$foreground"))
            parts.append((f"  {span(last['eta_seconds'])} left" if last.get("eta_seconds") else "", "$foreground"))
        elif not waits:
            parts.append((f"  {span(last.get('seconds') or document.get('seconds'))}", "$foreground"))
        preset, device, dataset = (said(document.get(key), 40) for key in ("preset", "device", "dataset"))
        cluster = (document.get("cluster") or {}).get("cluster")
        on = f" on {device}" if document.get("device") else ""
        where = f"{preset}{on}{f' of {said(cluster, 40)}' if cluster else ''}, from {dataset}"
        best = self.curves.best
        found = (
            f"Best Fréchet ratio {number(best['fd_ratio_validation'])} at {number(best['kimg'])} kimg. " if best else ""
        )
        lines = [found + where, *([OTHER_YARDSTICK] if best else [])]
        told = [Content.assemble(*parts), *(Content.assemble((glyphs.text(line), "$muted")) for line in lines)]
        self.query_one("#facts", Static).update(Content("\n").join(told), layout=False)

    def do_run_log(self) -> None:
        self.log_wanted = not self.log_wanted
        self._arrange()
        if self.told is not None:
            self._log(self.told)  # in the room that there is now
        self.place_changed()  # the key is called by what it shows next

    def offered(self, command: Command) -> bool:
        if command is c.RunCohort and (self.simulated() or not self.curves.ticks):
            return False
        return super().offered(command)

    def label(self, command: Command) -> str:
        if command is c.RunLog and self.log_wanted:
            return "Picture"
        return super().label(command)


def steady(kimg: float, total: float | None) -> str:
    """With as many digits after the point as its total asks for: a count that grows and shifts nothing after it."""
    largest = total or kimg
    return number(kimg) if largest >= 1_000 else f"{kimg:.{3 if total and total < 1 else 1}f}"


def _measured(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def rounded(speed: float) -> str:
    """As exact as a person reads a speed."""
    return f"{speed:,.0f}" if speed >= 10 else number(speed, 2)
