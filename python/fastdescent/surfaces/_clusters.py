"""Clusters of atoms: three coordinates per atom, energies that depend on distances alone."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.checks import whole_number
from fastdescent._base.memory import refuse_if_too_large
from fastdescent._surface.define import surface
from fastdescent._surface.surface import Surface
from fastdescent.surfaces._catalog import known, with_data

__all__ = ["lennard_jones"]

Floats = npt.NDArray[np.float64]
_MIN_ATOMS, _MAX_KNOWN = 2, 13  #: numbers of atoms: the smallest, and the largest whose minimum is given
_BOND = 2.0 ** (1 / 6)  #: the distance of two atoms at rest
_NEWTON_STEPS = 30
_COPIES = 4  #: numbers per pair of atoms while the energy is traced


@known(lowest=-6.0, degenerate=True)
@with_data
def lennard_jones(n_atoms: int = 4) -> Surface:
    """A cluster of atoms that attract each other, and repel when close: dim = 3 n_atoms, minima beyond counting.

    f(x) = 4 sum_(i < j) (r_ij^-12 - r_ij^-6), r_ij = |x_i - x_j|, x_i = three coordinates of atom i

    Minimum -1, -3, -6, -9.103852, -12.712062, -16.505384, -19.821489, -24.113360, -28.422532, -32.765970, -37.967600,
    -44.326801 for 2 to 13 atoms, whose positions are known here: simplices up to 4 atoms, bipyramids up to 7, parts of
    an icosahedron up to 13. f does not change when the cluster is moved or turned (one such point is given), so that at
    every critical point six eigenvalues of the Hessian are zero, five if the atoms are in line: a valley. With
    `fastdescent.symmetry.isometries`, `classify` has one row for each minimum. Where two atoms are in the same place f
    is not defined.

    Jones, On the determination of molecular fields II, Proc. R. Soc. A 106, 1924; minima: Hoare and Pal, Physical
    cluster mechanics, Adv. Phys. 20, 1971; Wales and Doye, Global optimization by basin-hopping, J. Phys. Chem. A 101,
    1997.

    Parameters
    ----------
    n_atoms : int
        At least 2.

    Returns
    -------
    Surface
        In reduced units: the depth of a pair is 1, its distance 2^(1/6).

    Raises
    ------
    TypeError, ValueError
        If n_atoms is not an integer, or less than 2.
    MemoryError
        If so many pairs would not fit.

    Examples
    --------
    >>> import numpy as np
    >>> import fastdescent as fd
    >>> s = fd.surfaces.lennard_jones(7)
    >>> run = fd.descend(s, fd.uniform(s.window, 500), fd.LineSearch(), max_steps=5000)
    >>> round(s.fmin, 6), np.unique(run.fun.round(4))[:4].tolist()
    (-16.505384, [-16.5054, -15.935, -15.5932, -15.5331])
    """
    n = whole_number("n_atoms", n_atoms, at_least=_MIN_ATOMS)
    refuse_if_too_large(_COPIES * 8 * n**2, f"the pairs of {n} atoms", "choose fewer atoms")
    half = n ** (1 / 3)
    return surface(
        _energy,
        dim=3 * n,
        window=(-half, half),
        variables=tuple(f"{axis}{k}" for k in range(1, n + 1) for axis in "xyz"),
        minima=(lambda params: _lowest(n)) if n <= _MAX_KNOWN else None,
    )


def _energy(x: Any) -> Any:
    """The sum over ordered pairs, halved. An atom has distance 1 from itself, where a pair has no energy."""
    atoms = x.reshape(-1, 3)
    r2 = np.sum((atoms[:, np.newaxis] - atoms) ** 2, axis=2) + np.eye(len(atoms))
    r6 = 1 / r2**3
    return 2 * np.sum(r6 * r6 - r6)


@functools.cache
def _lowest(n: int) -> Floats:
    """The lowest known arrangement, by Newton's method from a rough shape; steps do not move or turn the cluster."""
    s, x = lennard_jones(n), _rough_shape(n).ravel()
    for _ in range(_NEWTON_STEPS):
        x = x - np.linalg.pinv(s.hessian(x), rcond=1e-6, hermitian=True) @ s.gradient(x)
    atoms: Floats = x.reshape(-1, 3)
    return np.asarray(atoms - atoms.mean(axis=0)).reshape(1, -1)


def _rough_shape(n: int) -> Floats:
    """The positions of the atoms, to a few percent."""
    if n <= 4:
        tetrahedron = np.array([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
        return tetrahedron[:n] * (_BOND / math.sqrt(8))
    if n <= 7:
        ring = _ring(n - 2) / (2 * math.sin(math.pi / (n - 2)))
        height = math.sqrt(max(1 - ring[0] @ ring[0], 0.3))
        return _BOND * np.concatenate([[[0, 0, height], [0, 0, -height]], ring])
    upper, lower = 2 * _ring(5), 2 * _ring(5, turned=math.pi / 5)
    upper[:, 2], lower[:, 2] = 1.0, -1.0
    vertices = np.concatenate([[[0, 0, math.sqrt(5)]], upper, lower, [[0, 0, -math.sqrt(5)]]]) / math.sqrt(5)
    return np.concatenate([np.zeros((1, 3)), 0.97 * _BOND * vertices])[:n]


def _ring(n: int, turned: float = 0.0) -> Floats:
    angle = turned + 2 * math.pi / n * np.arange(n)
    return np.stack([np.cos(angle), np.sin(angle), np.zeros(n)], axis=1)
