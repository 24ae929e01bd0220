"""Judges checked: the same responses read again, one thing changed at a time, to see what moves a profile.

Every reading is a judge of the run, kept as any other: what was read is not read again, and a longer run pays
for what is new.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mien.errors import UsageError, require_each_once
from mien.instruments.judges import check_reads, kind_of
from mien.instruments.judges.perturbed import TRANSLATED, Translator, perturbation, perturbations
from mien.measurement.cost import (
    SECONDS_OF_RESPONSE,
    SECONDS_OF_VERDICT,
    Estimate,
    addresses,
    known_price,
    left,
    loads,
    seconds_by_address,
)
from mien.measurement.length import Length
from mien.measurement.measure import conduct
from mien.measurement.rejudge import Opinion, reread
from mien.measurement.run_plan import DEFAULT_PROMPTS, Materials, plan
from mien.measurement.session import Session
from mien.models.http.served import Served
from mien.models.inprocess.loading import Hardware
from mien.models.usage import Limits
from mien.runs.judge_ablation import JudgeAblation, ablation
from mien.runs.run import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from mien.instruments.judges.perturbed import Perturbation
    from mien.materials.protocols import Protocol
    from mien.materials.traits import TraitSet
    from mien.measurement.calls import Progress
    from mien.measurement.cost import Load
    from mien.measurement.run_plan import RunPlan
    from mien.types import Prompt


@dataclass(frozen=True, slots=True)
class Translation:
    """Into what language responses are put, by which model."""

    model: str
    language: str = "French"


def check_judges(  # noqa: PLR0913  # the public face, which gathers its arguments into nouns
    models: str | Sequence[str],
    judges: str | Sequence[str],
    *,
    only: Sequence[str] | None = None,
    translation: Translation | None = None,
    protocol: Protocol | str | Path = "default",
    traits: TraitSet | Sequence[str] | str | Path | None = None,
    prompts: Sequence[Prompt] | str | Path = DEFAULT_PROMPTS,
    rounds: int | None = None,
    trials: int | None = None,
    seed: int = 0,
    name: str | None = None,
    families: Sequence[Collection[str]] = (),
    check_judge: int | None = None,
    store: str | Path | None = None,
    limits: Limits = Limits(),
    hardware: Hardware = Hardware(),
    served: Served = Served(),
    on_progress: Callable[[Progress], None] | None = None,
) -> JudgeAblation:
    """Say what moves the profile that a judge makes of a model: what it reads beside the model's manner.

    The model is measured, or its run found in the store, and its responses are then read by each judge as it
    is, a second time, and once under each perturbation (`mien.instruments.judges.perturbed`).

    Args:
        models: the model under test, or several.
        judges: the judge to check, or several.
        only: names of perturbations; default: all.
        translation: to show the judges the responses in another language, too; None: not to.
        protocol: of the runs; this and what follows as for `mien.measure`.
        traits: of the runs.
        prompts: of the runs.
        rounds: of the runs.
        trials: of the runs.
        seed: of the runs.
        name: of the run, of one model alone.
        families: models and judges of one maker each, for whether a judge favours its own; see
            `mien.runs.judge_ablation`.
        check_judge: see `mien.measure`.
        store: the store's file; default: ``MIEN_STORE`` or ``mien.db``.
        limits: concurrency, rates and budget.
        hardware: where and how models in this process run.
        served: where models are that go by their names.
        on_progress: called a few times a second, and at the end of each reading.

    Raises:
        UsageError: an argument cannot be used.
        UnknownName: there is no such perturbation.
    """
    of, by = ([one] if isinstance(one, str) else one for one in (models, judges))
    materials = Materials(protocol=protocol, traits=traits, prompts=prompts)
    length = Length(rounds=rounds, trials=trials)
    plans = lay_out_check(of, by, materials=materials, length=length, seed=seed, name=name)
    session = Session(store, limits=limits, hardware=hardware, served=served, on_progress=on_progress)
    return carry_out_check(
        plans, by, session, only=only, translation=translation, families=families, check_judge=check_judge
    )


def lay_out_check(
    models: Sequence[str],
    judges: Sequence[str],
    *,
    materials: Materials,
    length: Length,
    seed: int = 0,
    name: str | None = None,
) -> list[RunPlan]:
    """Lay out a run of each model, which the first judge reads, without making a call.

    Raises:
        UsageError: there is no model or no judge, one stands twice, a name is given to several runs, or a
            judge cannot read what a model writes.
    """
    if not models or not judges:
        raise UsageError("a check needs a model (--model) and a judge (--judge)")
    require_each_once(models, "model")
    require_each_once(judges, "judge")
    if name is not None and len(models) > 1:
        raise UsageError("one name cannot be that of several models' runs; leave out --name")
    for judge in judges:
        check_reads(judge, *models)
    return [
        plan(model, judges[0], materials=materials, length=length, seed=seed, name=name) for model in models
    ]


def carry_out_check(
    plans: Sequence[RunPlan],
    judges: Sequence[str],
    session: Session,
    *,
    only: Sequence[str] | None = None,
    translation: Translation | None = None,
    families: Sequence[Collection[str]] = (),
    check_judge: int | None = None,
) -> JudgeAblation:
    """Do what `lay_out_check` laid out; see `check_judges`."""
    chosen = choose(only, translation)

    async def conduct_all() -> None:
        told = chosen
        if translation:
            translator = Translator(session.open(translation.model), translation.language)
            told = tuple(replace(one, translator=translator) if one is TRANSLATED else one for one in chosen)
        await _conduct(plans, judges, told, session, check_judge)

    session.run(conduct_all)
    return ablation(
        [Run(planned.name, session.path) for planned in plans],
        judges,
        [one.name for one in chosen],
        families=families,
    )


def choose(only: Sequence[str] | None, translation: Translation | None = None) -> tuple[Perturbation, ...]:
    """The perturbations of these names; all where none is given.

    Raises:
        UnknownName: there is none of a name.
        UsageError: another language is asked for, and nobody to translate.
    """
    chosen = tuple(map(perturbation, dict.fromkeys(only))) if only else perturbations()
    if TRANSLATED in chosen and translation is None:
        raise UsageError("--only language needs somebody to translate: give --translator MODEL")
    return (*chosen, TRANSLATED) if translation and TRANSLATED not in chosen else chosen


def forecast(
    plans: Sequence[RunPlan],
    judges: Sequence[str],
    session: Session,
    *,
    only: Sequence[str] | None = None,
    translation: Translation | None = None,
) -> Estimate:
    """What a check would still take, without a call to any model.

    Args:
        plans: the runs.
        judges: who reads them.
        session: with the store, limits and served models; it is not opened.
        only: the perturbations; None for all.
        translation: into which language, and by whom, where one is asked for.

    Raises:
        UsageError: there is no such provider.
        UnknownName: there is no such perturbation.
        StoreError: the store cannot be read.
    """
    chosen, whole, generations = choose(only, translation), 0, 0
    parts: list[tuple[str, Load, float]] = []
    for planned in plans:
        asked, judged = loads(planned)
        unanswered = left(planned, planned.judge, session.path)[0]
        generations += asked.part(unanswered).calls
        parts.append((planned.model, asked.part(unanswered), SECONDS_OF_RESPONSE))
        whole += asked.calls * (2 if translation else 1)
        if translation:  # which is as long as the response, twice
            told = replace(asked, tokens_in=asked.tokens_out)
            parts.append((translation.model, told, SECONDS_OF_RESPONSE))
        for judge in judges:
            for opinion in _readings(planned, judge, chosen):
                unread = left(planned, opinion.label, session.path)[1]
                parts.append((judge, judged.part(unread), SECONDS_OF_VERDICT))
                whole += judged.calls
    costs = [load.cost(known_price(spec, session.limits, session.served)) for spec, load, _ in parts]
    loaded = [load for _, load, _ in parts]
    calls = sum(load.calls for load in loaded)
    times = seconds_by_address(parts, session.limits, session.served)
    return Estimate(
        calls=calls,
        stored=whole - calls,
        generations=generations,
        tokens_in=sum(load.tokens_in for load in loaded),
        tokens_out=sum(load.tokens_out for load in loaded),
        cost=None if None in costs else sum(cost or 0.0 for cost in costs),
        seconds=None if any(not addresses(s, session.served) for s, _, _ in parts) else max(times.values()),
    )


def _readings(planned: RunPlan, judge: str, chosen: Sequence[Perturbation]) -> list[Opinion]:
    """How a judge is to read a run: as it is, the same again, and under what changes anything for it."""
    kind, traits = kind_of(judge), planned.traits.traits
    fit = [one for one in chosen if not one.unfit(kind, planned.protocol, traits)]
    again = [Opinion(judge=judge, repeat=1)] if kind.varies else []
    return [Opinion(judge=judge), *again, *(Opinion(judge=judge, perturbation=one) for one in fit)]


async def _conduct(
    plans: Sequence[RunPlan],
    judges: Sequence[str],
    chosen: Sequence[Perturbation],
    session: Session,
    check_judge: int | None,
) -> None:
    """Make the runs, and all readings, one after the other; stop where a budget is reached."""
    for planned in plans:
        progress = await conduct(planned, session, check_judge=check_judge)
        run = Run(planned.name, session.path)
        for judge in judges:
            first, *others = _readings(planned, judge, chosen)
            if judge != planned.judge and not progress.stopped:
                progress = await reread(run, first, session, check_judge=check_judge)
            for opinion in others:
                if not progress.stopped:
                    progress = await reread(run, opinion, session, check_judge=0)
        if progress.stopped:
            return
