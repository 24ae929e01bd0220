"""What a study would still take: calls, tokens, cost and time, less what the store has."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mien.measurement.cost import (
    SECONDS_OF_RESPONSE,
    SECONDS_OF_VERDICT,
    Load,
    addresses,
    in_batches,
    known_price,
    load_of_user,
    loads,
    seconds_by_address,
)
from mien.measurement.study.standing import standings

if TYPE_CHECKING:
    from mien.measurement.session import Session
    from mien.measurement.study.standing import Standing
    from mien.measurement.study.study import Study
    from mien.models.usage import Price


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """What one judge's part of a run would still take.

    Attributes:
        standing: how far it is.
        calls: of model and judge together, without retries.
        tokens_in: from the length of the prompts, as for `mien.measurement.cost.Estimate`.
        tokens_out: as there.
        cost: US dollars; None where a price is not known.
        seconds: were it alone, each endpoint answering as many requests at once as it may be sent; None for
            models in this process.
    """

    standing: Standing
    calls: int
    tokens_in: int
    tokens_out: int
    cost: float | None
    seconds: float | None

    def to_dict(self) -> dict[str, Any]:
        """What ``mien study run --dry-run --json`` holds of it."""
        told = self.standing.to_dict()
        numbers = ("calls", "tokens_in", "tokens_out", "cost", "seconds")
        return {key: told[key] for key in ("run", "label", "judge", "designed", "answered", "read")} | {
            name: getattr(self, name) for name in numbers
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What a study would still take.

    Attributes:
        portions: by run and judge.
        seconds: all of them side by side; None where a model runs in this process.
    """

    portions: tuple[Portion, ...]
    seconds: float | None

    @property
    def calls(self) -> int:
        """Of all runs."""
        return sum(one.calls for one in self.portions)

    @property
    def tokens_in(self) -> int:
        """Of all runs."""
        return sum(one.tokens_in for one in self.portions)

    @property
    def tokens_out(self) -> int:
        """Of all runs."""
        return sum(one.tokens_out for one in self.portions)

    @property
    def cost(self) -> float | None:
        """Of all runs; None where a price is not known."""
        costs = [one.cost for one in self.portions]
        return None if None in costs else sum(cost or 0.0 for cost in costs)

    def to_dict(self) -> dict[str, Any]:
        """What ``mien study run --dry-run --json`` holds."""
        whole = {
            name: getattr(self, name) for name in ("calls", "tokens_in", "tokens_out", "cost", "seconds")
        }
        return {"runs": [one.to_dict() for one in self.portions], **whole}


def forecast(study: Study, session: Session) -> Forecast:
    """Tell beforehand what a study takes; no model is called.

    Responses and verdicts that the store holds of its runs are left out. Answers that runs of another study
    share with it are not seen here, though they are not paid for again either.

    Args:
        study: laid out.
        session: prepared (`mien.measurement.study.work.prepare`); it is not opened.

    Raises:
        UsageError: there is no such provider.
        StoreError: the store cannot be read.
    """
    prices = Prices(study, session)
    work: defaultdict[str, float] = defaultdict(float)
    here = False
    found: list[Portion] = []
    for standing in standings(study, session.path):
        parts = _parts(standing)
        costs = [load.cost(prices.of(spec)) if load.calls else 0.0 for spec, load, _ in parts]
        own = seconds_by_address(parts, session.limits, session.served)
        for address, seconds in own.items():
            work[address] += seconds
        local = any(load.calls and not addresses(spec, session.served) for spec, load, _ in parts)
        here |= local
        found.append(
            Portion(
                standing=standing,
                calls=sum(load.calls for _, load, _ in parts),
                tokens_in=sum(load.tokens_in for _, load, _ in parts),
                tokens_out=sum(load.tokens_out for _, load, _ in parts),
                cost=None if None in costs else sum(cost or 0.0 for cost in costs),
                seconds=None if local else max(own.values(), default=0.0),
            )
        )
    return Forecast(portions=tuple(found), seconds=None if here else max(work.values(), default=0.0))


def _parts(standing: Standing) -> list[tuple[str, Load, float]]:
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
