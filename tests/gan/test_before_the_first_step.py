"""Before the first step: wishes are heard between the steps that only measure, and little memory stays little."""

from __future__ import annotations

import pytest
from gan_runs import MakeRun

from medsynth_engine.gan import presets, train
from medsynth_engine.gan.learner import Learner
from medsynth_engine.kernel.errors import BadInput


@pytest.mark.parametrize(("wish", "state"), [("stop", "stopped"), ("pause", "paused")])
def test_a_wish_is_heard_between_the_steps_that_measure_the_speed(make_run: MakeRun, monkeypatch, wish, state):
    folder, steps = make_run(), []
    step = Learner.step

    def counted(self, rates, plan):
        steps.append(1)
        folder.set_wish(wish)
        return step(self, rates, plan)

    monkeypatch.setattr(Learner, "step", counted)
    assert train.train(folder) == 0
    assert folder.state()["state"] == state and len(steps) == 1
    assert "before the first step" in folder.log_tail(5)[-1]
    assert not folder.generator.exists()


def test_a_run_that_was_paused_before_its_first_step_begins_when_it_is_resumed(make_run: MakeRun):
    folder = make_run(budget={"kimg": 0.064})
    folder.set_wish("pause")
    assert train.train(folder) == 0 and folder.state()["state"] == "paused"
    folder.set_wish("run")
    assert train.train(folder) == 0 and folder.state()["state"] == "finished" and folder.generator.exists()


def test_little_memory_takes_the_presets_that_fit_and_refuses_the_others():
    fitting = []
    for name in presets.PRESETS:
        try:
            presets.demand_little(presets.resolve(name, 0, 0, "cpu", low_resource=True), True)
            fitting.append(name)
        except BadInput as error:
            assert error.code == "too_large_for_little" and "small128" in error.hint
    assert fitting == ["nano32", "tiny64", "small64", "small128"]
    presets.demand_little(presets.PRESETS["base256"], False)


def test_a_run_folder_with_a_preset_too_large_is_refused_before_a_step(make_run: MakeRun, monkeypatch):
    folder = make_run(preset="base128", side=128, count=30, low_resource=True)
    monkeypatch.setattr(Learner, "step", lambda *_: pytest.fail("a step was made"))
    assert train.train(folder) == 4
    assert folder.state()["error"]["code"] == "too_large_for_little"
