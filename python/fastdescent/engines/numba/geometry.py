"""Endpoints gathered into the cells of a fine grid, as cpp/src/cells.cpp: three passes, each linear in the points."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastdescent.engines.numba.intrinsics import body, compiled
from fastdescent.engines.numba.layout import Ints, Reals

_FACTOR, _32 = np.uint64(0x9E3779B97F4A7C15), np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_FARTHEST = 2.0**31 - 1


class EndpointSet(NamedTuple):
    """Endpoints, and which statuses take part."""

    x: Reals  #: (n, dim)
    grad_norm: npt.NDArray[np.float64]
    fun: npt.NDArray[np.float64]
    status: npt.NDArray[np.int8]
    eligible: int  #: bit s: points of status s


class Table(NamedTuple):
    """A hash table from the integer coordinates of a cell to its number: open addressing."""

    slots: npt.NDArray[np.int32]  #: a power of two of them; -1: free
    keys: npt.NDArray[np.int32]  #: (most, dim)
    n_points: Ints  #: (most,)
    representative: Ints
    least_norm: npt.NDArray[np.float64]
    n: Ints  #: one number: the cells so far


class Candidates(NamedTuple):
    """What is known of a critical point, as `Candidates` of cpp/include/fastdescent/cells.hpp."""

    candidate_of_cell: npt.NDArray[np.int32]
    x: npt.NDArray[np.float64]
    fun: npt.NDArray[np.float64]
    per_gradient: npt.NDArray[np.float64]
    radius: npt.NDArray[np.float64]
    certain_radius: npt.NDArray[np.float64]
    set_radius: npt.NDArray[np.float64]
    slack: float
    inverse_width: npt.NDArray[np.float64]


class Labels(NamedTuple):
    """What is written of each point."""

    candidate: npt.NDArray[np.int32]
    nit: npt.NDArray[np.int32]
    label: npt.NDArray[np.int32]
    moved: npt.NDArray[np.float64]


@compiled
def is_eligible(ends: EndpointSet, i: int) -> bool:
    """Whether a point takes part."""
    return (ends.eligible >> ends.status[i]) & 1 != 0


@compiled
def find_or_add(table: Table, key: Any) -> int:
    """The number of the cell, made if there is none; -1 where the table is full."""
    hashed = np.uint64(0)
    for k in range(len(key)):
        hashed = (hashed ^ (np.uint64(key[k]) & _LOW)) * _FACTOR
        hashed ^= hashed >> _32
    slot = np.int64(hashed & np.uint64(len(table.slots) - 1))
    while table.slots[slot] >= 0:
        cell = table.slots[slot]
        if is_same(table.keys[cell], key):
            return cell
        slot = (slot + 1) & (len(table.slots) - 1)
    cell = table.n[0]
    if cell == len(table.keys):
        return -1
    table.n[0] += 1
    table.slots[slot] = cell
    for k in range(len(key)):
        table.keys[cell, k] = key[k]
    return cell


@body
def move(old: Table, new: Table) -> None:
    """Copies all cells, with their numbers, to a larger table."""
    for cell in range(old.n[0]):
        find_or_add(new, old.keys[cell])
        new.n_points[cell] = old.n_points[cell]
        new.representative[cell], new.least_norm[cell] = old.representative[cell], old.least_norm[cell]


@compiled
def is_same(a: Any, b: Any) -> bool:
    """Whether two cells are one."""
    same = True
    for k in range(len(a)):
        same &= a[k] == b[k]
    return same


@compiled
def find_cell(x: Any, grid: Any, key: Any) -> bool:
    """Writes the cell's coordinates, floor((x - origin) * per unit); False where they do not fit in 32 bits."""
    for k in range(len(x)):
        at = (np.float64(x[k]) - grid[0, k]) * grid[1, k]
        if not abs(at) < _FARTHEST:
            return False
        key[k] = np.int32(np.floor(at))
    return True


@body
def gather(ends: EndpointSet, grid: Any, table: Table, key: Any, cell: Any, first: int, last: int) -> int:
    """Writes the cells of points first ... last - 1; returns the first point for which the table has no room.

    `key` is room for the coordinates of a cell.
    """
    number = -1
    for i in range(first, last):
        cell[i] = -1
        if not is_eligible(ends, i) or not find_cell(ends.x[i], grid, key):
            continue
        if number < 0 or not is_same(table.keys[number], key):  # neighbours in a grid of starts mostly end together
            number = find_or_add(table, key)
        if number < 0:
            return i
        cell[i] = number
        table.n_points[number] += 1
        norm = ends.grad_norm[i]
        if table.representative[number] < 0 or norm < table.least_norm[number]:
            table.representative[number], table.least_norm[number] = i, norm
    return last


@compiled
def belongs(ends: EndpointSet, candidates: Candidates, i: int, candidate: int) -> bool:
    """Whether a point is shown to belong to the critical point that its cell led to."""
    distance2 = scaled2 = 0.0
    for k in range(ends.x.shape[1]):
        d = ends.x[i, k] - candidates.x[candidate, k]
        s = d * candidates.inverse_width[k]
        distance2 += d * d
        scaled2 += s * s
    certain_radius, radius = candidates.certain_radius[candidate], candidates.radius[candidate]
    if scaled2 <= certain_radius * certain_radius:
        return True
    most = candidates.per_gradient[candidate] * ends.grad_norm[i]
    if scaled2 <= radius * radius and distance2 <= most * most:
        return True
    set_radius = candidates.set_radius[candidate]
    if not (set_radius > 0 and scaled2 <= set_radius * set_radius):
        return False
    if np.isinf(candidates.slack):
        return True
    return ends.fun[i] - candidates.fun[candidate] <= candidates.slack * ends.grad_norm[i] * np.sqrt(distance2)


@body
def assign(
    ends: EndpointSet, candidates: Candidates, cell: Any, count: Any, undecided: Any, first: int, last: int
) -> int:
    """Replaces the cells of points first ... last - 1 by candidates, or -1; writes the undecided ones; how many."""
    n_undecided = 0
    for i in range(first, last):
        if cell[i] < 0:
            continue
        candidate = candidates.candidate_of_cell[cell[i]]
        cell[i] = -1
        if candidate >= 0 and belongs(ends, candidates, i, candidate):
            cell[i] = candidate
            count[candidate] += 1
        else:
            undecided[n_undecided] = i
            n_undecided += 1
    return n_undecided


@body
def label(x: Any, row_of_candidate: Any, points: Any, labels: Labels, totals: Any, first: int, last: int) -> None:
    """Writes row and distance of points first ... last - 1; adds to each row's points and steps."""
    for i in range(first, last):
        candidate = labels.candidate[i]
        row = row_of_candidate[candidate] if candidate >= 0 else -1
        labels.label[i] = row
        labels.moved[i] = np.nan
        if row < 0:
            continue
        sum2 = 0.0
        for k in range(x.shape[1]):
            d = x[i, k] - points[row, k]
            sum2 += d * d
        labels.moved[i] = np.sqrt(sum2)
        totals[0, row] += 1
        totals[1, row] += labels.nit[i]
        if len(totals) > 2:
            totals[2 + labels.nit[i], row] += 1
