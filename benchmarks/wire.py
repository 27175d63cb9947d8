"""What the studio sends down the line, plain Textual beside it: `python benchmarks/wire.py [--sshd PATH] [--quick]`.

Through a real pty; for keys also through a line of 56k or 9,600 baud with a round trip of 0.15 s, simulated behind the
pty and, with `--sshd`, as a real sshd behind a throttled proxy on the loopback. Figures go to results/wire.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE), str(HERE.parent / "tests" / "studio")]

from wire_chart import chart_seconds, plotext_seconds  # noqa: E402
from wire_line import Line  # noqa: E402
from wire_ssh import Modem, Server  # noqa: E402

RATES = {"56k": 5_600.0, "9,600 baud": 960.0}
"""Bytes a second: ten bits a byte."""
ROUND_TRIP = 0.15
HEADINGS = tuple(f"{title}  ●" for title in ("Accuracy", "Fréchet ratio", "Overfitting", "Copy risk", "Speed", "Loss"))
"""What `v` brings to the screen, in turn."""
PATIENCE = 22.0
READY = {"run": "? Help", "home": "Where to", "login": "F1 Help"}
"""What stands there when the first screen is painted."""
OURS = ["--link", "slow"]
PLAIN = ["--link", "fast", "--plain"]


def painted(line: Line, place: str) -> bool:
    """The whole of the first screen; a chart's axis for a run."""
    return line.run(90, lambda: line.shows(READY[place])() and (place != "run" or line.shows("└┴─")()))


@contextmanager
def studio(place: str, *words: str, **line: Any) -> Iterator[Line]:
    """The studio on a line, painted."""
    opened = Line([sys.executable, str(HERE / "wire_studio.py"), "--place", place, *words], **line)
    try:
        painted(opened, place)
        yield opened
    finally:
        opened.close()


def first_paint(place: str, how: list[str], size: tuple[int, int]) -> int:
    """Bytes until nothing more comes; a training that goes on makes its next look much later."""
    with studio(place, "--look", "1000", *how, columns=size[0], lines=size[1]) as line:
        line.quiet()
        return line.written


def idle(how: list[str], seconds: float) -> dict[str, float]:
    with studio("home", *how) as line:
        line.quiet(2)
        bytes_before, cpu_before = line.written, line.cpu_seconds()
        line.run(seconds)
        spent = line.cpu_seconds() - cpu_before
        return {"bytes_per_second": (line.written - bytes_before) / seconds, "cpu_share": round(spent / seconds, 4)}


def live(how: list[str], look: float, seconds: float, size: tuple[int, int]) -> float:
    """Bytes a second of the live run at one look in `look` seconds."""
    with studio("run", "--look", str(look), *how, columns=size[0], lines=size[1]) as line:
        line.run(3)
        before = line.written
        line.run(seconds)
        return round((line.written - before) / seconds, 1)


def actions(how: list[str]) -> dict[str, int]:
    """Bytes of one action each, over a run that stands still."""
    keys = {
        "modal (stop?)": "s",
        "modal closed": "\x1b",
        "palette open": "\x10",
        "palette, three letters": "run",
        "palette closed": "\x1b",
        "next chart": "v",
        "log": "l",
        "help": "?",
    }
    with studio("run", "--look", "1000", *how) as line:
        line.quiet()
        found = {}
        for name, key in keys.items():
            line.press(key)
            found[name] = line.quiet()
        return found


def key_to_paint(line: Line, presses: int) -> dict[str, Any]:
    """Seconds from `v` to the next chart's heading on the screen while the training goes on; None: never came."""
    times: list[float | None] = []
    for press in range(presses):
        line.run(2.0 + 0.37 * press)
        line.press("v")
        begun = line.clock()
        came = line.run(PATIENCE, line.shows(HEADINGS[press % len(HEADINGS)]))
        times.append(round(line.clock() - begun, 2) if came else None)
        if times[-2:] == [None, None]:
            break
    answered = [each for each in times if each is not None]
    median = round(statistics.median(answered), 2) if answered else None
    return {"median": median, "worst": max(answered) if len(answered) == len(times) else None, "each": times}


def on_a_line(how: list[str], rate: float, look: float, presses: int) -> dict[str, Any]:
    with studio("run", "--look", str(look), *how, rate=rate, round_trip=ROUND_TRIP) as line:
        return {"first_paint_seconds": round(line.clock() - line.begun, 1), **key_to_paint(line, presses)}


def over_ssh(server: Server, how: list[str], rate: float, look: float, presses: int, packed: bool) -> dict[str, Any]:
    modem = Modem(server.port, rate, ROUND_TRIP)
    words = [sys.executable, str(HERE / "wire_studio.py"), "--place", "run", "--look", str(look), *how]
    line = Line(server.command(modem.port, words, packed))
    try:
        painted(line, "run")
        return {"first_paint_seconds": round(line.clock() - line.begun, 1), **key_to_paint(line, presses)}
    finally:
        line.close()
        modem.close()


class Told(dict[str, Any]):
    """Says each figure when it is there."""

    def __setitem__(self, name: str, value: Any) -> None:
        super().__setitem__(name, value)
        print(f"{name:<58} {json.dumps(value, ensure_ascii=False)}", flush=True)


def measure(quick: bool) -> dict[str, Any]:
    seconds, presses = (10.0, 3) if quick else (20.0, 7)
    found = Told()
    for name, how in (("ours, slow", OURS), ("ours, fast", ["--link", "fast"]), ("plain Textual", PLAIN)):
        for size in ((80, 24), (120, 40)):
            shape = f"{size[0]}x{size[1]}"
            found[f"first paint, login, {shape}, {name}"] = first_paint("login", how, size)
            found[f"first paint, run, {shape}, {name}"] = first_paint("run", how, size)
            found[f"live, 1 a second, {shape}, {name}"] = live(how, 1, seconds, size)
        found[f"live, 1 in 5 s, 80x24, {name}"] = live(how, 5, 2 * seconds, (80, 24))
        found[f"idle, {name}"] = idle(how, seconds)
        found[f"actions, {name}"] = actions(how)
    for rate in RATES:
        found[f"key to paint, {rate}, ours, slow"] = on_a_line(OURS, RATES[rate], 1, presses)
        found[f"key to paint, {rate}, ours, auto"] = on_a_line(["--link", "auto"], RATES[rate], 1, presses)
        found[f"key to paint, {rate}, plain Textual"] = on_a_line(PLAIN, RATES[rate], 1, presses)
    found["chart of 100,000 points redrawn"] = chart_seconds(100_000)
    found["chart of 100,000 points, plotext"] = plotext_seconds(100_000)
    return found


def measure_ssh(sshd: str, presses: int) -> dict[str, Any]:
    found = Told()
    with tempfile.TemporaryDirectory() as folder:
        try:
            server = Server(sshd, Path(folder))
        except (OSError, ValueError) as error:
            return {"ssh": f"not measured: {error}"}
        try:
            for rate, value in RATES.items():
                for name, how, packed in (
                    ("ours, slow", OURS, False),
                    ("ours, slow, ssh -C", OURS, True),
                    ("ours, auto", ["--link", "auto"], False),
                    ("plain Textual", PLAIN, False),
                    ("plain Textual, ssh -C", PLAIN, True),
                ):
                    key = f"key to paint over ssh, {rate}, {name}"
                    found[key] = over_ssh(server, how, value, 1, presses, packed)
        finally:
            server.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sshd", help="a sshd that may be started, for instance /usr/sbin/sshd")
    parser.add_argument("--quick", action="store_true", help="shorter looks; nothing is kept")
    parser.add_argument("--only-ssh", action="store_true", help="add the figures of ssh to those that are kept")
    options = parser.parse_args()
    kept = HERE / "results" / "wire.json"
    found = json.loads(kept.read_text())["measured"] if options.only_ssh else measure(options.quick)
    if options.sshd:
        found |= measure_ssh(options.sshd, 3 if options.quick else 7)
    if not options.quick:
        about = {"machine": platform.machine(), "cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1)}
        about |= {"day": datetime.now(UTC).date().isoformat(), "round_trip": ROUND_TRIP, "measured": found}
        kept.write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
