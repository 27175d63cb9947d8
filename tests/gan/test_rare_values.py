"""What is too rare to be asked for: it trains as unknown, and the run says so without naming it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from medsynth_engine.kernel.folders import RunFolder
from medsynth_engine.work.folds import _conditions
from medsynth_engine.work.prepare_run import say_what_is_too_rare

SCHEMA = {
    "columns": [
        {"name": "finding", "role": "finding", "kind": "text"},
        {"name": "sex", "role": "sex", "kind": "text"},
        {"name": "age", "role": "age", "kind": "number"},
    ]
}


def table() -> pd.DataFrame:
    """Common findings, one on 19 images, one on 40 images of 9 patients, and one of a single person."""
    findings = ["none"] * 60 + ["nodule"] * 40 + ["gout"] * 19 + ["cyst"] * 40 + ["Doe's disease"]
    patients = [*range(119), *(200 + i % 9 for i in range(40)), 300]
    sexes = [("F", "M", None)[i % 3] for i in range(len(findings))]
    return pd.DataFrame({"finding": findings, "sex": sexes, "age": 50.0, "patient": patients})


def test_values_with_too_few_images_or_patients_train_as_unknown_and_the_run_says_so(tmp_path: Path):
    training = table()
    codes, _, conditions = _conditions(training, training, SCHEMA)
    finding = next(item for item in conditions["categorical"] if item["name"] == "finding")
    assert finding["values"] == ["none", "nodule"]
    assert (codes[:100, 0] >= 0).all() and (codes[100:, 0] == -1).all()

    folder = RunFolder(tmp_path)
    found = say_what_is_too_rare(folder, training, SCHEMA)
    assert found == [{"attribute": "finding", "values": "1 to 10", "images": 60}]
    assert folder.state() == {**folder.state(), "state": "queued", "too_rare": found}
    said = folder.log_file.read_text()
    assert "60 images" in said and "unknown" in said
    assert not any(word in said for word in ("Doe", "gout", "cyst"))
