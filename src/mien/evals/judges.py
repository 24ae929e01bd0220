"""Who reads the answers to an evaluation's items, and how two of them are laid side by side."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from mien.errors import UsageError
from mien.instruments.judges import kind_of, open_judge
from mien.materials.protocols import load_protocol
from mien.stats.proportions import proportion
from mien.types import NEITHER, Trait

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.instruments.judges import Judge
    from mien.models import Model
    from mien.stats.proportions import Proportion

#: What a judge of two answers chooses from.
PAIR: Final = ("first", "second")


def require_reads(judge: str, about: str) -> None:
    """Refuse a judge that cannot be asked what an evaluation asks.

    Args:
        judge: its spec.
        about: what it would be asked about.

    Raises:
        UsageError: it reads by other means than being asked.
    """
    if not kind_of(judge).answers:
        raise UsageError(
            f"{judge} {kind_of(judge).reads}, and can't be asked about {about}; give another --judge, such "
            "as a strong model behind an endpoint"
        )


def judge_told(
    texts: Mapping[str, Any],
    options: Sequence[str],
    model: Model,
    *,
    name: str,
    seed: int = 0,
    repeat: int = 0,
) -> Judge:
    """A judge that is told what to read in words of an evaluation's own.

    Args:
        texts: in place of those of the default protocol, by their names there.
        options: what it may choose.
        model: who is asked.
        name: of the evaluation.
        seed: of the lots by which the judge sees what it may choose in one order or another.
        repeat: 0 for the first reading; 1, 2, … ask the same once more, with calls of their own.
    """
    plain = load_protocol("default")
    protocol = plain.override(name=name, wording=plain.wording.model_copy(update=dict(texts)).model_dump())
    return open_judge(
        model.name, model, protocol, [Trait(option) for option in options], seed=seed, repeat=repeat
    )


def side_by_side(label: str, first: str, second: str) -> str:
    """Two texts as a judge is shown them, one after the other: ``The first LABEL:`` and so on."""
    # They may hold anything, also what looks like the end of one: they cannot guess the mark.
    mark = blake2b(f"{first}\n{second}".encode(), digest_size=4).hexdigest()
    return "\n\n".join(
        f"The {which} {label}:\n<{which} {mark}>\n{text}\n</{which} {mark}>"
        for which, text in zip(PAIR, (first, second), strict=True)
    )


def favour(in_order: str, turned: str) -> float | None:
    """How far one of two texts is favoured, −1 to 1, once whatever a judge owes to their order is removed.

    Args:
        in_order: what was chosen where the text stood first.
        turned: what was chosen where it stood second.

    Returns:
        Half the difference of the two readings: 0 for a judge that always takes the same place. None where
        one of them tells nothing.
    """
    signs = {PAIR[0]: 1.0, PAIR[1]: -1.0, NEITHER: 0.0}
    first, second = signs.get(in_order), signs.get(turned)
    return None if first is None or second is None else (first - second) / 2


def accuracy(read: Sequence[tuple[bool, str]], confidence_level: float) -> Proportion:
    """The share of readings that were right; those of one planted answer, named beside, hang together."""
    right, answers = zip(*read, strict=True)
    return proportion(right, clusters=answers, confidence_level=confidence_level)
