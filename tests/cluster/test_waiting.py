"""What a waiting job makes of the queue's words: the run's folder is the truth, and the queue only says where it is."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from medsynth_engine.jobs import slurm, slurm_wait
from medsynth_engine.jobs.cluster_file import Cluster
from medsynth_engine.jobs.elsewhere import goes_on_elsewhere, queue_word, waits_elsewhere
from medsynth_engine.jobs.slurm import Word
from medsynth_engine.kernel.folders import JobFolder, RunFolder
from medsynth_engine.operations.run_steps import _training

Told = Word | Callable[[RunFolder], Word]


class Queue:
    """A queue that says one thing after the other; a callable among them first does something to the folder."""

    def __init__(self, folder: RunFolder, told: list[Told]) -> None:
        self.folder, self.told = folder, told
        self.submitted, self.cancelled = 0, 0

    def words(self, job: str) -> list[Word] | None:
        said = self.told[0] if len(self.told) == 1 else self.told.pop(0)
        return [said(self.folder) if callable(said) else said]

    def submit(self, *asked: object) -> str:
        self.submitted += 1
        return str(100 + self.submitted)

    def cancel(self, job: str) -> None:
        self.cancelled += 1


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    made = RunFolder(tmp_path / "run")
    made.create()
    return made


@pytest.fixture
def wait(
    folder: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., tuple[int, Queue]]]:
    monkeypatch.setattr(slurm_wait, "LOOK", 0.001)
    before = signal.getsignal(signal.SIGTERM)

    def waited(*told: Told) -> tuple[int, Queue]:
        queue = Queue(folder, list(told))
        for name in ("words", "submit", "cancel"):
            monkeypatch.setattr(slurm, name, getattr(queue, name))
        job = JobFolder(tmp_path / "job")
        job.create()
        return slurm_wait.Waiting(folder, 1, Cluster("local", ask=0.0), job).wait(), queue

    yield waited
    signal.signal(signal.SIGTERM, before)


def become(state: str, word: str, kimg: float | None = None) -> Callable[[RunFolder], Word]:
    def happens(folder: RunFolder) -> Word:
        if kimg is not None:
            folder.append(kind="event", what="checkpoint", kimg=kimg)
        folder.set_state(state)
        return Word(word)

    return happens


def test_a_run_that_finishes_is_finished_whatever_the_queue_says(wait, folder: RunFolder) -> None:
    code, queue = wait(Word("PENDING", "Priority"), become("finished", "RUNNING"), Word("COMPLETED"))
    assert (code, queue.submitted, folder.state()["state"]) == (0, 1, "finished")
    assert queue_word(folder)["job"] == "101" and queue_word(folder)["state"] == "COMPLETED"


def test_while_it_waits_its_place_is_known_without_asking(folder: RunFolder, wait) -> None:
    assert not waits_elsewhere(folder) and queue_word(folder) == {}
    seen: list[bool] = []

    def look(folder: RunFolder) -> Word:
        seen.append(waits_elsewhere(folder))
        folder.set_state("stopped")
        return Word("CANCELLED")

    wait(Word("PENDING", "Resources"), look)
    assert seen[0] and not waits_elsewhere(folder)


def test_a_limit_that_came_before_the_checkpoint_is_gone_on_from_the_one_before(wait, folder: RunFolder) -> None:
    late = become("running", "TIMEOUT", kimg=2.0)
    code, queue = wait(Word("RUNNING"), late, Word("TIMEOUT"), become("finished", "RUNNING"), Word("COMPLETED"))
    assert (code, queue.submitted) == (0, 2) and "on from the one before it" in "".join(folder.log_tail())


def test_a_limit_within_which_nothing_is_learned_is_said_to_be_too_short(wait, folder: RunFolder) -> None:
    code, queue = wait(become("running", "TIMEOUT", kimg=0.0), Word("TIMEOUT"))
    assert (code, queue.submitted, folder.state()["error"]["code"]) == (1, 1, "time_too_short")


def test_a_cluster_that_takes_nothing_back_is_asked_again(wait, folder: RunFolder) -> None:
    code, queue = wait(
        become("queued", "FAILED", kimg=1.0), Word("FAILED"), become("finished", "RUNNING"), Word("COMPLETED")
    )
    assert (code, queue.submitted) == (0, 2)


@pytest.mark.parametrize(
    "word, code, state, error",
    [
        ("NODE_FAIL", 130, "interrupted", None),
        ("CANCELLED", 130, "interrupted", None),
        ("GONE", 130, "interrupted", None),
        ("OUT_OF_MEMORY", 8, "failed", "no_memory"),
        ("FAILED", 1, "failed", "job_failed"),
    ],
)
def test_a_job_that_ends_without_a_word_is_told_apart(wait, folder, word: str, code: int, state: str, error) -> None:
    assert wait(become("running", word), Word(word))[0] == code
    assert folder.state()["state"] == state and (folder.state().get("error") or {}).get("code") == error


def test_the_queue_must_say_twice_that_a_job_is_gone(wait, folder: RunFolder) -> None:
    """A shared disk may show an older state than the queue's."""
    code, queue = wait(become("running", "COMPLETED"), become("finished", "COMPLETED"))
    assert (code, queue.submitted, folder.state()["state"]) == (0, 1, "finished")


def test_a_stop_takes_what_waits_out_of_the_queue(wait, folder: RunFolder) -> None:
    def asked(folder: RunFolder) -> Word:
        folder.set_wish("stop")
        return Word("PENDING")

    code, queue = wait(asked, Word("PENDING"), Word("CANCELLED"))
    assert (code, queue.cancelled, folder.state()["state"]) == (0, 1, "stopped")


def test_who_begins_again_finds_the_job_that_is_there(wait, folder: RunFolder) -> None:
    wait(become("interrupted", "NODE_FAIL"), Word("NODE_FAIL"))
    folder.set_state("running")
    code, queue = wait(Word("RUNNING"), become("finished", "RUNNING"), Word("COMPLETED"))
    assert (code, queue.submitted, queue_word(folder)["job"]) == (0, 0, "101")


def test_a_run_that_is_over_is_not_submitted_again_but_a_paused_one_that_is_resumed(wait, folder: RunFolder) -> None:
    for state in ("finished", "stopped"):
        folder.set_state(state)
        assert wait(Word("GONE"))[1].submitted == 0
    folder.set_state("paused")
    folder.set_wish("pause")
    assert wait(Word("GONE"))[1].submitted == 0
    folder.set_wish("run")
    assert wait(Word("GONE"), become("finished", "RUNNING"), Word("COMPLETED"))[1].submitted == 1


def test_only_the_step_that_waits_can_be_begun_again_at_any_time() -> None:
    here = {"simulated": False, "processes": 1, "cluster": None}
    steps = [_training("/runs/a", {**here, "cluster": "local"}), _training("/runs/a", here)]
    assert goes_on_elsewhere({"steps": steps}, 0) and not goes_on_elsewhere({"steps": steps}, 1)
    assert not goes_on_elsewhere({"steps": steps}, 2)
