"""The branching factor: among how many equally likely ways on a model chooses at each step, in effect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from mien.errors import NotIdentified
from mien.stats.diversity.published import LEAST_ALIVE, published
from mien.stats.estimates import Amount, Quantity
from mien.stats.estimates.means import Pulled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.stats.diversity.traces import Trace
    from mien.types import Floats

#: exp(total entropy / total length), steps that end an answer counted.
BF: Final = Quantity("bf", Amount())
#: As Yang and Holtzman (2025) work it out: `mien.stats.diversity.published`.
BF_PUBLISHED: Final = Quantity("bf_published", Amount())
#: The same of the first `START` steps, which alignment narrows most.
BF_START: Final = Quantity("bf_start", Amount())
START: Final = 5
#: exp(total entropy / total bytes): comparable between tokenizers.
BF_PER_BYTE: Final = Quantity("bf_per_byte", Amount())
#: H(N, Y) of a whole answer, its length and its words together.
ENTROPY: Final = Quantity("entropy", Amount("nats"))

#: All that rests on traces.
FACTORS: Final = (BF, BF_PUBLISHED, BF_START, BF_PER_BYTE, ENTROPY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """One estimand.

    Attributes:
        quantity: what it is.
        pulled: its value, with each prompt's deviation.
        from_samples: the share of its variance that is there since each prompt has few samples, and which
            more of them would take away; None where it is not worked out.
        bounds: between which the value lies where only the likeliest tokens are told; None elsewhere.
    """

    quantity: Quantity
    pulled: Pulled
    from_samples: float | None = None
    bounds: tuple[float, float] | None = None


def factors(prompts: Mapping[str, Sequence[Trace]]) -> tuple[list[Factor], dict[str, str]]:
    """Every estimand that the traces tell of, and why the others are not told.

    Args:
        prompts: the traces of the samples of each prompt, by its id.

    Raises:
        NotIdentified: there are fewer than two prompts, or one of them has fewer than two samples.
    """
    _require(prompts)
    sizes = [
        np.array([[trace.told.sum(), len(trace), trace.octets] for trace in of]) for of in prompts.values()
    ]
    begun = [
        np.array([[trace.told[:START].sum(), min(len(trace), START)] for trace in of])
        for of in prompts.values()
    ]
    found, absent = list[Factor](), dict[str, str]()
    for quantity, of_each, column in ((BF, sizes, 1), (BF_START, begun, 1), (BF_PER_BYTE, sizes, 2)):
        if any(of[:, column].sum() for of in of_each):
            pulled, share = _ratio(of_each, column)
            bounds = _bounds(prompts) if quantity is BF else None
            found.append(Factor(quantity=quantity, pulled=pulled, from_samples=share, bounds=bounds))
        else:
            absent[quantity.name] = "the answers hold no step or no text"
    found.append(_total(sizes))
    if any(trace.nucleus is None for of in prompts.values() for trace in of):
        absent[BF_PUBLISHED.name] = "the likeliest tokens that are told do not hold a nucleus at every step"
    elif any(len(of) < LEAST_ALIVE for of in prompts.values()):
        absent[BF_PUBLISHED.name] = f"it takes at least {LEAST_ALIVE} samples a prompt"
    else:
        own = np.array([published(of) for of in prompts.values()])
        found.insert(1, Factor(quantity=BF_PUBLISHED, pulled=Pulled(float(own.mean()), own - own.mean())))
    return found, absent


def _require(prompts: Mapping[str, Sequence[object]]) -> None:
    """That there are samples enough.

    Raises:
        NotIdentified: there are fewer than two prompts, or one of them has fewer than two samples.
    """
    if len(prompts) < 2:
        raise NotIdentified(
            f"samples of {len(prompts)} prompts say nothing about how prompts differ; two are the fewest"
        )
    if few := [name for name, of in prompts.items() if len(of) < 2]:
        raise NotIdentified(
            f"prompt {few[0]} has {len(prompts[few[0]])} of the samples, which says nothing about how they "
            "differ; two are the fewest"
        )


def _ratio(sizes: Sequence[Floats], column: int) -> tuple[Pulled, float]:
    """exp(ΣE/ΣL) with the deviation of each prompt, and the share of the variance that is samples'.

    Of prompt c, a_c and b_c are the means of E and L over its samples. With R = Σa/Σb, a small change moves
    e^R by e^R (a_c − R b_c)/(C b̄): the delta method. Samples within a prompt add Var(E − R L)/n_c to the
    variance of a_c − R b_c.
    """
    own = np.array([of[:, [0, column]].mean(axis=0) for of in sizes])
    entropy, length = own.mean(axis=0)
    rate = entropy / length
    value = float(np.exp(rate))
    residuals = own[:, 0] - rate * own[:, 1]
    within = [float(np.var(of[:, 0] - rate * of[:, column], ddof=1)) / len(of) for of in sizes]
    deviations = value * residuals / length
    return Pulled(value, deviations), _share(within, residuals)


def _total(sizes: Sequence[Floats]) -> Factor:
    own = np.array([of[:, 0].mean() for of in sizes])
    within = [float(np.var(of[:, 0], ddof=1)) / len(of) for of in sizes]
    deviations = own - own.mean()
    return Factor(
        quantity=ENTROPY,
        pulled=Pulled(float(own.mean()), deviations),
        from_samples=_share(within, deviations),
    )


def _share(within: Sequence[float], deviations: Floats) -> float:
    """The share of the prompts' variance that their samples' own makes up."""
    between = float(np.var(deviations, ddof=1))
    return min(float(np.mean(within)) / between, 1.0) if between > 0 else 0.0


def _bounds(prompts: Mapping[str, Sequence[Trace]]) -> tuple[float, float] | None:
    """The factor if every step's entropy were the least, or the most, that it can be."""
    if any(trace.bounds is None for of in prompts.values() for trace in of):
        return None
    totals = np.array(
        [
            np.mean(
                [[*trace.bounds.sum(axis=1), len(trace)] for trace in of if trace.bounds is not None], axis=0
            )
            for of in prompts.values()
        ]
    )
    least, most, length = totals.mean(axis=0)
    return float(np.exp(least / length)), float(np.exp(most / length))
