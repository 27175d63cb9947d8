"""Which words in a picture tell about a person, and what a mask leaves of them."""

from __future__ import annotations

import numpy as np
import pytest
from text_pieces import film

from medsynth_engine.intake.text.mask import masked
from medsynth_engine.intake.text.tokens import only_markers, telling


@pytest.mark.parametrize(
    "line",
    [
        *("MARLOWEEDITH", "Okonkwo, Daniel", "12/03/1957", "12.3.57", "2019", "MRN 004", "ID:88213-04", "F 067Y"),
        *("M U R P H Y", "WRIGHT", "ERIC", "JOHN L", "PAL", "LARA", "王小明", "王明", "Dr. Ng Abc"),
        *("R 14:05", "AP 12/03"),
        *("L NG BO", "NG BO", "NG, BO", "AP LI-WU XU", "R ng", "PORTABLE Yi", "Bo (L)"),
    ],
)
def test_names_dates_and_numbers_tell_of_a_person(line: str) -> None:
    assert telling(line)
    assert not only_markers(line)


@pytest.mark.parametrize(
    "line",
    [
        *("L", "R", "PORTABLE", "portable", "AP PORTABLE", "APPORTABLE", "SEMI-ERECT", "SEMIERECT", "LAT.", "R  AP"),
        *("(L)", "P0RTABLE", "ERECT PA", "CHEST AP", "DECUB", "L/R"),
    ],
)
def test_markers_of_radiographers_do_not(line: str) -> None:
    assert not telling(line)
    assert only_markers(line)


@pytest.mark.parametrize("line", ["", "..", "12", "x", "A1 ~", "ry", "L x", "R 3", ".. ry", "L .."])
def test_odd_characters_are_neither(line: str) -> None:
    assert not telling(line)


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("colour", [False, True])
def test_a_mask_leaves_nothing_of_the_box_and_touches_nothing_else(deep: bool, colour: bool) -> None:
    pixels = film(1, 200, deep)
    if colour:
        pixels = np.repeat(film(1, 200)[..., None], 3, axis=2)
    marked = pixels.copy()
    marked[60:80, 40:120] = pixels.max()
    made = masked(marked, [(40, 60, 80, 20)])
    assert made.dtype == pixels.dtype
    inside = made[56:84, 36:124].reshape(28 * 88, -1)
    assert (inside == inside[0]).all()
    untouched = np.ones((200, 200), bool)
    untouched[56:84, 36:124] = False
    assert (made[untouched] == marked[untouched]).all()
    assert (marked[60:80, 40:120] == pixels.max()).all()  # the picture that was given is left alone


def test_a_mask_over_the_edge_or_the_whole_picture_is_cut_to_it() -> None:
    pixels = film(2, 100)
    assert (masked(pixels, [(-10, -10, 200, 200)]) == 0).all()
    assert masked(pixels, [(90, 90, 50, 50)]).shape == pixels.shape
    assert (masked(pixels, []) == pixels).all()
