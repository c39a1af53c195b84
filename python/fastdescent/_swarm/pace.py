"""How many steps fit into a span of time, learnt from the steps that were made."""

from __future__ import annotations

import math
from collections import deque

#: Calls that count, the least share of their time that steps are thought to take, and the weight of what was
#: believed before: numbers of steps that differ by less than its square root say little about that share.
_MEMORY, _LEAST_SHARE, _TRUST = 8, 0.02, 0.05


class Pace:
    """The time of a call, seconds = call + step * n, as a line through the last calls.

    Calls whose n is about the same only say how long such a call takes; which part of it is the step's is then what
    earlier ones have told.
    """

    def __init__(self, most: float = math.inf) -> None:
        """`most` seconds are what a step takes in all likelihood at most."""
        self._calls: deque[tuple[int, float]] = deque(maxlen=_MEMORY)
        self._share = 0.5  #: of a call's time that the steps take
        self._most, self._step = most, 0.0
        self.call = 0.0  #: seconds of a call that makes no steps

    def steps(self, seconds: float) -> int:
        """How many steps fit, 0 if not even one does. At most twice as many as in the last call, or surely as many."""
        left = seconds - self.call
        if left < 0:
            return 0
        sure = max(2 * self._calls[-1][0] if self._calls else 1, int(left / self._most))
        return sure if left >= sure * self._step else int(left / self._step)

    def learn(self, n: int, seconds: float) -> None:
        """A call of n steps took this long."""
        self._calls.append((n, seconds))
        count = len(self._calls)
        n_mean = sum(k for k, _ in self._calls) / count
        mean = sum(s for _, s in self._calls) / count
        prior = _TRUST * count * n_mean**2
        covariance = sum((k - n_mean) * (s - mean) for k, s in self._calls) + prior * self._share * mean / n_mean
        variance = sum((k - n_mean) ** 2 for k, _ in self._calls) + prior
        if mean > 0:
            self._share = min(1.0, max(_LEAST_SHARE, covariance / variance * n_mean / mean))
        self._step = self._share * mean / n_mean
        self.call = (1 - self._share) * mean
