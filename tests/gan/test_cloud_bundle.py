"""A bundle opens for its recipient alone, whole and in time; its notebook trains, dies, goes on, packs the way home."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gan_runs import BATCH, MakeRun, assert_same, event, until, with_plan

from medsynth_engine.exchange.cloud import arrival, mirror
from medsynth_engine.exchange.cloud.bundle import write_bundle
from medsynth_engine.exchange.cloud.cover import Cover
from medsynth_engine.exchange.cloud.remote import Remote
from medsynth_engine.exchange.cloud.unpack import unpack
from medsynth_engine.gan import checkpoint
from medsynth_engine.gan.train import train
from medsynth_engine.kernel import age
from medsynth_engine.kernel.errors import BadInput, Denied, Interrupted, MedSynthError
from medsynth_engine.kernel.folders import RunFolder

TODAY = date.today()
NOTEBOOK = """
import sys
import nbformat
from nbclient import NotebookClient

read = nbformat.read("train_on_gpu.ipynb", as_version=4)
nbformat.validate(read)
for cell in read.cells:
    cell.source = cell.source.replace("EVERY = 30", "EVERY = 0.3")
read.cells = [cell for cell in read.cells if cell.id != "forget"]
NotebookClient(read, timeout=300, resources={"metadata": {"path": "."}}).execute()
"""


def cover(**changes: object) -> Cover:
    facts = {
        "bundle": "0123456789ab",
        "dataset": "shapes",
        "recipient": "the lab upstairs",
        "purpose": "one generator",
        "made": TODAY.isoformat(),
        "expires": (TODAY + timedelta(days=30)).isoformat(),
        "images": 180,
        "patients": "180",
        "preset": "nano32",
        "resolution": 32,
    }
    return Cover(**{**facts, **changes})  # type: ignore[arg-type]


@pytest.fixture
def packed(make_run: MakeRun, tmp_path: Path) -> Callable[..., tuple[Path, str, RunFolder]]:
    """A bundle, unzipped; its key; the run folder it was made of."""

    def pack(budget: float = 0.64, **changes: object) -> tuple[Path, str, RunFolder]:
        run = make_run("inside", bundle="0123456789ab", budget={"kimg": budget})
        secret, public = age.new_identity()
        (tmp_path / "made").mkdir()
        write_bundle(tmp_path / "dataset.zip", run.path, cover(**changes), public, tmp_path / "made")
        with zipfile.ZipFile(tmp_path / "dataset.zip") as archive:
            archive.extractall(tmp_path / "dataset")
        return tmp_path / "dataset", secret, run

    return pack


def test_it_opens_whole_for_its_recipient_and_for_nobody_else(packed, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    folder, secret, run = packed()
    picture = np.load(run.data)["images"][0].tobytes()
    assert picture in run.data.read_bytes()
    assert not any(picture in path.read_bytes() for path in (tmp_path / "dataset.zip", *folder.iterdir()))
    for wrong in (age.new_identity()[0], "AGE-SECRET-KEY-1", ""):
        with pytest.raises(MedSynthError):
            unpack(folder, tmp_path / "opened", wrong)
    assert unpack(folder, tmp_path / "opened", secret)["recipient"] == "the lab upstairs"
    assert (tmp_path / "opened" / "train.npz").read_bytes() == run.data.read_bytes()
    assert {path.name for path in (tmp_path / "opened").iterdir()} == {"bundle.json", "config.json", "train.npz"}


@pytest.mark.parametrize("name", ["run.tar.age", "train_on_gpu.ipynb", "bundle.json", "SHA256SUMS"])
def test_a_changed_or_missing_part_is_noticed_before_anything_is_written(packed, tmp_path: Path, name: str) -> None:  # type: ignore[no-untyped-def]
    folder, secret, _ = packed()
    whole = (folder / name).read_bytes()
    for change in (whole[:-1], whole.replace(b"a", b"b", 1), None):
        (folder / name).unlink()
        if change is not None:
            (folder / name).write_bytes(change)
        if name == "SHA256SUMS" and change == whole[:-1]:
            (folder / name).write_bytes(whole)  # a missing end of line is no change
            continue
        with pytest.raises(BadInput):
            unpack(folder, tmp_path / "opened", secret)
        (folder / name).write_bytes(whole)
    assert not (tmp_path / "opened").exists() and not list(tmp_path.glob(".opened*"))


def test_after_its_day_it_is_not_opened_also_where_the_open_date_was_changed(packed, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    folder, secret, _ = packed(expires=(TODAY - timedelta(days=1)).isoformat())
    with pytest.raises(BadInput, match="could be used until"):
        unpack(folder, tmp_path / "opened", secret)
    told = json.loads((folder / "bundle.json").read_text())
    (folder / "bundle.json").write_text(json.dumps({**told, "expires": "2999-01-01"}))
    import hashlib

    sums = dict(line.split("  ", 1)[::-1] for line in (folder / "SHA256SUMS").read_text().splitlines())
    sums["bundle.json"] = hashlib.sha256((folder / "bundle.json").read_bytes()).hexdigest()
    (folder / "SHA256SUMS").write_text("".join(f"{digest}  {name}\n" for name, digest in sums.items()))
    with pytest.raises(BadInput, match="could be used until"):
        unpack(folder, tmp_path / "opened", secret)


def test_a_cancelled_bundle_leaves_nothing(make_run: MakeRun, tmp_path: Path) -> None:
    run, (_, public) = make_run(), age.new_identity()
    (tmp_path / "made").mkdir()
    with pytest.raises(Interrupted):
        write_bundle(tmp_path / "b.zip", run.path, cover(), public, tmp_path / "made", wanted=lambda: False)
    assert not (tmp_path / "b.zip").exists()


def test_a_bundle_is_on_the_disk_before_its_digest_goes_on_record(
    make_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: dict[int, int] = {}
    fsync = os.fsync

    def noted(handle: int) -> None:
        fsync(handle)
        there = os.fstat(handle)
        synced[there.st_ino] = there.st_size

    monkeypatch.setattr(os, "fsync", noted)
    run, target = make_run("inside", bundle="0123456789ab", budget={"kimg": 0.64}), tmp_path / "dataset.zip"
    digest = write_bundle(target, run.path, cover(), age.new_identity()[1], tmp_path)
    written = target.stat()
    assert synced.get(written.st_ino) == written.st_size and synced.get(tmp_path.stat().st_ino) is not None
    assert digest == hashlib.sha256(target.read_bytes()).hexdigest()


def test_the_program_inside_installs_as_a_wheel(packed, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    folder, _, _ = packed()
    wheel = next(folder.glob("*.whl"))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(tmp_path / "site")]
    subprocess.run([*command, str(wheel)], check=True, capture_output=True)
    ask = "import medsynth_engine.exchange.cloud.remote as r, medsynth_tui; print(r.__file__)"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    found = subprocess.run(
        [sys.executable, "-c", ask], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
    )
    assert found.stdout.startswith(str(tmp_path / "site"))


def test_what_a_lost_machine_had_kept_is_trained_to_the_same_bytes_on_another(
    packed: Callable[..., tuple[Path, str, RunFolder]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk goes in the middle of the training; the next machine has the drive and the key."""
    folder, secret, _ = packed()
    through, first, second = (Remote(folder, tmp_path / name) for name in ("through", "first", "second"))
    through.open(secret)
    with_plan(through.run, BATCH * 2, tick=BATCH, evaluate=BATCH * 2, checkpoint=BATCH)
    assert train(through.run) == 0
    first.open(secret)
    shutil.copy(through.run.path / "plan.json", first.run.path)
    save = checkpoint.save

    def saved(path: Path, document: dict[str, Any]) -> None:
        save(path, document)
        first.keep()
        if document["seen"]:
            shutil.rmtree(first.run.path)
            raise Gone

    with monkeypatch.context() as patched:
        patched.setattr(checkpoint, "save", saved)
        with pytest.raises(Gone):
            train(first.run)
    second.open(secret)
    assert train(second.run) == 0
    assert event(second.run, "resume")["kimg"] == BATCH / 1000
    assert_same(through.run, second.run)


class Gone(BaseException):
    """A machine, in the middle of a line: nothing catches that and writes down what happened."""


@pytest.mark.slow
@pytest.mark.whole("the test above goes on in the same way without the notebook")
def test_the_notebook_goes_on_where_a_dead_session_stopped(packed, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """Killed with its machine's disk gone; what a second session ends with is what an unbroken one ends with."""
    folder, secret, _ = packed(0.5)
    through = Remote(shutil.copytree(folder, tmp_path / "through"), tmp_path)
    through.open(secret)
    assert [told["state"] for told in through.train(5)][-1] == "finished"
    environment = {**os.environ, "MEDSYNTH_BUNDLE_KEY": secret}
    for session in ("first", "second"):
        disk = tmp_path / session
        disk.mkdir()
        notebook = subprocess.Popen(
            [sys.executable, "-c", NOTEBOOK],
            cwd=folder,
            env={**environment, "TMPDIR": str(disk)},
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        if session == "first":
            until(lambda: (folder / "kept" / "checkpoints" / "last.pt").exists(), notebook)
            kill_with_children(notebook.pid)
            notebook.communicate()
            shutil.rmtree(disk)
        else:
            assert notebook.wait(300) == 0, (notebook.stderr.read() if notebook.stderr else b"").decode()[-2000:]
    assert (folder / "generator_v1.pth").read_bytes() == through.run.generator.read_bytes()
    home = RunFolder(tmp_path / "home")
    assert arrival.take_in(folder / "run_back.zip", home)["bundle"] == "0123456789ab"
    assert home.state()["state"] == "finished" and list(home.samples.glob("*.png"))
    assert home.generator.read_bytes() == through.run.generator.read_bytes()
    assert home.lines()[0] and not home.data.exists()


def kill_with_children(pid: int) -> None:
    import psutil

    process = psutil.Process(pid)
    for one in [*process.children(recursive=True), process]:
        one.send_signal(signal.SIGKILL)


def test_a_mirror_copies_what_is_new_and_never_the_images(make_run: MakeRun, tmp_path: Path) -> None:
    run, kept = make_run(), tmp_path / "kept"
    (run.path / "checkpoints").mkdir()
    (run.path / "checkpoints" / "last.pt").write_bytes(b"one")
    (run.path / "checkpoints" / ".partial-x").write_bytes(b"half")
    run.append(kimg=1)
    assert mirror.keep(run.path, kept) == 2 and mirror.keep(run.path, kept) == 0
    assert sorted(path.name for path in kept.rglob("*") if path.is_file()) == ["last.pt", "metrics.jsonl"]
    (run.path / "checkpoints" / "last.pt").unlink()
    mirror.keep(run.path, kept)
    assert not (kept / "checkpoints" / "last.pt").exists()


def test_two_bundles_of_one_folder_name_are_two_runs(packed, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    folder, secret, _ = packed()
    first = Remote(folder, tmp_path / "disk")
    first.open(secret)
    told = json.loads((folder / "bundle.json").read_text())
    (folder / "bundle.json").write_text(json.dumps({**told, "bundle": "ba9876543210"}))
    second = Remote(folder, tmp_path / "disk")
    assert second.run.path != first.run.path
    with pytest.raises(MedSynthError):
        second.open("AGE-SECRET-KEY-1")
    with pytest.raises(BadInput, match="no bundle"):
        Remote(tmp_path)


def test_a_file_written_twice_within_a_second_is_kept_as_it_is(make_run: MakeRun, tmp_path: Path) -> None:
    run, kept = make_run(), tmp_path / "kept"
    for text in (b"old", b"new"):
        run.generator.write_bytes(text)
        mirror.keep(run.path, kept)
    assert (kept / "generator.pth").read_bytes() == b"new"


@pytest.mark.parametrize(
    "harm",
    ["no config", "config no object", "link", "sample no picture", "huge line", "nested", "not a zip", "packed zip"],
)
def test_what_comes_back_is_read_as_from_an_enemy(tmp_path: Path, harm: str) -> None:
    source, target = tmp_path / "back", RunFolder(tmp_path / "home")
    (source / "samples").mkdir(parents=True)
    (source / "config.json").write_text('{"bundle": "x"}')
    (source / "state.json").write_text('{"state": "running", "pid": 1, "device": "\\u001b[31mcuda"}')
    (source / "metrics.jsonl").write_text('{"kimg": 1, "loss": NaN, "x": {"y": {"z": 1}}}\n[1]\n{"kimg"\n')
    secret = tmp_path / "secret.pth"
    secret.write_bytes(b"secret")
    if harm == "no config":
        (source / "config.json").unlink()
    elif harm == "config no object":
        (source / "config.json").write_text("[]")
    elif harm == "link":
        (source / "generator.pth").symlink_to(secret)
        arrival.take_in(source, target)
        assert not target.generator.exists()
        assert target.state()["state"] == "stopped" and "\x1b" not in target.state()["device"]
        assert target.lines()[0] == [{"kimg": 1, "loss": None, "x": {"y": None}}] or target.lines()[0][0]["kimg"] == 1
        return
    elif harm == "sample no picture":
        (source / "samples" / "1.5.png").write_bytes(b"no picture")
    elif harm == "huge line":
        (source / "metrics.jsonl").write_text('{"a": "' + "x" * 300_000 + '"}\n{"kimg": 2}\n')
        arrival.take_in(source, target)
        assert target.lines()[0] == [{"kimg": 2}]
        return
    elif harm == "nested":
        (source / "config.json").write_text("[" * 100_000)
    elif harm == "not a zip":
        source = secret
    elif harm == "packed zip":
        with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("config.json", "{}")
        source = tmp_path / "b.zip"
    with pytest.raises((BadInput, Denied)):
        arrival.take_in(source, target)
