"""Numbers as people read them."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd


#: What acts on a terminal, a reader's eye or a parser rather than being seen: control characters, overrides
#: of the direction of text, separators of lines, and what no text may hold.
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def visible(text: str, *, keep: str = "\n\t") -> str:
    r"""Text from outside with symbols where it holds what cannot be seen: ``␛``, ``␀``, ``\u202e``.

    Args:
        text: as it came; ends of lines are told apart no more.
        keep: of these characters, those that stay.
    """
    if UNSEEN.search(text) is None:
        return text
    text = text.replace("\r\n", "\n")
    return UNSEEN.sub(lambda found: found[0] if found[0] in keep else _symbol(ord(found[0])), text)


def shown(value: Any) -> Any:
    """What a page's template writes of a value: of text that is no markup, what is `visible`."""
    return visible(value) if type(value) is str else value


def _symbol(code: int) -> str:
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else f"\\u{code:04x}"


def filled(table: pd.DataFrame) -> pd.DataFrame:
    """A table as a notebook shows it: without the columns in which nothing stands, or which count nothing."""
    return table[[name for name in table.columns if not len(table) or _says(table[name].tolist())]]


def _says(column: list[Any]) -> bool:
    if all(type(value) is int for value in column):
        return any(column)
    return any(not (value in (None, "") or (type(value) is float and math.isnan(value))) for value in column)


def p_value(p: float | None) -> str:
    """A p or q as papers print it."""
    if p is None:
        return "–"
    return "<.001" if p < 0.001 else f"{p:.3f}".removeprefix("0") if p < 1 else "1"


def duration(seconds: float | None) -> str:
    """``45 s``, ``20 min``, ``3.5 h``; ``unknown`` where it is."""
    if seconds is None:
        return "unknown"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def plural(noun: str) -> str:
    """``trials``, ``quantities``, ``batches``."""
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith("ch") else f"{noun}s"


def counted(n: int, noun: str) -> str:
    """``1 trial``, ``2,016 trials``."""
    return f"{n:,} {noun if n == 1 else plural(noun)}"


def quoted(value: object, most: int = 60) -> str:
    """A value from outside as a message shows it: in quotes, and cut where it is long."""
    shown = repr(value if not isinstance(value, str) else value[: 2 * most])
    whole = len(shown) <= most and not (isinstance(value, str) and len(value) > 2 * most)
    return shown if whole else f"{shown[: most - 2]}…{shown[:1] if isinstance(value, str) else ''}"


def enumerated(names: Iterable[object], most: int = 12) -> str:
    """Names in a row, each cut where it is long; of many the first, and how many more there are."""
    shown = [name if len(name := str(one)) <= 40 else f"{name[:39]}…" for one in names]
    more = f" and {len(shown) - most:,} more" if len(shown) > most else ""
    return ", ".join(shown[:most]) + more


def fraction(value: float | None, digits: int = 2) -> str:
    """A number between −1 and 1 as papers print it: ``.87``."""
    return "–" if value is None else f"{value:.{digits}f}".replace("0.", ".", 1)


def significant(value: float, *, signed: bool = False) -> str:
    """A number by its first three digits and no exponent: ``0.0217``, ``4.25``, ``1,204``."""
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2
    if 0 < size < 0.1:
        digits = min(2 - math.floor(math.log10(size)), 12)
    return f"{value:{'+' if signed else ''},.{digits}f}"


def percent(part: float) -> str:
    """A relative change as people read it: ``+20.0%`` for a fifth more."""
    return f"{100 * part:+.1f}%"
