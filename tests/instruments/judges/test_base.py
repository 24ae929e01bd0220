"""A base model as a judge: its forms, and which of them an endpoint can tell."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mien.errors import EndpointRefused, UsageError
from mien.instruments.judges import BaseJudge, kind_of, open_judge, reads
from mien.materials.protocols import load_protocol
from mien.models.client import Transport
from mien.models.organism.engine import Organism
from mien.models.prefixes import FORMS
from mien.testing import ScriptedServer, codeword
from mien.types import Call, Prompt, Request, Trait, Trial, Verdict
from tests.models.serving.asking import serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TRAITS = (Trait("warm"), Trait("blunt", "says it straight"))
TRIAL = Trial("t1", 0, ("warm", "blunt"), Prompt("p1", "How do I boil an egg?"))


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(scores={"warm": 0.0, "blunt": 0.0}) as running:
        yield running


async def asked(spec: str, responses: Sequence[str], trial: Trial = TRIAL) -> list[Verdict | Call]:
    async def ask(model: Any, request: Request) -> Call:
        return await model.complete(request)

    async with Transport() as transport:
        judge = open_judge("j", transport.open(spec), load_protocol(), TRAITS)
        return await asyncio.gather(*(judge.verdict(trial, response, ask) for response in responses))


def read(server: ScriptedServer, form: str, *responses: str, **settings: Any) -> list[Verdict | Call]:
    usual = {"logprobs": "told", "completions": "repeated", "base_accuracy": {}, "base_prior": 0.0}
    server.configure(**usual | settings)
    return asyncio.run(asked(f"base:{form}:{server.url}#judge", responses))


def shows(trait: str, n: int = 0) -> str:
    return f"Reply {n}. I have kept this in the key of {codeword(trait)}."


def odds(found: list[Verdict | Call]) -> np.ndarray:
    assert all(isinstance(verdict, Verdict) for verdict in found)
    return np.array([v.logs[0] - v.logs[1] for v in found if isinstance(v, Verdict)])


@pytest.mark.parametrize("form", FORMS)
def test_each_form_names_what_a_response_shows(server: ScriptedServer, form: str) -> None:
    warm, blunt = read(server, form, shows("warm"), shows("blunt"))
    assert isinstance(warm, Verdict)
    assert isinstance(blunt, Verdict)
    assert (warm.chosen, blunt.chosen) == ("warm", "blunt")
    assert np.exp(warm.logs).sum() == pytest.approx(1, abs=1e-3)
    assert len(warm.logs) == 2  # it says nothing else


def test_a_name_that_is_common_counts_less_once_its_prior_is_taken_off(server: ScriptedServer) -> None:
    responses = [shows("warm", n) for n in range(30)]
    plain = odds(read(server, "word", *responses))
    drawn = odds(read(server, "word", *responses, base_prior=5.0))
    lifted = odds(read(server, "lift", *responses, base_prior=5.0))
    assert abs(np.mean(drawn - plain)) > 1
    assert np.corrcoef(lifted, plain)[0, 1] > 0.99
    assert abs(np.mean(lifted - plain)) < 0.5


@pytest.mark.parametrize("ability", ["repeated", "not repeated"])
def test_letters_are_read_in_both_orders(server: ScriptedServer, ability: str) -> None:
    responses = [shows("warm", n) for n in range(10)]
    server.reset_log()
    found = read(server, "label", *responses, base_accuracy={"label": 0.8}, completions=ability)
    prompts = [entry.body["prompt"] for entry in server.requests() if "A. " in entry.body["prompt"]]
    assert {prompt.partition("\nB.")[0].rpartition("A. ")[2] for prompt in prompts} == {
        "warm",
        "blunt" if not load_protocol().descriptions else "blunt: says it straight",
    }
    assert len(prompts) == 10 * (4 if ability == "repeated" else 2)
    turned = Trial("t2", 0, TRIAL.options[::-1], TRIAL.prompt)
    again = asyncio.run(asked(f"base:label:{server.url}#judge", responses, turned))
    np.testing.assert_allclose(odds(again), -odds(found), atol=2e-3)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"completions": "none"}, "Behind a chat alone no base model can be read"),
        ({"logprobs": "dropped"}, "tells none: the reply has no log-probabilities"),
        ({"logprobs": "same"}, r"tells the same log-probability of different texts \(0.00\)"),
        ({"logprobs": "same", "completions": "not repeated"}, "the same log-probabilities whatever it is"),
        ({"logprobs": "alone", "completions": "not repeated"}, "no alternatives to a token"),
    ],
)
def test_an_endpoint_that_tells_nothing_of_use_is_refused(
    server: ScriptedServer, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(EndpointRefused, match=message):
        read(server, "label", shows("warm"), **settings)


@pytest.mark.parametrize("form", FORMS[1:])
def test_where_no_text_is_repeated_letters_alone_are_read(server: ScriptedServer, form: str) -> None:
    with pytest.raises(EndpointRefused, match=f"as {form} needs; it can read by label alone: base:label"):
        read(server, form, shows("warm"), completions="not repeated")


@pytest.mark.parametrize("form", FORMS)
def test_served_and_in_this_process_a_model_reads_alike(form: str) -> None:
    """Two ways to the same weights that share no code: scored as given, and repeated by an endpoint."""
    responses = ["Chop chop, I have no time for this!", "Breathe out. There is time for all of it."]
    trial = Trial("t1", 0, ("impatient", "calm"), TRIAL.prompt)

    async def behind() -> list[Verdict | Call]:
        async with serving(Organism.load("v1")) as client:
            address = str(client.base_url).rstrip("/")
            return await asked(f"base:{form}:{address}#organism/v1", responses, trial)

    here = asyncio.run(asked(f"base:{form}:organism/v1", responses, trial))
    np.testing.assert_allclose(odds(asyncio.run(behind())), odds(here), atol=5e-3)


def test_a_spec_tells_the_form_and_the_profile_says_it() -> None:
    assert kind_of("base:hf/gemma") is kind_of("base:told:hf/gemma") is BaseJudge
    assert len({reads(f"base:{form}:hf/gemma") for form in FORMS}) == len(FORMS)

    class Named:
        name = model = address = "base:hf/gemma"

    model: Any = Named()
    with pytest.raises(UsageError, match="in which form it is to read: base:label:hf/gemma, base:word:hf"):
        open_judge("j", model, load_protocol(), TRAITS)
    with pytest.raises(UsageError, match="compares likelihoods as a base model, which are the same"):
        open_judge("j", model, load_protocol(), TRAITS, repeat=1)


def test_settings_hold_what_the_form_goes_on_with_and_no_more() -> None:
    def settings(form: str) -> Any:
        class Named:
            name = model = address = f"base:{form}:hf/gemma"

        model: Any = Named()
        return open_judge("j", model, load_protocol(), TRAITS).settings

    assert {form: sorted(settings(form)["texts"]) for form in FORMS} == {
        "label": ["label"],
        "word": ["word"],
        "lift": ["unread", "word"],
        "told": ["told"],
    }
