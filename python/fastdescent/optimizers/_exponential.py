"""A step of the gradient flow by an exponential Rosenbrock method: the linear part of the field is solved exactly.

With g = grad f(x) and H the Hessian at x, the field at y is -g - H (y - x) - r(y). Without the rest r, the flow moves
from x by -h phi(-h H) g in the time h, where phi(z) = (e^z - 1) / z. Two stages and a weight make the order 4:

    s  = x - 3/4 h phi(-3/4 h H) g              r(s) = grad f(s) - g - H (s - x)
    x <- x - h phi(-h H) g - e                  e    = 16/27 h phi(-1/2 h H) r(s)

The nodes and the weight at H = 0 are those of the scheme exprb42 in V. T. Luan: Fourth-order two-stage explicit
exponential integrators for time-dependent PDEs, Appl. Numer. Math. 112 (2017), 91-103. There e is
32/9 h phi_3(-h H) r(s), with phi_3(z) = 1/6 + z/24 + ...; here 1/6 phi(z/2) = 1/6 + z/24 + ... takes the place of
phi_3, which changes e by O(h^5) and needs no other function. Without e the order is 2, so that e is also the error.

On a quadratic r = 0, and the step is exact for every h. In a bowl h grows, and the step becomes Newton's: stiffness
costs nothing.

Functions of H are computed in two dimensions, from eigenvalues. In the plane, H is a 2 x 2 matrix. Elsewhere the plane
is the one of g and H g (Krylov's), and what r(s) has outside of the plane takes phi = 1.

An axis along which nothing moves, as a wall holds it or g is an eigenvector, gets the curvature of the other axis. With
the curvature 0, phi would be 1 there, and 1 / (h a) along the other axis, for its curvature a, would be left by
cancellation of ones: at rest, where h grows and grows, the error passes the step itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fastdescent.optimizers._field import Field, norm

_TINY = 1e-30  #: keeps denominators from 0
_NOISE = 32  #: H g - (p . H p) g of so many roundings, relative to H g, is none


@dataclass(frozen=True)
class Axes:
    """Two orthonormal vectors; None stands for the axes of the coordinates x and y themselves."""

    p: Any = None
    q: Any = None

    def of(self, v: Any) -> tuple[Any, Any]:
        """The two components of a vector."""
        return (v[0], v[1]) if self.p is None else (np.sum(self.p * v), np.sum(self.q * v))

    def vector(self, u: Any, v: Any) -> Any:
        return np.stack([u, v]) if self.p is None else u * self.p + v * self.q


class Matrix:
    """The symmetric matrix [[a, b], [b, c]] and what functions of it do to vectors.

    Its eigenvalues are mean + r and mean - r, and [[cos, sin], [sin, -cos]] = (matrix - mean) / r has the eigenvalues
    1 and -1. A function that is f_1 and f_2 at the eigenvalues is (f_1 + f_2) / 2 + (f_1 - f_2) / 2 * that matrix.
    """

    def __init__(self, a: Any, b: Any, c: Any) -> None:
        self.a, self.b, self.c = a, b, c
        self.mean, half = (a + c) / 2, (a - c) / 2
        self.r = np.sqrt(half * half + b * b)
        inverse = 1 / (self.r + _TINY)
        self._cos, self._sin = half * inverse, b * inverse

    def times(self, u: Any, v: Any) -> tuple[Any, Any]:
        return self.a * u + self.b * v, self.b * u + self.c * v

    def function_times(self, f_1: Any, f_2: Any, u: Any, v: Any) -> tuple[Any, Any]:
        even, odd = (f_1 + f_2) / 2, (f_1 - f_2) / 2
        return (
            even * u + odd * (self._cos * u + self._sin * v),
            even * v + odd * (self._sin * u - self._cos * v),
        )


def quarters_of_phi(z: Any) -> tuple[Any, Any, Any]:
    """phi(z / 2), phi(3 z / 4) and phi(z), from one exponential.

    With w = e^(z/4), phi(k z / 4) is phi(z / 4) * (1 + w + ... + w^(k-1)) / k.
    """
    z = np.where(np.abs(z) < 1e-8, 1e-8, z)  # phi(0) = 1 to rounding, without 0 / 0
    less_1 = np.expm1(z / 4)
    first, w = 4 * less_1 / z, 1 + less_1
    return first * (1 + w) / 2, first * (1 + w + w * w) / 3, first * (1 + w) * (1 + w * w) / 4


def linearized(x: Any, field: Field, resolution: Any) -> tuple[Axes, Matrix]:
    """The axes, and H in them."""
    if x.shape[0] == 2:
        (a, b), (_, c) = field.hvp(np.array([1.0, 0.0])), field.hvp(np.array([0.0, 1.0]))
        if field.held is not None:
            a, c = np.where(field.held[0], c, a), np.where(field.held[1], a, c)
        return Axes(), Matrix(a, b, c)
    p = field.g / (norm(field.g) + _TINY)
    hp = field.hvp(p)
    a = np.sum(p * hp)
    w = hp - a * p
    q = np.where(norm(w) > _NOISE * resolution * norm(hp), w / (norm(w) + _TINY), 0.0)  # 0: p is an eigenvector
    q = q - np.sum(p * q) * p
    c = np.where(np.sum(q * q) > 0, np.sum(q * field.hvp(q)), a)
    return Axes(p, q), Matrix(a, np.sum(q * hp), c)


def first_h(field: Field, matrix: Matrix) -> Any:
    """A time for the first attempt: a tenth of the field's own, and a step shorter than 0.1."""
    return 0.1 / (np.abs(matrix.mean) + matrix.r + norm(field.g) + _TINY)


def step(x: Any, field: Field, axes: Axes, matrix: Matrix, h: Any) -> tuple[Any, Any, Any]:
    """The point after the time h, the length of the step without e, and the error."""
    one, two = quarters_of_phi(-h * (matrix.mean + matrix.r)), quarters_of_phi(-h * (matrix.mean - matrix.r))
    u, v = axes.of(h * field.g)
    moved = matrix.function_times(one[1], two[1], u, v)
    s, _ = field.inside(x - 0.75 * axes.vector(*moved))
    # s - x as rounded, so that far from the origin its rounding is no part of the rest.
    rest = field.slope(s) - field.g - axes.vector(*matrix.times(*axes.of(s - x)))
    r = axes.of(rest)
    flattened = matrix.function_times(one[0], two[0], *r)
    e = axes.vector(*flattened)
    if x.shape[0] != 2:
        e = e + rest - axes.vector(*r)
    e = (16 / 27) * h * e
    u, v = matrix.function_times(one[2], two[2], u, v)
    new, outside = field.inside(x - axes.vector(u, v) - e)
    return new, np.sqrt(u * u + v * v), norm(e) + outside
