"""What is said of how narrow answers are, in words and cells, wherever it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mien.evals.diversity import self_bleu
from mien.evals.diversity.diversity import WORDS
from mien.formatting import counted, enumerated, quoted, significant
from mien.report.told import Rows
from mien.stats.diversity.branching import BF, START
from mien.stats.diversity.lexical import OPENING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.evals.diversity.diversity import Diversity
    from mien.stats.diversity.windows import Window

#: What each measure is, in a few words.
MEANING: Final = {
    "bf": "branching factor: among how many equally likely tokens a step chooses, in effect",
    "bf_published": "the same as Yang and Holtzman (2025) work it out",
    "bf_start": f"the branching factor of the first {START} steps",
    "bf_per_byte": "the same for each byte of text: compares between tokenizers",
    "entropy": "of whole answers, their length and their words together",
    "same_opening": f"pairs of answers to a prompt whose first {OPENING} words are the same",
    "distinct_1": "different words among all words of a prompt's answers",
    "distinct_2": "different pairs of words in a row",
    "distinct_3": "different runs of three words",
    "compression": "how many times smaller zlib makes a prompt's answers",
    "semantic_spread": "mean cosine distance of two answers to a prompt",
    "self_bleu": "BLEU of each answer against the others to its prompt",
}

_HALF: Final = 0.5


def heading(one: Diversity) -> str:
    """How many samples there are, and how they were drawn."""
    drawn = one.evaluation.settings
    told = [
        f"temperature {drawn['temperature']:g}",
        f"top_p {drawn['top_p']:g}",
        f"at most {counted(drawn['max_tokens'], 'token')}",
        *(f"{name} {drawn[name]}" for name in ("reasoning_effort", "extra") if name in drawn),
        *(["with a system prompt"] if "system" in drawn else []),
    ]
    prompts = counted(one.estimates.n_clusters, "prompt")
    return (
        f"{counted(one.samples.n, 'sample')} of {prompts} by {one.evaluation.record.model}, at "
        f"{enumerated(told, len(told))}"
    )


def by_words(found: Sequence[Diversity]) -> str:
    """With what settings the measures by words were taken."""
    each = found[0].each
    bleu = ""
    if self_bleu.SELF_BLEU.name in found[0].estimates.names:
        bleu = f"; self-BLEU is of {min(each, self_bleu.MOST)} of them ({self_bleu.signature()})"
    if found[0].embedding:
        bleu += f"; the semantic spread is of whole answers, by {found[0].embedding}"
    return (
        f"By words: the first {WORDS} of each of {each} samples a prompt, in lower case{bleu}. Nothing that "
        "was taken otherwise compares"
    )


def rows(found: Sequence[Diversity], confidence_level: float) -> list[tuple[str, ...]]:
    """A row a measure: its name, and its value with its interval in each evaluation."""
    cells = (
        [f"{value}  {ends}".rstrip() for value, ends in one.estimates.shown(confidence_level)]
        for one in found
    )
    return list(zip(found[0].estimates.names, *cells, strict=True))


def steps(window: Window) -> str:
    """``1``, ``3–4``."""
    return f"{window.first}" if window.first == window.last else f"{window.first}–{window.last}"


def positions(found: Sequence[Diversity]) -> list[tuple[str, ...]]:
    """A row a window: its steps, and in each evaluation the factor, and how many samples reach it."""
    longest = max((one.windows for one in found), key=len)
    names = [_named(window) for window in longest]
    told = [{_named(window): window for window in one.windows} for one in found]
    return [(name, *(cell for windows in told for cell in _position(windows.get(name)))) for name in names]


def _named(window: Window) -> str:
    # The last window may end where the longest answer does: by their beginnings they are the same.
    doubled = max(2 * (window.first - 1), window.first)
    return f"{window.first}" if doubled == window.first else f"{window.first}–{doubled}"


def _position(window: Window | None) -> tuple[str, str]:
    if window is None:
        return "", "0"
    ends = f"{significant(window.low)} … {significant(window.high)}"
    return f"{significant(window.bf)}  {ends}", f"{window.alive:,}"


def opening(one: Diversity) -> str:
    """The commonest first words, and how many begin so."""
    told = [f"{quoted(words)} {share:.1%}" for words, share in one.openings]
    return f"{one.estimates.label} begins most often: {enumerated(told, len(told))}" if told else ""


def notes(found: Sequence[Diversity]) -> list[str]:
    """What to know of the figures: what they are bounds of, and what would make them surer."""
    lines: list[str] = []
    for one in found:
        label = one.estimates.label
        factor = next((factor for factor in one.factors if factor.quantity is BF), None)
        if factor and factor.bounds:
            low, high = map(significant, factor.bounds)
            lines.append(
                f"of {label} the likeliest tokens are told: by them alone its bf lies between {low} and "
                f"{high}; the figure rests on the tokens drawn"
            )
        if factor and 0 < (factor.from_samples or 0) < _HALF:
            lines.append(
                f"more samples of the same prompts would take away at most {factor.from_samples or 0:.0%} of "
                f"the variance of {label}'s bf: more prompts make it surer"
            )
        if one.known == "drawn":
            lines.append(f"of {label} the tokens drawn alone are told: no bounds of its bf, nor bf_published")
    return lines


def left_out(found: Sequence[Diversity]) -> list[str]:
    """Which measures are not among the rows, and why."""
    told: dict[str, dict[str, None]] = {}
    for one in found:
        for name, why in one.absent.items():
            told.setdefault(why, {})[name] = None
    return [f"Not told: {', '.join(names)}: {why}" for why, names in told.items()]


def warnings(found: Sequence[Diversity]) -> list[str]:
    """What the figures suffer from."""
    lines = [one.estimates.made.lacking(one.estimates.label) for one in found]
    for one in found:
        label = one.estimates.label
        if one.samples.cut_off:
            lines.append(
                f"{one.samples.cut_off:,} of {counted(one.samples.n, 'sample')} of {label} were cut off at "
                "their longest: of these neither the end nor what follows counts"
            )
        untold = len(one.samples.words) - len(one.samples.traces)
        if one.factors and untold:
            lines.append(
                f"of {counted(untold, 'prompt')} of {label} not all samples have log-probabilities: "
                "factors are of the others"
            )
        if not one.stop_told:
            lines.append(
                f"the endpoint of {label} does not tell the step that ends an answer: its factor is of the "
                "others, and its entropy lacks that of the lengths"
            )
        if one.short > _HALF:
            lines.append(
                f"{one.short:.0%} of the samples of {label} have fewer than {WORDS} words: measures by words "
                "are of shorter texts there"
            )
    return [line for line in lines if line]


def said(found: Sequence[Diversity]) -> list[str]:
    """What a page says over the numbers."""
    return [
        *(f"{one.estimates.label}: {heading(one)}." for one in found),
        *(by_step(one) for one in found if one.windows),
        f"{by_words(found)}.",
        *(opening(one) for one in found if one.openings),
        *left_out(found),
        *notes(found),
    ]


def table(found: Diversity, confidence_level: float) -> Rows:
    """A row a measure: its value, its interval, and what it is."""
    heads = ("measure", "value", f"{confidence_level:.0%} interval", "what it is")
    shown = [
        (name, *cells, MEANING[name])
        for name, cells in zip(found.estimates.names, found.estimates.shown(confidence_level), strict=True)
    ]
    return Rows(heads, ("measure", "what it is"), shown)


def by_step(one: Diversity) -> str:
    """The branching factor by step, in a sentence."""
    places = [f"{significant(window.bf)} at {steps(window)}" for window in one.windows]
    return f"Branching factor of {one.estimates.label} by step: {enumerated(places, len(places))}"
