"""Random landscapes of any dimension: drawn once from a seed, then fixed. Products with matrices stay products."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.checks import not_negative, positive, random_seed, whole_number
from fastdescent._base.memory import refuse_if_too_large
from fastdescent._surface.define import surface
from fastdescent._surface.surface import Surface
from fastdescent.surfaces._catalog import known, with_data
from fastdescent.surfaces._normals import FIRST_OF_DATA, normals, uniforms

__all__ = ["gaussian_wells", "random_field", "spin_glass"]

_SECOND_INDEX = FIRST_OF_DATA + 2**32  #: from here on for uniform numbers beside normal ones
_COPIES = 3  #: copies of random numbers: as drawn, scaled, and as a parameter
Floats = npt.NDArray[np.float64]


@known(lowest=None, dims=(1, 3))
@with_data
def random_field(
    dim: int = 2, waves: int = 256, seed: int = 0, *, length: float = 1.0, confinement: float = 0.25
) -> Surface:
    """A smooth Gaussian random field in a bowl: the landscape in which saddles outnumber minima as dim grows.

    f(x) = sqrt(2 dim / waves) sum_k a_k cos(w_k.x + b_k) + confinement |x|^2 / 2

    a_k, w_k and b_k are random: a_k is normal, w_k normal with variance 1 / (dim length^2) in each component, b_k
    uniform in (0, 2 pi). With many waves the sum is a field with mean 0 and covariance dim exp(-|x - y|^2 / (2 dim
    length^2)), in which all curvatures are of order 1 / length^2, whatever dim is. As dim grows, a bowl of
    confinement > 1 / length^2 leaves one critical point; a wider one has exponentially many. Minimum: not known.

    Bray and Dean, Statistics of critical points of Gaussian fields on large-dimensional spaces, Phys. Rev. Lett. 98,
    2007; the bowl: Fyodorov, Complexity of random energy landscapes, Phys. Rev. Lett. 92, 2004; the sum of waves:
    Rahimi and Recht, Random features for large-scale kernel machines, NIPS 20, 2007.

    Parameters
    ----------
    dim : int
    waves : int
        Terms of the sum. With fewer than a few times dim there are directions in which the field is hardly curved.
    seed : int
        0 to 2**64 - 1.
    length : float
        Points of which each coordinate differs by this are hardly alike.
    confinement : float
        Curvature of the bowl; 0: none.

    Returns
    -------
    Surface
        With the parameters amplitudes (waves,), frequencies (waves, dim), phases (waves,) and confinement. With many
        waves the coordinates of critical points are as normal numbers of deviation 1 / (confinement length); the
        window reaches 1.5 times that to each side.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    MemoryError
        If the waves would not fit.

    Examples
    --------
    >>> import numpy as np
    >>> import fastdescent as fd
    >>> s = fd.surfaces.random_field(dim=100, seed=1)
    >>> run = fd.descend(s, fd.uniform(s.window, 50), fd.GD(lr=0.2), max_steps=5000, gtol=1e-4)
    >>> run.message, len(np.unique(run.fun.round(3)))
    ('50 trajectories: 50 converged.', 50)
    """
    dim, waves = whole_number("dim", dim, at_least=1), whole_number("waves", waves, at_least=1)
    length, bowl = positive("length", length), not_negative("confinement", confinement)
    refuse_if_too_large(
        _COPIES * 8 * waves * dim, f"a field of {waves} waves in {dim} coordinates", "choose fewer waves"
    )
    key = random_seed(seed)
    drawn = normals(key, FIRST_OF_DATA, waves, dim + 1)
    half = 1.5 / (bowl * length) if bowl else 5.0 * length
    return surface(
        _field,
        dim=dim,
        window=(-half, half),
        amplitudes=math.sqrt(2.0 * dim / waves) * drawn[:, dim],
        frequencies=drawn[:, :dim] / (math.sqrt(dim) * length),
        phases=2.0 * math.pi * uniforms(key, _SECOND_INDEX, waves, 1)[:, 0],
        confinement=bowl,
    )


def _field(x: Any, *, amplitudes: Any, frequencies: Any, phases: Any, confinement: Any) -> Any:
    return np.sum(amplitudes * np.cos(frequencies @ x + phases)) + confinement * (0.5 * np.sum(x**2))


@known(lowest=None, dims=(2, 4))
@with_data
def spin_glass(dim: int = 2, p: int = 3, seed: int = 0) -> Surface:
    """The spherical spin glass: random couplings of p coordinates at a time, on a sphere of radius sqrt(dim).

    f(x) = H(s) + dim (r^2 - 1)^2 / 4, s = x / r, r^2 = |x|^2 / dim,
    H(s) = dim^((1 - p) / 2) sum_(i, j, ...) J_(ij...) s_i s_j ...

    The sphere is kept by the formula, not by the optimizer: H sees only the direction of x, and the second term only
    its length, with its minimum on the sphere. So the critical points of f are those of H on the sphere; the Hessian of
    f has there the eigenvalues of H on the sphere and, along x, one of 2. At the origin f is not defined.

    Minimum: known for p = 2, where the critical points are the eigenvectors of the symmetric part of J, of length
    sqrt(dim); for greater p not. For p = 3 and large dim it is near -1.657 dim, nearly all minima lie between there and
    -1.633 dim, and above that saddles of higher and higher index.

    Auffinger, Ben Arous and Cerny, Random matrices and complexity of spin glasses, Comm. Pure Appl. Math. 66, 2013; as
    a picture of networks: Choromanska, Henaff, Mathieu, Ben Arous and LeCun, The loss surfaces of multilayer networks,
    AISTATS, 2015.

    Parameters
    ----------
    dim : int
        At least 2.
    p : int
        Coordinates in a product, at least 2. There are dim^p couplings.
    seed : int
        0 to 2**64 - 1.

    Returns
    -------
    Surface
        With the parameter couplings, J, of p axes. A start that is uniform in its window has about the right length.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    MemoryError
        If the couplings would not fit.

    Examples
    --------
    >>> import numpy as np
    >>> import fastdescent as fd
    >>> s = fd.surfaces.spin_glass(dim=40, seed=1)
    >>> run = fd.descend(s, fd.uniform(s.window, 20), fd.GD(lr=0.05), max_steps=20_000)
    >>> run.message, np.allclose(np.linalg.norm(run.x, axis=1), np.sqrt(40))
    ('20 trajectories: 20 converged.', True)
    """
    dim, p = whole_number("dim", dim, at_least=2), whole_number("p", p, at_least=2)
    refuse_if_too_large(
        2 * 8 * dim**p, f"the couplings of {p} coordinates out of {dim}", "choose fewer coordinates, or a smaller p"
    )
    couplings = normals(random_seed(seed), FIRST_OF_DATA, dim, dim ** (p - 1)).reshape((dim,) * p)
    half = math.sqrt(3.0)
    return surface(_spins, dim=dim, window=(-half, half), minima=_lowest_eigenvectors, couplings=couplings)


def _spins(x: Any, *, couplings: Any) -> Any:
    dim, p = len(x), couplings.ndim
    r2 = np.mean(x**2)
    s = x / np.sqrt(r2)
    energy = couplings.reshape(-1, dim) @ s
    for _ in range(p - 1):
        energy = energy.reshape(-1, dim) @ s
    energy = energy[0]
    return dim ** ((1 - p) / 2) * energy + (dim / 4) * (r2 - 1) ** 2


def _lowest_eigenvectors(params: Mapping[str, Any]) -> Floats | None:
    couplings = params["couplings"]
    if couplings.ndim != 2:
        return None
    vector = math.sqrt(len(couplings)) * np.linalg.eigh((couplings + couplings.T) / 2)[1][:, 0]
    return np.array([vector, -vector])


@known(lowest=None)
@with_data
def gaussian_wells(
    dim: int = 2, wells: int = 10, seed: int = 0, *, width: float = 1.0, confinement: float = 0.1
) -> Surface:
    """Wells of random places, depths and widths in a shallow bowl. Between them the slope is next to nothing.

    f(x) = confinement |x|^2 / (2 dim) - sum_k d_k exp(-|x - c_k|^2 / (2 v_k^2))

    The places c_k are uniform in (-4, 4), the depths d_k in (0.5, 1.5), the widths v_k in (0.5, 1) times width
    sqrt(dim / 2), so that wells are as wide, compared with their distances, whatever dim is. Minimum: near the deepest
    well, not known exactly.

    After Gallagher and Yuan, A general-purpose tunable landscape generator, IEEE Trans. Evol. Comput. 10, 2006, who
    take the deepest of the wells instead of their sum.

    Parameters
    ----------
    dim, wells : int
    seed : int
        0 to 2**64 - 1.
    width : float
        A factor of all widths.
    confinement : float
        Of the bowl; 0: none, and f vanishes far from all wells.

    Returns
    -------
    Surface
        With the parameters centers (wells, dim), depths (wells,), widths (wells,) and confinement: give your own wells
        by `with_params`.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> import fastdescent as fd
    >>> s = fd.surfaces.gaussian_wells(wells=2).with_params(centers=[[0, 0], [3, 0]], depths=[1, 2], widths=[1, 1])
    >>> fd.descend(s, [[0.5, 0.1], [2.0, -0.3]], fd.LineSearch()).x.round(2)
    array([[ 0.08,  0.  ],
           [ 2.91, -0.  ]])
    """
    dim, wells = whole_number("dim", dim, at_least=1), whole_number("wells", wells, at_least=1)
    width, bowl = positive("width", width), not_negative("confinement", confinement)
    refuse_if_too_large(_COPIES * 8 * wells * dim, f"{wells} wells in {dim} coordinates", "choose fewer wells")
    drawn = uniforms(random_seed(seed), FIRST_OF_DATA, wells, dim + 2)
    return surface(
        _wells,
        dim=dim,
        window=(-5.0, 5.0),
        centers=8.0 * drawn[:, :dim] - 4.0,
        depths=0.5 + drawn[:, dim],
        widths=width * math.sqrt(dim / 2) * (0.5 + 0.5 * drawn[:, dim + 1]),
        confinement=bowl,
    )


def _wells(x: Any, *, centers: Any, depths: Any, widths: Any, confinement: Any) -> Any:
    d2 = np.sum((x - centers) ** 2, axis=1)
    return confinement * (0.5 * np.mean(x**2)) - np.sum(depths * np.exp(-d2 / (2 * widths**2)))
