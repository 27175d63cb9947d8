"""Train on real images and say how fast and how good: `python benchmarks/gan.py mednist --minutes 3`."""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("MEDSYNTH_TEST_DATA", ROOT / "../shared/data")).resolve()
SETS = {
    "mednist": ("radiograph", 1, ("finding",), ()),
    "skin_ham10000": ("dermoscopy", 3, ("finding", "sex"), ("age",)),
    "mri_lgg_a": ("mri", 1, ("finding", "sex", "ethnicity"), ("age",)),
    "medmnist_pneumonia": ("radiograph", 1, ("finding",), ()),
}


def read(name: str, side: int) -> tuple[np.ndarray, list[dict[str, str]]]:
    """Images uint8 (n, side, side[, 3]) of a data set under DATA, and a row for each."""
    channels = SETS[name][1]
    if name == "medmnist_pneumonia":
        with np.load(DATA / name / "pneumoniamnist.npz") as archive:
            raw = np.concatenate([archive["train_images"], archive["val_images"]])
            labels = np.concatenate([archive["train_labels"], archive["val_labels"]]).ravel()
        images = [Image.fromarray(image) for image in raw]
        rows = [{"finding": str(label), "patient_id": str(i)} for i, label in enumerate(labels)]
    else:
        with (DATA / name / "metadata.csv").open() as stream:
            rows = list(csv.DictReader(stream))
        images = [Image.open(DATA / name / "images" / row["filename"]) for row in rows]
    mode = "L" if channels == 1 else "RGB"
    resized = [np.asarray(_square(image.convert(mode)).resize((side, side), Image.Resampling.BOX)) for image in images]
    return np.stack(resized), rows


def _square(image: Image.Image) -> Image.Image:
    """The central square."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side))


def make_run(folder: Path, name: str, side: int, preset: str, budget: dict[str, float], seed: int) -> None:
    """A run folder of `name`: by patient 60 % training, 10 % validation, 30 % kept back as `holdout.npz`."""
    profile, channels, categorical, continuous = SETS[name]
    images, rows = read(name, side)
    patients = [row.get("patient_id") or row.get("lesion_id") or str(i) for i, row in enumerate(rows)]
    names, number = np.unique(patients, return_inverse=True)
    place = np.random.default_rng(7).permutation(len(names))[number] / len(names)
    fold = np.where(place < 0.6, 0, np.where(place < 0.7, 1, 2)).astype(np.uint8)
    values = {a: sorted({row[a] for row in rows if row.get(a)}) for a in categorical}
    codes = np.array(
        [[values[a].index(row[a]) if row.get(a) else -1 for a in categorical] for row in rows], np.int16
    ).reshape(len(rows), len(categorical))
    numbers = np.array([[float(row[c] or "nan") for c in continuous] for row in rows], np.float32)
    numbers = numbers.reshape(len(rows), len(continuous))
    keep = fold < 2
    folder.mkdir(parents=True)
    np.savez(
        folder / "train.npz",
        images=images[keep],
        fold=fold[keep],
        patient=number[keep].astype(np.int32),
        categorical=codes[keep],
        continuous=numbers[keep],
    )
    np.savez(folder / "holdout.npz", images=images[~keep], categorical=codes[~keep], continuous=numbers[~keep])
    training = fold == 0
    conditions = {
        "categorical": [
            {
                "name": a,
                "values": values[a],
                "counts": [int((codes[training, i] == v).sum()) for v in range(len(values[a]))],
            }
            for i, a in enumerate(categorical)
        ],
        "continuous": [
            {
                "name": c,
                "mean": float(np.nanmean(numbers[training, i])),
                "std": float(np.nanstd(numbers[training, i])),
                "low": float(np.nanmin(numbers[training, i])),
                "high": float(np.nanmax(numbers[training, i])),
            }
            for i, c in enumerate(continuous)
        ],
    }
    config = {
        "format": 1,
        "run": folder.name,
        "preset": preset,
        "resolution": side,
        "channels": channels,
        "conditions": conditions,
        "budget": budget,
        "seed": seed,
        "device": "auto",
        "low_resource": False,
        "augmentation": profile,
        "training_digest": "",
        "dataset": name,
    }
    (folder / "config.json").write_text(json.dumps(config, indent=1))


def read_back(folder: Path, each: int = 200, seed: int = 1) -> dict[str, object]:
    """A small convnet trained on the real training images names the first attribute of drawn and of held-out images."""
    import pandas as pd

    from medsynth_engine.gan.sample import Drawer

    attribute = json.loads((folder / "config.json").read_text())["conditions"]["categorical"][0]
    classifier = train_classifier(folder, len(attribute["values"]))
    with np.load(folder / "holdout.npz") as archive:
        real = _recall(classifier(archive["images"]), archive["categorical"][:, 0], len(attribute["values"]))
    drawer = Drawer(folder / "generator.pth")
    wanted = np.repeat(np.arange(len(attribute["values"])), each)
    table = pd.DataFrame({attribute["name"]: [attribute["values"][i] for i in wanted]})
    drawn = np.concatenate(list(drawer.draw(table, seed)))
    made = _recall(classifier(drawn), wanted, len(attribute["values"]))
    return {
        "attribute": attribute["name"],
        "recognised_real": round(float(np.mean(list(real.values()))), 4),
        "recognised_drawn": round(float(np.mean(list(made.values()))), 4),
        "by_value": {attribute["values"][i]: round(share, 3) for i, share in made.items()},
    }


def train_classifier(folder: Path, classes: int):
    """Returns a function images uint8 -> predicted class, from a three-layer convnet trained for a few epochs."""
    import torch
    from torch import nn

    torch.manual_seed(3)
    with np.load(folder / "train.npz") as archive:
        keep = (archive["fold"] == 0) & (archive["categorical"][:, 0] >= 0)
        images, labels = archive["images"][keep], archive["categorical"][keep, 0].astype(np.int64)
    channels = 3 if images.ndim == 4 else 1

    def tensor(pixels: np.ndarray) -> torch.Tensor:
        x = torch.from_numpy(pixels).float() / 127.5 - 1
        return x.permute(0, 3, 1, 2) if channels == 3 else x[:, None]

    network = nn.Sequential(
        *(nn.Conv2d(channels, 24, 3, 2, 1), nn.ReLU(), nn.Conv2d(24, 48, 3, 2, 1), nn.ReLU()),
        *(nn.Conv2d(48, 96, 3, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Dropout(0.2)),
        nn.Linear(384, classes),
    )
    x, y = tensor(images), torch.from_numpy(labels)
    weight = 1 / torch.bincount(y, minlength=classes).clamp_min(1).float()
    loss = nn.CrossEntropyLoss(weight / weight.mean())
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3)
    for _ in range(max(6, 40_000 // len(x))):
        for rows in torch.randperm(len(x)).split(64):
            optimiser.zero_grad()
            loss(network(x[rows]), y[rows]).backward()
            optimiser.step()
    network.eval()

    def predict(pixels: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return torch.cat([network(part) for part in tensor(pixels).split(512)]).argmax(1).numpy()

    return predict


def _recall(predicted: np.ndarray, truth: np.ndarray, classes: int) -> dict[int, float]:
    return {c: float((predicted[truth == c] == c).mean()) for c in range(classes) if (truth == c).any()}


def holdout_quality(folder: Path, seed: int = 2) -> dict[str, float]:
    """Fréchet ratio and KID of drawn images against the images that training never saw."""
    import pandas as pd

    from medsynth_engine.features import frechet, kernel, radiomics
    from medsynth_engine.gan.sample import Drawer

    config = json.loads((folder / "config.json").read_text())
    with np.load(folder / "holdout.npz") as archive, np.load(folder / "train.npz") as train:
        real, codes, numbers = archive["images"], archive["categorical"], archive["continuous"]
        training = radiomics.extract(train["images"][train["fold"] == 0][:4000])
    chosen = np.random.default_rng(seed).permutation(len(real))[:2000]
    table = pd.DataFrame(
        {
            **{
                a["name"]: [a["values"][c] if c >= 0 else None for c in codes[chosen, i]]
                for i, a in enumerate(config["conditions"]["categorical"])
            },
            **{a["name"]: numbers[chosen, i] for i, a in enumerate(config["conditions"]["continuous"])},
        }
    )
    drawn = radiomics.extract(np.concatenate(list(Drawer(folder / "generator.pth").draw(table, seed))))
    reference = radiomics.extract(real[chosen])
    rng = np.random.default_rng(seed)
    ratio = frechet.ratio(drawn, training, reference, rng)
    scale = frechet.Scale.of(training)
    return {
        "fd_ratio_holdout": round(ratio.value, 3),
        "kid_holdout": round(kernel.kid(scale(drawn), scale(reference), rng), 4),
        "n": ratio.n,
    }


def draw_speed(folder: Path, count: int = 500) -> float:
    """Seconds to load the weights in a fresh process and draw `count` records."""
    code = (
        "import pandas as pd; from pathlib import Path; from medsynth_engine.gan.sample import Drawer;"
        f"drawer = Drawer(Path({str(folder / 'generator.pth')!r}));"
        f"print(sum(len(part) for part in drawer.draw(pd.DataFrame(index=range({count})), 1)))"
    )
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=ROOT)
    return time.perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", choices=sorted(SETS), nargs="?", default="mednist")
    parser.add_argument("--preset", default="nano32")
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--kimg", type=float)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="make the run here, and leave it")
    parser.add_argument("--out", type=Path, help="add the figures to this JSON file")
    asked = parser.parse_args()

    from medsynth_engine.gan.presets import PRESETS

    os.environ["MEDSYNTH_THREADS"] = ""
    if asked.threads:
        os.environ["MEDSYNTH_THREADS"] = os.environ["OMP_NUM_THREADS"] = str(asked.threads)
    folder = asked.keep or Path(tempfile.mkdtemp(prefix="medsynth-bench-")) / asked.dataset
    budget = {"kimg": asked.kimg} if asked.kimg else {"minutes": asked.minutes}
    make_run(folder, asked.dataset, PRESETS[asked.preset].resolution, asked.preset, budget, asked.seed)
    begin = time.perf_counter()
    code = subprocess.run([sys.executable, "-m", "medsynth_engine.gan.train", str(folder)], cwd=ROOT).returncode
    seconds = time.perf_counter() - begin
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    state = json.loads((folder / "state.json").read_text())
    ticks = [line for line in lines if line["kind"] == "tick"]
    for line in lines:
        if line["kind"] == "evaluation":
            print(
                {key: line[key] for key in ("kimg", "seconds", "fd_ratio_validation", "kid", "nearest_neighbour_risk")}
            )
    figures = {
        "dataset": asked.dataset,
        "preset": asked.preset,
        "budget": budget,
        "threads": asked.threads or os.cpu_count(),
        "seed": asked.seed,
        "exit_code": code,
        "wall_seconds": round(seconds, 1),
        "kimg": state.get("kimg"),
        "images_per_second": round(float(np.median([line["images_per_second"] for line in ticks])), 1),
        "best": state.get("best"),
        **holdout_quality(folder),
        **read_back(folder),
        "draw_500_seconds": round(draw_speed(folder), 2),
    }
    print(json.dumps(figures, indent=1))
    if asked.out:
        known = json.loads(asked.out.read_text()) if asked.out.exists() else []
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        asked.out.write_text(json.dumps([*known, figures], indent=1) + "\n")


if __name__ == "__main__":
    main()
