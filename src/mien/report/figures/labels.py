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


def beside(points: ArrayLike, sizes: ArrayLike, *, obstacles: ArrayLike | None = None) -> Floats:
    """(n, 2) centres of labels, each near its point and off the labels and points before it.

    Each label takes the first free of the places on growing rings around its point; labels come in the order
    given, so the important ones first. Units are pixels.

    Args:
        points: (n, 2) what is labelled.
        sizes: (n, 2) width and height of the labels.
        obstacles: (m, 4) boxes to keep off, as x, y, width, height of their centres.
    """
    at, size = np.asarray(points, dtype=np.float64), np.asarray(sizes, dtype=np.float64)
    dots = np.column_stack([at, np.full((len(at), 2), 8.0)])
    taken = dots if obstacles is None else np.vstack([dots, np.asarray(obstacles, dtype=np.float64)])
    centres = np.empty_like(at)
    for i, (point, extent) in enumerate(zip(at, size, strict=True)):
        tried = _around(point, extent)
        over = np.abs(tried[:, None] - taken[None, :, :2]) < (extent + taken[None, :, 2:]) / 2
        collisions = over.all(axis=2).sum(axis=1)
        centres[i] = tried[int(collisions.argmin())]
        taken = np.vstack([taken, [*centres[i], *extent]])
    return centres


def _around(point: Floats, extent: Floats) -> Floats:
    angles = np.deg2rad([0, 180, 90, 270, 45, 135, 225, 315, 20, 160, 200, 340, 65, 115, 245, 295])
    rays = np.column_stack([np.cos(angles), np.sin(angles)])
    reach = 5 + np.array([0, 6, 12, 20, 30, 42])
    return np.vstack([point + rays * (extent / 2 + distance) for distance in reach])
