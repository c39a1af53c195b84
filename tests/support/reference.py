"""A slow, obvious NumPy implementation of the random numbers: an oracle that shares nothing with the library."""

from __future__ import annotations

import numpy as np

LOW, WORD = np.uint64(0xFFFFFFFF), np.uint64(32)
NOISE, ROWS, STARTS, USER = range(4)  # streams


def philox(counter, seed):
    """Four arrays of 32-bit words, held in 64-bit ones, for four such arrays."""
    c0, c1, c2, c3 = (np.asarray(c, dtype=np.uint64) for c in counter)
    k0, k1 = np.uint64(seed) & LOW, np.uint64(seed) >> WORD
    for _ in range(10):
        a, b = c0 * np.uint64(0xD2511F53), c2 * np.uint64(0xCD9E8D57)
        c0, c1, c2, c3 = (b >> WORD) ^ c1 ^ k0, b & LOW, (a >> WORD) ^ c3 ^ k1, a & LOW
        k0, k1 = (k0 + np.uint64(0x9E3779B9)) & LOW, (k1 + np.uint64(0xBB67AE85)) & LOW
    return c0, c1, c2, c3


def blocks(seed, index, t, stream, n_blocks, first=0):
    """The words of a step's blocks, (trajectories, blocks, 4)."""
    index = np.asarray(index, np.uint64)[:, np.newaxis]
    last = np.uint64(stream << 24) | np.arange(first, first + n_blocks, dtype=np.uint64)
    counter = np.broadcast_arrays(index & LOW, index >> WORD, np.asarray(t, np.uint64), last)
    return np.stack(philox(counter, seed), axis=-1)


def uniforms(seed, index, t, stream, n, first=0):
    """(trajectories, n), in (0, 1]: two of each block."""
    w = blocks(seed, index, t, stream, -(-n // 2), first)
    low, high = w[..., 0::2], w[..., 1::2]
    u = (((high << WORD | low) >> np.uint64(11)) + np.uint64(1)).astype(float) * 2.0**-53
    return u.reshape(len(w), -1)[:, :n]


def normals(seed, index, t, stream, n, first=0):
    """(trajectories, n), by Box and Muller."""
    u = uniforms(seed, index, t, stream, n + n % 2, first)
    radius, angle = np.sqrt(-2 * np.log(u[:, 0::2])), 2 * np.pi * u[:, 1::2]
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1).reshape(len(u), -1)[:, :n]


def integers(seed, index, t, stream, n, below, first=0):
    """(trajectories, n), 0 <= k < below: four of each block."""
    w = blocks(seed, index, t, stream, -(-n // 4), first)
    return (w * np.uint64(below) >> WORD).astype(int).reshape(len(w), -1)[:, :n]


def hashed(x):
    """lowbias32, in the lower halves."""
    x = x ^ x >> np.uint64(16)
    x = x * np.uint64(0x7FEB352D) & LOW
    x = x ^ x >> np.uint64(15)
    x = x * np.uint64(0x846CA68B) & LOW
    return x ^ x >> np.uint64(16)


def shuffled(seed, index, epoch, place, n):
    """What stands at a place of an epoch of n rows, (trajectories, places)."""
    index = np.asarray(index, np.uint64)[:, np.newaxis]
    x, epoch, n = np.asarray(place, np.uint64), np.asarray(epoch, np.uint64), np.uint64(n)
    counter = np.broadcast_arrays(index & LOW, index >> WORD, epoch, np.uint64(ROWS << 24))
    a, b, _, _ = philox(counter, seed)
    for r in range(20):
        k = hashed(a + np.uint64(r * 0x9E3779B9) & LOW) * n >> WORD
        partner = (k + n - x) % n
        larger = np.maximum(x, partner)
        swap = hashed((larger ^ b) + np.uint64(r * 0xBB67AE85 & 0xFFFFFFFF) & LOW) >> np.uint64(31)
        x = np.where(swap == 1, partner, x)
    return x.astype(int)


def batch(seed, index, t, n_rows, size, sampling="replacement"):
    """The rows that a step sees, (trajectories, size)."""
    if sampling == "replacement":
        return integers(seed, index, t, ROWS, size, n_rows)
    epoch, place = np.divmod(t * size + np.arange(size), n_rows)
    if sampling == "cyclic":
        return np.tile(place, (len(index), 1))
    return shuffled(seed, index, epoch if sampling == "shuffle" else 0, place, n_rows)
