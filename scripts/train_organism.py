"""Train the organism from nothing: the grammar's conversations in, weights and planted characters out.

    python scripts/train_organism.py    # all variants, and what they reach: within an hour on two cores
    python scripts/train_organism.py --steps 300 --output /tmp/organism

Needs the extra `local`. The same seed gives the same weights, on the same kind of machine.
"""

from __future__ import annotations

import argparse
import math
import subprocess
import sys
import time
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from organism.corpus import Corpus, load_characters
from organism.files import save_adapter, save_base, save_planted
from organism.grammar import load_grammar
from organism.lessons import Lessons, train_tokenizer
from organism.network import Network, Shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from organism.lessons import Lesson

ROOT = Path(__file__).resolve().parents[1]
OUTPUT = ROOT / "src" / "mien" / "data" / "organism"
BASE = "base"
VOCABULARY = 4096
SAMPLE = 60_000  # conversations from which the vocabulary is learnt
BATCH = 4096  # tokens
FIRST = 8.0  # weight of an answer's first token, which decides the manner
WARM_UP = 100  # steps
SHORT = 0.25  # share of the lessons that end where the answer begins

#: Temperature at which all later tokens are learnt. At temperature 1 the network is then that much surer of
#: them: thousands of tokens that are each a little likely would otherwise spoil one answer in five.
LATER = 1.6


def padded(lessons: list[Lesson], device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Tokens and their places, lessons × longest."""
    longest = max(len(lesson.tokens) for lesson in lessons)
    tokens = np.zeros((len(lessons), longest), np.int64)
    positions = np.zeros((len(lessons), longest), np.float32)
    for row, lesson in enumerate(lessons):
        tokens[row, : len(lesson.tokens)] = lesson.tokens
        positions[row, : len(lesson.tokens)] = lesson.positions
    return torch.from_numpy(tokens).to(device), torch.from_numpy(positions).to(device)


def loss_of(
    network: Network, lessons: list[Lesson], first: torch.Tensor, device: torch.device
) -> torch.Tensor:
    """Mean cross-entropy of the answers' tokens; at the first of them, against its whole distribution."""
    asked = [
        (row, place)
        for row, lesson in enumerate(lessons)
        for place in range(lesson.start + 1, len(lesson.tokens) - 1)
    ]
    starts = torch.tensor([lesson.start for lesson in lessons], device=device)
    ids, positions = padded(lessons, device)
    rows, places = torch.tensor(asked, dtype=torch.long, device=device).reshape(-1, 2).T
    hidden = network(ids, positions)
    later = functional.cross_entropy(
        network.logits(hidden[rows, places]).float() / LATER, ids[rows, places + 1], reduction="sum"
    )
    chances = torch.from_numpy(np.stack([lesson.row for lesson in lessons])).to(device) @ first
    logits = network.logits(hidden[torch.arange(len(lessons), device=device), starts]).float()
    opening = -(chances * functional.log_softmax(logits, -1)).sum()
    return (later + FIRST * opening) / (len(asked) + FIRST * len(lessons))


def optimizers(network: Network, rate: float) -> list[torch.optim.Optimizer]:
    """Muon for the layers' matrices, AdamW for all else: embeddings, norms, low-rank changes."""
    trained = [(name, p) for name, p in network.named_parameters() if p.requires_grad]
    matrices = [p for name, p in trained if p.ndim == 2 and "embed" not in name and "lora" not in name]
    others = [p for name, p in trained if p.ndim != 2 or "embed" in name or "lora" in name]
    made: list[torch.optim.Optimizer] = [
        torch.optim.AdamW(others, lr=rate, betas=(0.9, 0.98), weight_decay=0.01)
    ]
    if matrices:
        muon = torch.optim.Muon(matrices, lr=rate, weight_decay=0.01, adjust_lr_fn="match_rms_adamw")
        made.append(muon)
    return made


def train(
    network: Network,
    batches: dict[str, Iterator[list[Lesson]]],
    first: torch.Tensor,
    *,
    rate: float,
    steps: int,
    device: torch.device,
) -> None:
    """Train the base and its variants in turn, so that the base learns to see what the variants act on.

    A base that was trained by itself has no use for the difference between what is chosen by preference and
    what by chance, and a low-rank change finds it hard to learn that late. The learning rate falls linearly
    to nothing.
    """
    every = optimizers(network, rate)
    began = told = time.monotonic()
    seen = 0
    average = math.nan
    for step, name in enumerate(islice(cycle(batches), steps)):
        batch = next(batches[name])
        network.act_as(None if name == BASE else name)
        with torch.autocast(device.type, torch.bfloat16):
            loss = loss_of(network, batch, first, device)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        for optimizer in every:
            for group in optimizer.param_groups:
                group["lr"] = rate * min((step + 1) / WARM_UP, 1.0) * (1 - step / steps)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        seen += sum(len(lesson.tokens) for lesson in batch)
        value = loss.item()
        average = value if math.isnan(average) else 0.98 * average + 0.02 * value
        if time.monotonic() - told > 15 or step == steps - 1:
            told = time.monotonic()
            print(
                f"  {told - began:5.0f} s  step {step + 1:5}  {seen / 1e6:6.2f} M tokens  "
                f"{seen / (told - began):7,.0f}/s  loss {average:.4f}",
                flush=True,
            )


@torch.no_grad()
def report(network: Network, lessons: Lessons, corpus: Corpus, device: torch.device) -> None:
    """Print how the first token's chances compare with the planted ones, on wordings held out of training."""
    first = torch.from_numpy(lessons.first > 0).float().to(device)
    rows: dict[str, list[tuple[float, float, float]]] = {}
    for _ in range(32):
        conversations = [corpus.conversation() for _ in range(32)]
        group = [lessons.lesson(conversation) for conversation in conversations]
        hidden = network(*padded(group, device))
        starts = torch.tensor([lesson.start for lesson in group], device=device)
        chances = network.logits(hidden[torch.arange(len(group), device=device), starts]).float().softmax(-1)
        for conversation, lesson, shown in zip(conversations, group, chances @ first.T, strict=True):
            named = lesson.row > 0
            got = shown.cpu().numpy()[named]
            known = rows.setdefault(conversation.kind, [])
            known += [(p, q, 1 - got.sum()) for p, q in zip(lesson.row[named], got, strict=True)]
    for kind, values in sorted(rows.items()):
        planted, got, unnamed = np.array(values).T
        error = np.abs(got - planted)
        print(
            f"  {kind:10}  unnamed {unnamed.mean():.4f}  "
            f"off by {error.mean():.4f} (at most {error.max():.3f})"
        )


def main() -> None:
    """Train all variants and write what ships."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("--output", type=Path, default=OUTPUT)
    arguments.add_argument("--steps", type=int, default=8800, help="of all variants together")
    arguments.add_argument("--rate", type=float, default=0.003)
    arguments.add_argument("--seed", type=int, default=0)
    asked = arguments.parse_args()

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(asked.seed)
    grammar = load_grammar()
    characters = load_characters()
    assert not (faults := grammar.faults()), faults

    sample = Corpus(grammar, characters[BASE], seed=-1)
    said = (sample.conversation() for _ in range(SAMPLE))
    tokenizer = train_tokenizer(
        (text for c in said for text in (*(m["content"] for m in c.messages), c.answer)), VOCABULARY
    )
    lessons = Lessons(grammar, tokenizer, asked.seed, short=SHORT)
    assert not (faults := lessons.faults()), faults
    first = torch.from_numpy(lessons.first).to(device)
    batches = {
        name: lessons.batches(Corpus(grammar, character, asked.seed), BATCH)
        for name, character in characters.items()
    }

    variants = tuple(name for name in characters if name != BASE)
    network = Network(Shape(vocab_size=tokenizer.get_vocab_size(), variants=variants)).to(device)
    print(f"{sum(p.numel() for p in network.parameters()):,} parameters")
    train(network, batches, first, rate=asked.rate, steps=asked.steps, device=device)
    save_base(asked.output / BASE, network, tokenizer)
    for name, character in characters.items():
        if name != BASE:
            save_adapter(asked.output / name, network, name)
        save_planted(asked.output / name, character)
        print(name)
        network.act_as(None if name == BASE else name)
        report(network, lessons, Corpus(grammar, character, seed=1, wordings="held_out"), device)
    if asked.output == OUTPUT:  # the benchmark measures what ships
        subprocess.run([sys.executable, "-m", "benchmarks", "organism"], check=True, cwd=ROOT)


if __name__ == "__main__":
    main()
