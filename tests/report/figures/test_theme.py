"""Colours and shapes that can be told apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mien.report import figures
from mien.report.figures.theme import PALETTES, models_scale


def test_models_differ_by_colour_and_shape() -> None:
    encodings = models_scale([f"model {i}" for i in range(20)], width=600)
    shapes = encodings["shape"].to_dict()["scale"]["range"]
    colours = PALETTES["light"].models
    looks = {(shape, colours[i % len(colours)]) for i, shape in enumerate(shapes)}
    assert len(looks) == 20


@pytest.mark.parametrize("theme", figures.THEMES)
def test_colours_of_models_differ_in_lightness_from_the_ground(theme: Any) -> None:
    def luminance(colour: str) -> float:
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))

    palette = PALETTES[theme]
    for colour, least in [(c, 1.9) for c in palette.models] + [(palette.ink, 7.0), (palette.muted, 4.5)]:
        pair = sorted((luminance(colour), luminance(palette.ground)))
        assert (pair[1] + 0.05) / (pair[0] + 0.05) >= least, colour  # WCAG 2.2 contrast ratio
