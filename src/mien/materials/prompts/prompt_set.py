"""Prompt sets: where they come from, and which of them are taken."""

from __future__ import annotations

import random
from dataclasses import dataclass
from importlib import import_module, resources
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mien.errors import InputError, UnknownName, UsageError
from mien.files import Row, Table, read_jsonl, read_rows
from mien.formatting import enumerated, quoted
from mien.materials.prompts.layouts import COLUMNS
from mien.materials.prompts.reading import LeftOut, Reading, read

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from mien.types import Prompt

_SHIPPED = resources.files("mien") / "data" / "prompts"

#: Prompts taken from a hub data set unless told otherwise, and the rows among which the sample is shuffled.
HUB_SAMPLE, HUB_BUFFER = 2_000, 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which prompts of a source are taken; see `load_prompts`.

    Raises:
        UsageError: a sample of none.
    """

    languages: Collection[str] = ()
    categories: Collection[str] = ()
    max_chars: int | None = None
    max_prompts: int | None = None
    seed: int = 0
    reading: Reading = Reading()

    def __post_init__(self) -> None:
        if self.max_prompts is not None and self.max_prompts < 1:
            raise UsageError(f"a sample of prompts holds at least one, not {self.max_prompts}")

    def takes(self, prompt: Prompt) -> bool:
        """Whether a prompt passes the filters."""
        return (
            (self.max_chars is None or len(prompt.text) <= self.max_chars)
            and _among(prompt.language, self.languages)
            and _among(prompt.category, self.categories)
        )

    def sample(self, prompts: list[Prompt]) -> list[Prompt]:
        """As many of the prompts as are wanted, in their order."""
        if self.max_prompts is None or self.max_prompts >= len(prompts):
            return prompts
        picked = random.Random(self.seed).sample(range(len(prompts)), self.max_prompts)
        return [prompts[i] for i in sorted(picked)]


def _among(value: str, values: Collection[str]) -> bool:
    return not values or value.casefold() in {one.casefold() for one in values}


@dataclass(frozen=True, slots=True)
class PromptSet:
    """Prompts, and what there is to tell of how they were read.

    Attributes:
        name: of the set, the file or the data set, with how its columns were read.
        prompts: those taken.
        notes: a phrase each: the encoding and separator that were found, the rows left out.
    """

    name: str
    prompts: tuple[Prompt, ...]
    notes: tuple[str, ...] = ()


def shipped_prompt_sets() -> list[str]:
    """Names of the built-in sets."""
    return sorted(entry.name.removesuffix(".jsonl") for entry in _SHIPPED.iterdir())


def load_prompts(
    source: str | Path = "everyday",
    *,
    languages: Collection[str] = (),
    categories: Collection[str] = (),
    max_chars: int | None = None,
    max_prompts: int | None = None,
    seed: int = 0,
    reading: Reading = Reading(),
) -> tuple[Prompt, ...]:
    """Load prompts and filter them.

    Args:
        source: name of a built-in set; a table (`mien.files.read_rows`) or a text file with a prompt a line;
            or ``hf:OWNER/DATASET``, streamed from the hub without downloading all of it (extra ``hub``).
            Rows are of any of the `mien.materials.prompts.layouts`; of a conversation the first turn of a
            person is taken. Rows flagged ``toxic``, ``redacted`` or ``deleted``, without a person's words,
            or with more than text are left out. Of equal texts the first stays.
        languages: keep only these (as the data names them, case folded).
        categories: keep only these.
        max_chars: keep only prompts of at most so many characters.
        max_prompts: a seeded sample of at most so many (default: all; 2,000 of a hub data set).
        seed: of the sample.
        reading: what the columns are, where their names don't tell, and which rows are meant.

    Raises:
        UnknownName: neither a built-in set nor a file.
        InputError: a row that cannot be used, with its number: the line of JSON lines and text; elsewhere
            the first row of data is row 1.
        UsageError: nothing is left after filtering, or the extra ``hub`` is missing.
    """
    choice = Choice(
        languages=languages,
        categories=categories,
        max_chars=max_chars,
        max_prompts=max_prompts,
        seed=seed,
        reading=reading,
    )
    return read_prompts(source, choice).prompts


def read_prompts(source: str | Path = "everyday", choice: Choice = Choice()) -> PromptSet:
    """Prompts as `load_prompts` takes them, with what there is to tell of how they were read.

    Raises:
        MienError: as there.
    """
    hub = str(source).startswith("hf:")
    table = _hub(str(source), choice.seed) if hub else _table(source, choice.reading)
    name = str(source) if hub else Path(source).name
    left_out = LeftOut()
    seen: dict[str, set[str]] = {"language": set(), "category": set()}

    def kept(found: tuple[int, Prompt]) -> bool:
        for member, values in seen.items():
            values.add(getattr(found[1], member))
        return choice.takes(found[1])

    prompts = _distinct(filter(kept, read(table.rows, name, choice.reading, left_out)), name, left_out)
    most = choice.max_prompts or HUB_SAMPLE
    chosen = list(islice(prompts, most)) if hub else choice.sample(list(prompts))
    told = str(left_out)
    if not chosen:
        if not any(seen.values()):
            raise UsageError(f"{name}: no prompt is left; {told}")
        has = "; ".join(f"{member}: {enumerated(sorted(v)) or 'none'}" for member, v in seen.items())
        raise UsageError(f"{name}: no prompt passes the filters; it has {has}{told and f'; {told}'}")
    return PromptSet(f"{source}{choice.reading}", tuple(chosen), tuple(filter(None, (*table.notes, told))))


def _distinct(prompts: Iterable[tuple[int, Prompt]], name: str, left_out: LeftOut) -> Iterator[Prompt]:
    texts: set[str] = set()
    ids: dict[str, int] = {}
    for number, prompt in prompts:
        if prompt.text in texts:
            left_out.add("with a text that stands there already", number)
            continue
        if prompt.id in ids:
            problem = f"id {quoted(prompt.id)} stands in row {ids[prompt.id]} already, with another text"
            raise InputError(problem, source=name, where=f"row {number}")
        texts.add(prompt.text)
        ids[prompt.id] = number
        yield prompt


def _table(source: str | Path, reading: Reading) -> Table:
    if str(source) in shipped_prompt_sets():
        text = (_SHIPPED / f"{source}.jsonl").read_text(encoding="utf-8")
        return Table(str(source), read_jsonl(text, str(source)))
    path = Path(source)
    if not path.exists() and not path.suffix and path.name == str(source):
        raise UnknownName("prompt set", str(source), shipped_prompt_sets())
    return read_rows(path, columns=COLUMNS | reading.columns, what="prompts")


def _hub(source: str, seed: int) -> Table:
    try:
        datasets: Any = import_module("datasets")  # untyped
    except ModuleNotFoundError as error:
        raise UsageError("prompts from the hub need the extra `hub`: pip install 'mien[hub]'") from error

    def rows() -> Iterator[tuple[int, Row]]:
        try:
            stream = datasets.load_dataset(source.removeprefix("hf:"), split="train", streaming=True)
            found: Iterable[Row] = stream.shuffle(seed=seed, buffer_size=HUB_BUFFER)
            yield from enumerate(found, 1)
        except Exception as error:  # the hub's client raises many kinds, some of them private
            raise InputError(f"cannot be loaded: {error}", source=source) from error

    return Table(source, rows())
