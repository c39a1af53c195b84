"""The look that counts the negative eigenvalues of the Hessian.

Householder's reflections make the Hessian tridiagonal, T. By Sylvester's law of inertia T + s has as many negative
pivots as H has eigenvalues below -s. An example: (1 2; 2 1) has the pivots 1 and 1 - 2 * 2 / 1 = -3, one of them
negative, and the eigenvalues 3 and -1.

Golub and Van Loan, Matrix Computations, 4th edition, 2013, sections 8.3.1 (tridiagonal form) and 8.4.1 (Sturm).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fastdescent._base.at_top import at_top
from fastdescent.program.graph.build import Builder
from fastdescent.program.layout.stages import compile_function
from fastdescent.program.program import Program
from fastdescent.program.step.formula import Formula
from fastdescent.program.step.gradient import RESOLUTION
from fastdescent.program.step.looks import Evaluate, Look
from fastdescent.program.step.reductions import Array
from fastdescent.program.trace.context import tracing
from fastdescent.program.trace.operands import as_node
from fastdescent.program.trace.tracer import Traced

MOST_COORDINATES = 64
_TINY = 1e-30  #: in place of a pivot of 0, for a matrix of norm 1


@at_top
@dataclass(frozen=True)
class Index(Look):
    """Remembers nothing."""

    rtol: float | None  #: None: the square root of the dtype's resolution

    def bound(self, dim: int, state_shapes: object) -> Index:
        if dim > MOST_COORDINATES:
            raise ValueError(f"reduce.index is for at most {MOST_COORDINATES} coordinates; this surface has {dim}")
        return self

    def measured(
        self, evaluate: Evaluate, formula: Formula, x: Array, memory: Array, anew: bool
    ) -> tuple[Array, Array]:
        n, dim = x.shape
        hessian, product = np.empty((n, dim, dim), x.dtype), formula.program("hvp")
        for j in range(dim):
            axes = np.zeros_like(x)
            axes[:, j] = 1.0
            hessian[:, j] = evaluate(product, {"x": x, "v": axes})["hvp"]
        counted = formula.steps.get(("inertia", self.rtol), lambda: _negative_eigenvalues(dim, self.rtol))
        return evaluate(counted, {"hessian": hessian.reshape(n, -1)})["count"], memory

    def finished(self, found: Array) -> Array:
        """float: a mean need not be whole, and a Hessian that is not finite has NaN."""
        return found


def _negative_eigenvalues(dim: int, rtol: float | None) -> Program:
    """From a Hessian to the number of its eigenvalues below -rtol times its Frobenius norm."""
    b = Builder()
    leaf = b.graph.leaf("input", "hessian", (dim, dim))
    with tracing(b):
        h: Any = Traced(b, leaf)
        tolerance = np.sqrt(Traced(b, b.graph.leaf("param", RESOLUTION, ()))) if rtol is None else rtol
        largest = np.max(np.abs(h))
        h = h / np.where(largest == 0.0, 1.0, largest)
        norm = np.sqrt(np.sum(h * h))
        h = h / np.where(norm == 0.0, 1.0, norm)
        diagonal, squares = _tridiagonal(0.5 * (h + h.T), dim)
        pivot = diagonal[0] + tolerance
        count = np.where(pivot < 0.0, 1.0, 0.0)
        for a, e2 in zip(diagonal[1:], squares, strict=True):
            pivot = (a + tolerance) - e2 / np.where(pivot == 0.0, _TINY, pivot)
            count = count + np.where(pivot < 0.0, 1.0, 0.0)
        count = count + 0.0 * norm  # NaN where the Hessian is not finite
    return compile_function(b, [("hessian", leaf)], [("count", b.copy(as_node(b, count)))])


def _tridiagonal(a: Any, dim: int) -> tuple[list[Any], list[Any]]:
    """The diagonal and the squares beside it of a tridiagonal matrix with the eigenvalues of a symmetric one."""
    diagonal, squares = [], []
    for _ in range(dim - 2):
        diagonal.append(a[0, 0])
        v, rest = a[1:, 0], a[1:, 1:]
        square = np.sum(v * v)
        squares.append(square)
        first = np.where(v[0] < 0.0, v[0] - np.sqrt(square), v[0] + np.sqrt(square))
        v = np.concatenate([first[None], v[1:]])
        vv = np.sum(v * v)
        factor = np.where(vv == 0.0, 0.0, 2.0 / np.where(vv == 0.0, 1.0, vv))
        p = factor * (rest @ v)
        w = p - (0.5 * factor * np.sum(p * v)) * v
        a = rest - v[:, None] * w - w[:, None] * v
    diagonal += [a[k, k] for k in range(min(dim, 2))]
    squares += [a[1, 0] * a[1, 0]] if dim > 1 else []
    return diagonal, squares
