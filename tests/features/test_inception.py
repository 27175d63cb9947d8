"""FID agrees with the published implementation on the same weights; other files are refused, nothing is executed."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pandas as pd
import pytest
import torch

from medsynth_engine.evidence.fidelity_inception import NAME, inception_distance
from medsynth_engine.evidence.inputs import Inputs
from medsynth_engine.evidence.pictures import Pictures
from medsynth_engine.evidence.prints import Prints
from medsynth_engine.features import inception, inception_file
from medsynth_engine.features.frechet import gaussian_frechet
from medsynth_engine.features.inception import Inception, fid
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.home import Home
from medsynth_engine.operations.declare import Call
from medsynth_engine.operations.inception import checked_inception
from medsynth_engine.work.inception import with_inception


@pytest.fixture(scope="module")
def weights() -> dict[str, torch.Tensor]:
    """Random ones: the structure is what is tested, whoever wants the known ones brings them."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = inception.network()
        for part in network.modules():
            if isinstance(part, torch.nn.BatchNorm2d):
                part.running_mean.normal_(0, 0.1)  # type: ignore[union-attr]
                part.running_var.uniform_(0.5, 1.5)  # type: ignore[union-attr]
    return network.state_dict()


@pytest.fixture
def file(weights: dict[str, torch.Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / inception_file.NAME
    torch.save(weights, path)
    monkeypatch.setattr(inception_file, "BEGINS", hashlib.sha256(path.read_bytes()).hexdigest()[:8])
    return path


def images(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (n, 32, 32, 3), dtype=np.uint8)


def test_features_agree_with_the_published_network(
    file: Path, weights: dict[str, torch.Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    published = pytest.importorskip("pytorch_fid.inception")
    monkeypatch.setattr(published, "load_state_dict_from_url", lambda *_, **__: weights)
    theirs = published.InceptionV3([3]).eval()
    with torch.inference_mode():
        expected = theirs(torch.from_numpy(images(2, 0)).permute(0, 3, 1, 2).float() / 255)[0][:, :, 0, 0].numpy()
    np.testing.assert_allclose(Inception.read(file)(images(2, 0)), expected, atol=1e-6)


def test_the_distance_agrees_with_the_published_formula() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(300, 40)), rng.normal(0.2, 1.2, size=(250, 40))
    moments = [(x.mean(0), np.cov(x, rowvar=False)) for x in (a, b)]
    assert fid(a, b) == pytest.approx(gaussian_frechet(*moments[0], *moments[1]), rel=1e-6)
    published = pytest.importorskip("pytorch_fid.fid_score")
    assert fid(a, b) == pytest.approx(published.calculate_frechet_distance(*moments[0], *moments[1]), rel=1e-6)
    few = rng.normal(size=(30, 200))  # fewer images than features
    assert fid(few, few) == pytest.approx(0, abs=1e-8)


def test_another_file_is_refused_and_a_pickle_is_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path.touch, (str(tmp_path / "sprung"),))

    other = tmp_path / "other.pth"
    other.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(BadInput, match="SHA-256"):
        Inception.read(other)
    monkeypatch.setattr(inception_file, "BEGINS", "")
    for path in (other, tmp_path / "missing.pth"):
        with pytest.raises(BadInput):
            Inception.read(path)
    assert not (tmp_path / "sprung").exists()


def test_fid_stands_beside_its_own_control(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inception, "SIDE", 75)  # a sixteenth of the work
    network = Inception.read(file)

    def pictures(n: int, seed: int, darker: int = 1) -> Pictures:
        found = images(n, seed)[:, :, :, 0] // darker
        all_of_them = Prints.of(found, np.arange(n))
        return Pictures(
            found, np.arange(n), np.arange(n), np.empty((n, 0)), np.empty((n, 0)), all_of_them, np.arange(n)
        )

    seen = {"training": pictures(21, 1), "holdout": pictures(22, 2), "synthetic": pictures(20, 3, darker=8)}
    found = inception_distance(seen, network, np.random.default_rng(0))
    assert found.name == NAME and found.n == 20
    assert found.value > 2 * found.control
    assert network.digest[:16] in found.method
    assert not inception_distance({**seen, "holdout": pictures(3, 2)}, network, np.random.default_rng(0)).enough


def test_a_store_without_the_file_says_nothing_and_one_that_lost_it_says_so(tmp_path: Path) -> None:
    table = pd.DataFrame({"finding": ["a"] * 4})
    stack = images(4, 0)
    of = Inputs(table, table, table, {}, stack, stack, stack)
    assert with_inception("", of) is of
    lost = with_inception(str(tmp_path / "gone.pth"), of)
    assert [value.name for value in lost.gathered] == [NAME] and not lost.gathered[0].enough


def test_a_setting_takes_the_known_file_alone_and_none_of_the_stores_own(file: Path, tmp_path: Path) -> None:
    call = cast(Call, SimpleNamespace(home=Home(tmp_path / "home")))
    assert checked_inception(call, str(file)) == str(file.resolve())
    assert checked_inception(call, " ") == ""
    other = tmp_path / "other.pth"
    other.write_bytes(b"something else")
    inside = call.home.datasets / "taken.pth"
    inside.write_bytes(file.read_bytes())
    for path in (other, inside, tmp_path / "missing.pth"):
        with pytest.raises(BadInput):
            checked_inception(call, str(path))
