"""A device is used only where it computes what the CPU computes: every probe sees the fault it is there for."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from medsynth_engine.gan import device, probes
from medsynth_engine.gan.networks import Architecture
from medsynth_engine.gan.probes import Used
from medsynth_engine.kernel.errors import BadInput

CPU = torch.device("cpu")
SMALL = Used(Architecture((6, 5, 4), 1, 1), 3)
Spoil = Callable[[Any, tuple[Any, ...]], Any]


class Broken(TorchDispatchMode):
    """A device that gets one operation wrong: `spoil` changes its result, told the arguments."""

    def __init__(self, operation: str, spoil: Spoil) -> None:
        super().__init__()
        self.operation, self.spoil, self.met = operation, spoil, 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        if func._overloadpacket.__name__ != self.operation:
            return found
        self.met += 1
        return self.spoil(found, args)


def probe(name: str) -> probes.Probe:
    return next(one for one in probes.PROBES if one.name == name)


def apart(name: str, broken: Broken, used: Used = SMALL) -> float:
    """The probe's difference, where only the tested side runs on the broken device."""
    tried = probe(name)
    expected = (tried.reference or tried.compute)(CPU, used)
    with broken:
        found = tried.compute(CPU, used)
    assert broken.met
    return probes.apart(expected, found)


def a_little(found: torch.Tensor, args: tuple[Any, ...]) -> torch.Tensor:
    return found * 1.01


def on_views(found: torch.Tensor, args: tuple[Any, ...]) -> torch.Tensor:
    return found if args[0].storage_offset() == 0 else found.roll(1)


def weights_of_wide_maps(found: Any, args: tuple[Any, ...]) -> Any:
    return found if args[1].shape[-1] < 16 else (found[0], found[1] * 1.05, found[2])


def late_images(found: torch.Tensor, args: tuple[Any, ...]) -> torch.Tensor:
    return torch.cat([found[:5], 0 * found[5:]])


def too_far(found: None, args: tuple[Any, ...]) -> None:
    args[0][0].mul_(1.01)


def offsets_forgotten(found: torch.Tensor, args: tuple[Any, ...]) -> torch.Tensor:
    return found.clone() if args[0].is_floating_point() else (found.int() // 2).to(found.dtype)


@pytest.mark.parametrize("one", probes.PROBES, ids=lambda one: one.name)
def test_this_cpu_passes(one: probes.Probe):
    assert probes.difference(one, CPU) < probes.TOLERANCE / 10


@pytest.mark.parametrize(
    ("name", "operation", "spoil"),
    [
        ("derivatives_of_the_game", "leaky_relu_backward", a_little),
        ("derivatives_of_the_game", "avg_pool2d_backward", a_little),
        ("convolutions_on_views", "convolution", on_views),
        ("convolutions_of_the_run", "convolution_backward", weights_of_wide_maps),
        ("convolutions_of_the_run", "convolution", late_images),
        ("resampling", "upsample_bilinear2d_backward", a_little),
        ("resampling", "upsample_bilinear2d", a_little),
        ("resampling", "avg_pool2d_backward", a_little),
        ("augmentation", "bmm", a_little),
        ("steps_of_adam", "_fused_adam_", too_far),
        ("picking_rows", "index", offsets_forgotten),
        ("picking_rows", "searchsorted", lambda found, args: found - 1),
        ("random_numbers", "randn", lambda found, args: torch.zeros_like(found)),
        ("random_numbers", "randn", lambda found, args: found.abs()),
        ("random_numbers", "rand", lambda found, args: found / 2),
    ],
)
def test_a_probe_sees_its_fault(name: str, operation: str, spoil: Spoil):
    used = Used(Architecture((6, 5, 4), 1, 1), 3)
    assert apart(name, Broken(operation, spoil), used) > probes.TOLERANCE


def test_a_result_that_is_no_number_is_not_the_cpus():
    assert probes.apart([torch.ones(3)], [torch.tensor([1.0, float("nan"), 1.0])]) == float("inf")


def test_the_whole_batch_is_computed_on_the_device_and_two_images_on_the_cpu():
    sizes: list[int] = []
    for compute in (probes.convolutions_of_the_run, probes._convolutions_of_two):
        with Broken("convolution", lambda found, args: sizes.append(len(found)) or found):
            compute(CPU, SMALL)
    assert sizes == [6, 6, 6, 2, 2, 2]


@contextlib.contextmanager
def with_device(monkeypatch: pytest.MonkeyPatch, error: dict[str, float]) -> Iterator[list[Used | None]]:
    """A machine with an MPS device whose probes differ by `error`."""
    seen: list[Used | None] = []
    monkeypatch.setattr(device, "available", lambda: ("mps", "cpu"))

    def difference(one: probes.Probe, where: torch.device, used: Used | None) -> float:
        assert where.type == "mps"
        seen.append(used)
        return error.get(one.name, 1e-6)

    monkeypatch.setattr(device, "difference", difference)
    yield seen


def test_a_device_that_passes_every_probe_at_the_sizes_of_the_run_is_used(monkeypatch: pytest.MonkeyPatch):
    with with_device(monkeypatch, {}) as seen:
        assert device.choose("auto", lambda name: SMALL) == (torch.device("mps"), "")
        assert seen == [SMALL] * len(probes.PROBES)


@pytest.mark.parametrize("one", probes.PROBES, ids=lambda one: one.name)
def test_what_fails_is_said_and_training_goes_to_the_cpu(one: probes.Probe, monkeypatch: pytest.MonkeyPatch):
    with with_device(monkeypatch, {one.name: 0.01}):
        chosen, note = device.choose("mps")
    assert chosen == CPU and note == f"The mps device computes {one.says}; training on the CPU."
    with with_device(monkeypatch, {one.name: float("inf")}):
        assert device.choose() == (CPU, "The mps device could not do the self-test; training on the CPU.")
    with with_device(monkeypatch, {one.name: float("nan")}):
        assert device.choose()[0] == CPU


def test_a_device_that_is_not_there_is_refused():
    for wish in ("tpu", next(name for name in ("mps", "cuda") if name not in device.available())):
        with pytest.raises(BadInput):
            device.choose(wish)


def test_a_device_that_cannot_do_it_differs_without_end():
    assert probes.difference(probe("resampling"), torch.device("meta")) == float("inf")


def test_adam_is_fused_on_mps_only_where_it_steps_like_the_cpu(monkeypatch: pytest.MonkeyPatch):
    mps, adam = torch.device("mps"), probes._adam
    for spoiled, expected in ((1.0, True), (1.5, False)):
        monkeypatch.setattr(
            probes,
            "_adam",
            lambda where, fused, spoiled=spoiled: [
                t * (spoiled if where.type == "mps" else 1) for t in adam(CPU, fused)
            ],
        )
        probes.fused.cache_clear()
        assert probes.fused(mps) is expected
    probes.fused.cache_clear()


def test_the_self_test_prints_a_table_and_a_document(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    words = [sys.executable, "-m", "medsynth_engine.gan.device", "--json"]
    monkeypatch.setattr(sys, "argv", words[2:3])
    assert device.main() == 0
    table = capsys.readouterr().out
    assert "convolutions on views" in table and "cpu" in table and "BAD" not in table
    document = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    assert document["ok"] and document["devices"][-1]["device"] == "cpu"
    assert len(document["devices"][-1]["probes"]) == len(probes.PROBES)
