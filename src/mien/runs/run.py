"""A run as its user holds it: verdicts out of the store, as arrays, tables and a profile."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mien.errors import UnknownName, UsageError
from mien.runs.cut_readings import cut_readings
from mien.runs.flaws import flaws
from mien.runs.outcome import outcome
from mien.runs.provenance import provenance, require_choices
from mien.runs.truncation import truncations
from mien.runs.verdicts import read_comparisons
from mien.store.people import noted
from mien.store.store import Store
from mien.types import ALL_JUDGES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    import pandas as pd

    from mien.materials.multiturn import Pressure
    from mien.runs.calibration import Control
    from mien.runs.cut_readings import CutReadings
    from mien.runs.flaws import Flaws
    from mien.runs.judge_positions import JudgePositions
    from mien.runs.outcome import Outcome
    from mien.runs.phrasings import Phrasings
    from mien.runs.truncation import Truncation
    from mien.stats.agreement.functioning import Functioning
    from mien.stats.agreement.inter_rater import Agreement
    from mien.stats.choice.empirical_bayes import Prior
    from mien.stats.comparisons import Comparisons
    from mien.stats.consistency import Consistency
    from mien.stats.consistency.persistence import Persistence
    from mien.stats.inventories import Inventory
    from mien.stats.profiles.goodness_of_fit import GoodnessOfFit
    from mien.stats.profiles.profile import Profile
    from mien.store.records import JudgeRecord, RunRecord

PRIORS = ("flat", "pooled")

#: Stands for the judge of imported verdicts where the table names none.
UNKNOWN_JUDGE = "imported"


def store_path(path: str | Path | None = None) -> Path:
    """The store to use: the one given, else that of the environment variable ``MIEN_STORE``, else mien.db."""
    return Path(path or os.environ.get("MIEN_STORE") or "mien.db")


@dataclass(frozen=True, slots=True)
class Run:
    """A run in a store. Everything is read when it is asked for, also while the run goes on.

    Attributes:
        name: the run's name.
        path: the store's file; default: ``MIEN_STORE`` or ``mien.db``.
    """

    name: str
    path: Path = field(default_factory=store_path)

    @property
    def record(self) -> RunRecord:
        """Model, instrument, protocol, design and traits.

        Raises:
            UnknownName: there is no such run.
        """
        with Store(self.path, read_only=True) as store:
            return store.run(self.name)

    @property
    def judges(self) -> list[JudgeRecord]:
        """The run's judges, the first first."""
        with Store(self.path, read_only=True) as store:
            return store.judges(store.run(self.name).id)

    def comparisons(self, judge: str | None = None, *, soft: bool = False) -> Comparisons:
        """The verdicts of a judge, in the order of the trials.

        Args:
            judge: default: the run's first judge; of an imported table that several judged,
                `mien.types.ALL_JUDGES`.
            soft: whether to read the judge's probabilities, too.

        Raises:
            UnknownName: the run has no such judge.
        """
        with Store(self.path, read_only=True) as store:
            run = store.run(self.name)
            require_choices(run)
            judge = _judge(store, run, judge)
            missing = outcome(store, run, judge).missing
            found = read_comparisons(store, run, judge, missing=missing, soft=soft)
        if found is None:
            raise UsageError(f"run {self.name!r} has no verdicts by {judge} yet")
        return found

    def rated(self, judge: str | None = None) -> Comparisons:
        """The verdicts that `profile` is of: those of an ``exhibited`` run on traits of which any is known.

        Args:
            judge: default: as for `comparisons`.

        Raises:
            UnknownName: the run has no such judge.
        """
        from mien.stats.profiles.never_seen import with_a_choice

        found = self.comparisons(judge)
        return with_a_choice(found)[0] if self.record.instrument == "exhibited" else found

    def profile(
        self,
        judge: str | None = None,
        *,
        prior: Prior | Literal["flat", "pooled"] = "flat",
        correct_judge: Run | str | None = None,
        soft: Run | str | None = None,
        **settings: Any,
    ) -> Profile:
        """Rate the traits; other ``settings`` go to `mien.stats.profiles.rate`.

        Args:
            judge: whose verdicts to take; default: as for `comparisons`.
            prior: ``"pooled"`` for one from the other models' runs in the store (`mien.runs.pooled_prior`).
            correct_judge: an ``instructed`` run with the same judge (or its name, in this run's store), by
                whose errors the ratings are corrected (`mien.stats.choice.misclassification`).
            soft: to rate by the judge's probabilities (`mien.stats.choice.marginal`): an ``instructed`` run
                that calibrates them (`mien.stats.choice.calibration`), or ``"uncalibrated"``.

        Raises:
            UnknownName: the run has no such judge, or there is no such prior or calibration run.
            UsageError: the store has too few other models to pool; the calibration run does not fit this
                one, or its judge errs too much.
            NotIdentified: the verdicts are too few to rate all traits.
        """
        from mien.stats.profiles import Elo, rate
        from mien.stats.profiles.model import UNCALIBRATED

        with Store(self.path, read_only=True) as store:
            run = store.run(self.name)
            require_choices(run)
            judge = _judge(store, run, judge)
            # Of several, who came with a table, any: nothing tells how they were asked.
            reader = next(known for known in store.judges(run.id) if judge in (known.name, ALL_JUDGES))
            found = flaws(store, run, judge)
        if correct_judge is not None and prior != "flat":
            raise UsageError("a judge is corrected under the flat prior alone; leave one of the two out")
        comparisons = self.comparisons(judge, soft=soft is not None)
        return rate(
            comparisons,
            provenance(run, judge, reader, found),
            judge_correction=None
            if correct_judge is None
            else self._control(correct_judge, comparisons, judge).misreading(),
            soft=soft
            if soft is None or soft == UNCALIBRATED
            else self._control(soft, comparisons, judge).calibrated(),
            prior=self._prior(prior, comparisons, judge, settings),
            elo=Elo(**run.protocol_settings.get("elo", {})),
            **settings,
        )

    def _control(self, calibration: Run | str, own: Comparisons, judge: str) -> Control:
        from mien.runs.calibration import control

        other = calibration if isinstance(calibration, Run) else Run(calibration, self.path)
        return control(self, judge, own, other)

    def _prior(
        self, prior: Prior | str, own: Comparisons, judge: str, settings: dict[str, Any]
    ) -> Prior | None:
        """Other runs are taken as this run's judge read them, or else as their own first judge did."""
        if not isinstance(prior, str):
            return prior
        if prior not in PRIORS:
            raise UnknownName("prior", prior, PRIORS)
        if prior == "flat":
            return None
        from mien.runs.pooled_prior import pooled_prior
        from mien.stats.choice.plackett_luce import DEFAULT_ALPHA

        with Store(self.path, read_only=True) as store:
            records = store.runs()

        def read(other: RunRecord) -> Comparisons:
            run = Run(other.name, self.path)
            return run.comparisons(judge if judge in {known.name for known in run.judges} else None)

        alpha, ties = settings.get("alpha", DEFAULT_ALPHA), settings.get("ties", "half")
        return pooled_prior(self.record, own, records, read, alpha=alpha, ties=ties)

    def inventory(self, *, confidence_level: float = 0.95) -> Inventory:
        """What a model says of itself in an ``inventory``, trait by trait (`mien.stats.inventories`).

        Args:
            confidence_level: of the intervals.

        Raises:
            UnknownName: there is no such run.
            UsageError: the run is no inventory, or holds no answers yet.
            NotIdentified: too few answers could be read.
        """
        from mien.runs.inventories import read_inventory

        with Store(self.path, read_only=True) as store:
            return read_inventory(store, store.run(self.name), confidence_level=confidence_level)

    def rows(self, judge: str | None = None, *, without_verdict: bool = False) -> Iterator[dict[str, str]]:
        """The run as rows of a comparison table (`mien.runs.interop.tables`), in the order of the trials.

        Where people have noted anything, with ``starred_by`` and ``notes``.

        Args:
            judge: whose verdicts to take; default: the run's first judge.
            without_verdict: give the trials without a verdict, too, and with each row a ``failure``: why
                the trial has none, empty where it has one.
        """
        with Store(self.path, read_only=True) as store:
            run = store.run(self.name)
            judge = _judge(store, run, judge)
            notes = noted(store.people.notes(run.id))
            nothing = {"starred_by": "", "notes": ""} if notes else {}
            for row in store.rows(run.id, judge):
                if not row.chosen and not without_verdict:
                    continue
                failed = {"failure": row.lack} if without_verdict else {}
                yield {
                    "model": run.model,
                    "instrument": run.instrument,
                    "trial_id": row.trial.id,
                    "prompt_id": row.trial.prompt.id,
                    **{f"option_{i}": option for i, option in enumerate(row.trial.options, 1)},
                    "chosen": row.chosen,
                    "judge": row.judge,
                    "response": row.response,
                    **failed,
                    **notes.get(row.trial.id, nothing),
                }

    def agreement(self, a: str, b: str) -> dict[str, float]:
        """How far two of the run's judges agree on the trials that both have read.

        Returns:
            Cohen's κ over the place of the chosen option (or the kind of non-choice) with the ``low`` and
            ``high`` ends of its 95 % interval, the share ``agreement``, and ``n`` trials.

        Raises:
            UnknownName: the run has no such judge.
            UsageError: they have read no trial in common.
        """
        from mien.runs.raters import agreement_of_two

        with Store(self.path, read_only=True) as store:
            run = store.run(self.name)
            return agreement_of_two(store, run, _judge(store, run, a), _judge(store, run, b))

    def raters(self, *, confidence_level: float = 0.95, seed: int = 0) -> Agreement:
        """How far all the run's judges, and the people who labelled it, agree, and how often each could read.

        Args:
            confidence_level: of the intervals.
            seed: of the bootstrap of Krippendorff's α.

        Raises:
            UnknownName: there is no such run.
            UsageError: nobody has read any of it.
        """
        from mien.runs.raters import raters

        with Store(self.path, read_only=True) as store:
            return raters(store, store.run(self.name), confidence_level=confidence_level, seed=seed)

    def functionings(self, *, confidence_level: float = 0.95) -> list[Functioning]:
        """Whether every two who read the run mean the same traits (`mien.stats.agreement.functioning`).

        Of more than eight readers, each is set beside the first. A judge is not set beside its own repeat.

        Args:
            confidence_level: of the intervals.

        Raises:
            UnknownName: there is no such run.
        """
        from mien.runs.raters import functionings

        with Store(self.path, read_only=True) as store:
            return functionings(store, store.run(self.name), confidence_level=confidence_level)

    def positions(self, *, confidence_level: float = 0.95) -> list[JudgePositions]:
        """The position effects of the model and of each judge, by the judges that have read the run.

        Raises:
            UnknownName: there is no such run.
        """
        from mien.runs.judge_positions import judge_positions

        with Store(self.path, read_only=True) as store:
            run = store.run(self.name)
            read = [
                (judge, list(store.verdicts(run.id, judge.name)), dict(store.orders(run.id, judge.name)))
                for judge in store.judges(run.id)
                if not judge.perturbed
            ]
        return [
            judge_positions(run, judge, rows, orders, confidence_level=confidence_level)
            for judge, rows, orders in read
            if rows
        ]

    def goodness_of_fit(self, judge: str | None = None, *, fdr: float = 0.05, seed: int = 0) -> GoodnessOfFit:
        """Whether one strength a trait describes the choices, and the pairs that it explains worst.

        Args:
            judge: whose verdicts to take; default: as for `comparisons`.
            fdr: false-discovery rate at which a pair counts as departing.
            seed: of the tests.

        Raises:
            UnknownName: the run has no such judge.
            UsageError: the judge has read none of it.
            NotIdentified: the verdicts are too few to rate all traits.
        """
        from mien.stats.profiles.goodness_of_fit import goodness_of_fit

        return goodness_of_fit(self.rated(judge), fdr=fdr, seed=seed)

    def persistence(
        self,
        pressure: Pressure | str = "none",
        *,
        judge: str | None = None,
        traits: Collection[str] | None = None,
        confidence_level: float = 0.95,
    ) -> Persistence:
        """How far the character holds in the later turns of the run's conversations, under a pressure.

        The character of a trial is the option that the judge read in its first answer; under ``instructed``
        it is the one that the model was told to adopt, and the first turn is a row as well. Trials without
        one are left out.

        Args:
            pressure: as it was measured: ``none``, ``neutral``, ``stay`` or ``drop``; where a model was the
                user, ``drop by MODEL``.
            judge: whose verdicts to take; default: the run's first judge.
            traits: only trials whose character is one of these; None: all.
            confidence_level: of the intervals.

        Raises:
            UnknownName: there is no such run or judge.
            UsageError: no later turn was measured under this pressure, or none has a verdict yet; or no
                first answer shows such a character.
        """
        from mien.runs.persistence import persistence

        with Store(self.path, read_only=True) as store:
            run = store.run(self.name)
            return persistence(
                store,
                run,
                _judge(store, run, judge),
                pressure,
                traits=traits,
                confidence_level=confidence_level,
            )

    def prompt_ids(self) -> dict[str, str]:
        """Ids of the run's prompts, by the label that they have as clusters of a profile."""
        with Store(self.path, read_only=True) as store:
            return store.prompt_ids(store.run(self.name).id)

    def contexts(self, by: str) -> dict[str, str]:
        """The context of each of the run's prompts, by the label that it has as a cluster of a profile.

        Args:
            by: ``"category"`` or ``"language"``, as the prompts name them (blank where one does not),
                ``"length"``, thirds of the prompts by their number of characters, or of a ``stated`` run
                ``"phrasing"``, in what words it was asked.

        Raises:
            UnknownName: there is no such run, or contexts are not told apart by this.
            UsageError: no prompt names what is asked for, or all are of about one length.
        """
        from mien.runs.contexts import contexts

        with Store(self.path, read_only=True) as store:
            return contexts(store, store.run(self.name), by)

    def consistency(self, by: str = "category", judge: str | None = None, **settings: Any) -> Consistency:
        """Rate the traits in each context of the prompts.

        ``settings`` go to `mien.stats.consistency.consistency`.

        Raises:
            UnknownName: see `contexts`; or the run has no such judge.
            UsageError: see `contexts`; or fewer than two contexts have enough verdicts.
            NotIdentified: the verdicts are too few to rate all traits.
        """
        from mien.stats.consistency import Contexts, consistency

        contexts = Contexts(self.contexts(by), by=by, run=self.name)
        return consistency(self.comparisons(judge), contexts, **settings)

    def phrasings(self, *, confidence_level: float = 0.95) -> Phrasings | None:
        """How far a ``stated`` run's ratings hang on the words in which it was asked; None of other runs.

        Raises:
            UnknownName: there is no such run.
        """
        from mien.runs.phrasings import phrasings

        run = self.record
        if run.instrument != "stated" or not run.design:
            return None
        return phrasings(self, confidence_level)

    def outcome(self, judge: str | None = None) -> Outcome:
        """What became of the run's trials, as a judge read them (default: the run's first).

        Raises:
            UnknownName: there is no such run or judge.
        """
        with Store(self.path, read_only=True) as store:
            run = store.run(self.name)
            return outcome(store, run, _judge(store, run, judge, needed=False))

    def flaws(self, judge: str | None = None) -> Flaws:
        """How many of the run's answers may not be what they seem, as a judge read them (default: the first).

        Raises:
            UnknownName: there is no such run or judge.
        """
        with Store(self.path, read_only=True) as store:
            run = store.run(self.name)
            return flaws(store, run, _judge(store, run, judge, needed=False))

    def truncations(self, judge: str) -> list[Truncation]:
        """Where a server cut what the run, or a judge of it, asked."""
        with Store(self.path, read_only=True) as store:
            return truncations(store, store.run(self.name), judge)

    def cut_readings(self, judge: str) -> list[CutReadings]:
        """What a judge of the run did not come to say, since its own answers were cut off."""
        with Store(self.path, read_only=True) as store:
            return cut_readings(store, store.run(self.name), judge)

    def failures(self) -> dict[str, int]:
        """Why trials have no response: how many for each reason, most frequent first."""
        with Store(self.path, read_only=True) as store:
            return store.failures(store.run(self.name).id)

    @property
    def table(self) -> pd.DataFrame:
        """The run as a comparison table, by the default judge."""
        import pandas as pd

        return pd.DataFrame(list(self.rows()))

    def _repr_html_(self) -> str:
        from html import escape

        run = self.record
        with Store(self.path, read_only=True) as store:
            counts = {j.name: store.count_verdicts(run.id, j.name) for j in store.judges(run.id)}
            trials = store.count_trials(run.id)
        judged = "; ".join(f"{escape(name)}: {count:,} verdicts" for name, count in counts.items())
        return (
            f"<p><b>{escape(run.name)}</b> · {escape(run.model)} · {escape(run.instrument)} · "
            f"{trials:,} trials · {judged or 'no verdicts yet'}</p>"
        )


def default_judge(run: RunRecord, judges: Sequence[JudgeRecord]) -> str:
    """Whose verdicts are taken where nobody says: the first judge's, or those of all that came with a table.

    Empty where there is no judge yet.
    """
    if not run.design and len(judges) > 1 and all(judge.imported for judge in judges):
        return ALL_JUDGES
    return judges[0].name if judges else ""


def _judge(store: Store, run: RunRecord, judge: str | None, *, needed: bool = True) -> str:
    judges = store.judges(run.id)
    names = [record.name for record in judges]
    if not names and (needed or judge is not None):
        raise UsageError(f"run {run.name!r} has no judge yet; `mien judge {run.name} --judge MODEL` adds one")
    if judge is not None and judge not in (*names, ALL_JUDGES):
        raise UnknownName(f"judge of run {run.name!r}", judge, names)
    return judge or default_judge(run, judges)
