"""Who names a place where no file can be made learns which part of it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.home import Home
from medsynth_engine.operations.places import new_file


@pytest.mark.parametrize(("asked", "says"), [("there.age", "has that name already"), ("no/x.age", "no such folder")])
def test_a_name_that_is_taken_and_a_folder_that_is_missing_are_told_apart(
    tmp_path: Path, asked: str, says: str
) -> None:
    (tmp_path / "there.age").write_bytes(b"an earlier one")
    with pytest.raises(BadInput) as refused:
        new_file(Home(tmp_path / "home"), str(tmp_path / asked), "backup")
    assert refused.value.code == "bad_target" and says in refused.value.message
    assert str(tmp_path) not in refused.value.message + refused.value.hint
