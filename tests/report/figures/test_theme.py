"""Colours and shapes that can be told apart."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mien.report import figures
from mien.report.figures.theme import PALETTES, SHAPES, models_scale
from mien.report.saving import specification
from mien.stats.profiles import Provenance

if TYPE_CHECKING:
    from mien.stats.profiles.profile import Profile


def test_models_differ_by_colour_and_shape() -> None:
    encodings = models_scale([f"model {i}" for i in range(20)], width=600)
    shapes = encodings["shape"].to_dict()["scale"]["range"]
    colours = PALETTES["light"].models
    looks = {(shape, colours[i % len(colours)]) for i, shape in enumerate(shapes)}
    assert len(looks) == 20


#: What eyes without red, green or blue cones see of linear RGB (Machado et al. 2009, IEEE TVCG 15).
SEEN = {
    "all cones": np.eye(3),
    "no red": np.array([[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]]),
    "no green": np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]]),
    "no blue": np.array([[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]]),
}


def lightness_and_hue(linear: np.ndarray) -> np.ndarray:
    """Björn Ottosson's Oklab, in hundredths."""
    cones = np.array([[0.4122, 0.5363, 0.0514], [0.2119, 0.6807, 0.1074], [0.0883, 0.2817, 0.6300]])
    mixed = np.array([[0.2105, 0.7936, -0.0041], [1.9780, -2.4286, 0.4506], [0.0259, 0.7828, -0.8087]])
    return 100 * np.cbrt(linear.clip(0, 1) @ cones.T) @ mixed.T


@pytest.mark.parametrize("eyes", SEEN)
@pytest.mark.parametrize("theme", figures.THEMES)
def test_twelve_models_have_colours_of_their_own_for_all_eyes(theme: Any, eyes: str) -> None:
    colours = PALETTES[theme].models
    assert len(set(colours)) == len(SHAPES) == 12
    channels = np.array([[int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)] for colour in colours])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    seen = lightness_and_hue((linear @ SEEN[eyes].T).clip(0, 1))
    apart = np.linalg.norm(seen[:, None] - seen[None], axis=2) + 100 * np.eye(12)
    assert apart.min() > 7  # 2 can just be told apart, side by side


def test_a_long_title_breaks_where_parts_of_names_end(profiles: list[Profile]) -> None:
    name = "organisation/llama-3.3-70b-instruct-character-tuned-with-some-care-for-warmth_v1"
    long = replace(profiles[0], provenance=Provenance(run=name))
    found = specification(figures.ranking([long], top=2))["title"]["text"]
    assert len(found) == 2
    assert found[0][-1] in "-/_"
    assert f"{found[0]}{found[1]}" == f"What {name} expresses: ratings of 36 traits"


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
