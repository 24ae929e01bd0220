"""The organism against what was planted, on prompts and wordings that its training never saw.

The prompts are mien's built-in ones; the wordings those under ``held_out`` in scripts/organism/wordings.yaml.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when numpy is loaded; more only wait for each other

import numpy as np
import scipy.stats

import mien
from benchmarks.machine import describe_machine
from benchmarks.options import Options
from mien.models.engine import Job
from mien.models.organism.engine import NAMES, Organism
from mien.models.organism.planted import load_planted
from mien.types import Sampling
from organism.corpus import Corpus, load_characters
from organism.grammar import load_grammar

if TYPE_CHECKING:
    from collections.abc import Sequence

DATA = ROOT / "src" / "mien" / "data" / "organism"
SAMPLED = Sampling(temperature=1.0, max_tokens=400)


def main(arguments: Sequence[str]) -> None:
    options = Options(__name__, __doc__)
    options.add_argument("--speed", choices=tuple(PEERS), help="of one engine alone, as JSON")
    asked = options.parse_args(arguments)
    if asked.speed:
        print(json.dumps(speed(asked.speed)))
        return
    scale = 10 if asked.quick else 1
    print(f"{describe_machine()}\n")
    print("| | target | measured |\n| --- | --- | --- |", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MIEN_STORE"] = str(Path(folder) / "mien.db")
        answers(1000 // scale)
        recovery(140 // scale)
        flatness(20 // scale, rounds=35)
        judge_errors(70 // scale)
        changes(112 // scale)
    speeds()
    sizes()


def row(what: str, target: str, measured: str) -> None:
    print(f"| {what} | {target} | {measured} |", flush=True)


def percent(part: float, whole: float) -> str:
    low, high = scipy.stats.binomtest(int(part), int(whole)).proportion_ci(method="wilson")
    return f"{part / whole:.1%} ({low:.1%} … {high:.1%}) of {int(whole):,}"


@cache
def engine(name: str) -> Organism:
    return Organism.load(name)


def held_out() -> mien.Protocol:
    """The default protocol with wordings that training never saw."""
    corpus = Corpus(load_grammar(), load_characters()["base"], 0, wordings="held_out")
    texts = corpus.texts
    choose = next(w for w in texts["choose"] if w["style"] == "lines" and "{Count}" not in w["text"])
    told = next(w for w in texts["instructed"] if w["style"] == "lines")
    default = mien.load_protocol()
    wording = default.wording.model_dump() | {
        "revealed": choose["text"],
        "instructed": told["text"],
        "preference": {
            "feel": texts["prefer"][0],
            "like": texts["prefer"][1],
            "random": texts["random"][0],
        },
    }
    return default.override(name="held-out", wording=wording)


def answers(n: int) -> None:
    """Whether answers keep to the grammar, and to what was named."""
    grammar = load_grammar()
    prompts = mien.load_prompts("everyday")
    for n_options in (2, 4):
        kept = steady = within = total = 0
        for name in NAMES:
            draw = random.Random(f"{name}/{n_options}")
            corpus = Corpus(grammar, load_characters()[name], 1, wordings="held_out")
            asked = [corpus.told(draw.sample(sorted(grammar.manners), n_options)) for _ in range(n)]
            jobs = [
                Job(
                    prompt=(system, {"role": "user", "content": draw.choice(prompts).text}),
                    sampling=SAMPLED,
                    seed=seed,
                )
                for seed, (_, system) in enumerate(asked)
            ]
            for (options, _), output in zip(asked, engine(name).run(jobs), strict=True):
                shown = grammar.parse(output.text)
                total += 1
                kept += shown is not None
                steady += grammar.keeps_topic(output.text)
                within += shown in options
        if n_options == 2:
            row("answer is a sentence of the grammar", "≥ 97 %", percent(kept, total))
            row("… and keeps to one topic throughout", "", percent(steady, total))
        target = {2: "≥ 97 %", 4: "≥ 94 %"}[n_options]
        row(f"shows one of the named options (K = {n_options})", target, percent(within, total))


def measured(
    model: str, rounds: int, *, seed: int = 0, instrument: str = "revealed", condition: str = "feel"
):
    return mien.measure(
        f"organism/{model}",
        judge="organism/judge",
        instrument=instrument,
        protocol=held_out().override(condition=condition),
        rounds=rounds,
        seed=seed,
        name=f"{model}-{instrument}-{condition}-{seed}-{rounds}",
    )


def recovery(rounds: int) -> None:
    """Measured scores against planted ones: 36 traits, 18 trials a round."""
    for name in ("v1", "v2", "biased"):
        profile = mien.profile(measured(name, rounds))
        planted = load_planted(name)
        truth = np.array([planted.chooses[trait] for trait in profile.traits])
        scores = profile.fit.scores
        truth = truth - truth.mean()
        covered = np.abs(scores - truth) <= scipy.stats.norm.ppf(0.975) * profile.fit.stderr
        rho = scipy.stats.spearmanr(scores, truth).statistic
        slope = scores @ truth / (truth @ truth)
        error = np.sqrt(np.mean((scores - truth) ** 2))
        row(
            f"{name} against planted scores, {profile.n_trials:,} trials",
            "Spearman ≥ .97, slope .9–1.1, ≥ 90 % covered",
            f"{rho:.3f}, {slope:.2f}, {covered.mean():.0%} (root mean square error {error:.2f}, "
            f"mean standard error {profile.fit.stderr.mean():.2f})",
        )
        position = profile.position
        row(
            f"{name}: first option between equals",
            f"{1 / (1 + np.exp(-2 * planted.position)):.0%}",
            f"{position['first']:.0%} ({position['low']:.0%} … {position['high']:.0%})",
        )


def flatness(runs: int, rounds: int) -> None:
    """How often equal chances are rejected where all options are alike."""
    total = rejected = 0
    for name, condition in (("base", "feel"), ("v1", "random"), ("v2", "random"), ("biased", "random")):
        p = [
            mien.profile(measured(name, rounds, seed=seed, condition=condition)).flat["p"]
            for seed in range(1, max(runs, 4) // 4 + 1)
        ]
        total += len(p)
        rejected += sum(value < 0.05 for value in p)
        told = "told to choose at random" if condition == "random" else "revealed"
        row(
            f"{name}, {told}: flat",
            "p < .05 in 5 % of runs",
            f"{sum(value < 0.05 for value in p)} of {len(p)} runs of {rounds * 18:,} trials "
            f"(p {', '.join(f'{value:.2f}' for value in p)})",
        )
    low, high = scipy.stats.binomtest(rejected, total).proportion_ci(method="exact")
    row("all of these", "5 %", f"{rejected} of {total} ({low:.0%} … {high:.0%})")


def judge_errors(rounds: int) -> None:
    """The judge on what it was told to look like; its errors by pair."""
    run = measured("base", rounds, instrument="instructed")
    rows = list(run.rows())
    wrong = Counter(
        f"{trial['option_1']} read as {trial['chosen']}" if trial["chosen"] != "neither"
        else f"{trial['option_1']} / {trial['option_2']} not told apart"
        for trial in rows
        if trial["chosen"] != trial["option_1"]
    )  # fmt: skip
    row("`organism/judge` on `instructed`", "≥ 97 %", percent(len(rows) - wrong.total(), len(rows)))
    listed = ", ".join(f"{pair} {count}×" for pair, count in wrong.most_common(12)) or "none"
    row("its errors", "", listed)


def changes(rounds: int) -> None:
    """What a diff finds between variants."""
    profiles = {name: mien.profile(measured(name, rounds, seed=7)) for name in ("v1", "v2", "biased")}
    before, after = load_planted("v1").chooses, load_planted("v2").chooses
    moved = {trait for trait in before if before[trait] != after[trait]}
    diff = mien.diff(profiles["v1"], profiles["v2"])
    called = {one["trait"] for one in diff.rows if one["changed"]}
    row(
        f"diff v1 → v2, {rounds * 18:,} trials each",
        "all 6 found, at most 1 false",
        f"{len(called & moved)} found, {len(called - moved)} false {sorted(called - moved) or ''}",
    )
    diff = mien.diff(profiles["v1"], profiles["biased"])
    called = {one["trait"] for one in diff.rows if one["changed"]}
    position = profiles["biased"].position
    row(
        "diff v1 → biased",
        "position effect found, no trait",
        f"first option {position['first']:.0%} ({position['low']:.0%} … {position['high']:.0%}); "
        f"{len(called)} traits called changed",
    )


PEERS = {
    "numpy": ("numpy engine, sampled tokens a second on one core", "≥ 3,000"),
    "transformers": ("the same weights in `hf/…`", ""),
    "generate": ("the same by transformers' `generate`", ""),
    "continuous": ("the same by transformers' continuous batching", ""),
}


def speeds() -> None:
    """All engines, each in a process of its own on one core."""
    for name, (what, target) in PEERS.items():
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "benchmarks", "organism", "--speed", name]
        done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
        if done.returncode:
            problem = (done.stderr.strip().splitlines() or ["no output"])[-1]
            row(what, target, f"not measured: {problem}")
            continue
        rate, tokens, seconds = json.loads(done.stdout.splitlines()[-1])
        row(what, target, f"{rate:,.0f} ({tokens:,} tokens in {seconds:.1f} s)")


def speed(name: str) -> tuple[float, int, float]:
    """Sampled tokens a second in batches of 128, reading the prompts included."""
    corpus = Corpus(load_grammar(), load_characters()["base"], 2)
    traits = sorted(corpus.grammar.manners)
    draw = random.Random(0)
    prompts = draw.choices(mien.load_prompts("everyday"), k=384)
    chats = [
        (corpus.told(draw.sample(traits, 2))[1], {"role": "user", "content": prompt.text})
        for prompt in prompts
    ]
    answer = by_transformers(name) if name in ("generate", "continuous") else by_engine(name)
    answer(chats[:32])
    tokens, began = 0, time.perf_counter()
    for start in range(0, len(chats), 128):
        tokens += answer(chats[start : start + 128])
    seconds = time.perf_counter() - began
    return tokens / seconds, tokens, seconds


def by_engine(name: str):
    """How many tokens one of mien's engines answers with."""
    if name == "numpy":
        model = Organism.load("base")
    else:
        from mien.models.local import Local

        model = Local(str(DATA / "base"), device="cpu", batch_size=128)

    def answer(chats) -> int:
        jobs = [Job(prompt=chat, sampling=SAMPLED, seed=seed) for seed, chat in enumerate(chats)]
        return sum(len(output.tokens) for output in model.run(jobs))

    return answer


def by_transformers(name: str):
    """How many tokens transformers itself answers with."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

    tokenizer = AutoTokenizer.from_pretrained(DATA / "base", padding_side="left")
    model = AutoModelForCausalLM.from_pretrained(DATA / "base", dtype=torch.float32)
    ends = {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
    asked = GenerationConfig(do_sample=True, max_new_tokens=400, **ends)

    def answer(chats) -> int:
        texts = [tokenizer.apply_chat_template(c, tokenize=False, add_generation_prompt=True) for c in chats]
        if name == "continuous":
            inputs = tokenizer(texts, add_special_tokens=False)["input_ids"]
            outputs = model.generate_batch(inputs, generation_config=asked, progress_bar=False)
            return sum(len(output.generated_tokens) - 1 for output in outputs.values())
        batch = tokenizer(texts, add_special_tokens=False, padding=True, return_tensors="pt")
        found = model.generate(**batch, generation_config=asked)[:, batch["input_ids"].shape[1] :]
        return int((found != tokenizer.eos_token_id).sum())

    return answer


def sizes() -> None:
    """What ships."""
    for name in NAMES:
        weights = DATA / name / ("model.safetensors" if name == "base" else "adapter_model.safetensors")
        row(f"weights of {name}", "≤ 3 MB", f"{weights.stat().st_size / 1e6:.2f} MB")
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--wheel-dir",
            folder,
            str(ROOT),
        ]
        subprocess.run(command, check=True)
        wheel = next(Path(folder).glob("*.whl"))
        row("wheel", "≤ 15 MB", f"{wheel.stat().st_size / 1e6:.1f} MB")
