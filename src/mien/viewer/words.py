"""What the words of the tables mean, each in a few lines, and where docs/method.md says more."""

from __future__ import annotations

from typing import Final, NamedTuple


class Word(NamedTuple):
    """What a word means, and the heading under which docs/method.md says more."""

    means: str
    heading: str


WORDS: Final = {
    "flat?": Word(
        "Whether the model was seen to prefer any trait to another. A small p says that it does; where the "
        "profile is flat, the ranks below may be chance alone.",
        "The test that a profile is flat",
    ),
    "first option": Word(
        "How often the model chooses the option that it was shown first where both traits are equally "
        "strong: 50% of two where the place tells nothing. The ratings are free of it.",
        "Position effect",
    ),
    "reliability": Word(
        "Which part of the differences between ratings is no noise, from 0 to 1: about what the ratings of a "
        "second such run would correlate with these. Longer runs are more reliable.",
        "Reliability",
    ),
    "q": Word(
        "p, adjusted for how many rows were tested: of all rows with q below .05, about one in twenty is "
        "there by chance.",
        "Diff",
    ),
    "κ": Word(
        "Cohen's: how far two readers agree beyond what chance brings: 1 where they always say the same, "
        "0 where no more often than by chance.",
        "Agreement of judges",
    ),
}
