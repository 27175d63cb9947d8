"""Training with differential privacy through the engine's door: refused at once where it can be, told where it is."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from medsynth_engine.engine import Engine
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.phantom import write as write_phantom

RESEARCHER = ("alice", "password123")


async def _store(folder: Path, records: int) -> Engine:
    engine = Engine(folder / "home")
    await engine.init(development=True)
    await engine.login(*RESEARCHER)
    source = write_phantom(folder / "hospital", records, seed=3, size=32)
    asked = await engine.datasets_add("chest", str(source / "images"), str(source / "metadata.csv"))
    await engine.finish(asked["job"])
    return engine


def test_what_cannot_be_promised_is_refused_at_the_door(tmp_path: Path):
    async def ask() -> None:
        engine = await _store(tmp_path, 150)
        for order, code in (
            ({"epsilon": 8}, "too_few_for_privacy"),
            ({"epsilon": 0}, "bad_epsilon"),
            ({"epsilon": 8, "delta": 0.5}, "bad_delta"),
            ({"epsilon": 8, "preset": "nano32"}, "not_private"),
            ({"epsilon": 8, "processes": 2}, "private_alone"),
            ({"preset": "dp32"}, "no_epsilon"),
            ({"delta": 1e-6}, "no_epsilon"),
        ):
            with pytest.raises(BadInput) as caught:
                await engine.train("chest", **order)
            assert (caught.value.code, bool(caught.value.hint)) == (code, True)

    asyncio.run(ask())


@pytest.mark.slow
def test_a_private_run_says_what_it_spent_and_its_generator_carries_no_rows(tmp_path: Path):
    async def train() -> tuple[dict[str, Any], dict[str, Any], Path]:
        engine = await _store(tmp_path, 1_900)
        asked = await engine.train("chest", name="quiet", kimg=0.3, epsilon=9)
        await engine.finish(asked["job"])
        return await engine.runs_show("quiet"), await engine.weights_show("quiet"), tmp_path / "home/data/runs/quiet"

    run, weights, folder = asyncio.run(train())
    assert (run["state"], run["preset"]) == ("finished", "dp32")
    assert run["privacy"]["epsilon"] <= run["privacy"]["epsilon_promised"] == 9
    assert weights["document"]["privacy"]["unit"] == "patient" and weights["document"]["rows"] is False
    assert not (folder / "rows.json").exists()
    config = json.loads((folder / "config.json").read_text())
    assert config["privacy"]["epsilon"] == 9 and config["privacy"]["columns"] >= 1
