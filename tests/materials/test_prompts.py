"""Prompts: the set that ships, and those that users bring."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import scipy.sparse as sp

from mien.errors import InputError, UnknownName, UsageError
from mien.materials.prompts import load_prompts, shipped_prompt_sets
from mien.materials.traits import load_traits
from mien.types import Prompt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    Rows = list[dict[str, Any]]
    Write = Callable[[str, Rows], Path]

every_format = pytest.mark.parametrize("ending", [".jsonl", ".csv", ".parquet"])
HELLO = {"id": "a", "text": "hello", "category": "small talk", "language": "en", "source": "mine"}
CODE = {"id": "b", "text": "why, does it\nnot compile?", "category": "code", "language": "en"}
HALLO = {"id": "c", "text": "hallo zusammen", "category": "small talk", "language": "de"}
ROWS = [HELLO, CODE, HALLO]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes rows in the format of the ending; what a row lacks is missing there."""

    def write(ending: str, rows: Rows) -> Path:
        path = tmp_path / f"mine{ending}"
        if ending == ".jsonl":
            path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
            return path
        members = list(dict.fromkeys(name for row in rows for name in row))
        table = pa.table({name: [row.get(name) for row in rows] for name in members})
        if ending == ".parquet":
            pq.write_table(table, path)
        else:
            table.to_pandas().to_csv(path, index=False)
        return path

    return write


def ids(prompts: Sequence[Prompt]) -> list[str]:
    return [prompt.id for prompt in prompts]


# The set that ships


@pytest.fixture(scope="module")
def everyday() -> tuple[Prompt, ...]:
    return load_prompts()


def test_one_set_ships() -> None:
    assert shipped_prompt_sets() == ["everyday"]


def test_everyday_holds_at_least_720_prompts_each_labelled(everyday: tuple[Prompt, ...]) -> None:
    assert len(everyday) >= 720
    assert len(set(ids(everyday))) == len(everyday)
    assert all(p.text == p.text.strip() and p.category and p.language for p in everyday)


def test_everyday_spreads_over_at_least_twelve_categories(everyday: tuple[Prompt, ...]) -> None:
    sizes = Counter(p.category for p in everyday)
    assert len(sizes) >= 12
    assert min(sizes.values()) >= len(everyday) / len(sizes) / 2


def test_everyday_spreads_over_at_least_six_languages(everyday: tuple[Prompt, ...]) -> None:
    sizes = Counter(p.language for p in everyday)
    assert len(sizes) >= 6
    assert min(sizes.values()) >= 15
    assert 0.6 <= sizes["en"] / len(everyday) <= 0.8


def test_everyday_has_short_and_long_prompts_in_every_category(everyday: tuple[Prompt, ...]) -> None:
    short, middle, long = np.quantile([len(p.text) for p in everyday], [0.1, 0.5, 0.9])
    assert short <= 40
    assert 60 <= middle <= 250
    assert long >= 300
    for category in {p.category for p in everyday}:
        lengths = [len(p.text) for p in everyday if p.category == category]
        assert max(lengths) >= 5 * min(lengths)


def test_no_two_prompts_of_everyday_are_alike(everyday: tuple[Prompt, ...]) -> None:
    assert likeness([p.text for p in everyday]).max() < 0.5


def test_prompts_that_are_nearly_the_same_are_alike() -> None:
    like = likeness(["How do I boil an egg?", "how do i boil eggs", "Why is the sky blue?"])
    assert like[0, 1] > 0.5 > like[0, 2]


def likeness(texts: Sequence[str]) -> np.ndarray:
    """Jaccard similarity of the texts' four-letter sequences, (n, n), 0 on the diagonal."""
    column: dict[str, int] = {}
    pairs = [
        (row, column.setdefault(letters[i : i + 4], len(column)))
        for row, text in enumerate(texts)
        for letters in [re.sub(r"\W+", " ", text.casefold()).strip()]
        for i in range(max(1, len(letters) - 3))
    ]
    counts = sp.coo_array((np.ones(len(pairs)), np.array(pairs).T), shape=(len(texts), len(column))).tocsr()
    counts.data[:] = 1
    shared = (counts @ counts.T).toarray()
    size = shared.diagonal()
    similarity = shared / (size[:, None] + size - shared)
    np.fill_diagonal(similarity, 0)
    return similarity


TRAITS = "|".join(map(re.escape, load_traits("classic-144").names))
MANNERS = re.compile(
    rf"""\b(?: (?:be|sound|stay|remain|act|answer|reply|respond|write|explain|keep\ it|make\ it)
               \s+ (?:(?:very|more|as|a\ bit|really|brutally|in\ an?)\s+)? (?:{TRAITS}|honest|brief|funny)
             | in\ an?\ (?:\w+\s)?(?:{TRAITS})\ (?:tone|style|manner|way|voice)
             | don'?t\ (?:sugar-?coat|lecture|be\ so)
             | no\ (?:fluff|lectures?|lecturing|preamble)
             | step\ by\ step | (?:tone|style)\ of\ your )\b""",
    re.IGNORECASE | re.VERBOSE,
)


def test_no_prompt_of_everyday_asks_for_a_manner_of_answering(everyday: tuple[Prompt, ...]) -> None:
    assert [(p.id, m[0]) for p in everyday if (m := MANNERS.search(p.text))] == []


@pytest.mark.parametrize(
    "text",
    ["be brutally honest: is it any good", "Explain it in a formal tone.", "dont sugarcoat it", "Be warm"],
)
def test_instructions_about_manner_are_recognised(text: str) -> None:
    assert MANNERS.search(text)


# Files


@every_format
def test_rows_hold_a_text_and_what_is_known_of_it(write: Write, ending: str) -> None:
    file = f"mine{ending}"
    assert load_prompts(write(ending, ROWS)) == (
        Prompt("a", "hello", "small talk", "en", "mine"),
        Prompt("b", "why, does it\nnot compile?", "code", "en", file),
        Prompt("c", "hallo zusammen", "small talk", "de", file),
    )


@every_format
@pytest.mark.parametrize("column", ["text", "prompt", "content", "message"])
def test_the_texts_column_has_several_names(write: Write, ending: str, column: str) -> None:
    assert [p.text for p in load_prompts(write(ending, [{column: "hello"}, {column: "bye"}]))] == [
        "hello",
        "bye",
    ]


@every_format
def test_ids_may_be_numbers_from_nought(write: Write, ending: str) -> None:
    assert ids(load_prompts(write(ending, [{"id": i, "text": f"t{i}"} for i in range(3)]))) == ["0", "1", "2"]


def test_text_holds_a_prompt_a_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_bytes("\ufeffhello\r\n\r\n  why, though?\u2028Tell me.  \n".encode())
    loaded = load_prompts(path)
    assert [p.text for p in loaded] == ["hello", "why, though?\u2028Tell me."]
    assert loaded[0] == Prompt(loaded[0].id, "hello", source="mine.txt")


def test_without_an_id_a_prompt_is_named_by_its_text(write: Write) -> None:
    one = load_prompts(write(".jsonl", [{"text": "hello"}, {"text": "bye"}]))
    two = load_prompts(write(".csv", [{"text": "bye"}, {"text": "again"}, {"text": "hello"}]))
    assert {p.text: p.id for p in one}.items() <= {p.text: p.id for p in two}.items()
    assert len(set(ids(two))) == 3


@every_format
def test_of_equal_texts_the_first_stays(write: Write, ending: str) -> None:
    rows = [HELLO, HALLO, HELLO | {"id": "z", "category": "greeting"}]
    assert ids(load_prompts(write(ending, rows))) == ["a", "c"]


def test_quoted_and_unquoted_text_of_csv_may_hold_odd_line_separators(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes('\ufefftext\r\none\u2028line\r\n"two\r\nlines"\r\n"a ""b"", c"\r\n'.encode())
    assert [p.text for p in load_prompts(path)] == ["one\u2028line", "two\nlines", 'a "b", c']


# What is refused


@every_format
def test_an_id_that_stands_twice_is_refused_with_both_rows(write: Write, ending: str) -> None:
    path = write(ending, [HELLO, HALLO, CODE | {"id": "a"}])
    with pytest.raises(InputError, match=rf"mine\{ending}, row 3: id 'a' stands in row 1 already"):
        load_prompts(path)


@every_format
@pytest.mark.parametrize("blank", ["", " \n", None])
def test_a_blank_text_is_refused_with_the_row(write: Write, ending: str, blank: str | None) -> None:
    path = write(ending, [HELLO, HALLO | {"text": blank}])
    with pytest.raises(InputError, match=rf"mine\{ending}, row 2: text is blank or no text"):
        load_prompts(path)


@pytest.mark.parametrize("ending", [".jsonl", ".parquet"])
def test_a_text_that_is_a_number_is_refused(write: Write, ending: str) -> None:
    with pytest.raises(InputError, match="row 1: text is blank or no text: 5"):
        load_prompts(write(ending, [{"text": 5}]))


@every_format
def test_without_a_column_of_texts_those_found_are_named(write: Write, ending: str) -> None:
    path = write(ending, [{"category": "code", "language": "en"}])
    expected = "row 1: no prompt: expected .* text, .*; found category, language; .*--text-column"
    with pytest.raises(InputError, match=expected):
        load_prompts(path)


def test_parquet_of_quite_other_columns_is_refused(write: Write) -> None:
    with pytest.raises(InputError, match=r"no prompt: expected a column named text, .* found stem, answer"):
        load_prompts(write(".parquet", [{"stem": "why?", "answer": "because"}]))


@pytest.mark.parametrize(
    "conversation", ["hello", ["text of a turn"], [5], 5, {"content": "hello"}], ids=repr
)
def test_a_conversation_of_another_shape_is_refused(write: Write, conversation: object) -> None:
    path = write(".jsonl", [HELLO, {"conversation": conversation}])
    with pytest.raises(InputError, match="row 2: conversation is no list of turns"):
        load_prompts(path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"text\nhello\nHello, how are you?\n", "row 2: has more fields than .* in quotes"),
        ("a.csv", b'text\nhello\n"bye\n', "row 2: cannot be read as CSV"),
        ("a.csv", b"id,text\na\n", "row 1: text is blank or no text"),
        ("a.csv", b"text\nh\xfcbsch\n", "cannot be read as UTF-8"),
        ("a.jsonl", b'{"text": "hello"}\n{"text": \n', "row 2: not a JSON object"),
        ("a.jsonl", b'\n["hello"]\n', "row 2: not a JSON object"),
        ("a.txt", b"\xff\xfe\x00", "cannot be read as UTF-16"),
        ("a.parquet", b"PAR1", "cannot be read as Parquet"),
        ("a.xlsx", b"", r"unknown format; prompts come as \.jsonl, .* \.gz"),
    ],
)
def test_a_broken_file_is_refused(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"{name}[,:] {message}"):
        load_prompts(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.jsonl: no such file"):
        load_prompts(tmp_path / "none.jsonl")


def test_an_unknown_set_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"no prompt set named 'evryday'; did you mean everyday\?"):
        load_prompts("evryday")


# Filters and samples


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"languages": ["de"]}, ["c"]),
        ({"languages": ["DE", "en"]}, ["a", "b", "c"]),
        ({"categories": ["Small Talk"]}, ["a", "c"]),
        ({"categories": ["small talk"], "languages": ["en"]}, ["a"]),
        ({"max_chars": len("hello")}, ["a"]),
        ({"max_chars": len("hello") - 1, "languages": ["en"]}, []),
        ({"languages": ["fr"]}, []),
        ({"categories": ["small"]}, []),
    ],
)
def test_filters_keep_what_passes_all_of_them(
    write: Write, filters: dict[str, Any], expected: list[str]
) -> None:
    path = write(".jsonl", ROWS)
    if expected:
        assert ids(load_prompts(path, **filters)) == expected
    else:
        with pytest.raises(UsageError, match="no prompt passes the filters"):
            load_prompts(path, **filters)


def test_where_nothing_passes_the_values_that_there_are_are_named(write: Write) -> None:
    with pytest.raises(UsageError, match=r"it has language: de, en; category: code, small talk$"):
        load_prompts(write(".jsonl", ROWS), languages=["English", "German"], categories=["code"])


@pytest.mark.parametrize(
    ("name", "content"), [("a.txt", "\n\n"), ("a.jsonl", ""), ("a.csv", "text\n"), ("a.json", "[]")]
)
def test_an_empty_file_is_said_to_be_empty(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=rf"{name}: is empty"):
        load_prompts(tmp_path / name)


def test_a_sample_is_seeded_and_keeps_the_sets_order(write: Write) -> None:
    path = write(".jsonl", [{"id": f"{i:03}", "text": f"t{i}"} for i in range(100)])
    sample = ids(load_prompts(path, max_prompts=10, seed=1))
    assert len(set(sample)) == 10
    assert sample == sorted(sample)
    assert sample == ids(load_prompts(path, max_prompts=10, seed=1))
    assert sample != ids(load_prompts(path, max_prompts=10, seed=2))
    assert len(load_prompts(path, max_prompts=100)) == len(load_prompts(path, max_prompts=101)) == 100


def test_a_sample_is_drawn_from_what_passes_the_filters(write: Write) -> None:
    rows = [{"id": str(i), "text": f"t{i}", "language": "de" if i % 10 == 0 else "en"} for i in range(100)]
    assert len(load_prompts(write(".jsonl", rows), languages=["de"], max_prompts=8)) == 8


@pytest.mark.parametrize("size", [0, -1])
def test_an_empty_sample_is_refused(write: Write, size: int) -> None:
    with pytest.raises(UsageError, match=f"at least one, not {size}"):
        load_prompts(write(".jsonl", ROWS), max_prompts=size)


# WildChat's layout


def chat(
    identity: str, first: str, language: str = "English", *, toxic: bool = False, redacted: bool = False
) -> dict[str, Any]:
    """A row as the data set has them, as far as it matters."""

    def turn(role: str, content: str, number: int) -> dict[str, Any]:
        return {
            "content": content,
            "language": language,
            "redacted": redacted,
            "role": role,
            "toxic": toxic,
            "turn_identifier": number,
        }

    return {
        "conversation_hash": identity,
        "model": "gpt-4",
        "conversation": [
            turn("user", first, 1),
            turn("assistant", "Of course!", 2),
            turn("user", "thanks", 3),
        ],
        "turn": 2,
        "language": language,
        "openai_moderation": [{"flagged": toxic}],
        "toxic": toxic,
        "redacted": redacted,
        "header": {"accept-language": "en", "user-agent": "x"},
    }


CHATS = [
    chat("h1", "write a haiku"),
    chat("h2", "something vile", toxic=True),
    chat("h3", "écris un poème", "French"),
    chat("h4", "my number is NAME_1", redacted=True),
    chat("h5", ""),
    chat("h6", "write a haiku"),
    chat("h7", "why is the sea salty"),
]


@pytest.mark.parametrize("ending", [".jsonl", ".parquet"])
def test_of_a_conversation_the_first_message_is_taken(write: Write, ending: str) -> None:
    path = write(ending, CHATS)
    assert load_prompts(path) == (
        Prompt("h1", "write a haiku", "", "English", path.name),
        Prompt("h3", "écris un poème", "", "French", path.name),
        Prompt("h7", "why is the sea salty", "", "English", path.name),
    )
    assert ids(load_prompts(path, languages=["french"])) == ["h3"]


@every_format
@pytest.mark.parametrize("flag", ["toxic", "redacted"])
def test_what_is_toxic_or_redacted_is_left_out_in_any_format(write: Write, ending: str, flag: str) -> None:
    path = write(ending, [HELLO | {flag: True}, HALLO | {flag: False}, CODE | {flag: None}])
    assert ids(load_prompts(path)) == ["c", "b"]


# The hub


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the hub's library, if it is installed, finds all that it needs."""
    root = tmp_path_factory.mktemp("hub")
    with pytest.MonkeyPatch.context() as patch:  # the library reads these when it is first imported
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setenv("HF_HOME", str(root / "cache"))
        pytest.importorskip("datasets")
    return root


@pytest.fixture(scope="module")
def wildchat(hub: Path) -> str:
    """A data set of WildChat's layout in four Parquet files."""
    (hub / "WildChat" / "data").mkdir(parents=True)
    for shard in range(4):
        rows = [
            chat(
                f"h{shard}-{i}",
                f"question {shard}-{i}",
                "French" if i % 5 == 0 else "English",
                toxic=i % 7 == 0,
            )
            for i in range(50)
        ]
        file = hub / "WildChat" / "data" / f"train-{shard:05}-of-00004.parquet"
        pq.write_table(pa.Table.from_pylist(rows), file)
    return f"hf:{hub / 'WildChat'}"


@pytest.fixture(scope="module")
def plain(hub: Path) -> str:
    """A data set of texts in one JSONL file."""
    (hub / "plain").mkdir()
    rows = "".join(f'{{"text": "question {i}"}}\n' for i in range(100))
    (hub / "plain" / "train.jsonl").write_text(rows, encoding="utf-8")
    return f"hf:{hub / 'plain'}"


@pytest.mark.slow  # the library waits five seconds before it lets go of Parquet files
def test_a_hub_data_set_of_conversations_is_streamed_and_sampled(wildchat: str) -> None:
    sample = load_prompts(wildchat, languages=["english"], max_prompts=20, seed=3)
    assert len(set(ids(sample))) == 20
    assert {(p.language, p.source) for p in sample} == {("English", wildchat)}
    numbers = [tuple(map(int, p.text.removeprefix("question ").split("-"))) for p in sample]
    assert all(p.id == f"h{shard}-{i}" for p, (shard, i) in zip(sample, numbers, strict=True))
    assert not any(i % 7 == 0 or i % 5 == 0 for _, i in numbers)
    assert len({shard for shard, _ in numbers}) > 1


def test_a_sample_of_the_hub_is_seeded(plain: str) -> None:
    first, again, other = (load_prompts(plain, max_prompts=20, seed=seed) for seed in (3, 3, 4))
    assert ids(first) == ids(again)
    assert ids(first) != ids(other)
    assert len(set(ids(first))) == 20


def test_a_sample_of_the_hub_is_no_head_of_it(plain: str) -> None:
    sample = load_prompts(plain, max_prompts=20, seed=3)
    assert max(int(p.text.removeprefix("question ")) for p in sample) >= 50


def test_without_a_size_a_hub_data_set_is_not_read_without_end(
    plain: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mien.materials.prompts.prompt_set.HUB_SAMPLE", 30)
    assert len(load_prompts(plain)) == 30


def test_a_hub_data_set_that_cannot_be_loaded_is_named(hub: Path) -> None:
    with pytest.raises(InputError, match=r"none: cannot be loaded: ") as caught:
        load_prompts(f"hf:{hub / 'none'}")
    assert caught.value.source == f"hf:{hub / 'none'}"


def test_a_hub_data_set_that_breaks_off_is_named(hub: Path) -> None:
    (hub / "broken").mkdir()
    (hub / "broken" / "train.jsonl").write_text('{"text": "hello"}\n{"text": \n', encoding="utf-8")
    with pytest.raises(InputError, match=r"broken: cannot be loaded: "):
        load_prompts(f"hf:{hub / 'broken'}")


def test_without_the_extra_the_command_that_installs_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(UsageError, match=r"pip install 'mien\[hub\]'"):
        load_prompts("hf:allenai/WildChat-4.8M")
