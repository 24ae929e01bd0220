"""The contexts of a run's prompts: which there are, and which trials belong to each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from mien.errors import UsageError
from mien.stats.choice import Trials

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mien.stats.comparisons import Comparisons
    from mien.types import Ints

MIN_PROMPTS: Final = 5  # of fewer, what the prompts are like cannot be told from what the context is like


class Parts(NamedTuple):
    """The decided trials of a run by context: M contexts of C prompts.

    Attributes:
        names: of the contexts.
        context: (C,) of each prompt, 0 … M−1.
        prompt: (T,) of each trial, 0 … C−1.
        trials: all of them, clustered by prompt.
        left_out: prompts of the contexts that have too few, by context; ``""``: of no known context.
    """

    names: tuple[str, ...]
    context: Ints
    prompt: Ints
    trials: Trials
    left_out: dict[str, int]

    @property
    def each(self) -> list[Trials]:
        """The trials of each context."""
        of_trial = self.context[self.prompt]
        return [self.trials.only(of_trial == c) for c in range(len(self.names))]


@dataclass(frozen=True, slots=True)
class Contexts:
    """What the prompts of a run are told apart by.

    Attributes:
        of: the context of each cluster of the run's comparisons, by its label; they are told of in the order
            in which they come first. Clusters that are missing or have a blank one are left out.
        by: what the contexts are, such as ``"category"``.
        run: the run's name.
    """

    of: Mapping[str, str]
    by: str = "context"
    run: str = ""

    def divide(self, comparisons: Comparisons) -> Parts:
        """Sort the decided trials by context.

        Raises:
            UsageError: fewer than two contexts have `MIN_PROMPTS` prompts; the message names all.
        """
        of_cluster = [self.of.get(label, "") for label in comparisons.clusters]
        decided = Trials.decided(comparisons)
        assert decided.clusters is not None
        asked: list[int] = decided.clustered()[0].tolist()
        present = Counter(of_cluster[cluster] for cluster in asked)
        count: dict[str, int] = {name: present[name] for name in self.of.values() if name} | dict(present)
        names = [name for name, prompts in count.items() if name and prompts >= MIN_PROMPTS]
        self._require_two(names, count)
        code = {name: c for c, name in enumerate(names)}
        context = np.array([code.get(name, -1) for name in of_cluster], dtype=np.int64)
        trials = decided.only(context[decided.clusters] >= 0)
        clusters, prompt = trials.clustered()
        return Parts(
            names=tuple(names),
            context=context[clusters],
            prompt=prompt,
            trials=trials._replace(clusters=prompt),
            left_out={name: prompts for name, prompts in count.items() if prompts and name not in code},
        )

    def _require_two(self, names: list[str], count: Mapping[str, int]) -> None:
        if len(names) > 1:
            return
        told = ", ".join(f"{name}: {prompts}" for name, prompts in count.items() if name) or "none"
        of = f" of run {self.run!r}" if self.run else ""
        raise UsageError(
            f"a comparison by {self.by} needs two contexts with {MIN_PROMPTS} or more prompts with a decided "
            f"verdict each; the prompts{of} are {told}"
        )
