"""A trunk in bfloat16 learns what single precision learns; which one is used is asked for, or measured."""

from __future__ import annotations

import json
import time

import pytest
import torch

from medsynth_engine.gan import augment, precision, probes
from medsynth_engine.gan.conditions import Categorical, Vocabulary
from medsynth_engine.gan.learner import Learner
from medsynth_engine.gan.networks import Architecture, Discriminator, Generator, settle
from medsynth_engine.gan.objective import Game, Pairs
from medsynth_engine.gan.train import train
from medsynth_engine.kernel.errors import BadInput

CPU = torch.device("cpu")
VOCABULARY = Vocabulary((Categorical("finding", ("a", "b"), (50, 50)),))
ARCHITECTURE = Architecture((24, 16, 16, 8), 1, 1, latent=8, condition=8, features=8)


def game(trunk: torch.dtype) -> Game:
    torch.manual_seed(0)
    networks = Generator(ARCHITECTURE, VOCABULARY), Discriminator(ARCHITECTURE, VOCABULARY)
    for network in networks:
        settle(network, CPU, trunk)
        for parameter in network.parameters():
            parameter.data += 0.05 * torch.randn_like(parameter)
    return Game(*networks)


def pairs(count: int = 16) -> Pairs:
    source = torch.Generator().manual_seed(1)
    conditions = VOCABULARY.unknown(count)
    conditions.categorical[:, 0] = torch.arange(count) % 3
    warp = augment.draw(augment.PROFILES["radiograph"], torch.ones(count), 32, 1, source)
    real = torch.randn(count, 1, 32, 32, generator=source)
    return Pairs(real, torch.randn(count, ARCHITECTURE.drawn, generator=source), conditions, warp)


def gradients(network: torch.nn.Module) -> torch.Tensor:
    found = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
    assert all(grad.dtype == torch.float32 for grad in found)
    return torch.cat([grad.flatten() for grad in found])


def alike(here: torch.Tensor, there: torch.Tensor) -> float:
    return torch.nn.functional.cosine_similarity(here, there, dim=0).item()


@pytest.mark.parametrize("gamma", [0.0, 2.0, 30.0])
def test_gradients_of_both_networks_are_those_of_single_precision(gamma: float):
    exact, coarse, played = game(torch.float32), game(torch.bfloat16), pairs()
    for each in (exact, coarse):
        each.teach_discriminator(played, gamma, ramp=1.0)
        each.discriminator.requires_grad_(False)
        each.teach_generator(played, ramp=1.0)
    for name in ("discriminator", "generator"):
        there, here = gradients(getattr(exact, name)), gradients(getattr(coarse, name))
        assert alike(here, there) > 0.999 and (here - there).norm() < 0.05 * there.norm()
        assert not torch.equal(here, there)


def test_one_pass_in_bfloat16_carries_the_gradient_of_double_backward():
    ours, theirs, played = game(torch.bfloat16), game(torch.bfloat16), pairs()
    ours.teach_discriminator(played, 2.0, ramp=1.0)
    probes.game_loss(theirs, played, 2.0, ramp=1.0).backward()
    assert alike(gradients(ours.discriminator), gradients(theirs.discriminator)) > 0.999


def test_small_stages_heads_and_what_leaves_the_networks_stay_in_single_precision():
    both, played, met = game(torch.bfloat16), pairs(4), {}
    for network in (both.generator, both.discriminator):
        for stage in network.stages:
            stage.register_forward_hook(lambda stage, inputs, out: met.setdefault(out.shape[2], set()).add(out.dtype))
    images = both.generator(played.latent, played.conditions)
    logits = both.discriminator(images, played.conditions)
    assert met == {4: {torch.float32}, 8: {torch.float32}, 16: {torch.bfloat16}, 32: {torch.bfloat16}}
    assert images.dtype == logits.dtype == torch.float32
    assert all(parameter.dtype == torch.float32 for parameter in both.discriminator.parameters())


def test_precision_is_single_unless_one_asks_or_cuda_gains_by_it():
    def never(name: str) -> None:
        raise AssertionError("a CPU is not tried")

    assert precision.trunk("auto", CPU, never) == precision.trunk("auto", torch.device("mps"), never) == "fp32"
    assert precision.trunk("bf16", CPU, never) == "bf16"
    with pytest.raises(BadInput):
        precision.trunk("fp16", CPU, never)


def test_the_faster_way_is_taken_only_where_it_is_clearly_faster(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(precision, "per_call", lambda work, device, seconds: work())
    ways = {"usual": lambda: 2.0, "similar": lambda: 1.9}
    assert precision.fastest(ways, CPU) == "usual"
    assert precision.fastest({**ways, "quick": lambda: 1.0}, CPU) == "quick"
    assert precision.fastest({**ways, "slow": lambda: 9.0}, CPU) == "usual"


def test_a_call_is_timed_at_its_best_and_without_the_first():
    calls: list[float] = []

    def work() -> None:
        calls.append(0.05 if len(calls) < 2 else 0.01)
        time.sleep(calls[-1])

    assert precision.per_call(work, CPU, 0.2) >= 0.01 and len(calls) > 3


def test_a_run_in_bfloat16_trains_stays_finite_and_keeps_its_precision(make_run):
    folder = make_run(precision="bf16", budget={"kimg": 0.5})
    assert train(folder) == 0
    assert json.loads((folder.path / "plan.json").read_text())["trunk"] == "bf16"
    lines = [json.loads(line) for line in (folder.path / "metrics.jsonl").read_text().splitlines()]
    ticks = [line for line in lines if line["kind"] == "tick"]
    assert ticks and all(isinstance(line["loss_discriminator"], float) for line in ticks)
    tensors = torch.load(folder.generator, weights_only=True)["generator"].values()
    assert all(tensor.dtype == torch.float32 and torch.isfinite(tensor).all() for tensor in tensors)


def test_the_average_draws_in_single_precision(make_run, monkeypatch: pytest.MonkeyPatch):
    met: list[tuple[torch.dtype, torch.dtype]] = []
    step = Learner.step

    def watched(self: Learner, *words: object) -> object:
        met.append((self.game.generator.trunk, self.average.network.trunk))
        return step(self, *words)

    monkeypatch.setattr(Learner, "step", watched)
    train(make_run(precision="bf16", budget={"kimg": 0.1}))
    assert met[-1] == (torch.bfloat16, torch.float32) and {average for _, average in met} == {torch.float32}
