"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mien.errors import InputError, UsageError
from mien.types import Ties

if TYPE_CHECKING:
    from mien.evals.generation import Generation
    from mien.materials.prompts import Reading
    from mien.measurement.batches import Batching
    from mien.models.inprocess.loading import Hardware
    from mien.models.usage import Limits

DEFAULT_STORE = Path("mien.db")
StoreOption = Annotated[
    Path, typer.Option("--store", envvar="MIEN_STORE", help="The store's file.", show_default="mien.db")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON with stable keys.")]
JudgeModelOption = Annotated[str, typer.Option("--judge", help="The model that reads the responses.")]
CheckJudgeOption = Annotated[
    int | None,
    typer.Option(
        "--check-judge",
        min=0,
        help="Read so many `instructed` answers first, and stop where the judge can't tell them apart.",
        show_default="24 for a judge that tells probabilities, 96 to choose a base model's form, else 0",
    ),
]
JudgeNameOption = Annotated[
    str | None, typer.Option("--judge", help="Whose verdicts to take.  [default: the run's first judge]")
]
ConfidenceOption = Annotated[
    float, typer.Option("--confidence-level", min=0.5, max=0.9999, help="Of all intervals.")
]
AlphaOption = Annotated[
    float | None, typer.Option(min=0.0, help="Ridge strength of the choice model.", show_default="0.15")
]
TiesOption = Annotated[
    Ties,
    typer.Option(
        "--ties",
        help="half: a tie is half a choice of each option. drop: it doesn't count. davidson: it is an "
        "outcome of its own.",
    ),
]

_FILE = "Columns of a file of prompts"
TextColumnOption = Annotated[
    str,
    typer.Option(
        "--text-column",
        help="The column that holds the prompt.",
        show_default="by its name",
        rich_help_panel=_FILE,
    ),
]
IdColumnOption = Annotated[
    str,
    typer.Option(
        "--id-column", help="The column that holds its id.", show_default="by its name", rich_help_panel=_FILE
    ),
]
CategoryColumnOption = Annotated[
    str,
    typer.Option(
        "--category-column",
        help="The column that holds its category.",
        show_default="by its name",
        rich_help_panel=_FILE,
    ),
]
WhereOption = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        help="Take the rows that hold this: COLUMN=VALUE or COLUMN!=VALUE (repeatable).",
        metavar="CONDITION",
        rich_help_panel=_FILE,
    ),
]

_MEASURED = "What is measured"
ProtocolOption = Annotated[
    str, typer.Option(help="A protocol's name, or a YAML file.", rich_help_panel=_MEASURED)
]
TraitsOption = Annotated[
    str | None,
    typer.Option(
        help="A trait set's name, or a YAML or text file.",
        show_default="classic-144; the organism's own 36",
        rich_help_panel=_MEASURED,
    ),
]
OptionsOption = Annotated[
    int | None,
    typer.Option(
        "--options", help="Options a trial, 2 to 8.", show_default="the protocol's", rich_help_panel=_MEASURED
    ),
]
PromptsOption = Annotated[
    str,
    typer.Option(
        help="A prompt set's name, a file, or hf:OWNER/DATASET.",
        rich_help_panel=_MEASURED,
    ),
]
LanguageOption = Annotated[
    list[str] | None,
    typer.Option(help="Keep prompts in this language (repeatable).", rich_help_panel=_MEASURED),
]
CategoryOption = Annotated[
    list[str] | None,
    typer.Option(help="Keep prompts of this category (repeatable).", rich_help_panel=_MEASURED),
]
MaxCharsOption = Annotated[
    int | None,
    typer.Option(min=1, help="Keep prompts of at most so many characters.", rich_help_panel=_MEASURED),
]
MaxPromptsOption = Annotated[
    int | None, typer.Option(min=1, help="Take a sample of so many prompts.", rich_help_panel=_MEASURED)
]
RoundsOption = Annotated[
    int | None,
    typer.Option(
        help="Rounds; each shows every trait once.",
        show_default="enough for about 2,000 trials",
        rich_help_panel=_MEASURED,
    ),
]
TrialsOption = Annotated[
    int | None, typer.Option(help="Trials, rounded up to whole rounds.", rich_help_panel=_MEASURED)
]
FullOption = Annotated[bool, typer.Option("--full", help="Every pair once.", rich_help_panel=_MEASURED)]
SeedOption = Annotated[
    int, typer.Option(help="Of the design. Runs of one seed are paired.", rich_help_panel=_MEASURED)
]

_PART = "One part of several"
ShardOption = Annotated[
    str | None,
    typer.Option(
        "--shard",
        metavar="K/N",
        help="Make the K-th of N parts, K from 1; auto/N takes K from SLURM_ARRAY_TASK_ID or "
        "SKYPILOT_JOB_RANK. mien merge brings the parts together.",
        rich_help_panel=_PART,
    ),
]
OwnLimitsOption = Annotated[
    bool,
    typer.Option(
        "--own-limits",
        help="Rates and budget are this shard's alone; else each shard has the N-th part of them.",
        rich_help_panel=_PART,
    ),
]
CopyToOption = Annotated[
    Path | None,
    typer.Option(
        "--copy-to",
        metavar="FILE",
        help="Copy the store there every --copy-every seconds and at the end, and begin with what is there: "
        "a shared folder outlives this machine.",
    ),
]
CopyEveryOption = Annotated[
    float, typer.Option("--copy-every", min=0.1, help="Seconds between copies, at most so much is lost.")
]
ServedByOption = Annotated[
    list[str] | None,
    typer.Option(
        "--served-by",
        metavar="[NAME=]URL[,URL…]",
        help="Where a model is that is given as a bare name; it's known by the name, wherever it is. "
        "Calls are dealt out to the addresses (repeatable).",
    ),
]

_SPEED = "Speed and budget"
ConcurrencyOption = Annotated[
    int, typer.Option("--max-concurrency", min=1, help="Most calls in flight.", rich_help_panel=_SPEED)
]
RpmOption = Annotated[
    float | None,
    typer.Option(
        "--rpm", min=0.001, help="Requests a minute that an endpoint allows.", rich_help_panel=_SPEED
    ),
]
TpmOption = Annotated[
    float | None,
    typer.Option("--tpm", min=0.001, help="Tokens a minute that an endpoint allows.", rich_help_panel=_SPEED),
]
MaxCallsOption = Annotated[
    int | None,
    typer.Option(
        min=0, help="Stop cleanly after so many requests, repeated ones included.", rich_help_panel=_SPEED
    ),
]
MaxCostOption = Annotated[
    float | None, typer.Option(min=0, help="Stop cleanly after so many US dollars.", rich_help_panel=_SPEED)
]
PriceInOption = Annotated[
    float | None,
    typer.Option(min=0, help="US dollars per million tokens in.", rich_help_panel=_SPEED),
]
PriceOutOption = Annotated[
    float | None,
    typer.Option(min=0, help="US dollars per million tokens out.", rich_help_panel=_SPEED),
]
TimeoutOption = Annotated[
    float, typer.Option(min=0.1, help="Seconds until a call is given up.", rich_help_panel=_SPEED)
]

_BATCHED = "Providers' batches"
BatchOption = Annotated[
    bool,
    typer.Option(
        "--batch",
        help="Make calls in the providers' batches, where they have any: at half the price, within a day.",
        rich_help_panel=_BATCHED,
    ),
]
WaitOption = Annotated[
    bool,
    typer.Option(
        "--wait/--no-wait",
        help="With --batch: wait for the batches, or send what there is to send and end; the same command "
        "goes on.",
        rich_help_panel=_BATCHED,
    ),
]

_LOCAL = "Models that run in this process"
DeviceOption = Annotated[
    str,
    typer.Option(
        "--device", help="cpu, cuda, cuda:1, mps.", show_default="the best there is", rich_help_panel=_LOCAL
    ),
]
DtypeOption = Annotated[
    str,
    typer.Option(
        "--dtype",
        help="float32, bfloat16 or float16.",
        show_default="by model and device",
        rich_help_panel=_LOCAL,
    ),
]
BatchSizeOption = Annotated[
    int | None,
    typer.Option(
        "--batch-size",
        min=1,
        help="Most conversations at once.",
        show_default="by model",
        rich_help_panel=_LOCAL,
    ),
]


_SAMPLED = "How the model is sampled"
TemperatureOption = Annotated[
    float,
    typer.Option(min=0, help="1 draws from the model's own distribution.", rich_help_panel=_SAMPLED),
]
MaxTokensOption = Annotated[
    int, typer.Option(min=1, help="After which answers are cut off.", rich_help_panel=_SAMPLED)
]
ReasoningEffortOption = Annotated[
    str | None, typer.Option("--reasoning-effort", help="Of a reasoning model.", rich_help_panel=_SAMPLED)
]
ExtraOption = Annotated[
    str | None,
    typer.Option(
        help="""Further members of the request body, as JSON: '{"provider": {…}}'.""",
        rich_help_panel=_SAMPLED,
    ),
]
SystemOption = Annotated[
    str,
    typer.Option(
        help="The system prompt of the model under test.", show_default=False, rich_help_panel=_SAMPLED
    ),
]
SystemFileOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="A file that holds it.", rich_help_panel=_SAMPLED)
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Print calls, tokens, cost and time, and make no call.")
]


def system_prompt(text: str, file: Path | None) -> str:
    """The system prompt that is given, or that a file holds; empty for none.

    Raises:
        UsageError: there are both, or the file holds none.
    """
    from mien.files import read_text

    if file is None:
        return text
    if text:
        raise UsageError("--system and --system-file are two system prompts; give one")
    if not (found := read_text(file)).strip():
        raise UsageError(f"{file}: holds no system prompt")
    return found


def extra_members(text: str | None) -> dict[str, Any] | None:
    """The members that ``--extra`` sets; None without any.

    Raises:
        InputError: they are no JSON object.
    """
    if text is None:
        return None
    import msgspec

    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise InputError(f"is not a JSON object: {error}", source="--extra") from error


def generation(*, extra: str | None, system: str, system_file: Path | None, **given: Any) -> Generation:
    """Gather the options on how a model that is evaluated answers.

    Raises:
        InputError: ``--extra`` is no JSON object.
        UsageError: there are two system prompts, or a file that holds none.
    """
    from mien.evals.generation import Generation

    return Generation(extra=extra_members(extra) or {}, system=system_prompt(system, system_file), **given)


def reading(text_column: str, id_column: str, category_column: str, where: list[str] | None) -> Reading:
    """Gather the options on the columns of a file of prompts."""
    from mien.materials.prompts import Reading

    return Reading(text=text_column, id=id_column, category=category_column, where=tuple(where or ()))


def batching(*, batch: bool, wait: bool) -> Batching | None:
    """Gather the options on providers' batches.

    Raises:
        UsageError: batches are not to be waited for, and there are none.
    """
    from mien.measurement.batches import Batching

    if not (wait or batch):
        raise UsageError("--no-wait is about batches: add --batch")
    return Batching(wait=wait) if batch else None


def hardware(**members: Any) -> Hardware:
    """Gather the options on models that run in this process."""
    from mien.models.inprocess.loading import Hardware

    return Hardware(**members)


def limits(**members: Any) -> Limits:
    """Gather the options on speed and budget."""
    from mien.models.usage import Limits

    return Limits(**members)
