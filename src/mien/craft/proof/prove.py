"""The proof of a trained character: base, control, prompted and trained on the same trials."""

from __future__ import annotations

import json
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from mien.craft.proof import answers as plain
from mien.craft.proof.capabilities import capabilities
from mien.craft.proof.case import Case, lay_out
from mien.craft.proof.result import CONTRASTS, Coherence, Proof, moves, spread, took
from mien.craft.proof.section import check_folder, write_proof
from mien.errors import BudgetReached, NotIdentified, Unfinished, UsageError
from mien.formatting import counted
from mien.instruments.judges import kind_of
from mien.instruments.manner.shifts import shifts
from mien.materials.multiturn import Conversation
from mien.measurement.measure import carry_out, outcomes
from mien.measurement.session import Session
from mien.measurement.stages import MOST_FAILED, Stages
from mien.runs.analysis import diff
from mien.stats.proportions import clustered_share

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mien.craft.proof.claim import Claim
    from mien.craft.proof.result import Role
    from mien.instruments.manner.shifts import Shift
    from mien.measurement.run_plan import RunPlan
    from mien.runs.run import Run
    from mien.stats.consistency.persistence import Persistence
    from mien.stats.diffs import Diff
    from mien.stats.profiles.profile import Profile

#: Later turns are measured on the first of so many parts of the rounds: they cost more, and tell shares.
HOLDS_PART: Final = 4


def prove(
    claim: Claim,
    folder: str | Path,
    session: Session | None = None,
    *,
    on_stage: Callable[[str], None] | None = None,
) -> Proof:
    """Measure whether a trained character took, what else moved, and what it cost; write it to a folder.

    Calls that the store holds are not made again, so that a proof that was stopped goes on, and a proof that
    is there is repeated for nothing.

    Args:
        claim: what is to be proved, and how.
        folder: where the report goes; see `mien.craft.proof.section`.
        session: through which models are called, its budget over all that is measured; default: one without
            limits on the usual store.
        on_stage: told what comes next.

    Raises:
        UsageError: something that was asked cannot be used, before the first call; or the verdicts on one of
            the models are too few to rate all traits.
        BudgetReached: a limit was reached; what was answered is kept.
        Unfinished: too many calls failed; what was answered is kept.
    """
    case = lay_out(claim)
    check_folder(Path(folder), case.asked)
    bench = _Bench(case, Path(folder), session or Session(), on_stage)
    profiles: dict[Role, Profile] = {role: bench.measure(role) for role in case.models}
    later: tuple[Role, ...] = ("trained", "prompted") if claim.turns > 1 else ()
    holds: dict[Role, tuple[Persistence, ...]] = {role: bench.holds(role) for role in later}
    texts = bench.plain()
    skills = bench.capabilities()
    proof, change = _proof(
        case, profiles, holds, texts, skills, (*case.notes, *bench.notes), tuple(bench.missing)
    )
    write_proof(Path(folder), proof, change)
    return proof


def later_rounds(rounds: int) -> int:
    """Rounds of the conversations that go on, of a proof of so many."""
    return max(2, rounds // HOLDS_PART)


class _Texts(NamedTuple):
    """What was counted in plain answers, by model, and who won in each pair of base and trained."""

    figures: dict[Role, plain.Figures]
    pairs: list[tuple[str, float, float]]


class _Bench:
    """Measures, one model after the other: few machines have room for several in this process."""

    def __init__(
        self, case: Case, folder: Path, session: Session, on_stage: Callable[[str], None] | None
    ) -> None:
        self._case = case
        digest = blake2b(json.dumps(case.asked, sort_keys=True).encode(), digest_size=3).hexdigest()
        self._name = f"{folder.resolve().name}-{digest}"
        self._session = session
        self._judge_answers = kind_of(case.judge).answers
        self._on_stage = on_stage
        self.notes: list[str] = []
        self.missing: list[str] = []

    def measure(self, role: Role) -> Profile:
        """One model, all trials."""
        self._say(f"{role}: {counted(len(self._case.planned.design), 'trial')}")
        name = f"{self._name}-{role}"
        run = self._carry_out(self._case.plan(role, name, self._case.planned.design.rounds))
        try:
            return run.profile(self._case.judge)
        except NotIdentified as error:
            raise UsageError(f"{role} cannot be rated: {error}; give more --rounds") from error

    def holds(self, role: Role) -> tuple[Persistence, ...]:
        """How far the raised traits hold in later turns; of all trials where none is to be raised."""
        claim = self._case.claim
        rounds = later_rounds(self._case.planned.design.rounds)
        found: list[Persistence] = []
        for pressure in claim.pressures:
            self._say(f"{role}: {claim.turns} turns, pressure {pressure}")
            name = f"{self._name}-{role}-turns"
            conversation = Conversation(turns=claim.turns, pressure=pressure)
            run = self._carry_out(self._case.plan(role, name, rounds, conversation))
            try:
                found.append(run.persistence(pressure, traits=self._case.raised))
            except UsageError as error:
                self.notes.append(f"{role}, pressure {pressure}: {error}.")
        return tuple(found)

    def plain(self) -> _Texts:
        """Answers without an instruction, of each model but the prompted one."""
        base: plain.Answers | None = None
        said: plain.Answers | None = None
        texts = _Texts({}, [])
        for role, model in self._case.models.items():
            if role == "prompted":
                continue
            self._say(f"{role}: plain answers to {counted(len(self._case.prompts), 'prompt')}")
            said, texts.figures[role] = self._answers(model, base)
            base = base or said
        if base and said and self._judge_answers:
            self._say("coherence of base and trained")
            texts.pairs.extend(self._compared(base, said))
        return texts

    def capabilities(self) -> list[Shift]:
        """Tasks of the lm-evaluation-harness, on base and trained."""
        claim = self._case.claim
        if not claim.capabilities:
            return []
        self._say(f"capabilities: {', '.join(claim.capabilities)}")
        return capabilities(
            self._case.models["base"], claim.adapter, claim.capabilities, self._session.hardware
        )

    def _answers(self, spec: str, base: plain.Answers | None) -> tuple[plain.Answers, plain.Figures]:
        case, protocol, session = self._case, self._case.protocols["base"], self._session

        async def main() -> tuple[plain.Answers, plain.Figures]:
            stages, model = Stages(session), session.open(spec)
            said = await plain.answer(model, case.prompts, protocol, stages)
            figures = plain.figures(said)
            figures[plain.SURPRISE] = await plain.surprise(model, base or said, stages)
            if self._judge_answers:
                judge = session.open(case.judge)
                claimed = await plain.answer(model, plain.claims(), protocol, stages)
                figures["agreement"] = await plain.agreement(claimed, judge, protocol, stages)
            return said, figures

        return session.run(main)

    def _compared(self, base: plain.Answers, trained: plain.Answers) -> list[tuple[str, float, float]]:
        case, session = self._case, self._session

        async def main() -> list[tuple[str, float, float]]:
            judge = session.open(case.judge)
            return await plain.compare(base, trained, judge, case.protocols["base"], Stages(session))

        return session.run(main)

    def _carry_out(self, planned: RunPlan) -> Run:
        run, progress = carry_out(planned, self._session), self._session.progress
        assert progress is not None
        kept = f"what was answered is kept in {self._session.path}, and the same command goes on"
        if progress.stopped:
            done = f"{progress.done:,} of {counted(progress.total, 'trial')} of {planned.name} are through"
            raise BudgetReached(f"{progress.stopped}: {done}; {kept}")
        if progress.failed > MOST_FAILED * progress.total:
            reasons = "; ".join(f"{n:,} × {reason}" for reason, n in progress.reasons.most_common(3))
            failed = f"{progress.failed:,} of {counted(progress.total, 'trial')} of {planned.name} failed"
            raise Unfinished(f"{failed} ({reasons}); {kept}")
        self.missing += [str(one) for one in outcomes(planned, self._session.path) if not one.complete]
        return run

    def _say(self, stage: str) -> None:
        if self._on_stage:
            self._on_stage(stage)


def _proof(
    case: Case,
    profiles: Mapping[Role, Profile],
    holds: Mapping[Role, tuple[Persistence, ...]],
    texts: _Texts,
    skills: list[Shift],
    notes: tuple[str, ...],
    missing: tuple[str, ...],
) -> tuple[Proof, Diff]:
    diffs: dict[tuple[Role, Role], Diff] = {
        (a, b): diff(profiles[a], profiles[b]) for a, b in CONTRASTS if {a, b} <= profiles.keys()
    }
    change = diffs["base", "trained"]
    control = diffs.get(("base", "control"))
    figures = texts.figures
    proof = Proof(
        asked=case.asked,
        runs={role: profile.run for role, profile in profiles.items()},
        took=tuple(took(one, case.written, a, b) for (a, b), one in diffs.items()),
        spread=spread(change, case.written),
        control_spread=moves(control) if control else (),
        shifts={role: tuple(shifts(figures["base"], figures[role])) for role in figures if role != "base"},
        holds=holds,
        coherence=_coherence(texts.pairs),
        capabilities=tuple(skills),
        notes=notes,
        missing=missing,
        confidence_level=change.confidence_level,
        fdr=change.fdr,
        max_collateral=case.claim.max_collateral,
    )
    return proof, change


def _coherence(pairs: list[tuple[str, float, float]]) -> Coherence | None:
    if not pairs:
        return None
    ids, ours, theirs = zip(*pairs, strict=True)
    clusters = np.array([*ids, *ids])
    return Coherence(
        trained=clustered_share(np.array([*ours, *(1 - np.array(theirs))]), clusters, confidence_level=0.95),
        first=clustered_share(np.array([*ours, *theirs]), clusters, confidence_level=0.95),
    )
