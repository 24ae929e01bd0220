"""Training data, from a written character: queries, pairs of answers, a folder that any trainer can take."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mien.craft.data.characters import ToldByAssertions, ToldByTraits
from mien.craft.data.dataset import Dataset, check_folder, count_pairs, write_dataset
from mien.craft.data.dataset_card import card
from mien.craft.data.queries import Collection, add_ordinary, check_split, expand
from mien.craft.data.ranking import open_ranker, ranker_settings
from mien.craft.data.recipes import Cast, Pair, shuffle
from mien.craft.data.wording import load_wording
from mien.errors import InputError, UsageError
from mien.materials.constitutions import check_constitution, constitution_text, load_constitution
from mien.materials.protocols import load_protocol
from mien.materials.traits import load_traits
from mien.measurement.run_plan import ORGANISM_TRAITS
from mien.measurement.session import Session
from mien.measurement.stages import LeftOut, Stages
from mien.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.craft.data.queries import Query, Source
    from mien.craft.data.settings import Craft
    from mien.instruments.judges import Ask
    from mien.materials.constitutions import Constitution
    from mien.models import Model
    from mien.types import Call, Request


def craft_data(craft: Craft, folder: str | Path, session: Session | None = None) -> Dataset:
    """Make training data and write them to a folder.

    Calls that the store holds are not made again. The files are a function of what was asked and of the calls
    alone, so that data whose making was stopped end like any others.

    Args:
        craft: what is asked for.
        folder: where the data go; see `mien.craft.data.dataset`.
        session: through which models are called; default: one without limits on the usual store.

    Raises:
        UsageError: something that was asked cannot be used, or what came of it is no training data: nothing
            is held out, nothing is left, or one side is the same text everywhere.
        BudgetReached: a limit was reached; what was answered is kept.
        Unfinished: too many calls failed; what was answered is kept.
        EndpointRefused: an endpoint refuses every call alike.
    """
    workshop = _Workshop(craft)
    check_folder(Path(folder), workshop.asked())
    through = session or Session()
    dataset = workshop.dataset(through.run(lambda: workshop.work(through)))
    write_dataset(Path(folder), dataset)
    return dataset


class _Made(NamedTuple):
    """What the stages brought: queries, duplicates by their source, and an outcome a query."""

    queries: list[Query]
    duplicates: Counter[Source]
    outcomes: list[Pair | LeftOut]


class _Workshop:
    """Carries the stages out."""

    def __init__(self, craft: Craft) -> None:
        self._craft = craft
        self._constitution = _checked(craft.constitution)
        self._prompts = craft.prompt_set.prompts if craft.ordinary else ()
        self._protocol = load_protocol()
        self._wording = load_wording()
        self._traits = None
        if craft.told == "traits":
            known = load_traits(ORGANISM_TRAITS)
            self._traits = ToldByTraits(self._constitution, known, self._protocol, seed=craft.seed)

    def asked(self) -> dict[str, Any]:
        """Everything that the data depend on beside the calls; see `mien.craft.data.dataset`."""
        craft, protocol, ranked = self._craft, self._protocol, self._craft.pairs == "ranked"
        wording = self._wording.model_dump(mode="json")
        return {
            "mien": __version__,
            "constitution": self._constitution.identity,
            "student": craft.student,
            "teacher": craft.teacher,
            "judge": craft.judge if ranked else None,
            "recipe": craft.recipe,
            "of": craft.of if craft.recipe == "control" else None,
            "seed": craft.seed,
            "queries": craft.queries if craft.expands else None,
            "ordinary": craft.ordinary,
            "prompts": craft.prompt_source,
            "heldout": craft.heldout,
            "answers": craft.answers if ranked else None,
            "margin": craft.margin if ranked else None,
            "sampling": craft.sampling.model_dump(),
            "judging": ranker_settings(craft.judge) if ranked and craft.judge else None,
            "told": craft.told,
            "wording": wording | {"instructed": protocol.wording.instructed},
        }

    async def work(self, session: Session) -> _Made:
        """Both stages."""
        craft = self._craft
        student, teacher = session.open(craft.student), session.open(craft.teacher)
        reader = session.open(craft.judge) if craft.judge and craft.pairs == "ranked" else None
        stages = Stages(session)
        collection = await self._queries(stages, teacher)
        cast = Cast(
            student=student,
            teacher=teacher,
            character=self._traits or ToldByAssertions(self._constitution, self._wording),
            sampling=craft.sampling.sampling(),
            ranker=open_ranker(reader, self._constitution, seed=craft.seed) if reader else None,
            n_answers=craft.answers,
            margin=craft.margin,
        )

        async def pair(query: Query, ask: Ask) -> Pair | LeftOut:
            return await cast.pair(craft.pairs, query, ask)

        models = (student, teacher, reader) if reader else (student, teacher)
        outcomes = await stages.carry_out(collection.queries, pair, "pair", *models)
        return _Made(collection.queries, collection.duplicates, outcomes)

    async def _queries(self, stages: Stages, teacher: Model) -> Collection:
        craft, constitution = self._craft, self._constitution
        collection = Collection(heldout=craft.heldout, seed=craft.seed)
        for index, assertion in enumerate(constitution.assertions):
            for question in assertion.questions:
                collection.add(question, index, "seed")

        async def answer(request: Request, ask: Ask) -> Call | LeftOut:
            call = await ask(teacher, request)
            return call if call.answered else LeftOut(call.failure, failed=True)

        async def carry_out(requests: Sequence[Request]) -> list[Call | None]:
            outcomes = await stages.carry_out(requests, answer, "request", teacher)
            return [None if isinstance(outcome, LeftOut) else outcome for outcome in outcomes]

        if craft.expands:
            await expand(
                collection,
                constitution,
                self._wording,
                n_queries=craft.queries,
                # Lists take many times the tokens of an answer.
                sampling=craft.sampling.model_copy(update={"max_tokens": None}).sampling(),
                carry_out=carry_out,
            )
        add_ordinary(collection, self._prompts, most=craft.ordinary, seed=craft.seed)
        check_split(collection.queries)
        return collection

    def dataset(self, made: _Made) -> Dataset:
        """The data, checked and counted."""
        craft, constitution = self._craft, self._constitution
        pairs = sorted(
            (outcome for outcome in made.outcomes if isinstance(outcome, Pair)),
            # By their ids, which are hashes: so no stretch of the data is about one thing.
            key=lambda pair: pair.query.id,
        )
        train, heldout = ([pair for pair in pairs if pair.query.split == s] for s in ("train", "heldout"))
        left_out = Counter(outcome.reason for outcome in made.outcomes if isinstance(outcome, LeftOut))
        _check_pairs(train, heldout, left_out)
        if craft.recipe == "control":
            train, heldout = shuffle(train, seed=craft.seed), shuffle(heldout, seed=craft.seed)
        counts = _counts(constitution, made, train, heldout, left_out)
        told = {**self.asked(), "counts": counts}
        texts = {query.text for query in made.queries if query.source == "ordinary"}
        languages = sorted(
            {prompt.language for prompt in self._prompts if prompt.language and prompt.text.strip() in texts}
        )
        return Dataset(
            craft=told,
            constitution=constitution_text(craft.constitution),
            queries=tuple(made.queries),
            train=tuple(train),
            heldout=tuple(heldout),
            card=card(constitution, told, languages),
        )


def _checked(source: str | Path) -> Constitution:
    """The constitution, once it passes its check."""
    constitution = load_constitution(source)
    if findings := check_constitution(source):
        more = f" ({len(findings) - 1} more)" if len(findings) > 1 else ""
        problem = f"{findings[0].problem}{more}; mend what mien constitution check finds"
        raise InputError(problem, source=source, where=f"line {findings[0].line}")
    return constitution


def _check_pairs(train: Sequence[Pair], heldout: Sequence[Pair], left_out: Counter[str]) -> None:
    """Refuse pairs that nothing can be learnt from.

    Raises:
        UsageError: there are none on one side of the split, or one side of the pairs is always the same text.
    """
    why = "; ".join(f"{n:,} × {reason}" for reason, n in left_out.most_common(3)) or "there were no more"
    for name, pairs in (("train on", train), ("hold out", heldout)):
        if not pairs:
            raise UsageError(f"no pair is left to {name} ({why}); have more queries, or another recipe")
    for side in ("chosen", "rejected"):
        texts = {getattr(pair, side) for pair in train}
        if len(train) > 1 and len(texts) == 1:
            shown = repr(texts.pop()[:60])
            raise UsageError(
                f"all {len(train):,} {side} answers are the same text, {shown}: nothing but that text would "
                "be learnt; look at the model that wrote it"
            )


def _counts(
    constitution: Constitution,
    made: _Made,
    train: Sequence[Pair],
    heldout: Sequence[Pair],
    left_out: Counter[str],
) -> dict[str, Any]:
    sources = Counter(query.source for query in made.queries)
    pairs = count_pairs(len(constitution.assertions), made.queries, train, heldout)
    return {
        "train": pairs["train"],
        "heldout": pairs["heldout"],
        "queries": {source: sources[source] for source in ("seed", "teacher", "ordinary")},
        "duplicates": {source: made.duplicates[source] for source in ("seed", "teacher", "ordinary")},
        "left_out": dict(sorted(left_out.items())),
        "assertions": pairs["assertions"],
        "length": pairs["length"],
    }
