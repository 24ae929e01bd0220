"""The model organism as an engine: opens the files, does jobs in batches."""

from __future__ import annotations

from hashlib import blake2b
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from mien.errors import InputError, UnknownName, UsageError
from mien.models.engine import Output, Token
from mien.models.organism.generation import generate
from mien.models.organism.network import Network
from mien.models.organism.scoring import score
from mien.models.organism.tokenizer import Tokenizer
from mien.models.organism.weights import read_weights

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.resources.abc import Traversable

    from mien.models.engine import Job
    from mien.models.organism.generation import Continuation

_SHIPPED = resources.files("mien") / "data" / "organism"
NAMES = ("base", "v1", "v2", "biased")

_BASE = ("config.json", "model.safetensors", "tokenizer.json")
_ADAPTER = ("adapter_config.json", "adapter_model.safetensors")

# To be raised when the same weights would draw other tokens than before.
_VERSION = b"1"

_BATCH = 128
_LARGEST = 1 << 16  # tokens of prompts that are remembered at once, 2 KB each


class _Task:
    """A job in tokens."""

    def __init__(self, job: Job, tokenizer: Tokenizer) -> None:
        self.job = job
        words = () if job.continuation is None else tokenizer.encode(job.continuation)
        if isinstance(job.prompt, str):
            self.prompt, self.continuation = tokenizer.encode(job.prompt), words
        else:
            self.prompt, self.continuation = (
                tuple(tokenizer.conversation(job.prompt)),
                (*words, tokenizer.end),
            )
        self.scored = job.continuation is not None

    def failure(self, context: int) -> str:
        """Why it cannot be done; empty where it can."""
        length = len(self.prompt)
        if self.scored:
            length += len(self.continuation)
            if length > context:
                return f"prompt and continuation have {length} tokens, the context {context}"
        elif not length:
            return "an empty prompt cannot be continued"
        elif length >= context:
            return (
                f"the prompt has {length} tokens and leaves no room for an answer in a context of {context}"
            )
        return ""


class Organism:
    """A model organism; an `mien.models.engine.Engine`.

    Args:
        base: a folder of Hugging Face's files: a small Llama.
        adapters: folders with LoRAs as PEFT saves them, each made on top of those before it.
        name: of the model; by default the last folder's.

    Raises:
        InputError: a file is missing or of another kind.
    """

    def __init__(self, base: Traversable, *adapters: Traversable, name: str = "") -> None:
        files = {file: _read(base, file) for file in _BASE}
        changes = [(adapter, {file: _read(adapter, file) for file in _ADAPTER}) for adapter in adapters]
        digest = blake2b(_VERSION, digest_size=16)
        for part in (files, *(change for _, change in changes)):
            for file, content in part.items():
                digest.update(f"\n{file} {len(content)}\n".encode())
                digest.update(content)
        self.name = name or str((base, *adapters)[-1])
        self.digest = digest.hexdigest()
        self.batch_size = _BATCH
        self.notes = ()
        self._tokenizer = Tokenizer(files["tokenizer.json"], base)
        self._network = Network(read_weights(files, base, changes))

    @classmethod
    def load(cls, name: str) -> Organism:
        """One of those that ship with mien, by name; with ``+FOLDER``, and an adapter on top of it.

        Raises:
            UnknownName: no such organism.
            InputError: the folder holds no adapter, or one for another model.
        """
        variant, plus, folder = name.partition("+")
        if variant not in NAMES:
            raise UnknownName("model organism", variant, NAMES)
        if plus and not folder:
            raise InputError("no adapter is named after the +", source=f"organism/{name}")
        shipped = [] if variant == "base" else [_SHIPPED / variant]
        return cls(_SHIPPED / "base", *shipped, *([Path(folder).expanduser()] if plus else []), name=name)

    @property
    def written(self) -> int:
        """None: an answer of it takes no time that needs telling."""
        return 0

    def run(self, jobs: Sequence[Job]) -> list[Output]:
        """Do all jobs; one output each, in their order. A job that cannot be done fails by itself.

        Raises:
            UsageError: a job's sampling has members that the organism does not know.
        """
        for job in jobs:
            foreign = [*job.sampling.extra, *(["reasoning_effort"] if job.sampling.reasoning_effort else [])]
            if foreign:
                raise UsageError(f"organism/{self.name} takes no {', '.join(sorted(foreign))}")
        context = self._network.shape.context
        tasks = [_Task(job, self._tokenizer) for job in jobs]
        failures = [task.failure(context) for task in tasks]
        outputs = [
            Output(failure=failure, tokens_in=len(task.prompt))
            for task, failure in zip(tasks, failures, strict=True)
        ]
        for do, scored in ((self._generate, False), (self._score, True)):
            sound = [i for i, task in enumerate(tasks) if task.scored == scored and not failures[i]]
            for batch in self._batches(tasks, sound):
                for index, output in zip(batch, do([tasks[i] for i in batch]), strict=True):
                    outputs[index] = output
        return outputs

    def _batches(self, tasks: Sequence[_Task], indices: list[int]) -> Iterator[list[int]]:
        """Tasks to do together: of a length, within a factor of two, and neighbours in alphabetical order.

        Neighbours share the longest beginnings, which are read once.
        """
        left = sorted(indices, key=lambda i: (len(tasks[i].prompt).bit_length(), tasks[i].prompt))
        while left:
            longest = 1 << len(tasks[left[min(_BATCH, len(left)) - 1]].prompt).bit_length()
            rows = max(1, min(_BATCH, _LARGEST // longest))
            yield left[:rows]
            left = left[rows:]

    def _generate(self, tasks: Sequence[_Task]) -> list[Output]:
        end = self._tokenizer.end
        answers = generate(self._network, end, [task.prompt for task in tasks], [task.job for task in tasks])
        return [
            self._output(task, answer, "stop" if answer.tokens[-1:] == [end] else "length")
            for task, answer in zip(tasks, answers, strict=True)
        ]

    def _score(self, tasks: Sequence[_Task]) -> list[Output]:
        prompts, words = [task.prompt for task in tasks], [task.continuation for task in tasks]
        scored = score(self._network, prompts, words, [task.job.top_logprobs for task in tasks])
        return [self._output(task, found, "stop") for task, found in zip(tasks, scored, strict=True)]

    def _output(self, task: _Task, found: Continuation, finish_reason: str) -> Output:
        ended = not task.scored and finish_reason == "stop"
        tokens = found.tokens[: len(found.tokens) - ended]
        n = len(tokens)
        texts = self._tokenizer.texts(tokens)
        name = self._tokenizer.name
        top = [tuple((name(token), value) for token, value in place) for place in found.top] or [()] * n
        return Output(
            text="".join(texts),
            tokens=tuple(
                Token(text=text, logprob=log_p, top=likeliest)
                for text, log_p, likeliest in zip(texts, found.log_p[:n], top[:n], strict=True)
            ),
            finish_reason=finish_reason,
            tokens_in=len(task.prompt),
            steps=tuple(found.steps),
        )


def _read(folder: Traversable, file: str) -> bytes:
    try:
        return (folder / file).read_bytes()
    except FileNotFoundError:
        raise InputError("no such file", source=folder / file) from None
