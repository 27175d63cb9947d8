"""`train_on_gpu.ipynb`: few cells, each a step that a person can read; the work is done by `remote`."""

from __future__ import annotations

from typing import Any

WELCOME = """\
# Train a generator on this machine

Run the cells from the top. If the session dies, run them from the top again: the training goes on where it stopped.

The images are real and were encrypted for you. What you may do with them, and until when, stands in `README.md`.
"""
PLACE = """\
# Where the unzipped bundle lies. In a notebook service with a drive: put the folder there, and name it here.
from pathlib import Path

FOLDER = Path(".")
try:
    from google.colab import drive  # only there

    drive.mount("/content/drive")
    FOLDER = Path("/content/drive/MyDrive/dataset")
except ImportError:
    pass
assert (FOLDER / "run.tar.age").exists(), f"There is no bundle in {FOLDER.resolve()}: name its folder above."
"""
INSTALL = """\
# The program that came with the bundle.
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("medsynth_engine") is None:
    wheel = next(FOLDER.glob("medsynth-*.whl"))
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", str(wheel)], check=True)
"""
OPEN = """\
# Decrypt onto this machine's own disk (asks for the key), and fetch what an earlier session reached.
from medsynth_engine.exchange.cloud.remote import Remote

remote = Remote(FOLDER)
remote.open();
"""
DEVICE = """\
# What this machine has. A GPU that computes wrongly is not used: the training says so.
from medsynth_engine.gan.device import available

print("devices:", ", ".join(available()))
"""
TRAIN = """\
# Train. Interrupt the cell to pause; run it again to go on. Curves are drawn as it goes.
from IPython.display import clear_output

EVERY = 30  # seconds
for told in remote.train(EVERY):
    clear_output(wait=True)
    seen = [line for line in told["records"] if "kimg" in line]
    try:
        import matplotlib.pyplot as plot

        figure, axes = plot.subplots(1, 2, figsize=(11, 3.5))
        for name in ("loss_generator", "loss_discriminator"):
            points = [(line["kimg"], line[name]) for line in seen if line.get(name) is not None]
            axes[0].plot(*zip(*points), label=name.replace("_", " of the "))
        points = [(line["kimg"], line["fd_ratio_validation"]) for line in seen if line.get("fd_ratio_validation")]
        axes[1].plot(*zip(*points), marker="o", label="Fréchet ratio (1 is as good as real)")
        axes[1].set_yscale("log")
        for each in axes:
            each.set_xlabel("thousand images")
            each.legend()
        plot.show()
    except ImportError:
        pass
    print(told["state"], "-", f"{seen[-1]['kimg']:.1f} thousand images" if seen else "starting")
    print(*told["log"], sep="\\n")
"""
PACK = """\
# What goes back: run_back.zip (curves, samples, generator; no real image).
print("Send back:", remote.pack())
"""
AFTER = """\
## When it is over

Send `run_back.zip` back. Then run the last cell, and delete this folder with `kept` in it (its checkpoints hold the
discriminator, which knows the images better than anything else) and the key. Whoever sent you this asks for your word.
"""
FORGET = """\
remote.forget()  # the readable images on this machine's own disk
"""


def notebook() -> dict[str, Any]:
    """The document in nbformat 4.5."""
    cells = [
        _text("welcome", WELCOME),
        *(
            _code(name, source)
            for name, source in (
                ("place", PLACE),
                ("install", INSTALL),
                ("open", OPEN),
                ("device", DEVICE),
                ("train", TRAIN),
                ("pack", PACK),
            )
        ),
        _text("after", AFTER),
        _code("forget", FORGET),
    ]
    return {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            "accelerator": "GPU",
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _text(name: str, source: str) -> dict[str, Any]:
    return {"id": name, "cell_type": "markdown", "metadata": {}, "source": source}


def _code(name: str, source: str) -> dict[str, Any]:
    return {"id": name, "cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source}
