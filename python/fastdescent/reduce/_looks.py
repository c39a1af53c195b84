"""Curvature along the way, looked at every so many steps."""

from __future__ import annotations

from typing import Any

from fastdescent._base import checks
from fastdescent.program.step.inertia import Index
from fastdescent.program.step.looks import TAKEN
from fastdescent.program.step.reductions import Reduction
from fastdescent.program.step.sharpness import Sharpness
from fastdescent.reduce._arguments import _name


def sharpness(*, every: int, take: str = "last", name: str | None = None) -> Reduction:
    """The largest algebraic eigenvalue of the Hessian of f, along each trajectory; of shape (...), the run's dtype.

    The run pauses at t = 0, every, 2 every, ... and looks there, and at its end. A look takes min(dim, 16) products of
    the Hessian with vectors, four times as many at t = 0: Lanczos' method, from where the eigenvector lay before (Golub
    and Van Loan, Matrix Computations, 2013, section 10.1). In up to 16 coordinates the eigenvalue is exact but for
    rounding. In more it is approached from below, look by look. The Hessian is that of f without noise, over all rows
    of the data.

    Parameters
    ----------
    every : int
        Steps from one look to the next; more steps cost less.
    take : "last", "max", "min" or "mean"
        What becomes of the values: that at the end, or one over all looks, the end included.
    name : str, optional
        The name of the result; by default "sharpness".

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> import fastdescent as fd
    >>> s = fd.surface("x**4 + y**2")
    >>> kept = [fd.reduce.sharpness(every=10), fd.reduce.sharpness(every=10, take="max", name="sharpest")]
    >>> run = fd.descend(s, [1.0, 1.0], fd.GD(lr=0.01), max_steps=100, reduce=kept)
    >>> {name: float(value.round(3)) for name, value in run.reduced.items()}  # 12 x^2 and 2
    {'sharpness': 2.0, 'sharpest': 12.0}
    """
    return Sharpness(_name(name, "sharpness"), _every(every), _taken(take))


def index(*, every: int, rtol: float | None = None, take: str = "last", name: str | None = None) -> Reduction:
    """The number of negative eigenvalues of the Hessian of f, along each trajectory; of shape (...), the run's dtype.

    The run pauses as for `sharpness`. A look takes dim products of the Hessian with vectors, makes the Hessian
    tridiagonal and counts negative pivots (Golub and Van Loan, Matrix Computations, 2013, sections 8.3.1 and 8.4.1).
    Negative are eigenvalues below -rtol times the Frobenius norm of the Hessian. NaN where the Hessian is not finite.

    Parameters
    ----------
    every : int
        Steps from one look to the next; more steps cost less.
    rtol : float, optional
        By default the square root of the dtype's resolution: 1.5e-8 in float64, 3.5e-4 in float32.
    take : "last", "max", "min" or "mean"
        What becomes of the values, as for `sharpness`.
    name : str, optional
        The name of the result; by default "index".

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described; if the surface has more than 64 coordinates.

    Examples
    --------
    >>> import fastdescent as fd
    >>> s = fd.surface("(x**2 - 1)**2 + (y**2 - 1)**2")
    >>> kept = [fd.reduce.index(every=10), fd.reduce.index(every=10, take="max", name="most")]
    >>> run = fd.descend(s, [[0.1, 0.2], [0.1, 1.2]], fd.GD(lr=0.01), reduce=kept)
    >>> run.reduced["index"], run.reduced["most"]
    (array([0., 0.]), array([2., 1.]))
    """
    tolerance = None if rtol is None else checks.positive("rtol", rtol)
    return Index(_name(name, "index"), _every(every), _taken(take), tolerance)


def _every(every: Any) -> int:
    return checks.whole_number("every", every, at_least=1)


def _taken(take: Any) -> str:
    if not isinstance(take, str) or take not in TAKEN:
        kind = ValueError if isinstance(take, str) else TypeError
        raise kind(f'take must be "last", "max", "min" or "mean"; got {checks.shown(take)}')
    return take
