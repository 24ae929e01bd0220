"""Accounts that are spent are told from limits that pass, however the two are worded."""

from __future__ import annotations

import email.utils
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from mien.models.http.refusals import header_wait, told_wait
from mien.models.http.replies import Reply, read

SAME_WORDS = "You exceeded your current quota, please check your plan and billing details."


def refused(status: int, error: Any) -> Reply:
    return read(status, error.encode() if isinstance(error, str) else json.dumps(error).encode())


def google(*quotas: str, retry: str = "", said: str = SAME_WORDS) -> Any:
    details: list[dict[str, Any]] = [{"@type": "Failure", "violations": [{"quotaId": q} for q in quotas]}]
    if retry:
        details.append({"@type": "RetryInfo", "retryDelay": retry})
    return [{"error": {"code": 429, "message": said, "status": "RESOURCE_EXHAUSTED", "details": details}}]


def worded(message: str, **members: Any) -> Any:
    return {"error": {"message": message, **members}}


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (429, worded(SAME_WORDS, code="insufficient_quota")),
        (429, worded(SAME_WORDS)),
        (429, worded("It is suspended", type="exceeded_current_quota_error")),
        (429, worded("insufficient balance (1008)", http_code="429")),
        (429, worded("no", type="insufficient_balance_error")),
        (429, worded("余额不足或无可用资源包,请充值。", code="1113")),
        (429, worded("?", code=1113)),
        (200, {"choices": None, "error": {"code": 1008, "message": "?"}}),
        (402, "Payment Required"),
        (402, worded("Needs more credits, or fewer max_tokens")),
        (400, worded("Your credit balance is too low to access the API. Go to Plans & Billing.")),
        (400, worded("You have reached your specified API usage limits. Access is back on 2030-01-01.")),
        (400, worded("Budget has been exceeded! Current cost: 0.2, Max budget: 0.1", type="budget_exceeded")),
        (403, worded("Sorry, your account balance is insufficient", code=30001)),
        (403, worded("Your team doesn't have any credits yet.")),
        (403, worded("The request failed because your account has an overdue balance.")),
        (412, worded("Account x is suspended, possibly due to failure to pay past invoices")),
        (
            429,
            worded("Your team used all available credits or reached its monthly spending limit"),
        ),
        (500, worded("user quota is not enough", type="insufficient_user_quota")),
        (429, google("GenerateRequestsPerDayPerProjectPerModel-FreeTier", retry="34s")),
        (429, google("RequestsPerMinute", "RequestsPerDay", retry="34s")),
        (429, worded("Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 a day")),
        (429, worded("Tokens per day limit exceeded", code="token_quota_exceeded")),
        (429, worded("You've reached your usage limit for this billing cycle")),
        (429, worded("litellm.RateLimitError: RateLimitError: OpenAIException - " + SAME_WORDS)),
        (429, "Your account is not active, please check your billing details on our website."),
    ],
)
def test_a_spent_account_is_not_waited_for(status: int, error: Any) -> None:
    reply = refused(status, error)
    assert reply.spent
    assert not reply.limited
    assert not reply.transient


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (google("GenerateRequestsPerMinutePerProjectPerModel-FreeTier", retry="20s"), 20),
        (google("InputTokensPerModelPerMinute", said=SAME_WORDS + "\nPlease retry in 20.5s."), 20.5),
        (google("InputTokensPerModelPerMinute"), None),
        (worded("Quota exceeded per minute, retry in 20 s", code="quota_exceeded"), 20),
        (worded("Quota exceeded for requests_per_minute_per_project with base model: m"), None),
        (worded("Resource has been exhausted (e.g. check quota)."), None),
        (worded("Resource exhausted. Please try again later."), None),
        (
            worded("Rate limit reached: TPM. Try again in 9.25s. More: https://x.example/billing"),
            9.25,
        ),
        (
            worded("Rate limit reached: requests per day. Try again in 7m12s. Add a payment method"),
            432,
        ),
        (worded("Exceeded the token rate limit of your pricing tier. Please retry after 6 seconds."), 6),
        (worded("Requests per minute limit exceeded", code="request_quota_exceeded"), None),
        (worded("max organization concurrency: 3, please try again after 1 seconds"), 1),
        (
            worded("Allocated quota exceeded, please increase it.", code="Throttling.Quota"),
            None,
        ),
        (worded("Slow down. You can raise your limits with more credits."), None),
        ("Too many requests", None),
        ("", None),
    ],
)
def test_a_limit_that_passes_is_waited_for(error: Any, wait: float | None) -> None:
    reply = refused(429, error)
    assert reply.limited
    assert not reply.spent
    assert reply.wait == wait


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "This model's context holds 4096 tokens"),
        (400, "The response was filtered due to the content policy."),
        (401, "Incorrect API key"),
        (403, "You have no access to this model"),
        (404, "No such model"),
        (500, "Something went wrong with our quota service, retry"),
        (503, "The model is overloaded"),
    ],
)
def test_other_refusals_say_nothing_of_the_account(status: int, message: str) -> None:
    assert not refused(status, worded(message)).spent


@pytest.mark.parametrize(
    ("status", "message"), [(501, "Not implemented"), (500, "response_format must be text or json_object")]
)
def test_what_a_server_lacks_is_not_asked_for_again(status: int, message: str) -> None:
    assert not refused(status, worded(message)).transient


def test_waits_in_words() -> None:
    assert told_wait("Please wait 47021 seconds before retrying") == 47021
    assert told_wait("try again in 1h2m3s") == 3723
    assert told_wait("Try again in 250ms") == 0.25
    assert told_wait("try again in 2 minutes") == 120
    assert told_wait("try again in 20 tokens") is None
    assert told_wait("try again later") is None


def test_a_header_may_hold_seconds_a_span_or_a_time() -> None:
    now = 1_800_000_000.0
    date = datetime.fromtimestamp(now + 30, UTC)
    for value, wait in {
        "2": 2,
        "0.5": 0.5,
        "1m30s": 90,
        "20s": 20,
        str(int(now) + 2): 2,
        str(int(now) - 2): 0,
        str((int(now) + 2) * 1000): 2,
        email.utils.format_datetime(date, usegmt=True): 30,
        date.isoformat(): 30,
    }.items():
        assert header_wait(value, 1.0, now) == wait, value
    assert header_wait("250", 0.001, now) == 0.25
    assert header_wait(str((int(now) + 2) * 1000), 0.001, now) == 2
    for odd in ("soon", "-1", "nan", "inf", "", "1 fortnight"):
        assert header_wait(odd, 1.0, now) is None
