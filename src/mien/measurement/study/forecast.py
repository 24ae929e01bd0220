"""What a study would still take: calls, tokens, cost and time, less what the store has."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from mien.measurement.cost import (
    SECONDS_OF_RESPONSE,
    SECONDS_OF_VERDICT,
    Taken,
    in_batches,
    known_price,
    load_of_user,
    loads,
    taken,
)
from mien.measurement.study.standing import standings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.measurement.cost import Part
    from mien.measurement.session import Session
    from mien.measurement.study.standing import Standing
    from mien.measurement.study.study import Study
    from mien.models.usage import Price

_NUMBERS: Final = ("calls", "tokens_in", "tokens_out", "cost", "seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion(Taken):
    """What one judge's part of a run would still take, were it alone.

    Attributes:
        standing: how far it is.
    """

    standing: Standing

    def to_dict(self) -> dict[str, Any]:
        """What ``mien study run --dry-run --json`` holds of it."""
        told = self.standing.to_dict()
        return {key: told[key] for key in ("run", "label", "judge", "designed", "answered", "read")} | {
            name: getattr(self, name) for name in _NUMBERS
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast(Taken):
    """What a study would still take, all of it side by side.

    Attributes:
        portions: by run and judge.
        beside: what is done beside the runs, as it was given.
    """

    portions: tuple[Portion, ...]
    beside: tuple[Taken, ...]

    def to_dict(self) -> dict[str, Any]:
        """What ``mien study run --dry-run --json`` holds."""
        whole = {name: getattr(self, name) for name in _NUMBERS}
        return {"runs": [one.to_dict() for one in self.portions], **whole}


def forecast(study: Study, session: Session, *, beside: Sequence[Sequence[Part]] = ()) -> Forecast:
    """Tell beforehand what a study takes; no model is called.

    Responses and verdicts that the store holds of its runs are left out. Answers that runs of another study
    share with it are not seen here, though they are not paid for again either.

    Args:
        study: laid out.
        session: prepared (`mien.measurement.study.work.prepare`); it is not opened.
        beside: what else is asked, such as each evaluation's questions.

    Raises:
        UsageError: there is no such provider.
        StoreError: the store cannot be read.
    """
    prices = Prices(study, session)
    every = standings(study, session.path)
    parts = [_parts(standing) for standing in every]

    def of(some: Sequence[Part]) -> Taken:
        return taken(some, prices.of, session.limits, session.served)

    return Forecast(
        portions=tuple(
            Portion(standing=standing, **asdict(of(some)))
            for standing, some in zip(every, parts, strict=True)
        ),
        beside=tuple(of(some) for some in beside),
        **asdict(of([part for some in (*parts, *beside) for part in some])),
    )


def _parts(standing: Standing) -> list[Part]:
    """Who is still to be asked, for how much, and how many seconds a call takes."""
    planned = standing.cell.planned
    asked, judged = loads(planned)
    whole, turns = max(standing.designed, 1), planned.conversation.turns
    if standing.own:  # whose load is of all turns
        asked, judged = asked.part(1 / turns), judged.part(1 / turns)
    unread = (judged.part(1 - standing.read / whole), SECONDS_OF_VERDICT)
    if not standing.own:
        label = next(one for one in standing.cell.opinions if one.label == standing.judge)
        return [(label.judge, *unread)]
    left = 1 - standing.answered / whole
    parts = [(asked.part(left), SECONDS_OF_RESPONSE), unread]
    if standing.turn > 1:
        said = load_of_user(planned)
        parts.append((said.part(left / (turns - 1)), SECONDS_OF_RESPONSE))
    return [(spec, *part) for spec, part in zip(planned.models, parts, strict=False)]


class Prices:
    """What calls to each model of a study cost: as its file says, else as the limits or the endpoint do."""

    def __init__(self, study: Study, session: Session) -> None:
        self._session = session
        self._batch = study.document.batch
        self._known: dict[str, Price | None] = {
            spec: in_batches(spec, price)
            if price and self._batch and not session.served.servers(spec)
            else price
            for spec, price in given_prices(study).items()
        }

    def of(self, spec: str) -> Price | None:
        """The price; None where nobody says."""
        if spec not in self._known:
            self._known[spec] = known_price(
                spec, self._session.limits, self._session.served, batch=self._batch
            )
        return self._known[spec]


def given_prices(study: Study) -> dict[str, Price | None]:
    """The prices that a study's file names, by model."""
    document = study.document
    others = [one.judge for one in document.ablations if one.judge]
    entries = (*document.models, *document.judge, *others)
    return {entry.model: entry.price for entry in entries if entry.price and entry.model}


def require_priced(study: Study, session: Session) -> None:
    """Refuse a limit on cost that cannot be kept, since nobody says what a model costs.

    Raises:
        InputError: with the model's line.
    """
    most = session.limits.max_cost
    if most is None:
        return
    prices = Prices(study, session)
    for key in ("models", "judge"):
        for n, entry in enumerate(getattr(study.document, key)):
            if prices.of(entry.model) is None:
                wrong = (
                    f"the limit on cost (${most:g}) cannot be kept: {entry.model} names no price; "
                    "add price: [US dollars per million tokens in, out], or limit the calls with max_calls"
                )
                raise study.file.fault(wrong, key, n)
