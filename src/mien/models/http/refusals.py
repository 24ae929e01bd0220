"""What a refusal means: an account that is spent, or one that was asked too often, and for how long.

Providers word the two alike. Gemini tells of a limit per minute in the very sentence by which OpenAI tells of
an empty account; some answer 429 to both, others 400 or 403. So the words count, and after them whether the
server says that it will soon take requests again.
"""

from __future__ import annotations

import email.utils
import re
from datetime import datetime

#: Seconds of waiting after which an endpoint is given up.
PATIENCE = 900.0

# Codes and types of an error that no waiting mends, as servers spell them.
_SPENT_CODES = frozenset(
    (
        *("insufficient_quota", "insufficient_user_quota", "insufficient_balance", "insufficient_credits"),
        *("insufficient_balance_error", "insufficient_funds", "exceeded_current_quota_error"),
        *("billing_hard_limit_reached", "billing_not_active", "billing_error", "payment_required"),
        *("budget_exceeded", "arrearage", "accountoverdueerror", "account_suspended", "account_deactivated"),
        *("1008", "1113"),  # MiniMax; Zhipu
    )
)

_MONEY = r"(?:balance|credits?(?!\s+card)|funds?)"
_GONE = r"(?:insufficient|exhausted|depleted|too\ low|not\ enough|used\ up|negative|expired)"
_ACCOUNT = r"(?:account|organi[sz]ation|subscription|workspace|project|team|billing)"
_STOPPED = (
    r"(?:suspended|deactivated|disabled|frozen|not\ active|inactive|overdue|past\ due|terminated|blocked)"
)
_LIMIT = r"(?:spend(?:ing)?|credit|api\ usage|monthly(?:\ \w+)?)\ limits?"
_NEAR = r"\b[^.;]{0,40}\b"  # in one sentence

# Words that tell of money, or of an account that is closed, whatever else is said.
_SPENT = re.compile(
    rf"""
    insufficient[\s_-]+(?:\w+[\s_-]+){{0,2}}(?:balance|credits?|funds?|quota)
    | {_MONEY}{_NEAR}{_GONE}
    | \b(?:not\ enough|no|out\ of|without|lacks?|negative|zero|used\ all|any)\s+
      (?:(?:account|available|remaining|more|of|your|the)\s+){{0,3}}{_MONEY}\b
    | \b{_ACCOUNT}{_NEAR}{_STOPPED}\b
    | \b(?:arrears?|arrearage|unpaid|overdue\ balance|payment\ required|past\ invoices)\b
    | \b(?:monthly|included)\s+(?:\w+\s+)?credits\b
    | \b{_LIMIT}{_NEAR}(?:reached|exceeded|hit)\b
    | \b(?:reached|exceeded|hit){_NEAR}{_LIMIT}\b
    | \bkey\ limit\ exceeded\b
    | \bbudget{_NEAR}exceeded\b | \bexceeded{_NEAR}budget\b
    | 余额不足|额度不足|欠费
    """,
    re.VERBOSE,
)
# Words of a quota that may be one per minute, or all that was paid for.
_USED_UP = r"(?:exceeded|exhausted|reached|used\ up)"
_QUOTA = re.compile(
    rf"""
    current\ quota | quota[^.;]{{0,40}}{_USED_UP} | {_USED_UP}[^.;]{{0,40}}quota
    | usage\ limit | billing\ details | plan\ and\ billing
    """,
    re.VERBOSE,
)
# A quota per day or longer: as Google names it, and in words.
_LONG_QUOTA = re.compile(r"per(?:day|week|month)(?!\s)")
_LONG = re.compile(
    r"\b(?:per|a|an|each)[\s_-](?:day|week|month)\b|\b(?:daily|weekly|monthly)\b|\b[rt]pd\b",
)
_HASTE = re.compile(
    r"""
    rate.?limit(?!error) | too\ many\ requests | throttl | concurren | overload | high\ demand | capacity
    | try\ again | retry | per.?(?:second|minute|hour) | /\s?(?:s|sec|min)\b | \b[rt]p[sm]\b
    """,
    re.VERBOSE,
)
_ADDRESS = re.compile(r"https?://\S+")

# Numbers from here on are Unix times: as a wait it would be thirty years.
_FIRST_TIME = 1e9

_UNITS = {"ms": 0.001, "milli": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_UNIT = r"(?:ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)(?![a-z])"
_SPAN = rf"(?:\d+(?:\.\d+)?\s*{_UNIT}\s*)+"
_SPANS = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|milli|[smhd])[a-z]*")
_TOLD = re.compile(
    rf"(?:(?:retry|try again|wait|available|resets?)\s*(?:in|after|for)?|retrydelay\W+)\s*({_SPAN})"
)


def spent_by(status: int, codes: frozenset[str], said: str, wait: float | None) -> str:
    """The words by which a refusal tells that the account is spent, suspended or at a lasting limit.

    Args:
        status: HTTP status.
        codes: the error's code, type and the like, as it spells them.
        said: all that the error says.
        wait: seconds after which it says that requests are taken again, where it does.

    Returns:
        Nothing where it tells of no such thing.
    """
    if status == 402:
        return "HTTP 402"
    if code := next((code for code in codes if code.lower() in _SPENT_CODES), ""):
        return f"code {code}"
    text = _ADDRESS.sub(" ", said.lower())  # such as the page on billing that every refusal points to
    found = _SPENT.search(text)
    if not found and status == 429:
        soon = wait is not None and wait <= PATIENCE
        found = _LONG_QUOTA.search(text) or (None if soon else _LONG.search(text) or _without_haste(text))
    elif not found and status == 403:
        found = _without_haste(text)
    return found[0] if found else ""


def _without_haste(text: str) -> re.Match[str] | None:
    """The words on a quota, where no others tell of one that comes back by itself."""
    return None if _HASTE.search(text) else _QUOTA.search(text)


def told_wait(said: str) -> float | None:
    """Seconds that an error's words ask to wait: “try again in 7m12s”, ``"retryDelay": "20s"``."""
    found = _TOLD.search(said.lower())
    return _seconds(found[1]) if found else None


def header_wait(value: str, unit: float, now: float) -> float | None:
    """Seconds that the value of a header such as ``Retry-After`` asks to wait; None where it cannot be read.

    Args:
        value: a number, a span such as ``1m30s``, or a date.
        unit: seconds that one of the number stands for.
        now: Unix time. A number far beyond any wait is a time of that kind, in seconds or milliseconds.
    """
    value = value.strip()
    try:
        number = float(value)
    except ValueError:
        if re.fullmatch(_SPAN, value.lower()):
            return _seconds(value.lower())
        return _until(value, now)
    if not 0 <= number < float("inf"):
        return None
    if number >= _FIRST_TIME:
        return max(0.0, (number / 1000 if number >= 1000 * _FIRST_TIME else number) - now)
    return number * unit


def _until(date: str, now: float) -> float | None:
    for read in (email.utils.parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = read(date)
            return max(0.0, moment.timestamp() - now)
        except (ValueError, OverflowError):
            continue
    return None


def _seconds(spans: str) -> float:
    return sum(float(number) * _UNITS[unit] for number, unit in _SPANS.findall(spans))
