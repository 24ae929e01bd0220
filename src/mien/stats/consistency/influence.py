"""How far each prompt pulls each score, and what deviations of the scores in a context would do to that."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from mien.stats.choice import ChoiceFit
    from mien.stats.consistency.contexts import Parts
    from mien.types import Floats, Ints


class Pulls(NamedTuple):
    """The choice model linearised at its estimate, by prompt and context.

    Attributes:
        of_prompts: (C, n) B g_p, one Newton step from the estimate without prompt p to that with it.
        context: (C,) of each prompt, 0 … M−1.
        prompt: (T,) of each trial, 0 … C−1.
        options: (T, K) items shown.
        probabilities: (T, K) of each option at the estimate.
        bread: (n, n) B, of the scores.
        share: (M,) of each context in the trials.
        part: (M, n, n) I_c B, with I_c the information of the context's trials.
    """

    of_prompts: Floats
    context: Ints
    prompt: Ints
    options: Ints
    probabilities: Floats
    bread: Floats
    share: Floats
    part: Floats

    @classmethod
    def of(cls, fit: ChoiceFit, parts: Parts) -> Pulls:
        """From a fit of all trials, clustered by prompt."""
        n, options, contexts = len(fit.scores), parts.trials.options.T, parts.each
        params, bread = np.concatenate([fit.scores, fit.positions]), fit.bread[:n, :n]
        of_trial = parts.context[parts.prompt]
        probabilities = np.empty(options.shape)
        part = np.empty((len(contexts), n, n))
        for c, trials in enumerate(contexts):
            _, likely = trials.log_likelihood(params)
            probabilities[of_trial == c] = likely.T
            part[c] = trials.information(likely)[:n, :n] @ bread
        return cls(
            of_prompts=np.asarray(fit.gradients @ fit.bread[:, :n], dtype=np.float64),
            context=parts.context,
            prompt=parts.prompt,
            options=options,
            probabilities=probabilities,
            bread=bread,
            share=np.bincount(of_trial, minlength=len(contexts)) / len(of_trial),
            part=part,
        )

    def moved(self, deviations: Floats) -> Floats:
        """(C, n) mean pulls were each context's scores off the estimate by (M, n) deviations, centred."""
        likely = self.probabilities * np.exp(deviations[self.context[self.prompt][:, None], self.options])
        likely /= likely.sum(axis=1, keepdims=True)
        residuals = likely - self.probabilities
        total = np.bincount(self.options.ravel(), residuals.ravel(), len(self.bread)) @ self.bread
        return self._of_trials(residuals - self._residuals(total))

    def centred(self, pulls: Floats) -> Floats:
        """(C, n) pulls at the estimate that they lead to, by one Newton step, where they sum to 0."""
        return pulls - self._of_trials(self._residuals(pulls.sum(axis=0)))

    def _residuals(self, step: Floats) -> Floats:
        """(T, K) by which residuals fall, to first order, for a step of the (n,) scores."""
        moved = step[self.options]
        return self.probabilities * (moved - np.sum(self.probabilities * moved, axis=1, keepdims=True))

    def _of_trials(self, residuals: Floats) -> Floats:
        """(C, n) pulls of (T, K) residuals."""
        n = len(self.bread)
        place = self.prompt[:, None] * n + self.options
        gradients = np.bincount(place.ravel(), residuals.ravel(), len(self.of_prompts) * n)
        return gradients.reshape(-1, n) @ self.bread

    def between(self, sums: Floats) -> Floats:
        """(R, n) Σ_c S_c²/s_c of (R, M, n) sums over the prompts of each context."""
        return np.einsum("rmi,m->ri", sums**2, 1 / self.share)

    def alone(self, pulls: Floats) -> Floats:
        """(n,) Σ_c (1/s_c) Σ_p h_p², what each prompt gives alone."""
        return (1 / self.share)[self.context] @ pulls**2

    def agreement(self, pulls: Floats) -> Floats:
        """(n,) Σ_c (1/s_c) Σ_{p ≠ q} h_p h_q, what prompts of one context have in common."""
        return self.between((self._member @ pulls)[None])[0] - self.alone(pulls)

    def resampled(self, signs: Floats, pulls: Floats) -> Floats:
        """(R, M, n) sums over contexts of pulls times (R, C) signs, centred."""
        member = self._member
        sums = np.stack([(signs[:, row > 0] @ pulls[row > 0]) for row in member], axis=1)
        total = sums.sum(axis=1)
        return sums - np.stack([total @ part for part in self.part], axis=1)

    @property
    def _member(self) -> Floats:
        """(M, C) 1 where a prompt is of a context."""
        return (self.context == np.arange(len(self.share))[:, None]).astype(np.float64)
