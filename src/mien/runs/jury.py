"""A run as a jury reads it: several judges' verdicts taken together, with what each is known to get wrong."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mien.errors import NotIdentified, UsageError, require_each_once
from mien.models.prefixes import bare
from mien.runs.calibration import calibrating_judge
from mien.runs.raters import agreement_of_two
from mien.stats import choice
from mien.stats.agreement.shared_errors import Together, together
from mien.stats.choice import Trials
from mien.stats.choice.jury import Jury, jury_fit
from mien.stats.choice.misclassification import corrected_fit
from mien.stats.distributions import t_half_width
from mien.stats.profiles.elo import ELO_CENTRE, ELO_SCALE
from mien.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from mien.runs.run import Run
    from mien.stats.choice import ChoiceFit
    from mien.store.records import RunRecord
    from mien.types import Floats, Ints


class Readings(NamedTuple):
    """What several judges named in a run's trials: those in which at least one named an option.

    Attributes:
        trials: (T,) ids.
        options: (T, K) traits, by their places in alphabetical order.
        read: (T, J) position named; −1 where a judge named none.
        prompts: (T,) keys of the prompts.
        undecided: trials with a verdict in which nobody named an option.
    """

    trials: list[str]
    options: Ints
    read: Ints
    prompts: list[str]
    undecided: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JuryProfile:
    """The traits of a run as a jury rates them.

    Attributes:
        run: the run's name; model: whose it is.
        judges: names of the J judges.
        calibration: the run that told how they err.
        traits: n of them, sorted.
        fit: the choice model's, to the jury's reading.
        majority: the same of the option that most judges named; None where that rates too little.
        best: place of the judge that is oftenest right in the calibration run.
        of_best: the fit to its verdicts, its errors taken out.
        posterior: by trial in which at least one judge named an option, how probably the first was shown.
        undecided: trials with a verdict in which nobody named one.
        together: what the judges are worth together.
        agreement: of every two, on the run: Cohen's κ, its interval, the share alike, and trials.
        reads_itself: those judges that are the model under test.
    """

    run: str
    model: str
    judges: tuple[str, ...]
    calibration: str
    traits: tuple[str, ...]
    fit: ChoiceFit
    majority: ChoiceFit | None
    best: int
    of_best: ChoiceFit
    posterior: dict[str, float]
    undecided: int
    together: Together
    agreement: tuple[dict[str, Any], ...]
    reads_itself: tuple[str, ...] = ()
    confidence_level: float = 0.95

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One a trait, by rank: ratings on the Elo scale, by majority beside it."""
        ratings, stderr = ELO_CENTRE + ELO_SCALE * self.fit.scores, ELO_SCALE * self.fit.stderr
        half = float(t_half_width(self.confidence_level, self.fit.df)) * stderr
        majority = None if self.majority is None else ELO_CENTRE + ELO_SCALE * self.majority.scores
        order = np.argsort(-ratings, kind="stable").tolist()
        return [
            {
                "trait": self.traits[i],
                "rank": rank,
                "rating": float(ratings[i]),
                "low": float(ratings[i] - half[i]),
                "high": float(ratings[i] + half[i]),
                "stderr": float(stderr[i]),
                "majority": None if majority is None else float(majority[i]),
            }
            for rank, i in enumerate(order, 1)
        ]

    @property
    def table(self) -> pd.DataFrame:
        """`rows` as a table."""
        import pandas as pd

        return pd.DataFrame(self.rows)

    @property
    def stderrs(self) -> tuple[float, float]:
        """Root mean square of the ratings' standard errors, points: of the jury, and of its best judge."""
        jury, best = (ELO_SCALE * _rms(one.stderr) for one in (self.fit, self.of_best))
        return jury, best

    def to_dict(self) -> dict[str, Any]:
        """What ``mien judges jury --json`` prints."""
        found = self.together
        jury, best = self.stderrs
        return {
            "run": self.run,
            "model": self.model,
            "judges": [
                {"judge": name, "accuracy": accuracy}
                for name, accuracy in zip(self.judges, found.accuracy.tolist(), strict=True)
            ],
            "calibration": self.calibration,
            "n_trials": len(self.posterior),
            "undecided": self.undecided,
            "accuracy": {"majority": found.majority, "jury": found.jury, "confidence": found.confidence},
            "effective": found.effective,
            "shared": [
                one._asdict() | {"a": self.judges[one.a], "b": self.judges[one.b]} for one in found.shared
            ],
            "agreement": list(self.agreement),
            "best": self.judges[self.best],
            "stderr": {"jury": jury, "best": best},
            "traits": self.rows,
            "reads_itself": list(self.reads_itself),
            "confidence_level": self.confidence_level,
        }


def jury(run: Run, judges: Sequence[str], calibration: Run, *, confidence_level: float = 0.95) -> JuryProfile:
    """Read a run as a jury does; see `mien.stats.choice.jury`.

    Args:
        run: all judges have read it.
        judges: names of two or more of them.
        calibration: an ``instructed`` run of the same traits and protocol, which they have read, too.
        confidence_level: of all intervals.

    Raises:
        UnknownName: there is no such run or judge.
        UsageError: there are fewer than two judges, the calibration run does not fit, a judge has not read
            one of the runs or reads no better than chance, or a trial shows more than two options.
        NotIdentified: the verdicts are too few to rate all traits.
    """
    require_jury(judges)
    with Store(run.path, read_only=True) as store:
        record = store.run(run.name)
        known = {judge.name: judge for judge in store.judges(record.id)}
        if missing := [name for name in judges if name not in known]:
            raise UsageError(
                f"{missing[0]} has not read run {run.name!r}; have it read: mien judge {run.name} --judge …"
            )
        read = _readings(store, record, judges)
        agreement = tuple(
            {"a": a, "b": b} | agreement_of_two(store, record, a, b) for a, b in combinations(judges, 2)
        )
    with Store(calibration.path, read_only=True) as store:
        told_by = store.run(calibration.name)
        others = store.judges(told_by.id)
        names = [calibrating_judge(record, known[name], told_by, others) for name in judges]
        told = _readings(store, told_by, names)
    n = len({trait.name for trait in record.traits})
    learnt = Jury.of(told.options, told.read, n, run=calibration.name)
    worth = together(told.options, told.read, n, told.prompts)
    best = int(worth.accuracy.argmax())
    traits = tuple(sorted({trait.name for trait in record.traits}))
    fit, posterior = jury_fit(learnt, read.options, read.read, n, clusters=read.prompts, names=traits)
    own = read.read[:, best] >= 0
    return JuryProfile(
        run=run.name,
        model=record.model,
        judges=tuple(judges),
        calibration=calibration.name,
        traits=traits,
        fit=fit,
        majority=_majority(read, n),
        best=best,
        of_best=corrected_fit(_trials(read, own, read.read[:, best], n), learnt.judges[best]),
        posterior=dict(zip(read.trials, posterior.tolist(), strict=True)),
        undecided=read.undecided,
        together=worth,
        agreement=agreement,
        reads_itself=tuple(name for name in judges if bare(known[name].model) == record.model),
        confidence_level=confidence_level,
    )


def require_jury(judges: Sequence[str]) -> None:
    """Refuse a jury of one, or one in which somebody sits twice.

    Raises:
        UsageError: it is.
    """
    if len(judges) < 2:
        raise UsageError(
            "a jury has two judges or more; the errors of one are taken out by mien profile --correct-judge"
        )
    require_each_once(judges, "judge")


def _readings(store: Store, run: RunRecord, judges: Sequence[str]) -> Readings:
    place = {trait: i for i, trait in enumerate(sorted({trait.name for trait in run.traits}))}
    shown: dict[str, tuple[tuple[str, ...], str]] = {}
    named: dict[str, list[int]] = {}
    for column, judge in enumerate(judges):
        for row in store.verdicts(run.id, judge):
            shown[row.trial] = row.options, row.prompt
            by = named.setdefault(row.trial, [-1] * len(judges))
            if row.chosen in row.options:
                by[column] = row.options.index(row.chosen)
    some = [trial for trial, by in named.items() if max(by) >= 0]
    if not some:
        raise UsageError(f"none of the jury named an option in run {run.name!r}")
    return Readings(
        some,
        np.array([[place[option] for option in shown[trial][0]] for trial in some], dtype=np.int64),
        np.array([named[trial] for trial in some], dtype=np.int64),
        [shown[trial][1] for trial in some],
        len(named) - len(some),
    )


def _majority(read: Readings, n_items: int) -> ChoiceFit | None:
    """The fit to the option that most named; where as many named either, the trial is left out."""
    votes = np.count_nonzero(read.read == 0, axis=1) - np.count_nonzero(read.read == 1, axis=1)
    try:
        return choice.fit(_trials(read, votes != 0, (votes < 0).astype(np.int64), n_items))
    except NotIdentified:
        return None


def _trials(read: Readings, kept: Any, chosen: Ints, n_items: int) -> Trials:
    prompts = np.asarray(read.prompts)[kept]
    return Trials.of(read.options[kept], chosen[kept], n_items, clusters=prompts)


def _rms(values: Floats) -> float:
    return float(np.sqrt(np.mean(values**2)))
