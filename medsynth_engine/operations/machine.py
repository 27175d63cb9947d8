"""How the machine stands: memory pressure and heat, by what its own tools say, and whether it can read text in
pictures. Nothing of it concerns a store.

Each parser is a pure function on the text of one tool, None where the text does not say. The tools of macOS
(`memory_pressure -Q`, `sysctl`, `vm_stat`, `pmset -g therm`) are parsed in the form in which Apple's manual pages and
users' reports publish them; this program has not been run on a Mac. Linux: pressure stall information (PSI,
Documentation/accounting/psi.rst of the kernel) and the sensors that psutil finds.
"""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECONDS = 3.0
"""For each tool."""
STALLED_SOME, STALLED_FULL = 20.0, 5.0
"""Per cent of a minute in which some work, or all of it, waited for memory: from there on a training crawls."""
READER = "medsynth_engine.intake.text.reader"
READER_SECONDS = 120.0
LITTLE_FREE = 10
"""Per cent of memory that macOS calls free; it warns its programs at about that."""
LEVELS = {1: "normal", 2: "warning", 4: "critical"}
"""kern.memorystatus_vm_pressure_level."""


@dataclass(frozen=True)
class Said:
    """One thing about the machine; `ok` None where nothing is known."""

    name: str
    ok: bool | None
    says: str
    what_to_do: str = ""

    def document(self) -> dict[str, Any]:
        return {"name": self.name, "ok": self.ok, "says": self.says, "what_to_do": self.what_to_do}


def looked() -> list[dict[str, Any]]:
    """What this machine says of itself now; takes a moment, changes nothing."""
    mac = platform.system() == "Darwin"
    stands = [_mac_memory(), _mac_heat()] if mac else [_linux_memory(), _linux_heat()]
    return [each.document() for each in (*stands, _text_reader())]


def _text_reader() -> Said:
    """Whether what reads text in pictures can be loaded: in a process of its own, since its libraries are heavy."""
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", f"import {READER}"], capture_output=True, timeout=READER_SECONDS
        )
    except subprocess.TimeoutExpired:
        return Said("text reader", None, f"What reads text in pictures was not loaded in {READER_SECONDS:.0f} seconds.")
    if done.returncode == 0:
        return Said("text reader", True, "What reads text in pictures can be loaded.")
    return Said(
        "text reader",
        False,
        "What reads text in pictures cannot be loaded: no new dataset can be released.",
        "Without a screen OpenCV lacks libGL and GLib: see docs/dependencies.md.",
    )


# --- what tools say, taken apart ----------------------------------------------------------------------------------


def free_percentage(text: str) -> int | None:
    """`memory_pressure -Q`: the last line, "System-wide memory free percentage: 62%"."""
    found = re.search(r"memory free percentage:\s*(\d{1,3})%", text)
    return int(found.group(1)) if found else None


def pressure_level(text: str) -> str | None:
    """`sysctl -n kern.memorystatus_vm_pressure_level`: 1, 2 or 4."""
    return LEVELS.get(int(text)) if text.strip().isdigit() else None


def pages(text: str) -> dict[str, int]:
    """`vm_stat`: bytes by name, such as `free`, `wired down`, `occupied by compressor`; empty where it is none."""
    size = re.search(r"page size of (\d+) bytes", text)
    if size is None:
        return {}
    found = re.findall(r'^"?Pages ([a-z -]+)"?:\s+(\d+)\.', text, re.MULTILINE)
    return {name: int(count) * int(size.group(1)) for name, count in found}


def swapped(text: str) -> float | None:
    """`sysctl -n vm.swapusage`: bytes in use, of "total = 2048.00M  used = 1024.50M  free = ..."."""
    found = re.search(r"used = ([0-9.,]+)([KMG])", text)
    if found is None:
        return None
    return float(found.group(1).replace(",", ".")) * {"K": 2**10, "M": 2**20, "G": 2**30}[found.group(2)]


def speed_limit(text: str) -> int | None:
    """`pmset -g therm`: per cent of the clock that heat leaves, of "CPU_Speed_Limit = 100". Macs with an Apple chip
    mostly say "No CPU power status has been recorded": then nothing was limited since they started (100)."""
    found = re.search(r"CPU_Speed_Limit\s*=\s*(\d{1,3})", text)
    if found:
        return int(found.group(1))
    return 100 if "No CPU power status has been recorded" in text else None


def warned(text: str) -> bool | None:
    """`pmset -g therm`: whether a thermal warning stands."""
    found = re.search(r"thermal warning level(?: set to| *=)\s*(\d+)", text, re.IGNORECASE)
    if found:
        return int(found.group(1)) > 0
    return False if "No thermal warning level has been recorded" in text else None


def stalled(text: str) -> tuple[float, float] | None:
    """/proc/pressure/memory: per cent of the last minute in which (some, all) work waited for memory."""
    found = dict(re.findall(r"^(some|full) .*?avg60=([0-9.]+)", text, re.MULTILINE))
    return (float(found["some"]), float(found["full"])) if {"some", "full"} <= set(found) else None


# --- asking ---------------------------------------------------------------------------------------------------------


def _asked(*command: str) -> str:
    """What a tool says; nothing where it is not there, fails or hangs."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _read(file: str) -> str:
    try:
        return Path(file).read_text()
    except OSError:
        return ""


def mac_memory(free: int | None, level: str | None, swap: float | None, used: dict[str, int]) -> Said:
    """From what `free_percentage`, `pressure_level`, `swapped` and `pages` found."""
    if free is None and level is None:
        return Said("memory", None, "The system does not say how it stands with memory.")
    parts = [f"{free} % free" if free is not None else "", f"pressure {level}" if level else ""]
    parts.append(f"{swap / 1e9:.1f} GB swapped out" if swap else "")
    compressed = used.get("occupied by compressor", 0)
    parts.append(f"{compressed / 1e9:.1f} GB in the compressor" if compressed else "")
    ok = level in (None, "normal") and (free is None or free > LITTLE_FREE)
    says = f"Memory: {', '.join(part for part in parts if part)}."
    return Said("memory", ok, says, "" if ok else "Close other programs before a training, or use --low-resource.")


def _mac_memory() -> Said:
    free = free_percentage(_asked("memory_pressure", "-Q"))
    level = pressure_level(_asked("sysctl", "-n", "kern.memorystatus_vm_pressure_level"))
    return mac_memory(free, level, swapped(_asked("sysctl", "-n", "vm.swapusage")), pages(_asked("vm_stat")))


def mac_heat(text: str) -> Said:
    """From the text of `pmset -g therm`."""
    limit, warning = speed_limit(text), warned(text)
    if limit is None and warning is None:
        return Said("heat", None, "The system does not say whether heat slows it down.")
    ok = (limit is None or limit >= 100) and not warning
    slowed = f": to {limit} %" if limit is not None and limit < 100 else ""  # a warning may stand alone
    says = "Heat does not slow it down." if ok else f"Heat slows it down{slowed}."
    return Said("heat", ok, says, "" if ok else "Let it cool: a hard surface, away from the sun, on its charger.")


def _mac_heat() -> Said:
    return mac_heat(_asked("pmset", "-g", "therm"))


def linux_memory(pressure: tuple[float, float] | None, available: int, total: int) -> Said:
    """`pressure` from `stalled`; memory in bytes."""
    says = f"Memory: {available / 1e9:.1f} of {total / 1e9:.1f} GB are free"
    if pressure is None:
        return Said("memory", None, f"{says}; the kernel does not count what waits for it.")
    some, full = pressure
    ok = some < STALLED_SOME and full < STALLED_FULL
    says = f"{says}; in the last minute work waited for it {some:.0f} % of the time."
    return Said("memory", ok, says, "" if ok else "Close other programs before a training, or use --low-resource.")


def _linux_memory() -> Said:
    import psutil

    memory = psutil.virtual_memory()
    return linux_memory(stalled(_read("/proc/pressure/memory")), memory.available, memory.total)


def linux_heat(sensors: dict[str, list[Any]]) -> Said:
    """From psutil's `sensors_temperatures()`: current and high in degrees Celsius."""
    readings = [each for chip in sensors.values() for each in chip if each.current and each.high and each.high > 0]
    if not readings:
        return Said("heat", None, "No sensor says how warm it is.")
    hottest = max(readings, key=lambda each: each.current / each.high)
    ok = bool(hottest.current < hottest.high)
    says = f"The warmest sensor says {hottest.current:.0f} °C; it is made for {hottest.high:.0f} °C."
    return Said("heat", ok, says, "" if ok else "It slows itself down: see that air gets through.")


def _linux_heat() -> Said:
    import psutil

    return linux_heat(psutil.sensors_temperatures() if hasattr(psutil, "sensors_temperatures") else {})
