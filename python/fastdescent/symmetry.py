"""Symmetries of networks and of clusters, for ``classify(run, canonical=...)``: what differs by them is one row.

Each function here returns a function of points (..., dim). It maps a point to a representative of its class, or to
numbers that the symmetry does not change. One's own function of a point (dim,) does as well.

>>> import fastdescent as fd
>>> s = fd.surface("(x**2 - 1)**2 + (y**2 - 4)**2 + (x*y - 2)**2 / 9")
>>> run = fd.descend(s, fd.uniform(s.window, 200), fd.LineSearch())
>>> len(run.classify().points), len(fd.classify(run, canonical=fd.symmetry.permute_units(units=1, signs=True)).points)
(4, 2)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from fastdescent._base.checks import shown, whole_number
from fastdescent.surfaces._layers import checked_widths, layers, n_weights

__all__ = ["isometries", "permute_units"]

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int_]
Canonical = Callable[[npt.ArrayLike], Floats]

_GOLDEN = 0.6180339887498949  #: multiples of it, modulo 1, keep well apart


def permute_units(
    widths: Sequence[int] | None = None, *, units: int | npt.ArrayLike | None = None, signs: bool = False,
    bias: bool = True,
) -> Canonical:  # fmt: skip
    """Hidden units of a network in an order that does not depend on how they are numbered.

    The units of a layer are sorted by the sum of their weights times fixed numbers, 1/2 + (j * 0.618... mod 1) for the
    j-th weight, so that no two units that differ tie but by accident. With `signs`, a unit's weights, incoming and
    outgoing, change signs where this sum is negative.

    Give either `widths` or `units`.

    Parameters
    ----------
    widths : sequence of int
        Units of a fully connected network, from the inputs to the outputs, with weights packed as in
        `fastdescent.surfaces.mlp`. All hidden layers are sorted, one after the other.
    units : int or int array (k, p)
        For a network whose units have p weights each, and no others. An int k: a point is a matrix (k, dim / k), a row
        for each unit, as in a student network. An array: row i holds the positions in x of the weights of unit i; all
        other numbers stay as they are.
    signs : bool
        Whether a unit may change all its signs, too: true of odd activations, such as tanh. With `units`, true where
        a unit and its negative give the same f.
    bias : bool
        False for networks without biases, such as `fastdescent.surfaces.deep_linear`.

    Returns
    -------
    function
        Of points, array_like (..., dim); its result is a float64 array of the same shape, weights in the order in
        which they were.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described; by the function, if points do not have as many numbers.

    Notes
    -----
    Relu has another symmetry besides: a unit's incoming weights may grow as its outgoing ones shrink. Its minima are
    valleys, which `classify` joins by itself.

    Chen, Lu and Hecht-Nielsen, On the geometry of feedforward neural network error surfaces, Neural Computation 5,
    1993.

    Examples
    --------
    >>> import numpy as np
    >>> import fastdescent as fd
    >>> students = fd.symmetry.permute_units(units=2)
    >>> students([3.0, 0.0, 1.0, 2.0]), students([1.0, 2.0, 3.0, 0.0])
    (array([1., 2., 3., 0.]), array([1., 2., 3., 0.]))

    A network that learns XOR. Of its hidden units three may be exchanged, and their signs changed: 48 images of each
    minimum.

    >>> net = fd.surfaces.mlp((2, 3, 1), l2=1e-3)
    >>> run = fd.descend(net, fd.surfaces.xavier((2, 3, 1), 200), fd.LineSearch(), max_steps=20_000)
    >>> canonical = fd.symmetry.permute_units((2, 3, 1), signs=True)
    >>> len(fd.classify(run, canonical=canonical).points) < 0.2 * len(fd.classify(run).points)
    True
    """
    if (widths is None) == (units is None):
        raise TypeError("permute_units needs either widths or units")
    if widths is not None:
        return _Network(checked_widths(widths), bool(signs), bool(bias))
    if isinstance(units, int | np.integer):
        return _Units(whole_number("units", units, at_least=1), bool(signs))
    return _Units(_checked_positions(units), bool(signs))


def isometries(dim: int = 3, permutations: bool = True) -> Canonical:
    """Numbers of a cluster of atoms that no motion changes: no shift, no turn, no mirror, no exchange of atoms.

    r_ij = |x_i - x_j|, r the root mean square of all r_ij with i < j:
    all r_ij, sorted; eigenvalues of the matrix r_ij, sorted; r times eigenvalues of exp(-r_ij / r), sorted

    All of these are lengths, and change continuously with the atoms.

    Parameters
    ----------
    dim : int
        Coordinates of an atom: a point is a matrix (atoms, dim).
    permutations : bool
        False: atoms may not be exchanged. Then the numbers are the r_ij in the order of i and j, which tell clusters
        apart in any case.

    Returns
    -------
    function
        Of points, array_like (..., atoms * dim); its result is a float64 array (..., p) with
        p = atoms (atoms - 1) / 2, and 2 atoms more with `permutations`.

    Raises
    ------
    TypeError, ValueError
        If `dim` is not an integer of at least 1; by the function, if numbers of points are no multiple of it.

    Notes
    -----
    Mirror images count as one. Atoms are of one kind: do not use it for molecules of several elements. There are
    different clusters with the same distances (Boutin and Kemper); eigenvalues, which depend on which distances meet
    at an atom, tell most of them apart, but it is not proved that they tell all. `classify` also wants the same f.

    Boutin and Kemper, On reconstructing n-point configurations from the distribution of distances or areas, Adv. Appl.
    Math. 32, 2004; eigenvalues as in Rupp, Tkatchenko, Mueller and von Lilienfeld, Fast and accurate modeling of
    molecular atomization energies with machine learning, Phys. Rev. Lett. 108, 2012.

    Examples
    --------
    >>> import numpy as np
    >>> import fastdescent as fd
    >>> numbers = fd.symmetry.isometries()
    >>> atoms = np.random.default_rng(0).normal(size=(5, 3))
    >>> turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    >>> bool(np.allclose(numbers(atoms.ravel()), numbers((atoms[[2, 0, 1, 4, 3]] @ turn + 7.0).ravel())))
    True

    Six atoms have two minima:

    >>> s = fd.surfaces.lennard_jones(6)
    >>> run = fd.descend(s, fd.uniform([(-1, 1)] * 18, 200), fd.LineSearch())
    >>> fd.classify(run, canonical=numbers).points.fun.round(6)
    array([-12.712062, -12.302928])
    """
    return _Isometries(whole_number("dim", dim, at_least=1), bool(permutations))


@dataclass(frozen=True)
class _Network:
    """Fully connected layers: each hidden layer is sorted, given the order of the one before."""

    widths: tuple[int, ...]
    signs: bool
    bias: bool
    takes_many: ClassVar[bool] = True  #: points (m, dim) at once, for `classify`

    def __call__(self, x: npt.ArrayLike) -> Floats:
        found = _points(x, n_weights(self.widths, self.bias))
        parts = layers(found, self.widths, self.bias)  # views
        for k, ((matrix, shifts), (after, _)) in enumerate(pairwise(parts)):
            incoming = matrix if shifts is None else np.concatenate([matrix, shifts[..., np.newaxis, :]], axis=-2)
            outgoing = np.swapaxes(after, -1, -2)  # (..., next units, units)
            is_last = k == len(parts) - 2
            own = np.concatenate([incoming, outgoing], axis=-2) if is_last else incoming
            sign = (_signs(own) if self.signs else np.ones_like(own[..., 0, :]))[..., np.newaxis, :]
            told = own * sign
            if not is_last:  # the next layer has no order yet: of weights to its units only the size is used
                told = np.concatenate([told, np.linalg.norm(outgoing, axis=-2, keepdims=True)], axis=-2)
            order = np.argsort(_sums(told), axis=-1, kind="stable")[..., np.newaxis, :]
            for rows in (matrix, outgoing, *(() if shifts is None else (shifts[..., np.newaxis, :],))):
                rows[...] = np.take_along_axis(rows * sign, order, axis=-1)
        return found


@dataclass(frozen=True, eq=False)
class _Units:
    """Units that are nothing but their own weights."""

    units: int | Indices
    signs: bool
    takes_many: ClassVar[bool] = True

    def __call__(self, x: npt.ArrayLike) -> Floats:
        found = _points(x)
        at = self._positions(found.shape[-1])
        rows = np.swapaxes(found[..., at], -1, -2)  # (..., weights, units)
        if self.signs:
            rows = rows * _signs(rows)[..., np.newaxis, :]
        order = np.argsort(_sums(rows), axis=-1, kind="stable")[..., np.newaxis, :]
        found[..., at] = np.swapaxes(np.take_along_axis(rows, order, axis=-1), -1, -2)
        return found

    def _positions(self, dim: int) -> Indices:
        if isinstance(self.units, int):
            if dim % self.units:
                raise ValueError(f"points of {dim} numbers cannot be divided among {self.units} units")
            return np.arange(dim).reshape(self.units, -1)
        if self.units.max(initial=-1) >= dim:
            raise ValueError(f"units has the position {self.units.max()}, but points have {dim} numbers")
        return self.units


@dataclass(frozen=True)
class _Isometries:
    dim: int
    permutations: bool
    takes_many: ClassVar[bool] = True

    def __call__(self, x: npt.ArrayLike) -> Floats:
        points = _points(x)
        if points.shape[-1] % self.dim:
            raise ValueError(f"points of {points.shape[-1]} numbers are no atoms of {self.dim} coordinates")
        atoms = points.reshape(*points.shape[:-1], -1, self.dim)
        difference = atoms[..., :, np.newaxis, :] - atoms[..., np.newaxis, :, :]
        distance = np.sqrt((difference**2).sum(axis=-1))
        i, j = np.triu_indices(distance.shape[-1], 1)
        pairs = distance[..., i, j]
        if not self.permutations:
            return np.asarray(pairs)
        r = np.sqrt((pairs**2).sum(axis=-1, keepdims=True) / max(len(i), 1))
        r = np.where(r > 0, r, 1.0)
        near = r * np.linalg.eigvalsh(np.exp(-distance / r[..., np.newaxis]))
        return np.concatenate([np.sort(pairs, axis=-1), np.linalg.eigvalsh(distance), near], axis=-1)


def _points(x: npt.ArrayLike, dim: int | None = None) -> Floats:
    """A copy of points (..., dim)."""
    points = np.array(x, np.float64)
    if points.ndim == 0 or (dim is not None and points.shape[-1] != dim):
        raise ValueError(f"points must have shape (..., {'dim' if dim is None else dim}); got shape {points.shape}")
    return points


def _sums(columns: Floats) -> Floats:
    """The sum of each column (..., n, units) times fixed numbers."""
    return np.asarray(np.einsum("...nk,n->...k", columns, 0.5 + _GOLDEN * np.arange(1, columns.shape[-2] + 1) % 1))


def _signs(columns: Floats) -> Floats:
    return np.where(_sums(columns) < 0, -1.0, 1.0)


def _checked_positions(units: Any) -> Indices:
    at = np.asarray(units)
    if at.ndim != 2 or at.dtype.kind not in "iu":
        raise TypeError(f"units must be an int or an int array (units, weights); got {shown(units)}")
    if at.size and (at.min() < 0 or len(np.unique(at)) < at.size):
        raise ValueError("units must hold positions of 0 or more, each once")
    return at.astype(np.int_)
