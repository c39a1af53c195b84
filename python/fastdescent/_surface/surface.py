"""`Surface`: a traced formula with its window, bounds, parameters and known minima, to be evaluated anywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.at_top import at_top
from fastdescent._base.checks import no_parameter, positive, shown, whole_number
from fastdescent._base.markup import table
from fastdescent._base.threads import available_threads
from fastdescent._surface import compose as _compose
from fastdescent._surface.coordinates import as_points, points_of_coordinates
from fastdescent._surface.facts import facts, formula_line
from fastdescent._surface.hessians import hessians
from fastdescent._surface.known import KnownMinima, MinimaOf, Window
from fastdescent._surface.parameters import parameter
from fastdescent._surface.spectrum import extremes
from fastdescent.engines.protocol import uniform_values
from fastdescent.engines.registry import get_engine
from fastdescent.program.step.formula import Formula

if TYPE_CHECKING:
    from fastdescent._run.listing import CompiledListing
    from fastdescent.optimizers import Optimizer

Array = npt.NDArray[Any]


@at_top
@dataclass(frozen=True, eq=False, repr=False)
class Surface:
    """A function f(x) of a point x, shape (dim,). `fastdescent.surface` and the catalog make it.

    Attributes
    ----------
    name : str
    dim : int
        Number of coordinates.
    variables : tuple of str
        Names of the coordinates.
    params : mapping
        Values of the parameters; `with_params` changes them without compiling again.
    window : ((lo, hi), ...)
        Where to look: starts, pictures.
    bounds : ((lo, hi), ...) or None
        A constraint.
    """

    name: str
    variables: tuple[str, ...]
    window: Window
    bounds: Window | None
    params: Mapping[str, Any]
    _formula: Formula = field(repr=False)
    _minima_of: MinimaOf | None = field(repr=False, default=None)
    _critical_points_of: MinimaOf | None = field(repr=False, default=None)
    _retrace: Callable[[Mapping[str, Any]], Formula] | None = field(repr=False, default=None)
    _static: tuple[str, ...] = ()
    about: str = ""  #: the formula and its source, for surfaces of the catalog

    # ------------------------------------------------------------------ what is known
    @property
    def dim(self) -> int:
        return self._formula.dim

    @property
    def minima(self) -> npt.NDArray[np.float64] | None:
        """The known global minimizers for these parameters, shape (k, dim), or None."""
        return self._known(self._minima_of)

    @property
    def critical_points(self) -> npt.NDArray[np.float64] | None:
        """All points where the gradient vanishes for these parameters, shape (k, dim), or None if not known."""
        return self._known(self._critical_points_of)

    def _known(self, points_of: MinimaOf | None) -> npt.NDArray[np.float64] | None:
        known = None if points_of is None else points_of(self.params)
        return None if known is None else np.array(known, dtype=np.float64).reshape(-1, self.dim)

    @property
    def fmin(self) -> float | None:
        """The lowest value, or None if the minima are not known."""
        minima = self.minima
        return None if minima is None else float(np.min(self(minima)))

    def with_params(self, **params: Any) -> Surface:
        """The same surface with other parameters. Nothing is compiled, unless a static parameter changes.

        >>> import fastdescent as fd
        >>> s = fd.surface("a*x**2 + y**2", a=2.0)
        >>> float(s.with_params(a=3.0)([1.0, 1.0]))
        4.0
        """
        for name in params:
            if name not in self.params:
                raise ValueError(no_parameter(self.name, name, self.params))
        values = {**self.params, **{k: v if k in self._static else parameter(k, v) for k, v in params.items()}}
        for name, value in params.items():
            if name not in self._static and np.shape(value) != self._formula.params[name]:
                raise ValueError(
                    f"parameter {name} must have shape {self._formula.params[name]}; got shape {np.shape(value)}"
                )
        formula = self._formula
        if any(not np.array_equal(values[k], self.params[k]) for k in self._static):
            if self._retrace is None:
                raise ValueError(f"{self.name} came out of a pickle without its function: {self._static[0]} is fixed")
            formula = self._retrace(values)
        return replace(self, params=values, _formula=formula)

    def program(self, optimizer: Optimizer | None = None, **options: Any) -> CompiledListing:
        """A listing of the Program of f and its gradient, or of a step. `llvm` and `assembly` of it show the kernel.

        Options, as in `descend`: dtype; with an optimizer x0, and all others, of which some change the step.

        >>> import fastdescent as fd
        >>> "vmulpd" in fd.surface("x**2").program(fd.GD(lr=0.1), xtol=1e-9).assembly("x86-64-v3")
        True
        """
        import fastdescent

        return fastdescent.listing_of(self, optimizer, options)

    # ------------------------------------------------------------------ evaluation
    def __call__(self, *coordinates: npt.ArrayLike) -> Array:
        """f at X of shape (..., dim), or at dim arrays that broadcast, one per coordinate. Shape (...).

        For a surface of one coordinate, an array whose last axis is not 1 holds values of the coordinate.

        >>> import fastdescent as fd
        >>> fd.surfaces.himmelblau()([[3.0, 2.0], [0.0, 0.0]])
        array([  0., 170.])
        """
        points = points_of_coordinates(coordinates, self.dim)
        return self._evaluated(("fun",), points)[0].reshape(points.shape[:-1])[()]

    def gradient(self, X: npt.ArrayLike) -> Array:
        """The exact gradient at X of shape (..., dim), same shape."""
        points = as_points("X", X, self.dim)
        return self._evaluated(("gradient",), points)[0].reshape(points.shape)

    def value_and_gradient_norm(self, X: npt.ArrayLike) -> tuple[Array, Array]:
        """f and the Euclidean norm of its gradient at X of shape (..., dim): two arrays of shape (...)."""
        points = as_points("X", X, self.dim)
        fun, norm = self._evaluated(("fun", "grad_norm"), points)
        return fun.reshape(points.shape[:-1]), norm.reshape(points.shape[:-1])

    def hvp(self, X: npt.ArrayLike, V: npt.ArrayLike) -> Array:
        """The Hessian at X times V, both (..., dim) and broadcast against each other; shape (..., dim)."""
        points, directions = as_points("X", X, self.dim), as_points("V", V, self.dim)
        try:
            points, directions = np.broadcast_arrays(points, directions)
        except ValueError:
            shapes = f"X of shape {points.shape}; got shape {directions.shape}"
            raise ValueError(f"V must broadcast against {shapes}") from None
        return self._evaluated(("hvp",), points, v=directions)[0].reshape(points.shape)

    def hessian(self, X: npt.ArrayLike) -> Array:
        """The exact Hessian at X of shape (..., dim); shape (..., dim, dim). Takes little more memory than the result.

        Raises MemoryError if the result would not fit.
        """
        return hessians(self, as_points("X", X, self.dim))

    def spectrum(self, X: npt.ArrayLike, k: int = 3, *, vectors: bool = False, tol: float = 1e-9) -> Any:
        """The ends of the Hessian's spectrum: its k smallest and k largest eigenvalues.

        H(x) v_i = lambda_i v_i, |v_i| = 1

        The whole Hessian is diagonalized in up to 512 dimensions, and in more if this is expected to cost less than
        some hundred products of the Hessian with vectors. Otherwise Lanczos' method, restarted as in ARPACK (Sorensen,
        SIAM J. Matrix Anal. Appl. 13, 1992), uses such products alone. It may find a multiple eigenvalue fewer times
        than it occurs. If it has not converged when the whole Hessian would have cost less, the Hessian is diagonalized
        after all. A diagonal Hessian, such as that of a sum of functions of one coordinate each, is recognized.

        Parameters
        ----------
        X : array, (..., dim)
        k : int
            Eigenvalues at each end.
        vectors : bool
            Whether eigenvectors are wanted, too.
        tol : float
            The largest |H v_i - lambda_i v_i|, relative to the largest |lambda_i|. A greater `tol` takes less time.

        Returns
        -------
        values : float64 array, (..., m)
            Ascending; m = min(2 k, dim). NaN where the Hessian is not finite.
        vectors : float64 array, (..., m, dim)
            If asked for: a row for each value, of either sign.

        Raises
        ------
        TypeError, ValueError
            If an argument is not as described.
        MemoryError
            If the whole Hessian is needed and would not fit: some thousand products were not enough.

        Examples
        --------
        >>> import numpy as np
        >>> import fastdescent as fd
        >>> s = fd.surfaces.ellipsoid(dim=1000, kappa=50.0)
        >>> s.spectrum(np.zeros(1000), k=2).round(6)
        array([ 1.      ,  1.003924, 49.804586, 50.      ])
        """
        points = as_points("X", X, self.dim)
        ends = whole_number("k", k, at_least=1), positive("tol", tol)
        values, axes = extremes(self, points.reshape(-1, self.dim), *ends, with_vectors=vectors)
        values = values.reshape(*points.shape[:-1], values.shape[-1])
        return (values, axes.reshape(*values.shape, self.dim)) if vectors else values

    def _evaluated(self, outputs: tuple[str, ...], X: Array, **others: Array) -> list[Array]:
        return self._evaluator(outputs, X.dtype)(X, **others)

    def _evaluator(self, outputs: tuple[str, ...], dtype: np.dtype[Any]) -> Callable[..., list[Array]]:
        """A function of X and further inputs, v for "hvp". What depends on parameters alone is computed once, here."""
        engine, program = get_engine("auto"), self._formula.program(*outputs)
        with np.errstate(over="ignore", under="ignore"):
            uniform = uniform_values(engine, program, self.params).astype(dtype, copy=False)

        def evaluated(X: Array, **others: Array) -> list[Array]:
            inputs = {name: a.reshape(-1, self.dim) for name, a in {"x": X, **others}.items()}
            found = engine.evaluate(program.main, uniform, inputs, len(inputs["x"]), available_threads())
            return [found[name] for name in outputs]

        return evaluated

    def __getstate__(self) -> dict[str, Any]:
        """A pickle holds the traced formula, not the user's function: static parameters stay as they are."""
        known = {
            name: None if points is None else KnownMinima(points, self.params)
            for name, points in (("_minima_of", self.minima), ("_critical_points_of", self.critical_points))
        }
        return {**self.__dict__, **known, "_retrace": None}

    # ------------------------------------------------------------------ compositions
    __array_ufunc__ = None  # so that a * s calls __rmul__ for NumPy's numbers, too

    def __add__(self, other: Surface) -> Surface:
        """The surface f(x) + g(x). Parameters of the second whose names are taken get a number: A, A2, A3, ...

        Its window covers both windows. Its minima are known if the two surfaces have known minima in common.

        >>> import fastdescent as fd
        >>> fd.surfaces.rastrigin(A=3.0) + fd.surfaces.rastrigin()
        <Surface rastrigin + rastrigin: dim=2, A=3.0, A2=10.0>
        """
        if not isinstance(other, Surface):
            raise TypeError(f"what is added to a Surface must be a Surface; got {shown(other)}")
        return _compose.added(self, other)

    def __mul__(self, factor: float) -> Surface:
        """The surface factor * f(x); the minima stay if the factor is positive.

        >>> import fastdescent as fd
        >>> (-2 * fd.surface("x**2 - y**2"))([1.0, 3.0])
        np.float64(16.0)
        """
        return _compose.scaled(self, factor)

    __rmul__ = __mul__

    def shifted(self, o: npt.ArrayLike) -> Surface:
        """The surface f(x - o), o of shape (dim,): the origin moves to o.

        >>> import fastdescent as fd
        >>> fd.surfaces.sphere().shifted([1.0, 2.0]).minima
        array([[1., 2.]])
        """
        return _compose.shifted(self, o)

    def rotated(self, Q: npt.ArrayLike) -> Surface:
        """The surface f(Q.T @ x), Q orthogonal of shape (dim, dim): x moves to Q @ x.

        >>> import fastdescent as fd
        >>> fd.surfaces.booth().rotated([[0.0, -1.0], [1.0, 0.0]]).minima
        array([[-3.,  1.]])
        """
        return _compose.rotated(self, Q)

    # ------------------------------------------------------------------ words
    def __repr__(self) -> str:
        params = "".join(f", {k}={shown(v)}" for k, v in self.params.items())
        return f"<Surface {self.name}: dim={self.dim}{params}>"

    def _repr_html_(self) -> str:
        line = formula_line(self)
        return table(([("f", line)] if line != self.name else []) + facts(self), title=self.name)


def widened(surface: Surface, window: Window) -> Surface:
    """The surface with a window that also covers this one, so that no start in it counts as escaped."""
    both = zip(surface.window, window, strict=True)
    return replace(surface, window=tuple((min(a[0], b[0]), max(a[1], b[1])) for a, b in both))
