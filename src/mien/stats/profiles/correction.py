"""What a correction for a judge's errors rests on, as a profile tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypedDict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.stats.choice.legibility import Misreading

MOST_PAIRS: Final = 20  # that are named


class Foils(TypedDict):
    """See `mien.stats.choice.foil_effects`."""

    p: float | None
    n: int


class Correction(TypedDict):
    """A judge's errors, taken out: the calibration run, how much was read right there, of how many trials.

    ``foils`` tests that errors depend on the pair beyond its traits; None where the judge never erred.
    ``n_illegible`` counts the pairs of traits that it reads no better than chance, ``illegible`` names the
    worst `MOST_PAIRS`.
    """

    run: str
    accuracy: float
    n: int
    foils: Foils | None
    n_illegible: int
    illegible: list[list[str]]


def correction(judge: Misreading, traits: Sequence[str]) -> Correction:
    """Say how a judge errs whose errors are taken out of ratings of ``traits``."""
    pairs: list[list[int]] = judge.illegible_pairs().tolist()
    return Correction(
        run=judge.run,
        accuracy=judge.accuracy,
        n=judge.n,
        foils=None if judge.foils is None else Foils(p=judge.foils.p, n=judge.foils.n),
        n_illegible=len(pairs),
        illegible=[[traits[a], traits[b]] for a, b in pairs[:MOST_PAIRS]],
    )
