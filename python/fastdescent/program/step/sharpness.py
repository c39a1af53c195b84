"""The look that follows the largest eigenvalue of the Hessian, by Lanczos' method.

The method makes an orthonormal basis q_1, q_2, ... of the space of q_1, H q_1, H^2 q_1, ...; in it H is tridiagonal,

    H q_j = beta_{j-1} q_{j-1} + alpha_j q_j + beta_j q_{j+1},

and the largest eigenvalue of that small matrix, the *Ritz value*, approaches the one of H from below. One basis has at
most 16 vectors; with as many as coordinates it is exact. The next look starts at the Ritz vector, which has hardly
turned since, with a little of a fixed generic direction, so that an eigenvector that overtakes it is found.

Golub and Van Loan, Matrix Computations, 4th edition, 2013, sections 8.4 (Sturm sequences) and 10.1 (Lanczos).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastdescent._base.at_top import at_top
from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.differentiate import directional
from fastdescent.program.graph.nodes import Shape
from fastdescent.program.layout.stages import compile_function
from fastdescent.program.program import Program
from fastdescent.program.step.formula import Formula, copy_of
from fastdescent.program.step.gradient import RESOLUTION
from fastdescent.program.step.looks import Evaluate, Look
from fastdescent.program.step.reductions import Array
from fastdescent.program.step.tangent import generic_direction
from fastdescent.program.trace.context import tracing
from fastdescent.program.trace.operands import as_node
from fastdescent.program.trace.tracer import Traced

MOST_VECTORS = 16
_ROUNDS_AT_FIRST = 4  #: bases one after the other, where no look has been taken
_GENERIC_PART = 2.0**-5
_SHIFTS, _SECTIONS = 31, 11  #: 32**11 = 2**55: a bracket shrinks to the resolution of float64
_LOST = 64.0  #: resolutions; what is shorter, relative to the product, is rounding


@at_top
@dataclass(frozen=True)
class Sharpness(Look):
    """Remembers where the next basis starts."""

    def memory(self, dim: int) -> Shape:
        return (dim,)

    def remembered(self, dim: int) -> Array:
        return generic_direction(dim)

    def measured(
        self, evaluate: Evaluate, formula: Formula, x: Array, memory: Array, anew: bool
    ) -> tuple[Array, Array]:
        n, dim = x.shape
        size = min(dim, MOST_VECTORS)
        growth = formula.steps.get("lanczos", lambda: _growth(formula, size))
        ritz = formula.steps.get("ritz", lambda: _ritz(dim, size))
        value = np.zeros((n, 1), x.dtype)
        for _ in range(_ROUNDS_AT_FIRST if anew and size < dim else 1):
            basis = np.zeros((n, size, dim), x.dtype)
            alpha, beta = np.zeros((2, n, size), x.dtype)
            q = memory
            for j in range(size):
                basis[:, j] = q
                found = evaluate(growth, {"x": x, "q": q, "basis": basis.reshape(n, -1)})
                q, alpha[:, j], beta[:, j] = found["next"], found["alpha"][:, 0], found["beta"][:, 0]
            found = evaluate(ritz, {"alpha": alpha, "beta": beta, "basis": basis.reshape(n, -1)})
            value, memory = found["value"], found["start"]
        return value, memory


def _growth(formula: Formula, size: int) -> Program:
    """One more vector of a basis: H q, without its parts along the basis. A vector of rounding alone becomes 0."""
    own = copy_of(formula)
    b, dim = own.builder, own.dim
    leaves = [b.graph.leaf("input", name, shape) for name, shape in (("q", (dim,)), ("basis", (size, dim)))]
    product = directional(b, own.gradient, own.x, leaves[0])
    resolution = Traced(b, b.graph.leaf("param", RESOLUTION, ()))
    with tracing(b):
        q, basis, w = (Traced(b, node) for node in (*leaves, product))
        alpha, length = np.sum(q * w), np.sqrt(np.sum(w * w))
        for _ in range(2):  # one pass leaves parts of about the size of rounding errors
            w = w - (basis @ w) @ basis
        beta = np.sqrt(np.sum(w * w))
        is_new = beta > _LOST * resolution * length
        outputs = {
            "next": np.where(is_new, w / np.where(is_new, beta, 1.0), 0.0),
            "alpha": alpha,
            "beta": np.where(is_new, beta, 0.0 * beta),  # NaN stays
        }
    inputs = [("x", own.x), ("q", leaves[0]), ("basis", leaves[1])]
    return compile_function(b, inputs, [(name, b.copy(as_node(b, v))) for name, v in outputs.items()])


def _ritz(dim: int, size: int) -> Program:
    """From a basis and its tridiagonal matrix to the Ritz value, and to where the next basis starts."""
    b = Builder()
    shapes: dict[str, Shape] = {"alpha": (size,), "beta": (size,), "basis": (size, dim)}
    leaves = {name: b.graph.leaf("input", name, shape) for name, shape in shapes.items()}
    resolution = Traced(b, b.graph.leaf("param", RESOLUTION, ()))
    with tracing(b):
        given = {name: Traced(b, leaf) for name, leaf in leaves.items()}
        alpha, beta = _without_lost_vectors(given["alpha"], given["beta"], size)
        value, width = _largest_eigenvalue(alpha, beta)
        y = _eigenvector(alpha, beta, value, width * (4.0 * size) * resolution)
        start = _mixed(y @ given["basis"], dim)
    outputs = [("value", b.copy(as_node(b, value))), ("start", b.copy(as_node(b, start)))]
    return compile_function(b, list(leaves.items()), outputs)


def _without_lost_vectors(alpha: Any, beta: Any, size: int) -> tuple[list[Any], list[Any]]:
    """Diagonal and other elements. Behind a 0 among these no vectors follow: alpha_1 there adds no new largest one."""
    diagonal, live = [alpha[0]], beta[0] != 0.0
    for j in range(1, size):
        diagonal.append(np.where(live, alpha[j], alpha[0]))
        live = live & (beta[j] != 0.0)
    return diagonal, [beta[j] for j in range(size - 1)]


def _largest_eigenvalue(alpha: list[Any], beta: list[Any]) -> tuple[Any, Any]:
    """The largest eigenvalue of a tridiagonal matrix, by multisection, and the width of the bracket at first.

    Above all eigenvalues the pivots of s - T are all positive.
    """
    sides = [0.0, *beta, 0.0]
    low, high = alpha[0], alpha[0] + sides[1]
    for j in range(1, len(alpha)):
        low = np.maximum(low, alpha[j])
        high = np.maximum(high, alpha[j] + (sides[j] + sides[j + 1]))
    width = high - low
    shares = np.arange(1.0, _SHIFTS + 1.0) / (_SHIFTS + 1.0)
    bracket = width
    for _ in range(_SECTIONS if beta else 0):
        s = low + bracket * shares
        pivot = least = s - alpha[0]
        for a, e in zip(alpha[1:], beta, strict=True):
            pivot = (s - a) - (e * e) / np.where(pivot > 0.0, pivot, 1.0)
            least = np.minimum(least, pivot)
        bracket = bracket / (_SHIFTS + 1.0)
        low = low + np.sum(np.where(least > 0.0, 0.0, 1.0)) * bracket
    return low, width + np.abs(low)


def _eigenvector(alpha: list[Any], beta: list[Any], value: Any, offset: Any) -> Any:
    """Two steps of inverse iteration with (value + offset) - T, which is positive definite: no pivoting."""
    s = value + offset
    pivots = [np.maximum(s - alpha[0], offset)]
    for a, e in zip(alpha[1:], beta, strict=True):
        pivots.append(np.maximum((s - a) - (e * e) / pivots[-1], offset))
    y: list[Any] = [1.0] * len(alpha)
    for _ in range(2):
        for j, e in enumerate(beta):
            y[j + 1] = y[j + 1] + e * y[j] / pivots[j]
        y[-1] = y[-1] / pivots[-1]
        for j in reversed(range(len(beta))):
            y[j] = (y[j] + beta[j] * y[j + 1]) / pivots[j]
        length = np.sqrt(sum(v * v for v in y))
        y = [v / length for v in y]
    return np.stack(y)


def _mixed(vector: Any, dim: int) -> Any:
    """The unit vector near `vector` that has a generic part; that part alone where the vector is not finite."""
    generic = generic_direction(dim)
    mixed = vector + _GENERIC_PART * generic
    length = np.sqrt(np.sum(mixed * mixed))
    is_finite = (length > 0.0) & (length < math.inf)
    return np.where(is_finite, mixed / length, generic)
