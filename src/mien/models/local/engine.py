"""Models of transformers as an engine: opens them, does jobs in batches."""

from __future__ import annotations

import gc
import math
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch

from mien.errors import InputError, UsageError, notify
from mien.models.engine import Output, Token
from mien.models.local import fingerprint, places
from mien.models.local.dialogue import Dialogue
from mien.models.local.generation import Row, generate
from mien.models.local.loading import choose_device, choose_dtype, load, quiet
from mien.models.local.network import Network
from mien.models.local.sampling import problem
from mien.models.local.scoring import Line, score
from mien.models.local.spelling import Spelling
from mien.models.reasoning import opened

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mien.models.engine import Job

_ENDLESS = (
    "nothing ends its answers but a limit: neither its tokenizer nor its generation_config.json names an "
    "eos_token, and its chat template sets no token after an answer"
)

_BATCH = {"cuda": 64, "mps": 16, "cpu": 16}

# Logits that are held at once where continuations are scored: 1 GB in bfloat16.
_LOGITS = 1 << 29


class _Task:
    """A job in tokens, or why it cannot be done."""

    def __init__(self, job: Job, dialogue: Dialogue, context: int) -> None:
        self.job = job
        self.scored = job.continuation is not None
        self.prompt: list[int] = []
        self.continuation: list[int] = []
        self.opened = False
        self.failure = problem(job.sampling)
        if not self.failure:
            try:
                self._encode(job, dialogue)
            except ValueError as error:
                self.failure = str(error)
            else:
                self.failure = self._misfit(context)

    def __len__(self) -> int:
        return len(self.prompt) + len(self.continuation)

    def _encode(self, job: Job, dialogue: Dialogue) -> None:
        talk = not isinstance(job.prompt, str)
        text = (
            job.prompt if isinstance(job.prompt, str) else dialogue.write(job.prompt, _template_options(job))
        )
        self.opened = talk and opened(text)
        self.prompt = dialogue.encode(text, talk=talk)
        if job.continuation is not None:
            self.continuation = dialogue.continuation(job.continuation, text, talk=talk)

    def _misfit(self, context: int) -> str:
        length = len(self)
        if self.scored and length > context:
            return f"prompt and continuation have {length} tokens, the context {context}"
        if self.scored:
            return ""
        if not length:
            return "an empty prompt cannot be continued"
        if length >= context:
            return (
                f"the prompt has {length} tokens and leaves no room for an answer in a context of {context}"
            )
        return ""


class Local:
    """A causal language model of transformers in this process; an `mien.models.engine.Engine`.

    Only the distribution of the model itself is drawn from: no top_k, penalty or other default of its
    ``generation_config`` applies. A job's ``sampling.reasoning_effort`` and the members of its
    ``sampling.extra["chat_template_kwargs"]`` are variables of the chat template; any other member of
    ``extra`` makes the job fail.

    An answer ends with any of the ids that the model's ``generation_config`` or its tokenizer calls
    end-of-sequence, and with the token that the chat template sets after the assistant's turn.

    Args:
        spec: a folder or hub id, optionally with ``+ADAPTER``, the folder or hub id of a PEFT adapter that
            is merged into the weights.
        device: ``auto`` (the first of cuda, mps and cpu that torch sees) or one of those, or ``cuda:N``.
        dtype: ``float32``, ``float16``, ``bfloat16`` or ``auto``: float32 on a CPU, the checkpoint's own
            elsewhere.
        batch_size: jobs to do at once; None for 64 on cuda, 16 elsewhere. It is halved where memory runs out,
            and stays so.

    Raises:
        InputError: the files are missing, broken, of another kind, or do not fit each other.
        UsageError: a device, number format or batch size that cannot be; peft is needed and not installed.
    """

    def __init__(
        self, spec: str, *, device: str = "auto", dtype: str = "auto", batch_size: int | None = None
    ) -> None:
        if batch_size is not None and batch_size < 1:
            raise UsageError(f"a batch of {batch_size} jobs is none; give at least 1")
        where = choose_device(device)
        numbers = choose_dtype(dtype, where)
        with quiet():
            self._place, self._adapter = places.find(spec)
        model, tokenizer, self._context = load(self._place, self._adapter, where, numbers)
        self.name = spec
        self.batch_size = batch_size or _BATCH[where.type]
        self._network = Network(model)
        if not self._network.remembers:
            raise InputError(
                f"models of the kind {model.config.model_type} keep their state in a way of their own, which "
                "mien cannot use yet",
                source=spec,
            )
        self._dialogue = Dialogue(tokenizer, spec, self._network.embeddings)
        self._spelling = Spelling(tokenizer)
        self._ends = _ends(model.generation_config.eos_token_id, tokenizer.eos_token_id, self._dialogue.end)
        self.notes = self._dialogue.form.notes
        if tokenizer.chat_template and not self._ends:
            self.notes += (_ENDLESS,)
        notify(spec, self.notes)
        self._dtype = str(model.dtype).removeprefix("torch.")
        self._rows: list[Row] = []

    @property
    def written(self) -> int:
        """Tokens of the answers that are being written; asked from another thread."""
        return sum(len(row.tokens) for row in self._rows)

    @property
    def digest(self) -> str:
        """Hash of weights, tokenizer, chat template, its form, adapter and number format."""
        return self._digest

    @cached_property
    def _digest(self) -> str:
        # Not before somebody asks: it takes as long as loading.
        numbers = " ".join(part for part in (self._dtype, self._dialogue.form.mark) if part)
        return fingerprint.digest([p for p in (self._place, self._adapter) if p], numbers)

    def run(self, jobs: Sequence[Job]) -> list[Output]:
        """Do all jobs; one output each, in their order. A job that cannot be done fails by itself.

        Raises:
            InputError: there is a conversation among them, and the model has no chat template.
        """
        if any(not isinstance(job.prompt, str) for job in jobs):
            self._dialogue.check()
        tasks = [_Task(job, self._dialogue, self._context) for job in jobs]
        outputs = [Output(failure=task.failure, tokens_in=len(task.prompt)) for task in tasks]
        # The longest first: where memory runs out, it does so at once. Those of one prompt go together.
        order = sorted(
            range(len(tasks)), key=lambda i: (-len(tasks[i].prompt), tasks[i].prompt, -len(tasks[i]))
        )
        with quiet(), torch.inference_mode():
            for do, scored in ((self._generate, False), (self._score, True)):
                left = [i for i in order if tasks[i].scored == scored and not tasks[i].failure]
                while left:
                    batch = self._batch(tasks, left)
                    done = _unless_out_of_memory(do, [tasks[i] for i in batch])
                    if done is None and len(batch) > 1:
                        self.batch_size = len(batch) // 2
                        continue
                    if done is None:
                        task = tasks[batch[0]]
                        told = f"out of memory with {len(task)} tokens"
                        done = [Output(failure=told, tokens_in=len(task.prompt))]
                    for index, output in zip(batch, done, strict=True):
                        outputs[index] = output
                    left = left[len(batch) :]
        return outputs

    def _batch(self, tasks: Sequence[_Task], left: Sequence[int]) -> Sequence[int]:
        """Of the tasks left, those to do next."""
        batch = left[: self.batch_size]
        places = 1 + max(len(tasks[i].continuation) for i in batch)
        return batch[: max(1, _LOGITS // (places * self._network.vocabulary))]

    def _generate(self, tasks: Sequence[_Task]) -> list[Output]:
        rows = [
            Row(
                task.prompt,
                task.job.sampling,
                task.job.seed,
                min(task.job.sampling.max_tokens or self._context, self._context - len(task.prompt)),
                task.job.top_logprobs,
                traced=task.job.traced,
            )
            for task in tasks
        ]
        self._rows = rows
        generate(self._network, rows, self._ends)
        self._rows = []
        outputs = [
            self._output(task, row.tokens, row.log_p, row.top, "stop" if row.stopped else "length")
            for task, row in zip(tasks, rows, strict=True)
        ]
        return [
            output if output.failure else replace(output, steps=tuple(row.steps))
            for output, row in zip(outputs, rows, strict=True)
        ]

    def _score(self, tasks: Sequence[_Task]) -> list[Output]:
        told = [task for task in tasks if len(task)]
        lines = [Line(task.prompt, task.continuation, task.job.top_logprobs) for task in told]
        scores = dict(zip(map(id, told), score(self._network, lines), strict=True)) if lines else {}
        return [
            self._output(task, task.continuation, *scores[id(task)], "stop")
            if id(task) in scores
            else Output()
            for task in tasks
        ]

    def _output(
        self,
        task: _Task,
        tokens: Sequence[int],
        log_p: Sequence[float | None],
        top: Sequence[Sequence[tuple[int, float]]],
        finish_reason: str,
    ) -> Output:
        if any(value is not None and math.isnan(value) for value in log_p):
            told = f"the model's numbers overflow in {self._dtype}; choose another dtype"
            return Output(failure=told, tokens_in=len(task.prompt))
        pieces = self._spelling.pieces(tokens)
        name = self._spelling.name
        return Output(
            text="".join(pieces),
            tokens=tuple(
                Token(text=piece, logprob=value, top=tuple((name(t, first=not i), v) for t, v in told))
                for i, (piece, value, told) in enumerate(zip(pieces, log_p, top, strict=True))
            ),
            finish_reason=finish_reason,
            tokens_in=len(task.prompt),
            opened=task.opened,
        )


def _template_options(job: Job) -> dict[str, Any]:
    options = dict(job.sampling.extra.get("chat_template_kwargs") or {})
    if job.sampling.reasoning_effort is not None:
        options.setdefault("reasoning_effort", job.sampling.reasoning_effort)
    return options


def _ends(*told: int | list[int] | None) -> frozenset[int]:
    """Ids that end an answer, as told in several places, which may each tell several."""
    ends: set[int] = set()
    for one in told:
        ends.update([one] if isinstance(one, int) else one or [])
    return frozenset(ends)


def _unless_out_of_memory(
    do: Callable[[Sequence[_Task]], list[Output]], tasks: Sequence[_Task]
) -> list[Output] | None:
    """Do tasks; None where memory ran out."""
    try:
        return do(tasks)
    except (RuntimeError, MemoryError) as error:  # torch.OutOfMemoryError is a RuntimeError
        told = str(error).lower()
        signs = ("out of memory", "can't allocate memory", "not enough memory")
        if not isinstance(error, (torch.OutOfMemoryError, MemoryError)) and not any(s in told for s in signs):
            raise
    # Only now has the error let go of the tensors of the frames that it came through.
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    elif torch.backends.mps.is_available():
        torch.mps.empty_cache()
    return None
