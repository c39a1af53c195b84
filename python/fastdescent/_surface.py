"""Surfaces: a traced formula with what is known about it, evaluated exactly at any number of points."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastdescent._check import intervals, no_parameter, shown
from fastdescent._markup import table
from fastdescent._threads import available_threads
from fastdescent.program.formula import Formula

if TYPE_CHECKING:
    from fastdescent._program import CompiledListing
    from fastdescent.optimizers import Optimizer

Window = tuple[tuple[float, float], ...]
Array = npt.NDArray[Any]
MinimaOf = Callable[[Mapping[str, Any]], npt.ArrayLike | None]  #: of the parameters; None where not known


@dataclass(frozen=True, eq=False)
class KnownMinima:
    """Minimizers that hold for the parameters that they were given with; none are known for others."""

    points: npt.NDArray[np.float64]  #: (k, dim)
    params: Mapping[str, Any]

    def __call__(self, params: Mapping[str, Any]) -> npt.NDArray[np.float64] | None:
        return self.points if all(np.array_equal(params[k], v) for k, v in self.params.items()) else None


@dataclass(frozen=True, eq=False, repr=False)
class Surface:
    """A function f(x) of a point x, shape (dim,). Made by `fastdescent.surface` and the catalog, not by hand.

    Attributes
    ----------
    name : str
    dim : int
        Number of coordinates.
    variables : tuple of str
        Names of the coordinates.
    params : mapping
        Values of the parameters; `with_params` changes them without compiling anew.
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
        """All points where the gradient vanishes for these parameters, shape (k, dim), or None where not known."""
        return self._known(self._critical_points_of)

    def _known(self, points_of: MinimaOf | None) -> npt.NDArray[np.float64] | None:
        known = None if points_of is None else points_of(self.params)
        return None if known is None else np.array(known, dtype=np.float64).reshape(-1, self.dim)

    @property
    def fmin(self) -> float | None:
        """The lowest value, or None where the minima are not known."""
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
        values = {**self.params, **{k: v if k in self._static else _param(k, v) for k, v in params.items()}}
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

        Options, as in `descend`: dtype; of steps x0, gtol, xtol, ftol, escape_radius, bounds, boundary, reduce.

        >>> import fastdescent as fd
        >>> "vmulpd" in fd.surface("x**2").program(fd.GD(lr=0.1), xtol=1e-9).assembly("x86-64-v3")
        True
        """
        from fastdescent._program import listing_of

        return listing_of(self, optimizer, options)

    # ------------------------------------------------------------------ evaluation
    def __call__(self, *coordinates: npt.ArrayLike) -> Array:
        """f at X of shape (..., dim), or at dim arrays that broadcast (one a coordinate). Shape (...).

        Of a surface of one coordinate, an array whose last axis is not 1 is that coordinate.

        >>> import fastdescent as fd
        >>> fd.surfaces.himmelblau()([[3.0, 2.0], [0.0, 0.0]])
        array([  0., 170.])
        """
        points = self._points_of_coordinates(coordinates)
        return self._evaluated(("fun",), points)[0].reshape(points.shape[:-1])[()]

    def gradient(self, X: npt.ArrayLike) -> Array:
        """The exact gradient at X of shape (..., dim), same shape."""
        points = self._points(X)
        return self._evaluated(("gradient",), points)[0].reshape(points.shape)

    def value_and_gradient_norm(self, X: npt.ArrayLike) -> tuple[Array, Array]:
        """f and the Euclidean norm of its gradient at X of shape (..., dim): two arrays of shape (...)."""
        points = self._points(X)
        fun, norm = self._evaluated(("fun", "grad_norm"), points)
        return fun.reshape(points.shape[:-1]), norm.reshape(points.shape[:-1])

    def hvp(self, X: npt.ArrayLike, V: npt.ArrayLike) -> Array:
        """The Hessian at X times V, both (..., dim) and broadcast against each other; shape (..., dim)."""
        points, directions = self._points(X), self._points(V, "V")
        try:
            points, directions = np.broadcast_arrays(points, directions)
        except ValueError:
            shapes = f"X of shape {points.shape}; got shape {directions.shape}"
            raise ValueError(f"V must broadcast against {shapes}") from None
        return self._evaluated(("hvp",), points, directions)[0].reshape(points.shape)

    def hessian(self, X: npt.ArrayLike) -> Array:
        """The exact Hessian at X of shape (..., dim); shape (..., dim, dim)."""
        points = self._points(X)
        basis = np.eye(self.dim, dtype=points.dtype)
        return self.hvp(points[..., np.newaxis, :], basis)

    def _points(self, given: Any, name: str = "X") -> Array:
        points = _floats(name, given)
        if not points.ndim or points.shape[-1] != self.dim:
            raise ValueError(f"{name} must have shape (..., {self.dim}); got shape {points.shape}")
        return points

    def _points_of_coordinates(self, given: tuple[Any, ...]) -> Array:
        arrays = [_floats("X", a) for a in given]
        if len(arrays) == 1 and arrays[0].ndim and arrays[0].shape[-1] == self.dim:
            return arrays[0]
        shapes = ", ".join(str(a.shape) for a in arrays)
        if len(arrays) != self.dim:
            got = f"shape {shapes}" if len(arrays) == 1 else f"{len(arrays)} arrays"
            raise ValueError(f"X must have shape (..., {self.dim}), or be {self.dim} arrays; got {got}")
        try:
            return np.stack(np.broadcast_arrays(*arrays), axis=-1)
        except ValueError:
            raise ValueError(f"the {self.dim} arrays must have shapes that broadcast; got {shapes}") from None

    def _evaluated(self, outputs: tuple[str, ...], X: Array, V: Array | None = None) -> list[Array]:
        from fastdescent.engines import get_engine
        from fastdescent.engines.protocol import uniform_values

        engine, program = get_engine("auto"), self._formula.program(*outputs)
        inputs = {"x": X.reshape(-1, self.dim)}
        if V is not None:
            inputs["v"] = V.reshape(-1, self.dim)
        with np.errstate(over="ignore", under="ignore"):
            uniform = uniform_values(engine, program, self.params).astype(X.dtype)
        n = len(inputs["x"])
        found = engine.evaluate(program.main, uniform, inputs, n, available_threads())
        return [found[name] for name in outputs]

    def __getstate__(self) -> dict[str, Any]:
        """A pickle holds the traced formula, not the user's function: static parameters stay as they are."""
        known = {
            name: None if points is None else KnownMinima(points, self.params)
            for name, points in (("_minima_of", self.minima), ("_critical_points_of", self.critical_points))
        }
        return {**self.__dict__, **known, "_retrace": None}

    # ------------------------------------------------------------------ compositions
    __array_ufunc__ = None  # so that NumPy's numbers leave a * s to us

    def __add__(self, other: Surface) -> Surface:
        """The surface f(x) + g(x). Parameters of the second whose names are taken get a number: A, A2, A3, ...

        Its window covers both; its minima are known where the two have known ones in common.

        >>> import fastdescent as fd
        >>> fd.surfaces.rastrigin(A=3.0) + fd.surfaces.rastrigin()
        <Surface rastrigin + rastrigin: dim=2, A=3.0, A2=10.0>
        """
        from fastdescent._compose import added

        return added(self, other)

    def __mul__(self, factor: float) -> Surface:
        """The surface factor * f(x); the minima stay if the factor is positive.

        >>> import fastdescent as fd
        >>> (-2 * fd.surface("x**2 - y**2"))([1.0, 3.0])
        np.float64(16.0)
        """
        from fastdescent._compose import scaled

        return scaled(self, factor)

    __rmul__ = __mul__

    def shifted(self, o: npt.ArrayLike) -> Surface:
        """The surface f(x - o), o of shape (dim,): what was at the origin is at o.

        >>> import fastdescent as fd
        >>> fd.surfaces.sphere().shifted([1.0, 2.0]).minima
        array([[1., 2.]])
        """
        from fastdescent._compose import shifted

        return shifted(self, o)

    def rotated(self, Q: npt.ArrayLike) -> Surface:
        """The surface f(Q.T @ x), Q orthogonal of shape (dim, dim): what was at x is at Q @ x. Turns about the origin.

        >>> import fastdescent as fd
        >>> fd.surfaces.booth().rotated([[0.0, -1.0], [1.0, 0.0]]).minima
        array([[-3.,  1.]])
        """
        from fastdescent._compose import rotated

        return rotated(self, Q)

    # ------------------------------------------------------------------ words
    def __repr__(self) -> str:
        params = "".join(f", {k}={shown(v)}" for k, v in self.params.items())
        return f"<Surface {self.name}: dim={self.dim}{params}>"

    def _repr_html_(self) -> str:
        from fastdescent._facts import facts, formula_line

        line = formula_line(self)
        return table(([("f", line)] if line != self.name else []) + facts(self), title=self.name)


def _floats(name: str, value: Any) -> Array:
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} must be an array of numbers ({error})") from None
    if array.dtype.kind not in "iufb":
        raise TypeError(f"{name} must be an array of real numbers; got {array.dtype} ({shown(value)})")
    return array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)


def _param(name: str, value: Any) -> Any:
    array = np.asarray(value)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"parameter {name} must be a number or an array of numbers; got {shown(value)}")
    if not np.all(np.isfinite(array)):
        raise ValueError(f"parameter {name} must be finite; got {shown(value)}")
    return float(array) if array.ndim == 0 else array.astype(np.float64)


def window_or_default(window: Any, dim: int) -> Window:
    return ((-5.0, 5.0),) * dim if window is None else intervals("window", window, dim)


def widened(surface: Surface, window: Window) -> Surface:
    """The surface with a window that covers this one too, so that nothing which starts there counts as escaped."""
    both = zip(surface.window, window, strict=True)
    return replace(surface, window=tuple((min(a[0], b[0]), max(a[1], b[1])) for a, b in both))
