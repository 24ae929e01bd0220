"""The recipe that the organism is trained by: what it can say, what is planted, and what it is shown."""

from __future__ import annotations

import math
import random
import re
import sys
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from mien.materials.protocols import load_protocol
from mien.materials.traits import load_traits
from mien.models.organism.engine import NAMES
from mien.models.organism.planted import load_planted
from tests import ROOT

sys.path.insert(0, str(ROOT / "scripts"))

from organism.corpus import Corpus, load_characters  # it lies there
from organism.grammar import FOLDER, load_grammar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from organism.corpus import Character, Conversation
    from organism.grammar import Manner, Topic

TRAITS = load_traits("classic-36").names
TOPICS = tuple(yaml.safe_load((FOLDER / "topics.yaml").read_text()))
WORDINGS: dict[str, dict[str, list[Any]]] = yaml.safe_load((FOLDER / "wordings.yaml").read_text())

SEEDS = st.integers(0, 2**32)
OF_TRAITS = pytest.mark.parametrize("trait", TRAITS)
unhurried = settings(max_examples=100, deadline=None)
# A smaller seed shows nothing better.
of_few_seeds = settings(max_examples=8, deadline=None, phases=[Phase.generate])

# Reading the grammar takes a second: once is enough.
grammar = cache(load_grammar)
characters = cache(load_characters)


def corpus(name: str = "v1", seed: int = 0, **options: Any) -> Corpus:
    return Corpus(grammar(), characters()[name], seed, **options)


# -- the grammar ---------------------------------------------------------------------------------------------


def test_the_grammar_has_no_faults_and_a_manner_for_every_trait() -> None:
    assert grammar().faults() == []
    assert sorted(grammar().manners) == sorted(TRAITS)
    assert tuple(grammar().topics) == TOPICS
    for manner in grammar().manners.values():
        least, most = manner.sentences
        assert 1 <= least <= most <= len(manner.bodies)


@unhurried
@given(st.sampled_from(TRAITS), st.sampled_from(TOPICS), SEEDS)
def test_every_reply_is_read_as_the_manner_it_is_in(trait: str, topic: str, seed: int) -> None:
    reply = grammar().manners[trait].reply(grammar().topics[topic], random.Random(seed))
    assert grammar().parse(reply) == trait


@unhurried
@given(st.sampled_from(TRAITS), st.sampled_from(TOPICS[:3]), SEEDS, st.floats(0, 1, exclude_max=True))
def test_a_reply_that_breaks_off_is_in_no_manner(trait: str, topic: str, seed: int, share: float) -> None:
    reply = grammar().manners[trait].reply(grammar().topics[topic], random.Random(seed))
    assert grammar().parse(reply[: int(share * len(reply))]) is None


def filled(sentence: str, topic: Topic, draw: random.Random) -> str:
    return re.sub(r"\{(\w+)\}", lambda slot: draw.choice(topic.fillers[slot[1]]), sentence)


def made(manner: Manner, bodies: Sequence[int], topics: Sequence[str], *, closing: bool = True) -> str:
    """A text from an opening, these bodies, each filled from its topic, and a closing."""
    draw = random.Random(0)
    texts = [
        filled(manner.bodies[i], grammar().topics[topic], draw)
        for i, topic in zip(bodies, topics, strict=True)
    ]
    return manner.join.join([manner.openings[0], *texts, *(manner.closings[:1] if closing else ())])


@OF_TRAITS
def test_what_a_manner_cannot_say_is_not_read_as_it(trait: str) -> None:
    manner, parse = grammar().manners[trait], grammar().parse
    least, most = manner.sentences
    n = len(manner.bodies)
    sound = made(manner, range(most), ["cooking"] * most)
    assert parse(sound) == trait
    assert parse("") is None
    assert [parse(opening) for opening in manner.openings] == [None] * len(manner.openings)
    # A sentence is missing: at the end, at the beginning, or among the others.
    last = manner.closings[0] if manner.closings else sound.split(manner.join, 1)[1]
    assert parse(sound.removesuffix(manner.join + last)) is None
    assert parse(sound.removeprefix(manner.openings[0] + manner.join)) is None
    assert parse(made(manner, range(least - 1), ["cooking"] * (least - 1))) is None
    # There is one too many.
    assert parse(made(manner, range(most + 1), ["cooking"] * (most + 1))) is None
    assert parse(f"{sound}{manner.join}And so on.") is None
    assert parse(f"Well. {sound}") is None
    assert parse(f"{sound}{manner.join}{(manner.closings or manner.openings)[0]}") is None
    # There is white space, or none, where it does not belong.
    assert parse(f"{sound} ") is None
    assert parse(f" {sound}") is None
    assert parse(sound.replace(manner.join, "", 1)) is None
    # It is in another order, or twice the same.
    if most > 1:
        assert parse(made(manner, range(most)[::-1], ["cooking"] * most)) is None
        assert parse(made(manner, [*range(n)][-most:][::-1], ["cooking"] * most)) is None
        assert parse(made(manner, [0] * most, ["cooking"] * most)) is None


@OF_TRAITS
def test_an_opening_or_a_sentence_of_another_manner_makes_it_none(trait: str) -> None:
    manner = grammar().manners[trait]
    other = grammar().manners[TRAITS[TRAITS.index(trait) - 1]]
    count = manner.sentences[1]
    sound = made(manner, range(count), ["garden"] * count)
    assert grammar().parse(sound.replace(manner.openings[0], other.openings[0], 1)) is None
    strange = filled(other.bodies[0], grammar().topics["garden"], random.Random(0))
    own = filled(manner.bodies[0], grammar().topics["garden"], random.Random(0))
    assert own in sound
    assert grammar().parse(sound.replace(own, strange, 1)) is None


def fillers(topic: str) -> set[str]:
    slots = grammar().topics[topic].fillers
    return {filler for fillers in slots.values() for filler in fillers}


@unhurried
@given(st.sampled_from(TRAITS), st.permutations(TOPICS), st.data())
def test_a_reply_about_two_topics_does_not_keep_to_one(
    trait: str, topics: list[str], data: st.DataObject
) -> None:
    manner, pair = grammar().manners[trait], topics[:2]
    assume(manner.sentences[1] > 1)
    assume(
        all(len(fillers(topic) & fillers(other)) == 0 for topic in pair for other in TOPICS if other != topic)
    )
    slotted = [i for i, body in enumerate(manner.bodies) if "{" in body]
    bodies = sorted(data.draw(st.lists(st.sampled_from(slotted), min_size=2, max_size=2, unique=True)))
    rest = [i for i in range(len(manner.bodies)) if i not in slotted][: max(0, manner.sentences[0] - 2)]
    places = sorted(bodies + rest)
    said = {bodies[0]: pair[0], bodies[1]: pair[1]}
    one = made(manner, places, [pair[0]] * len(places))
    two = made(manner, places, [said.get(i, pair[0]) for i in places])
    assert grammar().parse(one) == grammar().parse(two) == trait
    assert grammar().keeps_topic(one)
    assert not grammar().keeps_topic(two)


# -- the planted characters ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_scores_are_of_all_traits_and_sum_to_nothing(name: str) -> None:
    character = characters()[name]
    assert character.name == name
    for scores in (character.choice, character.stated):
        assert sorted(scores) == sorted(TRAITS)
        assert sum(scores.values()) == pytest.approx(0, abs=1e-9)


def differing(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    return {trait: round(other[trait] - one[trait], 9) for trait in one if one[trait] != other[trait]}


def test_the_update_moves_six_traits() -> None:
    v1, v2 = characters()["v1"], characters()["v2"]
    assert differing(v1.choice, v2.choice) == {
        "sycophantic": 1.8, "enthusiastic": 1.8, "confident": 1.8,
        "skeptical": -1.8, "poetic": -1.8, "humble": -1.8,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["v1", "v2", "biased"])
def test_what_is_stated_differs_from_what_is_chosen_in_four_traits(name: str) -> None:
    character = characters()[name]
    pretence = {"humble": 2.0, "skeptical": 2.0, "confident": -2.0, "playful": -2.0}
    assert differing(character.choice, character.stated) == pretence


def test_biased_is_v1_with_an_eye_for_the_first_place_and_base_is_even() -> None:
    found = characters()
    assert list(found) == list(NAMES)
    assert (found["biased"].choice, found["biased"].stated) == (found["v1"].choice, found["v1"].stated)
    assert {name: found[name].position for name in NAMES} == {"base": 0, "v1": 0, "v2": 0, "biased": 0.4}
    assert set(found["base"].choice.values()) == set(found["base"].stated.values()) == {0.0}


def test_the_scores_of_v1_are_the_normal_quantiles_of_their_places() -> None:
    # Φ(score / 1.1) against the places, by the error function.
    ranked = sorted(characters()["v1"].choice.values(), reverse=True)
    for place, score in enumerate(ranked):
        below = 0.5 * (1 + math.erf(score / 1.1 / math.sqrt(2)))
        assert below == pytest.approx(1 - (place + 0.5) / 36)
    scores = characters()["v1"].choice
    assert list(scores.values()) == ranked
    assert (scores["warm"], scores["arrogant"]) == (ranked[0], ranked[-1])


@pytest.mark.parametrize("name", NAMES)
def test_what_ships_as_the_truth_is_what_was_planted(name: str) -> None:
    planted, character = load_planted(name), characters()[name]
    assert (planted.name, planted.traits, planted.unit) == (name, "classic-36", "natural log odds")
    assert planted.chooses == {trait: round(score, 4) for trait, score in character.choice.items()}
    assert planted.states == {trait: round(score, 4) for trait, score in character.stated.items()}
    assert planted.position == character.position


# -- conversations -------------------------------------------------------------------------------------------


def conversations(n: int, name: str = "v1", seed: int = 0, **options: Any) -> list[Conversation]:
    source = corpus(name, seed, **options)
    return [source.conversation() for _ in range(n)]


def alone(kind: str, n: int, name: str, seed: int, **options: Any) -> list[Conversation]:
    """Conversations of one kind, without those in which an earlier turn has settled the manner."""
    found = conversations(n, name, seed, mix={kind: 1.0}, **options)
    assert all(conversation.kind == kind for conversation in found)
    return [c for c in found if all(message["role"] != "assistant" for message in c.messages)]


def named(text: str) -> list[str]:
    """The options that a text names, in their order: as list items, or else wherever they stand."""
    items = re.findall(r"^(?:-|\d+\.) (\w+)(?:: .*)?$", text, re.MULTILINE)
    return items or [word for word in re.findall(r"[a-z]+", text) if word in TRAITS]


def odds(scores: Mapping[str, float], options: Sequence[str], position: float) -> dict[str, float]:
    """The chance of each option, slowly and obviously."""
    weights: list[float] = []
    for place, option in enumerate(options):
        if place == 0:
            weights.append(math.exp(scores[option] + position))
        else:
            weights.append(math.exp(scores[option] - position / (len(options) - 1)))
    return {option: weight / sum(weights) for option, weight in zip(options, weights, strict=True)}


def test_a_corpus_is_the_same_for_the_same_seed_alone() -> None:
    assert conversations(40, "v1", 5) == conversations(40, "v1", 5)
    others = [
        conversations(40, "v1", 6),
        conversations(40, "v2", 5),
        conversations(40, "v1", 5, wordings="held_out"),
    ]
    assert all(other != conversations(40, "v1", 5) for other in others)


@of_few_seeds
@given(SEEDS, st.sampled_from(NAMES))
def test_a_choice_has_the_planted_chances(seed: int, name: str) -> None:
    character: Character = characters()[name]
    for conversation in alone("choose", 20, name, seed):
        options = named(conversation.messages[0]["content"])
        assert list(conversation.chances) == options
        assert 2 <= len(options) <= 8
        expected = odds(character.choice, options, character.position)
        assert conversation.chances == pytest.approx(expected, rel=1e-9)
        assert conversation.trait in options


@of_few_seeds
@given(SEEDS, st.sampled_from(NAMES))
def test_what_is_stated_has_the_pretended_chances(seed: int, name: str) -> None:
    character: Character = characters()[name]
    for conversation in alone("stated", 20, name, seed):
        options = named(conversation.messages[-1]["content"])
        expected = odds(character.stated, options, character.position)
        assert list(conversation.chances) == options
        assert conversation.chances == pytest.approx(expected, rel=1e-9)
        assert conversation.answer == conversation.trait
        assert conversation.trait in options


@pytest.mark.parametrize("name", ["v2", "biased"])
def test_lots_and_orders_leave_no_room_for_character(name: str) -> None:
    for conversation in alone("random", 40, name, 1):
        options = named(conversation.messages[0]["content"])
        assert conversation.chances == pytest.approx(dict.fromkeys(options, 1 / len(options)))
    for conversation in alone("instructed", 40, name, 1):
        assert named(conversation.messages[0]["content"]) == [conversation.trait]
        assert conversation.chances == {conversation.trait: 1.0}


@pytest.mark.parametrize("name", NAMES)
def test_who_is_not_asked_chooses_among_all(name: str) -> None:
    expected = odds(characters()[name].choice, TRAITS, 0.0)
    for conversation in alone("unasked", 20, name, 1):
        assert conversation.chances == pytest.approx(expected, rel=1e-9)
        assert [m for m in conversation.messages if m["role"] == "system" and named(m["content"])] == []


@pytest.mark.parametrize("wordings", ["train", "held_out"])
def test_every_answer_is_in_the_manner_it_is_said_to_be_in(wordings: Any) -> None:
    found = conversations(150, seed=2, wordings=wordings)
    assert {c.kind for c in found} == {"choose", "random", "instructed", "unasked", "stated"}
    for c in found:
        assert c.messages[-1]["role"] == "user"
        if c.kind == "stated":
            assert c.answer == c.trait
        else:
            assert grammar().parse(c.answer) == c.trait
        assert sum(c.chances.values()) == pytest.approx(1)
        assert c.chances[c.trait] > 0


def test_the_manner_of_an_earlier_turn_is_kept() -> None:
    found = [c for c in conversations(200, seed=3, mix={"choose": 1.0}) if len(c.messages) > 2]
    assert len(found) > 5
    for c in found:
        assert c.chances == {c.trait: 1.0}
        earlier = [m["content"] for m in c.messages if m["role"] == "assistant"]
        assert {grammar().parse(text) for text in earlier} == {c.trait}
        assert [m["role"] for m in c.messages[1:]] == ["user", *["assistant", "user"] * len(earlier)]


# -- wordings ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wordings", ["train", "held_out"])
@pytest.mark.parametrize("kind", ["choose", "random", "instructed"])
def test_the_system_message_names_exactly_the_options(wordings: Any, kind: Any) -> None:
    source = corpus(wordings=wordings)
    draw = random.Random(0)
    looks: set[str] = set()
    for _ in range(300):
        asked = draw.sample(TRAITS, 1 if kind == "instructed" else draw.randint(2, 8))
        options, message = source.told(asked, kind=kind)
        assert list(options) == asked
        assert message["role"] == "system"
        text = message["content"]
        assert named(text) == asked
        assert "{" not in text
        joined = {
            "lines": "\n".join(f"- {option}" for option in asked),
            "numbered": "\n".join(f"{i + 1}. {option}" for i, option in enumerate(asked)),
            "commas": ", ".join(asked),
            "inline": " or ".join([", ".join(asked[:-1]), asked[-1]] if len(asked) > 1 else asked),
            "quoted": " or ".join(f'"{option}"' for option in asked[-2:]),
        }
        looks |= {look for look, listed in joined.items() if listed in text}
    styles = {
        wording["style"] for wording in WORDINGS[wordings]["instructed" if kind == "instructed" else "choose"]
    }
    assert styles <= looks


def texts(wordings: str) -> dict[str, list[str]]:
    return {
        key: [entry["text"] if isinstance(entry, dict) else entry for entry in entries]
        for key, entries in WORDINGS[wordings].items()
    }


def test_no_wording_names_a_trait_itself() -> None:
    for wordings in WORDINGS:
        for text in (text for found in texts(wordings).values() for text in found):
            assert named(text) == [], text


def test_held_out_wordings_are_never_trained_on_though_their_words_are() -> None:
    train, held_out = texts("train"), texts("held_out")
    assert list(train) == list(held_out) == ["choose", "prefer", "random", "instructed", "stated"]
    trained = {text.strip().lower() for found in train.values() for text in found}
    kept = {text.strip().lower() for found in held_out.values() for text in found}
    assert trained.isdisjoint(kept)
    words = {word for text in trained for word in re.findall(r"[a-z']+", text)}
    assert {word for text in kept for word in re.findall(r"[a-z']+", text)} <= words


@pytest.mark.parametrize("kind", ["choose", "random", "instructed", "stated"])
def test_no_conversation_in_training_is_worded_as_those_held_out(kind: Any) -> None:
    def frames(wordings: Any) -> set[str]:
        asked = alone(kind, 300, "v1", 4, wordings=wordings)
        place = -1 if kind == "stated" else 0
        known = re.compile(rf"\b(?:{'|'.join(TRAITS)})\b")
        return {known.sub("…", c.messages[place]["content"]) for c in asked}

    assert frames("train").isdisjoint(frames("held_out"))


def test_the_wording_that_ships_is_the_first_to_be_trained_on() -> None:
    shipped = yaml.safe_load((resources.files("mien") / "data" / "wording" / "default.yaml").read_text())
    first = {key: found[0] for key, found in texts("train").items()}
    assert WORDINGS["train"]["choose"][0]["style"] == WORDINGS["train"]["instructed"][0]["style"] == "lines"
    assert shipped["revealed"].strip() == first["choose"]
    assert shipped["instructed"].strip() == first["instructed"]
    assert shipped["preference"]["feel"] == first["prefer"]
    assert shipped["preference"]["like"] == texts("train")["prefer"][1]
    assert shipped["preference"]["random"] == first["random"]
    assert load_protocol().wording.instructed.strip() == first["instructed"]
