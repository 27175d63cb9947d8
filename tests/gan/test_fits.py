"""What fits this machine: measured by steps of a real training, told as soon as it is known."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from medsynth_engine.gan import fits
from medsynth_engine.gan.fits import Fit
from medsynth_engine.gan.presets import PRESETS


def fit(preset: str, hours: float, memory_fits: bool = True, share: float = 1.0) -> Fit:
    hour = PRESETS[preset].kimg * 1000 / hours
    return Fit(preset, "cpu", hour / 3600, round(hour), hour / 1000, hours, memory_fits, share)


def test_the_largest_that_is_done_in_a_night_fits() -> None:
    found = [fit("nano32", 0.2), fit("tiny64", 3), fit("small64", 7.9), fit("small128", 30)]
    assert fits.best(found).preset == "small64"
    assert fits.best([fit("nano32", 0.2), fit("tiny64", 3, memory_fits=False)]).preset == "nano32"
    assert fits.best([fit("nano32", 40)]).preset == "nano32"


def test_the_sentence_says_what_an_hour_gives_and_what_does_not_hold() -> None:
    said = fits.reads_as([fit("nano32", 0.5)])
    assert said == (
        "nano32 on cpu fits this machine: an hour gives 240,000 images (240 kimg), a usual training takes 30 minutes."
    )
    assert fits.reads_as([fit("nano32", 40)]).startswith("Nothing is done in a night here.")
    assert "Other programs took 60%" in fits.reads_as([fit("nano32", 0.5, share=0.4)])


def test_real_steps_are_measured_and_each_preset_is_a_line() -> None:
    command = [sys.executable, "-m", "medsynth_engine.gan.fits", "--seconds", "0.2", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    *lines, verdict = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[0]["preset"] == "nano32" and verdict["measured"] == lines
    assert verdict["fits"] in {each["preset"] for each in lines} and "an hour gives" in verdict["says"]
    for each in lines:
        assert each["images_per_second"] > 0 and 0 < each["share"] <= 1
        assert each["hour_kimg"] == pytest.approx(each["hour_images"] / 1000, abs=0.01)
        assert each["hour_images"] == pytest.approx(3600 * each["images_per_second"], rel=0.05)
