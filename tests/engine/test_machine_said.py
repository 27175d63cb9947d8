"""How the machine stands: what the tools of macOS and Linux say, in the form in which it is published."""

from __future__ import annotations

import asyncio
import importlib.util
from collections import namedtuple
from pathlib import Path

import pytest

from medsynth_engine.engine import Engine
from medsynth_engine.operations import machine

PRESSURE = """The system has 8589934592 (524288 pages with a page size of 16384).
System-wide memory free percentage: {free}%
"""
VM_STAT = """Mach Virtual Memory Statistics: (page size of 16384 bytes)
Pages free:                                5523.
Pages active:                            103482.
Pages inactive:                          101915.
Pages speculative:                          733.
Pages throttled:                              0.
Pages wired down:                         93214.
Pages purgeable:                            119.
"Translation faults":                 813549482.
Pages copy-on-write:                   38823190.
Pages occupied by compressor:            188240.
Decompressions:                       102049230.
Swapins:                                1184421.
Swapouts:                               1571012.
"""
SWAP = "total = 2048.00M  used = 1024.50M  free = 1023.50M  (encrypted)\n"
COOL = """Note: No thermal warning level has been recorded
Note: No performance warning level has been recorded
Note: No CPU power status has been recorded
"""
HOT = """2026-07-01 14:31:20 +0200 CPU Power notify
\tCPU_Scheduler_Limit \t= 100
\tCPU_Available_CPUs \t= 8
\tCPU_Speed_Limit \t= 62
"""
WARNED = "Note: Thermal warning level set to 2\nNote: No CPU power status has been recorded\n"
PSI = """some avg10=0.00 avg60={some} avg300=0.12 total=91823
full avg10=0.00 avg60={full} avg300=0.05 total=41277
"""
Reading = namedtuple("Reading", "label current high critical")


def test_a_mac_with_room_says_so() -> None:
    free, used = machine.free_percentage(PRESSURE.format(free=62)), machine.pages(VM_STAT)
    assert free == 62 and used["free"] == 5523 * 16384
    said = machine.mac_memory(free, machine.pressure_level("1\n"), machine.swapped(SWAP), used)
    assert said.ok and said.what_to_do == ""
    assert said.says == "Memory: 62 % free, pressure normal, 1.1 GB swapped out, 3.1 GB in the compressor."


@pytest.mark.parametrize(("free", "level"), [(62, "2"), (62, "4"), (7, "1"), (7, "")])
def test_a_mac_under_pressure_says_what_to_do(free: int, level: str) -> None:
    said = machine.mac_memory(
        machine.free_percentage(PRESSURE.format(free=free)), machine.pressure_level(level), None, {}
    )
    assert said.ok is False and "--low-resource" in said.what_to_do


def test_heat_of_a_mac() -> None:
    assert machine.mac_heat(COOL).ok is True
    assert machine.mac_heat(HOT).ok is False and "62 %" in machine.mac_heat(HOT).says
    assert machine.mac_heat(HOT.replace("62", "100")).ok is True
    assert machine.mac_heat(WARNED).ok is False and "%" not in machine.mac_heat(WARNED).says


def test_what_a_tool_does_not_say_is_unknown_and_never_well() -> None:
    for text in ("", "nonsense", "Error: something\n"):
        assert machine.free_percentage(text) is None and machine.pressure_level(text) is None
        assert machine.swapped(text) is None and machine.pages(text) == {} and machine.stalled(text) is None
        assert machine.mac_heat(text).ok is None
    assert machine.mac_memory(None, None, None, {}).ok is None
    assert machine.linux_memory(None, 4 * 10**9, 8 * 10**9).ok is None
    assert machine.linux_heat({}).ok is None


def test_linux_says_how_long_work_waited_for_memory() -> None:
    calm = machine.linux_memory(machine.stalled(PSI.format(some="0.40", full="0.10")), 4 * 10**9, 8 * 10**9)
    assert calm.ok and "4.0 of 8.0 GB" in calm.says
    assert machine.linux_memory(machine.stalled(PSI.format(some="35.00", full="1.00")), 10**9, 8 * 10**9).ok is False
    assert machine.linux_memory(machine.stalled(PSI.format(some="9.00", full="8.00")), 10**9, 8 * 10**9).ok is False


def test_the_warmest_sensor_counts() -> None:
    sensors = {
        "coretemp": [Reading("", 61.0, 100.0, 105.0), Reading("", 99.0, 98.0, 105.0)],
        "x": [Reading("", 3.0, None, None), Reading("", 40.0, -1.0, None)],
    }
    assert machine.linux_heat(sensors).ok is False and "99 °C" in machine.linux_heat(sensors).says
    assert machine.linux_heat({"coretemp": [Reading("", 61.0, 100.0, 105.0)]}).ok is True


def test_the_doctor_tells_of_the_machine_beside_the_store_and_judges_the_store_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(Engine(tmp_path).init(development=True))
    document = asyncio.run(Engine(tmp_path).doctor())
    assert {each["name"] for each in document["machine"]} == {"memory", "heat", "text reader"}
    if importlib.util.find_spec("rapidocr_onnxruntime"):  # it has no release for every Python
        assert document["machine"][2]["ok"]
    monkeypatch.setattr(machine, "stalled", lambda text: (99.0, 99.0))
    monkeypatch.setattr(machine.platform, "system", lambda: "Linux")
    monkeypatch.setattr(machine, "READER", "medsynth_engine.intake.text.that_is_not_there")
    under = asyncio.run(Engine(tmp_path).doctor())
    assert under["machine"][0]["ok"] is False and under["machine"][2]["ok"] is False
    assert "OpenCV" in under["machine"][2]["what_to_do"]
    assert under["ok"] == document["ok"] == all(check["ok"] for check in under["checks"])
