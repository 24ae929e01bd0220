"""Where labels go so that none lies on another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from mien.types import Floats


def spread(wanted: ArrayLike, gap: float) -> Floats:
    """(n,) places on a line, each as near as can be to the wanted one and ``gap`` or more from the next.

    Least squares under that constraint, by pooling neighbours that collide (pool-adjacent-violators; Ayer
    et al. 1955, Annals of Mathematical Statistics 26, 641–647): places less their number of gaps must not
    fall.
    """
    places = np.asarray(wanted, dtype=np.float64)
    order = np.argsort(places, kind="stable")
    offset = gap * np.arange(len(places))
    blocks: list[tuple[float, int]] = []
    for value in (places[order] - offset).tolist():
        blocks.append((value, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (first, n), (second, m) = blocks[-2:]
            blocks[-2:] = [((first * n + second * m) / (n + m), n + m)]
    settled = np.empty(len(places))
    settled[order] = np.repeat([mean for mean, _ in blocks], [n for _, n in blocks]) + offset
    return settled


def beside(points: ArrayLike, sizes: ArrayLike, *, lines: ArrayLike | None = None, half: float) -> Floats:
    """(n, 2) centres of labels in a square, each near its point and off the labels and points before it.

    Each label takes the best of the places on growing rings around its point, those away from the middle
    first: within the square, on no label or point, on as little of a line as can be. Labels come in the order
    given, so the important ones first. Units are pixels.

    Args:
        points: (n, 2) what is labelled, from the middle of the square.
        sizes: (n, 2) width and height of the labels.
        lines: (m, 4) small boxes to keep off, but rather these than words: x, y, width, height of their
            centres.
        half: of the square's side.
    """
    at, size = np.asarray(points, dtype=np.float64), np.asarray(sizes, dtype=np.float64)
    taken = np.column_stack([at, np.full((len(at), 2), 8.0)])
    crossed = np.empty((0, 4)) if lines is None else np.asarray(lines, dtype=np.float64)
    centres = np.empty_like(at)
    for i, (point, extent) in enumerate(zip(at, size, strict=True)):
        tried = _around(point, extent)
        outside = np.maximum(np.abs(tried) + extent / 2 - half, 0).sum(axis=1)
        cost = 1000 * _over(tried, extent, taken) + 100 * outside + _over(tried, extent, crossed)
        cost += 0.15 * np.hypot(*(tried - point).T)
        centres[i] = tried[int(cost.argmin())]
        taken = np.vstack([taken, [*centres[i], *extent]])
    return centres


def _over(tried: Floats, extent: Floats, boxes: Floats) -> Floats:
    """On how many boxes a label lies at each of the places tried."""
    over = np.abs(tried[:, None] - boxes[None, :, :2]) < (extent + boxes[None, :, 2:]) / 2
    return over.all(axis=2).sum(axis=1).astype(np.float64)


def _around(point: Floats, extent: Floats) -> Floats:
    angles = np.deg2rad([0, 180, 90, 270, 45, 135, 225, 315, 20, 160, 200, 340, 65, 115, 245, 295])
    rays = np.column_stack([np.cos(angles), np.sin(angles)])
    rays = rays[np.argsort(-rays @ point, kind="stable")]
    reach = 5 + np.array([0, 6, 12, 20, 30, 42])
    return np.vstack([point + rays * (extent / 2 + distance) for distance in reach])
