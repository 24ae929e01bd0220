"""What a study's page says besides what a report says of its runs."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from mien.errors import NotIdentified
from mien.formatting import counted, fraction, p_value
from mien.report.page import Heading, Section, Table, of_inventory, of_sides
from mien.runs.soft_jury import SoftJury
from mien.stats.profiles.elo import ELO_SCALE
from mien.stats.profiles.soft import soft

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mien.report.study.results import Results
    from mien.stats.proportions import Proportion


def heading(results: Results) -> Heading:
    """The study's name, what it is, and how large."""
    study = results.study
    trials = sum(one.read for one in results.standings if one.own)
    size = (
        f"{counted(len(study.document.models), 'model')}, {counted(len(study.cells), 'run')}, "
        f"{counted(len(study.cells[0].planned.traits.traits), 'trait')}, {counted(trials, 'trial')} read."
    )
    return Heading(f"Study: {study.name}", " ".join(filter(None, (study.document.description, size))))


def sections(results: Results, notes: Sequence[str]) -> list[Section]:
    """All of them that have something to say."""
    return [
        *_runs(results, notes),
        *_registered(results),
        *_interest(results),
        *_gates(results),
        *_evaluated(results),
        *_later(results),
        *_alike(results),
        *_soft(results),
        *_juries(results),
        *_sides(results),
        *(of_inventory(one, number) for number, one in enumerate(results.inventories.values(), 1)),
        *_ablations(results),
    ]


def _runs(results: Results, notes: Sequence[str]) -> Iterator[Section]:
    said = (
        [] if results.complete else ["This study is not complete: what is there need not stand for the rest."]
    )
    said += [f"{label} is left out: {why}." for label, why in results.left_out.items()]
    said += list(notes)
    rows = [
        (
            one.label,
            one.cell.planned.model,
            one.judge,
            f"{one.read:,} of {one.designed:,}",
            f"{one.failed:,}" if one.failed else "",
            "complete" if one.complete else "incomplete",
        )
        for one in results.standings
    ]
    rows += [
        (
            one.laid_out.label,
            one.laid_out.planned.model,
            one.laid_out.planned.judge,
            f"{one.done:,} of {counted(one.items, 'item')}",
            "",
            one.state,
        )
        for one in results.evaluations
    ]
    table = Table(("run", "model", "judge", "trials read", "failed", ""), ("run", "model", "judge", ""), rows)
    yield Section("study", "The study", said, table)


def _registered(results: Results) -> Iterator[Section]:
    """What was said beforehand, what was found of it, and what was looked for afterwards."""
    found, expected = results.registration, results.expected
    if found is None and not expected:
        return
    if found is None:
        said = ["Not registered: nothing shows that this was written down before the answers were seen."]
    else:
        said = [
            f"Registered on {found.date}, before the first call: hypotheses, gates, traits of interest, who "
            f"is asked what and how often, the stop rule, and the analysis (digest {found.digest})."
        ]
        said += ["Nothing was expected: what is found here is exploratory."] * found.exploratory
        said += [f"The file has {found.difference}."] if found.changed else ["The file is as it was then."]
        gates = [one.said() for one in results.study.document.gates]
        later = sum(gate not in found.content["gates"] for gate in gates)
        gone = sum(gate not in gates for gate in found.content["gates"])
        said += [f"Of the gates below, {later} came afterwards."] * bool(later)
        said += [f"{gone} of the gates that were registered are gone from the file."] * bool(gone)
    rows = [
        (
            str(one.pair),
            one.said,
            "registered" if one.registered else "afterwards",
            one.found,
            one.reason,
        )
        for one in expected
    ]
    heads = ("from → to", "expected", "said", "found", "why")
    table = Table(heads, heads, rows) if rows else None
    yield Section("registered", "What was expected" if found is None else "Registered", said, table)


def _interest(results: Results) -> Iterator[Section]:
    if not results.of_interest:
        return
    rows: list[tuple[str, ...]] = []
    said = ["q is adjusted among the traits of interest alone."]
    for one in results.of_interest:
        pair = f"{one.pair.before} → {one.pair.after}"
        rows += [
            (pair, change.name, f"{change.delta:+.0f}", f"{change.low:+.0f} … {change.high:+.0f}", p_value(q))
            for change, q in zip(one.changes, one.q, strict=True)
        ]
        said.append(
            f"{pair}: of the {one.of} other traits {one.others} changed (q < "
            f"{results.study.document.fdr:g} over all). Nobody had named them: they are to be confirmed."
        )
    heads = ("from → to", "trait", "change", "interval", "q")
    yield Section("interest", "Traits of interest", said, Table(heads, heads[:2], rows))


def _gates(results: Results) -> Iterator[Section]:
    if not results.gated:
        return
    rows: list[tuple[str, ...]] = []
    for gated in results.gated:
        pair = str(gated.entry)
        rows += [(pair, o["gate"], o["status"], o["reason"]) for o in gated.outcomes]
        if gated.diff is None:
            rows += [(pair, gate, "undecided", gated.lacking) for gate in gated.entry.fail_on]
    undecided = sum(row[2] == "undecided" for row in rows)
    if not results.holds:
        said = "Not all gates hold."
    elif undecided:
        said = f"No gate fails; {undecided} of {len(rows)} cannot be decided."
    else:
        said = "All gates hold."
    heads = ("from → to", "gate", "status", "why")
    yield Section("gates", "Gates", [said], Table(heads, heads, rows))


def _evaluated(results: Results) -> Iterator[Section]:
    """What was measured beside traits, of all models of which it is there."""
    for kind in dict.fromkeys(one.kind for one in results.evaluations):
        these = [one for one in results.evaluations if one.kind == kind]
        models = [one.laid_out.model for one in these if one.done]
        said = [f"Incomplete: {one}." for one in these if not one.complete]
        try:
            found = results.estimated(kind, models) if models else []
        except NotIdentified as error:
            yield Section(kind, kind.capitalize(), [*said, str(error)])
            continue
        level = results.study.document.confidence_level
        said += [f"With {level:.0%} intervals. mien {kind} says what each figure is."] * bool(found)
        cells = [[f"{value}  {ends}".rstrip() for value, ends in one.shown(level)] for one in found]
        rows = [*zip(found[0].names, *cells, strict=True)] if found else []
        yield Section(kind, kind.capitalize(), said, Table(("", *models), ("",), rows) if rows else None)


def _later(results: Results) -> Iterator[Section]:
    """How far characters hold in the later turns of conversations."""
    if not results.persistence:
        return
    said = ["In how many trials the character of the first answer holds, fades or switches to another trait."]
    rows: list[tuple[str, ...]] = []
    for label, found in results.persistence.items():
        if isinstance(found, str):
            said.append(f"{label}: {found}.")
            continue
        rows += [
            (label, f"{row.turn}", row.kind, f"{row.n:,}", *map(_share, (row.held, row.faded, row.switched)))
            for row in found.rows
        ]
    heads = ("run", "turn", "user", "trials", "holds", "fades", "switches")
    yield Section("turns", "Does it last?", said, Table(heads, ("run", "user"), rows) if rows else None)


def _share(of: Proportion) -> str:
    return f"{of.share:.0%} ({of.low:.0%} … {of.high:.0%})"


def _alike(results: Results) -> Iterator[Section]:
    if len(results.main) < 2:
        return
    panel = results.shown.panel
    pairs = sorted(
        (row["spearman"], row["a"], row["b"]) for row in panel.correlations if row["spearman"] is not None
    )
    said: list[str] = []
    if pairs:
        (low, *least), (high, *most) = pairs[0], pairs[-1]
        middle = median(value for value, *_ in pairs)
        said = [
            f"Spearman's correlation of ratings, of each two models: from {fraction(low)} "
            f"({' and '.join(least)}) to {fraction(high)} ({' and '.join(most)}), median {fraction(middle)}. "
            "Noise lowers them; tables/correlations.csv has each with its interval, and corrected for "
            "unreliability."
        ]
    said.append(
        "How far apart the models rank a trait, by tier of the consensus: the mean standard deviation of a "
        "trait’s rank, what errors of measurement alone would give, and what is left without them."
    )
    rows = [
        (
            f"{tier['first']}–{tier['last']}",
            f"{tier['spread']:.1f}",
            f"{tier['noise']:.1f}",
            f"{tier['corrected']:.1f}",
        )
        for tier in panel.tiers
    ]
    heads = ("consensus ranks", "spread", "noise alone", "without noise")
    yield Section("alike", "How alike the models are", said, Table(heads, heads[:1], rows))


def _soft(results: Results) -> Iterator[Section]:
    """How far the judge's probabilities mean what they say, of each run that is rated by them."""
    rated = [(label, told) for label, told in results.soft.items() if not results.lacking(label)]
    if not results.soft:
        return
    rows: list[tuple[str, ...]] = []
    for label, told in rated:
        profile = results.measured([label]).profiles[0]
        found = profile.soft and soft(profile.soft, profile.traits)
        if found and found["before"] and found["after"]:
            before, after = found["before"], found["after"]
            rows.append(
                (
                    label,
                    told,
                    f"{found['n']:,}",
                    f"{found['temperature']:.2f}",
                    f"{before['ece']:.3f} → {after['ece']:.3f}",
                    f"{before['brier']:.3f} → {after['brier']:.3f}",
                )
            )
    said = (
        "These runs are rated by the judge’s probabilities, calibrated on the same model’s instructed run. "
        "Errors and scores are before and after, of prompts that it was not calibrated on. Where another "
        "judge reads a run, as in an ablation, both readings are taken as plain verdicts."
    )
    heads = ("run", "calibrated on", "trials", "temperature", "calibration error", "Brier score")
    yield Section("soft", "The judge’s probabilities", [said], Table(heads, heads[:2], rows))


def _juries(results: Results) -> Iterator[Section]:
    """What all judges together make of each model's first run."""
    if not results.juries:
        return
    by = (
        "a weighted sum of their log odds, with weights that"
        if results.study.document.jury == "soft"
        else "what was shown is inferred from their verdicts, by what each gets wrong and what they get "
        "wrong together, which"
    )
    said = [
        f"All judges read as one: {by} the model’s instructed run tells. Right is the share there. The "
        "ratings are in tables/jury.csv."
    ]
    rows: list[tuple[str, ...]] = []
    for one in results.juries:
        if one.found is None:
            said.append(f"{one.label} has no jury yet: {one.lacking}.")
            continue
        if isinstance(one.found, SoftJury):
            rows.append((one.label, *_pooled(one.found)))
            continue
        worth, (by_jury, by_best) = one.found.together, one.found.stderrs
        best = one.found.best
        rows.append(
            (
                one.label,
                f"{one.found.judges[best]} {worth.accuracy[best]:.1%}",
                f"{worth.majority:.1%}",
                f"{worth.jury:.1%}",
                f"{worth.confidence:.1%}",
                f"{worth.effective:.1f} of {len(one.found.judges)}",
                f"{by_jury:.0f}, {by_best:.0f}",
            )
        )
    heads = (
        "run",
        "best judge, right",
        "majority right",
        "jury right",
        "jury sure",
        "worth",
        "standard error, points: jury, best judge corrected",
    )
    yield Section("jury", "As a jury", said, Table(heads, heads[:2], rows) if rows else None)


def _pooled(found: SoftJury) -> tuple[str, ...]:
    """The columns of a jury of probabilities; those that only verdicts have are left empty."""
    best = max(zip(found.judges, found.pool.judges, strict=True), key=lambda one: one[1].after.accuracy)
    whole = found.pool.whole.after
    weights = ", ".join(f"{weight:.2f}" for weight in found.pool.weights.tolist())
    by_jury = ELO_SCALE * float((found.profile.fit.stderr**2).mean() ** 0.5)
    right = f"{best[0]} {best[1].after.accuracy:.1%}"
    return (
        right,
        "",
        f"{whole.accuracy:.1%}",
        f"off by {whole.ece:.3f}",
        f"weights {weights}",
        f"{by_jury:.0f}",
    )


def _sides(results: Results) -> Iterator[Section]:
    """Of every model that several instruments measured."""
    found = results.sides
    for number, sides in enumerate(found, 1):
        yield from of_sides(sides, number=number if len(found) > 1 else 0)


def _ablations(results: Results) -> Iterator[Section]:
    if not results.ablated:
        return
    rows: list[tuple[str, ...]] = []
    for one in results.ablated:
        contrast = one.contrast
        if one.diff is None:
            rows.append((contrast.ablation, contrast.model, "", "", "", one.lacking))
            continue
        found, size = one.diff.correlation, one.diff.size
        rows.append(
            (
                contrast.ablation,
                contrast.model,
                "" if found is None else fraction(found["spearman"]),
                "" if found is None else fraction(found["disattenuated"]),
                "" if size is None else f"{size['rms']:.0f}",
                f"{int(one.diff.changed.sum())} of {len(one.diff.names)}",
            )
        )
    heads = (
        "ablation",
        "model",
        "Spearman",
        "corrected for unreliability",
        "size without noise, points",
        "traits changed",
    )
    said = "Each model beside itself, one thing done otherwise; another judge reads the same responses."
    yield Section("ablations", "Ablations", [said], Table(heads, heads[:2], rows))
