"""A cohort is rows first, then an image for every row, whole or not there at all."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from medsynth_engine.cohort.composition import composition
from medsynth_engine.cohort.draw import draw
from medsynth_engine.cohort.population import plan
from medsynth_engine.cohort.read import Cohort
from medsynth_engine.kernel.errors import BadInput, Busy, Interrupted, NotFound
from medsynth_engine.rows.bands import age_band
from medsynth_engine.rows.table import Schema
from medsynth_engine.rows.trees import SequentialTrees


class Painter:
    """A drawer whose pictures are as bright as the row's patient is old: so that rows and images can be compared."""

    info = {"training_digest": "0" * 64, "preset": "nano32", "simulated": False}  # noqa: RUF012

    def draw(self, table: pd.DataFrame, seed: int, start: int = 0) -> Iterator[np.ndarray]:
        for begin in range(0, len(table), 256):
            ages = table["age"].to_numpy()[begin : begin + 256]
            rng = np.random.default_rng([seed, (start + begin) // 256])
            noise = rng.integers(0, 3, (len(ages), 16, 16))
            yield (ages[:, None, None] * 2 + noise).astype(np.uint8)


def quiet(done: int, total: int | None, say: str) -> None:
    """Nobody watches."""


def drawn(folder, model, records, n=600, seed=3, painter=None, wanted=lambda: True, **request):
    return draw(folder, model, painter, plan(records, n, **request), n, seed, quiet, wanted)


def test_every_row_has_its_image_and_the_plan_is_met(tmp_path, model, records):
    document = drawn(tmp_path / "c1", model, records, painter=Painter(), balance=("sex",))
    cohort = Cohort(tmp_path / "c1")
    table, images = cohort.table(), cohort.images()
    assert list(table)[:2] == ["file_name", "patient"]
    assert table["sex"].value_counts().to_dict() == {"F": 300, "M": 300}
    assert images.shape == (600, 16, 16) and images.dtype == np.uint8
    assert np.abs(images.mean(axis=(1, 2)) - table["age"] * 2).max() < 3
    assert table["patient"].is_unique
    assert document["cohort"] == "c1" and document["n"] == 600 and document["images_per_second"] > 0
    assert document["files"] == sum(path.is_file() for path in (tmp_path / "c1").rglob("*")) == 603
    assert [path.name for path in tmp_path.iterdir()] == ["c1"]


def test_the_folder_reads_as_an_imagefolder_and_in_a_spreadsheet(tmp_path, model, records):
    drawn(tmp_path / "c1", model, records, n=50, painter=Painter())
    with (tmp_path / "c1" / "metadata.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert all((tmp_path / "c1" / row["file_name"]).is_file() for row in rows)
    assert "'=1+1" in {row["note"] for row in rows}
    parquet = pd.read_parquet(tmp_path / "c1" / "metadata.parquet")
    assert "=1+1" in set(parquet["note"]) and parquet["age"].dtype == "int64"
    document = json.loads((tmp_path / "c1" / "cohort.json").read_text())
    assert document["n"] == 50 and document["generator"]["training_digest"] == "0" * 64
    assert document["simulated"] is False and len(document["rows_digest"]) == 64


def test_rows_alone_are_a_cohort_too(tmp_path, model, records):
    document = drawn(tmp_path / "c1", model, records, n=40)
    assert document["images_per_second"] is None
    assert Cohort(tmp_path / "c1").images() is None
    assert "file_name" not in Cohort(tmp_path / "c1").table()


def test_the_age_band_stands_beside_the_age_as_in_a_dataset(tmp_path, records, schema):
    columns = Schema.from_document({**schema, "columns": [c for c in schema["columns"] if c["name"] != "age_band"]})
    model = SequentialTrees.fit(records, columns, np.random.default_rng(0))
    drawn(tmp_path / "c1", model, records, n=50, balance=("age",))
    table = Cohort(tmp_path / "c1").table()
    assert list(table)[:3] == ["patient", "age", "age_band"]
    assert set(table["age_band"].value_counts()) == {10}
    assert (age_band(table["age"]) == table["age_band"]).all()


def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_rows(tmp_path, model, records):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        drawn(tmp_path / name, model, records, seed=seed, painter=Painter(), balance=("sex",))
    digests = [Cohort(tmp_path / name).digest() for name in "abc"]
    assert digests[0] == digests[1] != digests[2]


def test_a_longer_cohort_begins_with_the_same_blocks(tmp_path, model, records):
    drawn(tmp_path / "short", model, records, n=256)
    drawn(tmp_path / "long", model, records, n=700)
    short, long = (Cohort(tmp_path / name).table() for name in ("short", "long"))
    pd.testing.assert_frame_equal(short, long.head(256))


def test_what_was_broadened_carries_what_was_drawn(tmp_path, model, records):
    document = drawn(tmp_path / "c1", model, records, n=300, balance=("ethnicity",), small_cells="broaden")
    table = Cohort(tmp_path / "c1").table()
    assert table["ethnicity"].value_counts().to_dict() == {
        "Asian": 200,
        "White": 100,
    }  # eight Black patients: not learned
    assert document["mergers"][0]["value"] == "Black"
    assert "Black or Asian" in {cell["ethnicity"] for cell in document["cells"]}


def test_cancelled_work_leaves_nothing(tmp_path, model, records):
    asked = iter([True, True, False])
    with pytest.raises(Interrupted):
        drawn(tmp_path / "c1", model, records, painter=Painter(), wanted=lambda: next(asked, False))
    assert list(tmp_path.iterdir()) == []


def test_a_generator_that_fails_leaves_nothing(tmp_path, model, records):
    class Broken(Painter):
        def draw(self, table, seed, start=0):
            yield from list(super().draw(table, seed, start))[:1]

    with pytest.raises(BadInput):
        drawn(tmp_path / "c1", model, records, painter=Broken())
    assert list(tmp_path.iterdir()) == []


def test_a_cohort_is_never_overwritten(tmp_path, model, records):
    drawn(tmp_path / "c1", model, records, n=20)
    with pytest.raises(Busy):
        drawn(tmp_path / "c1", model, records, n=20)


def test_a_folder_that_is_no_cohort_is_told(tmp_path):
    with pytest.raises(NotFound):
        Cohort(tmp_path).document()
    with pytest.raises(NotFound):
        Cohort(tmp_path).table()


def test_an_image_name_cannot_leave_the_folder(tmp_path):
    (tmp_path / "secret.png").write_bytes(b"x")
    folder = tmp_path / "cohort"
    folder.mkdir()
    pd.DataFrame({"file_name": ["../secret.png"]}).to_parquet(folder / "metadata.parquet")
    with pytest.raises(BadInput) as caught:
        Cohort(folder).images()
    assert caught.value.code == "outside_cohort"


def test_images_come_in_the_size_that_is_asked_for(tmp_path, model, records):
    drawn(tmp_path / "c1", model, records, n=10, painter=Painter())
    assert Cohort(tmp_path / "c1").images(8).shape == (10, 8, 8)


def test_the_digest_sees_every_file(tmp_path, model, records):
    drawn(tmp_path / "c1", model, records, n=10, painter=Painter())
    before = Cohort(tmp_path / "c1").digest()
    picture = next((tmp_path / "c1" / "images").iterdir())
    picture.write_bytes(picture.read_bytes()[:-1] + b"\x00")
    assert Cohort(tmp_path / "c1").digest() != before


def test_composition_counts_every_attribute_and_hides_small_real_cells(records, schema):
    real = records[records["fold"] == "training"]
    shown = composition(real, schema, suppress=True)
    assert list(shown) == ["age_band", "sex", "ethnicity", "finding"]
    assert list(shown["age_band"]) == ["0-17", "18-39", "40-64", "65-79", "80+"]
    assert shown["ethnicity"]["Black"] == "<11" and shown["ethnicity"]["Asian"] == "hidden"
    open_counts = composition(real, schema, suppress=False)
    assert open_counts["ethnicity"]["Black"] == 8
    assert list(open_counts["sex"])[-1] == "unknown"
    assert sum(open_counts["sex"].values()) == len(real)


def test_age_known_only_as_bands_is_an_attribute_too(records):
    banded = {"columns": [{"name": "age_band", "role": "age", "kind": "category", "per": "patient"}]}
    assert list(composition(records.drop(columns="age"), banded, suppress=True)) == ["age_band"]
