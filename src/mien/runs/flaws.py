"""Answers that may not be what they seem, counted: cut off, filtered, with marks in them, or telling."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from mien.formatting import counted
from mien.instruments.manner.leakage import named
from mien.models.reasoning import markup
from mien.types import SELF_REPORTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mien.store.records import AnswerRecord, RunRecord
    from mien.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaws:
    """How many of a run's answers show each flaw; one answer may show several.

    Attributes:
        n: answers whose text is known.
        cut_off: those that the limit on their length cut off.
        filtered: those that a content filter broke off.
        markup: those that hold a mark of reasoning, or a special token, that they do not quote.
        leaks: those that name what the judge read in them, or several of the options: as a whole word that
            the prompt does not hold, too. The judge may have read the name instead of the manner.
        seen: the first mark found; empty for none.
    """

    n: int
    cut_off: int
    filtered: int
    markup: int
    leaks: int
    seen: str = ""

    def to_dict(self) -> dict[str, int]:
        """The counts, as ``mien profile --json`` has them under ``answers``."""
        return {name: count for name, count in asdict(self).items() if name != "seen"}

    def told(self) -> Iterator[str]:
        """A line for each flaw that there is, with what to do about it."""
        of = f"of {counted(self.n, 'answer')}"
        if self.cut_off:
            yield f"{self.cut_off:,} {of} were cut off at their longest; --max-tokens sets a higher limit"
        if self.filtered:
            yield f"{self.filtered:,} {of} were broken off by a content filter"
        if self.markup:
            yield (
                f"{self.markup:,} {of} hold a mark of reasoning or of a chat template, such as "
                f"{self.seen!r}: the judge may have read what is no answer"
            )
        if self.leaks:
            yield (
                f"{self.leaks:,} {of} ({self.leaks / self.n:.1%}) name their own choice or several of their "
                "options: the judge may have read the name"
            )


def flaws(store: Store, run: RunRecord, judge: str) -> Flaws:
    """Look through a run's answers, as a judge read them; under an empty name no choice is known."""
    n = cut_off = filtered = marked = leaks = 0
    seen = ""
    for answer in store.answers(run.id, judge):
        n += 1
        cut_off += answer.finish_reason == "length"
        filtered += answer.finish_reason == "content_filter"
        if mark := markup(answer.text):
            marked += 1
            seen = seen or mark
        leaks += run.instrument not in SELF_REPORTS and _leaks(answer)  # there, to name it is to answer
    return Flaws(n=n, cut_off=cut_off, filtered=filtered, markup=marked, leaks=leaks, seen=seen)


def _leaks(answer: AnswerRecord) -> bool:
    found = named(answer.text, answer.options, answer.message)
    return len(found) > 1 or answer.chosen in found
