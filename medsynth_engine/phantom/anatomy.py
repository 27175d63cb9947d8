"""Procedural chest-like pictures whose anatomy follows from the patient.

Not a simulation of X-rays: a drawing with the same kinds of dependence. Age widens the heart, unfolds the aorta and
fades the bones; children have small, round chests; women have narrower chests and breast shadows; an effusion fills
the base of one lung with a rising edge; a nodule is a round shadow in one lung. Exposure, contrast, position, tilt,
body size and grain vary freely and say nothing. Ethnicity is never looked at.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

BATCH = 256


@dataclass(frozen=True)
class Canvas:
    """Coordinates of each picture after its own shift, tilt and scale: float32 (n, s, s), x to the right, y down."""

    x: np.ndarray
    y: np.ndarray

    def ellipse(self, cx: np.ndarray, cy: np.ndarray, rx: np.ndarray, ry: np.ndarray, edge: float) -> np.ndarray:
        """1 inside, 0 outside, with a soft edge of about `edge`; centres and radii (n,)."""
        away = np.sqrt(((self.x - _each(cx)) / _each(rx)) ** 2 + ((self.y - _each(cy)) / _each(ry)) ** 2)
        return _soft((1 - away) * _each(np.minimum(rx, ry)), edge)


def draw(people: pd.DataFrame, size: int, rng: np.random.Generator) -> np.ndarray:
    """uint8 (n, size, size). `people` needs `age` (years), `sex` (F or M) and `finding` (healthy, effusion, nodule)."""
    parts = [_draw_batch(people.iloc[start : start + BATCH], size, rng) for start in range(0, len(people), BATCH)]
    return np.concatenate(parts) if parts else np.zeros((0, size, size), dtype=np.uint8)


def _draw_batch(people: pd.DataFrame, size: int, rng: np.random.Generator) -> np.ndarray:
    n = len(people)
    age = people["age"].to_numpy(dtype=np.float32)
    female = (people["sex"] == "F").to_numpy(dtype=np.float32)
    finding = people["finding"].to_numpy()
    grown = np.clip((age - 1) / 17, 0, 1)
    aged = np.clip((age - 40) / 45, 0, 1.1)

    def vary(spread: float) -> np.ndarray:
        return (spread * np.clip(rng.normal(size=n), -2.5, 2.5)).astype(np.float32)

    canvas = _canvas(size, vary)
    build = 1 + vary(0.04)
    width = (0.72 + 0.10 * grown - 0.07 * female * grown) * build
    body = _body(canvas, width, grown, female)
    picture = 0.40 * body
    top, height = -0.62 + 0.10 * (1 - grown) + 0.06 * aged, 0.62 + 0.10 * grown - 0.05 * aged
    lung_x, lung_rx = 0.40 * width / 0.75, 0.30 * width / 0.75
    lungs = np.zeros_like(picture)
    for side in (-1, 1):
        lung = canvas.ellipse(side * lung_x, top + height, lung_rx, height * 0.98, 0.045)
        dome = top + 1.72 * height + 0.05 * (side > 0) + vary(0.02)
        bulge = 0.9 * ((canvas.x - _each(side * lung_x)) / _each(lung_rx)) ** 2
        lungs += lung * _soft(_each(dome) + 0.10 * bulge - canvas.y, 0.03)
    lungs = np.clip(lungs, 0, 1)
    picture -= 0.335 * lungs * _each(1 + vary(0.06))
    picture += lungs * _vessels(n, size, canvas, rng)
    bones = _each(1 - 0.55 * np.clip(aged, 0, 1)) * (0.45 + 0.55 * _each(grown))
    picture += 0.13 * bones * _ribs(canvas, lungs, vary)
    picture += 0.16 * bones * _clavicles(canvas, width) * body
    picture += 0.20 * _soft(0.10 - np.abs(canvas.x), 0.06) + 0.10 * _soft(
        0.17 - np.abs(canvas.x), 0.12
    )  # spine, mediastinum
    picture += 0.36 * _heart(canvas, grown, aged, vary) + 0.24 * _aorta(canvas, aged, vary)
    picture += 0.17 * _breasts(canvas, female * np.clip((age - 12) / 8, 0, 1), width, vary)
    picture += _effusion(canvas, finding == "effusion", lung_x, lung_rx, top, height, lungs, rng)
    picture += _nodule(canvas, finding == "nodule", lung_x, lung_rx, top, height, rng)
    return _exposed(picture, vary, rng)


def _canvas(size: int, vary) -> Canvas:
    line = (np.arange(size, dtype=np.float32) + 0.5) / size * 2 - 1
    y, x = np.meshgrid(line, line, indexing="ij")
    tilt, scale, dx, dy = vary(0.035), 1 + vary(0.03), vary(0.035), vary(0.04)
    cos, sin = _each(np.cos(tilt) / scale), _each(np.sin(tilt) / scale)
    return Canvas(cos * (x - _each(dx)) + sin * (y - _each(dy)), cos * (y - _each(dy)) - sin * (x - _each(dx)))


def _body(canvas: Canvas, width: np.ndarray, grown: np.ndarray, female: np.ndarray) -> np.ndarray:
    """Trunk, shoulders (broader in men) and neck, as one outline."""
    trunk = _soft(_each(width + 0.15) - np.abs(canvas.x) - 0.05 * np.abs(canvas.y), 0.06)
    shoulders = _each(0.30 + 0.09 * grown - 0.05 * female) + 0.85 * np.sqrt(np.maximum(canvas.y + 1.0, 0))
    slope = _soft(np.minimum(shoulders, 1.5) - np.abs(canvas.x), 0.07)
    neck = _soft(_each(0.22 + 0.05 * grown - 0.03 * female) - np.abs(canvas.x), 0.06)
    return np.maximum(trunk * slope, neck)


def _vessels(n: int, size: int, canvas: Canvas, rng: np.random.Generator) -> np.ndarray:
    """Branching shadows, denser near the roots of the lungs: three octaves of smooth noise."""
    texture = np.zeros((n, size, size), dtype=np.float32)
    for cells, weight in ((4, 0.4), (8, 0.35), (16, 0.25)):
        coarse = rng.normal(size=(n, cells + 1, cells + 1)).astype(np.float32)
        texture += weight * _enlarged(coarse, size)
    roots = np.exp(-((np.abs(canvas.x) - 0.24) ** 2 + (canvas.y + 0.02) ** 2) / 0.09)
    return 0.035 * texture + 0.15 * roots * (1 + 0.4 * texture)


def _ribs(canvas: Canvas, lungs: np.ndarray, vary) -> np.ndarray:
    """Arcs that fall off to the sides, only where the lungs let them be seen."""
    phase = canvas.y - 0.55 * np.abs(canvas.x) ** 1.6
    stripes = np.cos(2 * np.pi * (phase / _each(0.235 + vary(0.008)) + _each(vary(0.4))))
    return lungs * np.clip(stripes, 0, 1) ** 1.5


def _clavicles(canvas: Canvas, width: np.ndarray) -> np.ndarray:
    line = -0.60 - 0.16 * (np.abs(canvas.x) / _each(width)) ** 0.8
    reach = _soft(_each(width * 0.95) - np.abs(canvas.x), 0.05) * _soft(np.abs(canvas.x) - 0.08, 0.03)
    return np.exp(-(((canvas.y - line) / 0.035) ** 2)) * reach


def _heart(canvas: Canvas, grown: np.ndarray, aged: np.ndarray, vary) -> np.ndarray:
    """Wider with age, and in small children; its tip to the right of the picture, the patient's left."""
    wide = 0.235 + 0.11 * aged + 0.07 * (1 - grown) + vary(0.018)
    body = canvas.ellipse(0.09 + 0.05 * aged, 0.30 + 0 * aged, wide, 0.30 + 0.02 * aged, 0.06)
    tip = canvas.ellipse(0.10 + 0.70 * wide, 0.40 + 0 * aged, 0.62 * wide, 0.20 + 0 * aged, 0.06)
    return np.maximum(body, tip)


def _aorta(canvas: Canvas, aged: np.ndarray, vary) -> np.ndarray:
    knob = 0.055 + 0.085 * np.clip(aged, 0, 1) + vary(0.008)
    return canvas.ellipse(0.06 + 0.6 * knob, -0.26 + 0 * aged, knob, knob * 1.15, 0.04)


def _breasts(canvas: Canvas, present: np.ndarray, width: np.ndarray, vary) -> np.ndarray:
    shadow = np.zeros_like(canvas.x)
    radius = 0.26 + vary(0.03)
    for side in (-1, 1):
        whole = canvas.ellipse(side * width * 0.60, 0.42 + 0 * width, radius, radius * 0.95, 0.03)
        shadow += whole * (0.55 + 0.45 * _soft(canvas.y - 0.42, 0.12))
    return _each(present) * shadow


def _effusion(
    canvas: Canvas,
    present: np.ndarray,
    lung_x: np.ndarray,
    lung_rx: np.ndarray,
    top: np.ndarray,
    height: np.ndarray,
    lungs: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Fluid at the base of one lung; its edge climbs towards the side of the chest."""
    n = len(present)
    side = rng.choice([-1.0, 1.0], n)
    level = top + height * (1.72 - rng.uniform(0.35, 0.75, n))
    across = (canvas.x * _each(side) - _each(lung_x)) / _each(lung_rx)
    fluid = _soft(canvas.y - _each(level) + 0.16 * np.clip(across, -1, 1.2), 0.035)
    chest = canvas.ellipse(side * lung_x, top + height, lung_rx * 1.04, height, 0.03)
    return 0.46 * _each(present) * fluid * chest * (0.35 + 0.65 * lungs)


def _nodule(
    canvas: Canvas,
    present: np.ndarray,
    lung_x: np.ndarray,
    lung_rx: np.ndarray,
    top: np.ndarray,
    height: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """One round shadow somewhere in the upper two thirds of a lung."""
    n = len(present)
    side = rng.choice([-1.0, 1.0], n)
    cx = side * (lung_x + lung_rx * rng.uniform(-0.25, 0.5, n))
    cy = top + height * rng.uniform(0.45, 1.15, n)
    radius = rng.uniform(0.085, 0.14, n)
    return 0.42 * _each(present) * canvas.ellipse(cx, cy, radius, radius, 0.05)


def _exposed(picture: np.ndarray, vary, rng: np.random.Generator) -> np.ndarray:
    """Exposure, contrast and grain: what says nothing about the patient."""
    dense = np.maximum(picture * _each(1 + vary(0.07)) + _each(0.05 + vary(0.02)), 0)
    shown = (1 - np.exp(-1.5 * dense)) / 0.82  # film and detector alike saturate
    shown = shown ** _each(np.exp(vary(0.10)))
    shown = shown + rng.normal(0, 0.012, picture.shape)
    return np.clip(np.rint(shown * 255), 0, 255).astype(np.uint8)


def _enlarged(coarse: np.ndarray, size: int) -> np.ndarray:
    """Bilinear enlargement of (n, k+1, k+1) to (n, size, size)."""
    cells = coarse.shape[1] - 1
    place = (np.arange(size) + 0.5) / size * cells
    low = np.minimum(place.astype(int), cells - 1)
    part = (place - low).astype(np.float32)
    rows = coarse[:, low] * (1 - part)[None, :, None] + coarse[:, low + 1] * part[None, :, None]
    return rows[:, :, low] * (1 - part) + rows[:, :, low + 1] * part


def _soft(distance: np.ndarray, edge: float) -> np.ndarray:
    """0 far outside, 1 far inside, a half at the border."""
    return 1 / (1 + np.exp(-np.clip(distance * (4 / edge), -30, 30)))


def _each(values: np.ndarray) -> np.ndarray:
    """(n,) against (n, s, s)."""
    return np.asarray(values, dtype=np.float32)[:, None, None]
