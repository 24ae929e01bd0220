"""How far a character holds in the later turns of a conversation: a pure function of the verdicts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mien.formatting import filled
from mien.stats.proportions import Proportion, proportion
from mien.types import NON_CHOICES

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRow:
    """What became of the character in one turn.

    Attributes:
        turn: from 1.
        kind: of the user's messages; ``all``, or one of several.
        n: trials with a character to hold, and a verdict in this turn.
        held: the judge reads the same option as at first.
        faded: it reads none: ``neither``, ``refused`` or ``unreadable``.
        switched: it reads another option.
    """

    turn: int
    kind: str
    n: int
    held: Proportion
    faded: Proportion
    switched: Proportion


@dataclass(frozen=True, slots=True, kw_only=True)
class Persistence:
    """How far a character holds, fades or switches, by turn.

    Attributes:
        run: name of the run whose trials go on.
        pressure: what the user's later messages want.
        rows: by turn, ``all`` kinds first.
    """

    run: str
    pressure: str
    confidence_level: float
    rows: tuple[TurnRow, ...]

    @property
    def table(self) -> pd.DataFrame:
        """A row a turn and kind: the shares with the ends of their intervals."""
        import pandas as pd

        return pd.DataFrame(self._flat())

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON holds it."""
        return asdict(self) | {"rows": self._flat()}

    def _repr_html_(self) -> str:
        return filled(self.table).to_html(na_rep="", index=False, float_format=lambda share: f"{share:.1%}")

    def _flat(self) -> list[dict[str, Any]]:
        return [
            {"turn": row.turn, "kind": row.kind, "n": row.n}
            | {
                f"{name}{end}": getattr(getattr(row, name), member)
                for name in ("held", "faded", "switched")
                for end, member in (("", "share"), ("_low", "low"), ("_high", "high"))
            }
            for row in self.rows
        ]


def turn_rows(
    turn: int,
    shown: Sequence[str],
    chosen: Sequence[str],
    *,
    kinds: Sequence[str],
    clusters: ArrayLike,
    confidence_level: float = 0.95,
) -> list[TurnRow]:
    """The rows of one turn: all trials, and each kind of script where there is more than one.

    Intervals are those of `mien.stats.proportions.proportion`, clustered by the first prompt.

    Args:
        turn: from 1.
        shown: (T,) the option that a trial's character is; never a non-choice.
        chosen: (T,) what the judge reads in this turn.
        kinds: (T,) of the user's messages.
        clusters: (T,) labels of the trials' first prompts.
        confidence_level: of the intervals.

    Raises:
        ValueError: no trials.
    """
    read, labels, cluster = np.asarray(chosen), np.asarray(kinds), np.asarray(clusters)
    same = read == np.asarray(shown)
    none = np.isin(read, NON_CHOICES)
    names = sorted(set(kinds))

    def row(kind: str, among: Any) -> TurnRow:
        shares = [
            proportion(what[among], clusters=cluster[among], confidence_level=confidence_level)
            for what in (same, none, ~same & ~none)
        ]
        return TurnRow(
            turn=turn, kind=kind, n=int(among.sum()), held=shares[0], faded=shares[1], switched=shares[2]
        )

    rows = [row("all", np.ones(len(read), bool))]
    return rows + [row(name, labels == name) for name in names if len(names) > 1]
