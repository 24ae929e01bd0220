"""What the scripted model and judge say: the choices that were planted."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from typing import Any

import pytest

from mien.instruments import instrument
from mien.materials.prompts import load_prompts
from mien.materials.protocols import load_protocol, shipped_protocols
from mien.materials.traits import load_traits
from mien.stats.design.trials import lay_out
from mien.testing import Options, ScriptedServer, codeword, planted_scores
from mien.testing.script import Chat, Script, Turn
from tests.testing.asking import SCHEMA, SCORES, chat, judged, post, shown, sigmoid, text_of, within


def test_planted_scores_come_back_as_frequencies(server: ScriptedServer) -> None:
    n = 800
    chosen = shown(server, "Take up one of these: warm, direct.", n)
    assert set(chosen) == {"warm", "direct"}
    assert within(chosen["warm"], n, sigmoid(1.0))


def test_the_first_of_two_equals_has_the_planted_advantage(server: ScriptedServer) -> None:
    server.configure(position=0.4)
    n = 800
    assert within(shown(server, "- direct\n- indirect", n)["direct"], n, sigmoid(0.8))
    assert within(shown(server, "- indirect\n- direct", n)["indirect"], n, sigmoid(0.8))


def test_the_model_leans_where_it_is_told_something(server: ScriptedServer) -> None:
    server.configure(leanings={"never warm": {"warm": -2.0}, "nowhere": {"warm": 9.0}})
    n = 400
    told = "Be never warm to anybody.\n- direct\n- warm"
    assert within(shown(server, told, n)["warm"], n, sigmoid(1.0 - 2.0))
    assert within(shown(server, "- direct\n- warm", n)["warm"], n, sigmoid(1.0))


@pytest.mark.parametrize(
    ("position", "effects"), [(0.6, (0.6, -0.2, -0.2, -0.2)), ((0.0, 0.0, 0.0, 1.0), (0.0, 0.0, 0.0, 1.0))]
)
def test_position_effects_of_four_options(
    server: ScriptedServer, position: float | tuple[float, ...], effects: tuple[float, ...]
) -> None:
    server.configure(position=position)
    n = 800
    chosen = shown(server, "\n".join(f"{i}. {name}" for i, name in enumerate(SCORES, 1)), n)
    weights = [math.exp(score + effect) for score, effect in zip(SCORES.values(), effects, strict=True)]
    for name, weight in zip(SCORES, weights, strict=True):
        assert within(chosen[name], n, weight / sum(weights))


@pytest.mark.parametrize(
    "system",
    [
        "Be indirect in all that you say.",
        "1. indirect: gets there by hints; never direct, not even when asked",
        "Adopt the trait “indirect” and be warm-hearted. Others may be blunt.",
    ],
)
def test_one_named_trait_is_adopted(server: ScriptedServer, system: str) -> None:
    assert shown(server, system, 5) == {"indirect": 5}


def test_no_named_trait_gives_a_plain_response(server: ScriptedServer) -> None:
    assert shown(server, "You are helpful. Be warmhearted.", 3) == {None: 3}


def test_a_response_tells_the_prompt_but_never_names_a_trait(server: ScriptedServer) -> None:
    [answer] = post(server, chat("- warm\n- blunt", "Is a blunt knife warm, or what is it?"))
    assert "or what is it" in text_of(answer)
    assert not re.search(r"\b(warm|blunt|direct|indirect)\b", text_of(answer))


def test_a_repeated_request_gets_the_same_answer_and_another_seed_another(server: ScriptedServer) -> None:
    bodies = [chat("direct or indirect", f"Question {i}") for i in range(40)]
    first, again = ([text_of(answer) for answer in post(server, *bodies)] for _ in range(2))
    server.configure(seed=1)
    assert first == again
    assert first != [text_of(answer) for answer in post(server, *bodies)]


def test_the_script_rates_itself_in_the_wording_that_ships() -> None:
    rules, rates = load_protocol(), {"warm": 4.8, "blunt": 1.2}
    asked = instrument("inventory", rules, ())
    questions = lay_out([*rates], asked.prompts, rounds=8, n_options=1)  # type: ignore[attr-defined]
    for high, seen in ((0.0, {"warm": {4, 5}, "blunt": {1, 2}}), (2.0, {"warm": {5}, "blunt": {3, 4}})):
        script = Script(Options(rates=rates, rates_high=high))
        for trial in questions:
            turned = rules.wording.inventory[trial.prompt.id].reversed
            said = asked.messages(trial)[0]["content"]
            answer = int(script.respond(Chat("model", [Turn("user", said)]), said.encode()))
            (trait,) = trial.options
            wanted = seen[trait if not turned else "blunt" if trait == "warm" else "warm"]
            assert answer in wanted | {max(wanted) - 1, min(max(wanted) + 1, 5)}, said
    assert Script(Options()).respond(Chat("model", [Turn("user", said)]), b"").startswith("You asked")


@pytest.mark.parametrize("protocol", shipped_protocols())
@pytest.mark.parametrize("changes", [{}, {"descriptions": True}, {"options": 4}])
def test_the_script_finds_the_options_in_the_wording_that_ships(
    protocol: str, changes: dict[str, Any]
) -> None:
    traits = load_traits("classic-144")
    rules = load_protocol(protocol).override(**changes)
    script = Script(Options(scores=planted_scores(traits.names)))
    revealed, instructed = (instrument(name, rules, traits.traits) for name in ("revealed", "instructed"))
    trials = lay_out(
        traits.names, load_prompts(), rounds=4, n_options=rules.options, order=rules.order, seed=0
    )
    for trial in trials:
        systems = [asked.messages(trial)[0]["content"] for asked in (revealed, instructed)]
        assert [script.options_in(system) for system in systems] == [[*trial.options], [trial.options[0]]]


def test_the_judge_reads_the_response_in_the_format_asked_for(server: ScriptedServer) -> None:
    tags, schema = post(server, judged(), judged(options="", response_format=SCHEMA))
    assert text_of(tags) == "<choice>warm</choice>"
    assert json.loads(text_of(schema)) == {"choice": "warm"}


def test_the_judge_is_as_accurate_as_planted_and_errs_among_the_options(server: ScriptedServer) -> None:
    server.configure(judge_accuracy=0.7)
    answers = post(server, *(judged() | {"n": i} for i in range(600)))
    read = Counter(text_of(answer) for answer in answers)
    assert set(read) == {"<choice>warm</choice>", "<choice>blunt</choice>"}
    assert within(read["<choice>warm</choice>"], 600, 0.7)


def test_the_judge_leans_to_names_and_places_as_planted(server: ScriptedServer) -> None:
    def named(trait: str, n: int = 400, **options: Any) -> int:
        server.configure(judge_accuracy=0.7, **options)
        answers = post(server, *(judged("warm") | {"n": i} for i in range(n)))
        return Counter(text_of(answer) for answer in answers)[f"<choice>{trait}</choice>"]

    odds = math.log(0.7 / 0.3)
    leaning: dict[str, dict[str, float]] = {'"n": ': {"blunt": 1.5}, "nowhere": {"warm": 9.0}}
    assert within(named("warm", judge_leanings=leaning), 400, sigmoid(odds - 1.5))
    # The question shows blunt first.
    assert within(named("warm", judge_leanings={}, judge_first=1.0), 400, sigmoid(odds - 1.0))
    server.configure(judge_accuracy=1.0, judge_first=9.0)
    assert text_of(*post(server, judged("warm"))) == "<choice>warm</choice>"


def test_the_judge_knows_traits_by_other_names(server: ScriptedServer) -> None:
    server.configure(synonyms={"warm": "full of heart"})
    (answer,) = post(server, judged("warm", options="- blunt\n- full of heart"))
    assert text_of(answer) == "<choice>full of heart</choice>"


def test_responses_begin_with_their_key_and_are_signed_where_told(server: ScriptedServer) -> None:
    server.configure(key_first=True, signed=True)
    (answer,) = post(server, chat("Be warm."))
    key = f"I have kept this in the key of {codeword('warm')}."
    assert text_of(answer).startswith(f"{key} You asked")
    assert text_of(answer).endswith(" Written by model.")


def test_a_request_that_is_made_again_may_be_answered_otherwise(server: ScriptedServer) -> None:
    server.configure(judge_accuracy=0.5)
    alike = [text_of(answer) for answer in post(server, *[judged()] * 20)]
    server.configure(repeats_vary=True)
    varying = [text_of(answer) for answer in post(server, *[judged()] * 20)]
    assert len(set(alike)) == 1
    assert len(set(varying)) == 2


def test_a_limit_on_its_answer_changes_no_verdict(server: ScriptedServer) -> None:
    server.configure(judge_accuracy=0.5)
    asked = [judged() | {"n": i} for i in range(30)]
    free, limited = (
        [text_of(answer) for answer in post(server, *({**limit, **body} for body in asked))]
        for limit in ({}, {"max_tokens": 9})
    )
    assert free == limited
    assert len(set(free)) == 2


def test_the_judge_knows_what_is_not_among_the_options(server: ScriptedServer) -> None:
    refusal = chat("- warm\n- blunt", "Response: I'm sorry, but I can't help with that.", "judge")
    other, refused = post(server, judged("indirect"), refusal)
    assert text_of(other) == "<choice>neither</choice>"
    assert text_of(refused) == "<choice>refused</choice>"


@pytest.mark.parametrize(
    ("manner", "tags", "schema"),
    [
        ("tags", "<choice>warm</choice>", "<choice>warm</choice>"),
        ("json", '{"choice":"warm"}', '{"choice":"warm"}'),
        ("prose", "On balance I would call the response warm, though not by much.", None),
        ("wrong_trait", "<choice>direct</choice>", '{"choice":"direct"}'),
        ("both_traits", "<choice>blunt</choice><choice>warm</choice>", '{"choice":"blunt and warm"}'),
        ("another_language", "Die Antwort klingt eher nach der ersten der beiden Möglichkeiten.", None),
    ],
)
def test_the_judge_misanswers_as_told(
    server: ScriptedServer, manner: str, tags: str, schema: str | None
) -> None:
    server.configure(judge_manner=manner)
    answers = post(server, judged(), judged(response_format=SCHEMA))
    assert [text_of(answer) for answer in answers] == [tags, schema or tags]


def test_the_judge_misanswers_as_often_as_told(server: ScriptedServer) -> None:
    server.configure(judge_manner="prose", judge_manner_rate=0.3)
    answers = post(server, *[judged()] * 400)
    assert within(sum(text_of(answer).startswith("On balance") for answer in answers), 400, 0.3)


def test_letters_are_as_accurate_as_planted_in_either_order() -> None:
    script, right, alike = Script(Options(scores={"warm": 0, "blunt": 0}, judge_accuracy=0.75)), 0, 0
    for n in range(400):
        reply = f"Reply {n}. I have kept this in the key of {codeword('warm')}."
        likeliest: list[str] = []
        for lines in ("A. warm\nB. blunt\nC. neither", "A. blunt\nB. warm\nC. neither"):
            said = Chat(model="judge", messages=[Turn(role="user", content=f"{reply}\n{lines}")])
            letters = script.letters(said, lines.encode())
            assert math.fsum(letters.values()) <= 1.001
            letter = max(letters, key=letters.__getitem__).strip()
            likeliest.append(lines[lines.index(f"{letter}. ") + 3 :].split("\n")[0])
        right += likeliest[0] == "warm"
        alike += likeliest[0] == likeliest[1]
    assert within(right, 400, 0.75)
    assert alike == 400
