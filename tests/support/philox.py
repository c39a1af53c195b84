"""Philox4x32-10 and the uniform starts that are made of it, in plain NumPy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def philox_slowly(counter: npt.NDArray[np.uint64], key: tuple[int, int]) -> npt.NDArray[np.uint64]:
    """(n, 4) words."""
    c, low = counter.astype(np.uint64).T.copy(), np.uint64(0xFFFFFFFF)
    k0, k1 = key
    for _ in range(10):
        a, b = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = np.stack([(b >> np.uint64(32)) ^ c[1] ^ np.uint64(k0), b & low,
                      (a >> np.uint64(32)) ^ c[3] ^ np.uint64(k1), a & low])  # fmt: skip
        k0, k1 = (k0 + 0x9E3779B9) % 2**32, (k1 + 0xBB67AE85) % 2**32
    return c.T


def uniform_slowly(window: npt.NDArray[np.float64], n: int, seed: int, first: int = 0) -> npt.NDArray[np.float64]:
    """(n, dim) points of indices that follow on the first one."""
    index = np.uint64(first) + np.arange(n, dtype=np.uint64)
    x = np.empty((n, len(window)))
    for j in range((len(window) + 1) // 2):
        counter = np.zeros((n, 4), np.uint64)
        counter[:, 0], counter[:, 1] = index & np.uint64(0xFFFFFFFF), index >> np.uint64(32)
        counter[:, 3] = 2 << 24 | j
        w = philox_slowly(counter, (seed % 2**32, seed >> 32))
        for k in range(2 * j, min(2 * j + 2, len(window))):
            high, low = (w[:, 1], w[:, 0]) if k % 2 == 0 else (w[:, 3], w[:, 2])
            u = (((high << np.uint64(32) | low) >> np.uint64(11)) + np.uint64(1)).astype(np.float64) * 2.0**-53
            x[:, k] = window[k, 0] + (window[k, 1] - window[k, 0]) * u
    return x
