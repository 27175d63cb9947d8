"""A small hospital: real files of 160 made-up patients, two images each, with a table. Deterministic."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from PIL import Image

PATIENTS = 160
ETHNICITIES = ("Asian", "Black", "White")


def build(folder: Path, patients: int = PATIENTS) -> Path:
    """Write `images/*.png` (32 x 32, a ring that is bright where there is a finding) and `table.csv`; the folder."""
    rng = np.random.default_rng(20261123)
    (folder / "images").mkdir(parents=True)
    across = np.linspace(-1, 1, 32)
    distance = np.hypot(*np.meshgrid(across, across))
    with (folder / "table.csv").open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["file_name", "patient_id", "age", "sex", "ethnicity", "finding"])
        for patient in range(patients):
            age, sex = int(rng.integers(20, 90)), "FM"[patient % 2]
            finding = "nodule" if rng.random() < 0.5 else "none"
            ethnicity = ETHNICITIES[patient % 3]
            for view in range(2):
                radius = 0.3 + 0.4 * rng.random()
                picture = 90 * np.exp(-(((distance - radius) / 0.12) ** 2)) + 30 * (1 - distance).clip(0)
                if finding == "nodule":
                    x, y = rng.uniform(-0.4, 0.4, 2)
                    spot = np.hypot(*np.meshgrid(across - x, across - y))
                    picture += 120 * np.exp(-((spot / 0.15) ** 2))
                picture += rng.normal(0, 6, picture.shape) + (8 if sex == "F" else 0)
                name = f"p{patient:03d}_{view}.png"
                Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(folder / "images" / name)
                table.writerow([name, f"P{patient:03d}", age, sex, ethnicity, finding])
    return folder
