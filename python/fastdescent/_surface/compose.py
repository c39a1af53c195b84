"""Surfaces made of surfaces: sums, multiples, shifts and rotations.

A composed surface is a formula of its own: the formulas of its components are traced into it. The parameters of the
components become parameters of the whole, under new names where two components have the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.checks import number, real_array, shown
from fastdescent._surface.known import MinimaOf, Window
from fastdescent.program.graph.instantiate import instantiate
from fastdescent.program.step.formula import POINT, Formula, trace
from fastdescent.program.trace.tracer import Traced

if TYPE_CHECKING:
    from fastdescent._surface.surface import Surface

Points = npt.NDArray[np.float64]
Map = Callable[[Any], Any]  #: of points (..., dim) to points


@dataclass(frozen=True)
class _Component:
    """A surface, and the names of its parameters in the whole."""

    surface: Surface
    names: Mapping[str, str]

    def own_params(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The component's parameters, from those of the whole."""
        return {name: params[new] for name, new in self.names.items()}

    def params(self) -> dict[str, Any]:
        return {new: self.surface.params[name] for name, new in self.names.items()}

    def static(self) -> tuple[str, ...]:
        return tuple(self.names[name] for name in self.surface._static)

    def formula(self, params: Mapping[str, Any]) -> Formula:
        """The component's formula; it is traced again if a static parameter has changed."""
        return self.surface.with_params(**self.own_params(params))._formula

    def points(self, points_of: MinimaOf | None, params: Mapping[str, Any]) -> Points | None:
        known = None if points_of is None else points_of(self.own_params(params))
        return None if known is None else np.array(known, dtype=np.float64).reshape(-1, self.surface.dim)


def added(s: Surface, t: Surface) -> Surface:
    """s(x) + t(x)."""
    if s.dim != t.dim:
        raise ValueError(f"surfaces that are added must have the same dim; got {s.name}: {s.dim}, {t.name}: {t.dim}")
    first = _same_names(s)
    components = [first, _Component(t, _free_names(t.params, first.params()))]
    window = tuple((min(a[0], b[0]), max(a[1], b[1])) for a, b in zip(s.window, t.window, strict=True))

    def minima(params: Mapping[str, Any]) -> Points | None:
        p, q = (c.points(c.surface._minima_of, params) for c in components)
        if p is None or q is None:
            return None
        common = p[np.any(np.all(p[:, np.newaxis] == q, axis=2), axis=1)]
        return common if len(common) else None

    def both(x: Traced, f: Callable[[Traced], Traced], g: Callable[[Traced], Traced]) -> Any:
        return f(x) + g(x)

    return _made(f"{s.name} + {t.name}", components, both, window, _common_bounds(s, t), minima)


def scaled(s: Surface, factor: object) -> Surface:
    """factor * s(x)."""
    a, component = number("the factor of a Surface", factor), _same_names(s)
    minima = (lambda params: component.points(s._minima_of, params)) if a > 0 else None
    critical = (lambda params: component.points(s._critical_points_of, params)) if a else None
    return _made(
        f"{a:.17g} * {_bracketed(s.name)}", [component], lambda x, f: a * f(x), s.window, s.bounds, minima, critical
    )


def shifted(s: Surface, o: object) -> Surface:
    """s(x - o)."""
    offset = _finite("o", o, (s.dim,))
    window, bounds = (
        None if box is None else tuple((lo + d, hi + d) for (lo, hi), d in zip(box, offset.tolist(), strict=True))
        for box in (s.window, s.bounds)
    )
    assert window is not None
    return _moved(s, "shifted", lambda x: x - offset, lambda x: x + offset, window, bounds)


def rotated(s: Surface, Q: object) -> Surface:
    """s(Q.T @ x)."""
    q = _finite("Q", Q, (s.dim, s.dim))
    error = float(np.max(np.abs(q.T @ q - np.eye(s.dim))))
    if error > 1e-12:
        raise ValueError(f"Q must be orthogonal: Q.T @ Q within 1e-12 of the identity; it differs by {error:.3g}")
    if s.bounds is not None:
        raise ValueError(f"a surface that is rotated must have no bounds, which would be no box; {s.name} has some")
    low, high = np.array(s.window).T
    centre, reach = q @ ((low + high) / 2), np.abs(q) @ ((high - low) / 2)
    window = tuple(zip((centre - reach).tolist(), (centre + reach).tolist(), strict=True))
    return _moved(s, "rotated", lambda x: q.T @ x, lambda x: x @ q.T, window, None)


def _moved(
    s: Surface, how: str, to_component: Map, from_component: Map, window: Window, bounds: Window | None
) -> Surface:
    """The surface f(to_component(x)), where f is s. Its minima are those of s, moved by the inverse map."""
    component = _same_names(s)

    def points(points_of: MinimaOf | None) -> MinimaOf:
        def of_params(params: Mapping[str, Any]) -> Points | None:
            known = component.points(points_of, params)
            return None if known is None else np.asarray(from_component(known))

        return of_params

    known = points(s._minima_of), points(s._critical_points_of)
    return _made(f"{_bracketed(s.name)} {how}", [component], lambda x, f: f(to_component(x)), window, bounds, *known)


def _made(
    name: str,
    components: list[_Component],
    join: Callable[..., Any],
    window: Window,
    bounds: Window | None,
    minima: MinimaOf | None,
    critical_points: MinimaOf | None = None,
) -> Surface:
    """A surface with the formula `join(x, f, ...)`, where f, ... are the components as functions of traced points."""
    params = {k: v for c in components for k, v in c.params().items()}
    static = tuple(k for c in components for k in c.static())
    first = components[0].surface

    def traced(values: Mapping[str, Any]) -> Formula:
        def whole(x: Traced, /, **leaves: Traced) -> Any:
            return join(x, *(_function(c, c.formula(values), leaves) for c in components))

        return trace(whole, first.dim, {k: np.shape(v) for k, v in values.items() if k not in static})

    return replace(
        first, name=name, window=window, bounds=bounds, params=params, about="", _formula=traced(params),
        _minima_of=minima, _critical_points_of=critical_points, _retrace=traced, _static=static,
    )  # fmt: skip


def _function(component: _Component, formula: Formula, leaves: Mapping[str, Traced]) -> Callable[[Traced], Traced]:
    nodes = {name: leaves[component.names[name]].node for name in formula.params}
    return lambda x: Traced(x.builder, instantiate(x.builder, formula.fun, {**nodes, POINT: x.node}))


def _same_names(s: Surface) -> _Component:
    return _Component(s, {name: name for name in s.params})


def _free_names(params: Mapping[str, Any], taken: Mapping[str, Any]) -> dict[str, str]:
    """New names for `params`: their own if these are free, else with a number behind."""
    used, names = {*params, *taken}, {}
    for name in params:
        new, k = name, 2
        if name in taken:
            while (new := f"{name}{k}") in used:
                k += 1
            used.add(new)
        names[name] = new
    return names


def _common_bounds(s: Surface, t: Surface) -> Window | None:
    if s.bounds is None or t.bounds is None:
        return s.bounds or t.bounds
    common = tuple((max(a[0], b[0]), min(a[1], b[1])) for a, b in zip(s.bounds, t.bounds, strict=True))
    if any(lo >= hi for lo, hi in common):
        raise ValueError(f"surfaces that are added must have bounds in common; got {s.bounds} and {t.bounds}")
    return common


def _bracketed(name: str) -> str:
    return name if name.replace(" ", "_").isidentifier() else f"({name})"


def _finite(name: str, value: object, shape: tuple[int, ...]) -> Points:
    array = real_array(name, value).astype(np.float64)
    if array.shape != shape:
        raise ValueError(f"{name} must have shape {shape}; got shape {array.shape}")
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name} must be finite; got {shown(value)}")
    return array
