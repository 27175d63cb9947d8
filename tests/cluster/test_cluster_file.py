"""What a cluster's file may say, what it is refused for, and what becomes of it in a batch script."""

from __future__ import annotations

from pathlib import Path

import pytest

from medsynth_engine.jobs import slurm
from medsynth_engine.jobs.cluster_file import Cluster, cluster, names
from medsynth_engine.kernel.errors import BadInput, MedSynthError
from medsynth_engine.kernel.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "data").mkdir()
    return Home(tmp_path)


def write(home: Home, text: str, mode: int = 0o600) -> Home:
    path = home.data / "cluster.toml"
    path.write_text(text)
    path.chmod(mode)
    return home


def refused(home: Home, text: str, name: str = "slurm", mode: int = 0o600) -> MedSynthError:
    with pytest.raises(BadInput) as caught:
        cluster(write(home, text, mode), name)
    return caught.value


def test_a_table_says_what_one_job_gets_and_the_rest_has_defaults(home: Home) -> None:
    write(home, '[slurm]\npartition = "gpu"\ntime = "1-02:30:00"\nmemory = "32G"\nsetup = ["module load cuda"]\n')
    found = cluster(home, "slurm")
    assert (found.partition, found.time, found.memory_mb) == ("gpu", 26 * 3600 + 1800, 32 * 1024)
    assert found.setup == ("module load cuda",) and found.gpus == 1 and found.account is None
    assert cluster(write(home, "[b]\ngpus = 0\n[a]\n"), "b") == Cluster("b", gpus=0)


def test_only_tables_are_named_in_their_order_and_nothing_where_there_is_no_file(home: Home) -> None:
    assert names(home) == []
    write(home, 'title = "ours"\n[small]\n[big]\n["\\u001b[31m"]\n')
    assert names(home) == ["small", "big"]


def test_no_file_no_such_cluster_and_a_file_that_others_may_write_are_refused(home: Home) -> None:
    with pytest.raises(BadInput) as caught:
        cluster(home, "slurm")
    assert caught.value.code == "no_cluster"
    assert "big, small" in refused(home, "[small]\n[big]\n").hint
    assert refused(home, "[slurm]\n", mode=0o620).code == "open_cluster_file"
    assert refused(home, "[slurm\n").code == "bad_cluster_file"


def test_what_is_no_text_or_no_file_is_refused_without_its_path(home: Home) -> None:
    place = home.data / "cluster.toml"
    place.write_bytes(b'[slurm]\npartition = "caf\xe9"\n')
    place.chmod(0o600)
    with pytest.raises(BadInput) as caught:
        cluster(home, "slurm")
    assert caught.value.code == "bad_cluster_file" and "UTF-8" in caught.value.message
    place.unlink()
    place.mkdir(mode=0o700)
    with pytest.raises(BadInput) as caught:
        cluster(home, "slurm")
    assert caught.value.code == "bad_cluster_file" and str(home.root) not in caught.value.message


@pytest.mark.parametrize(
    "line",
    [
        'partition = "gpu --wrap=rm"',
        'account = "-x"',
        'time = "tomorrow"',
        'time = "00:00:30"',
        'memory = "lots"',
        "gpus = -1",
        "gpus = true",
        "cpus = 1.5",
        "margin = 65536",
        'time = "00:02:00"\nmargin = 120',
        'setup = ["one\\ntwo"]',
        "colour = 3",
    ],
)
def test_what_cannot_be_is_refused_by_the_name_of_its_key(home: Home, line: str) -> None:
    error = refused(home, f"[slurm]\n{line}\n")
    assert error.code == "bad_cluster_file" and line.splitlines()[-1].split(" ")[0] in error.message


def test_the_script_quotes_what_it_is_told(tmp_path: Path) -> None:
    where = Cluster("c", python="/opt/our python/bin/python", setup=("module load cuda/12",))
    text = slurm.script(where, ["medsynth_engine.jobs.slurm_node", "/runs/a b; rm -rf", "2"])
    assert text.splitlines()[:2] == ["#!/bin/bash", "module load cuda/12"]
    last = "exec '/opt/our python/bin/python' -P -m medsynth_engine.jobs.slurm_node '/runs/a b; rm -rf' 2"
    assert text.splitlines()[2:] == [last]


def test_nothing_of_a_login_or_a_ledger_goes_along(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MEDSYNTH_DATABASE_URL", "PGPASSWORD", "SSH_AUTH_SOCK", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "a secret")
    monkeypatch.setenv("SLURM_CONF", "/etc/slurm.conf")
    assert "a secret" not in slurm._environment().values()
    assert slurm._environment()["SLURM_CONF"] == "/etc/slurm.conf"


def test_a_cluster_that_does_not_answer_is_no_news(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert slurm.words("1") is None
    with pytest.raises(MedSynthError, match="no sbatch here"):
        slurm.demand_slurm()
