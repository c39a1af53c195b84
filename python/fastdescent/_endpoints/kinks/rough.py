"""Where f is not smooth: which points are at a kink, and the candidates to which such points lead.

Gradients on two sides of a kink differ by a finite amount, however near the sides are. On a smooth f the difference
shrinks with the distance.

Example. At 0, |x| has a kink and x^2 has none:

>>> from fastdescent import surface
>>> [bool(is_rough(Landscape.of(surface(f, window=(-2, 2))), np.zeros((1, 1)))[0]) for f in ("abs(x)", "x**2")]
[True, False]
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from fastdescent._base.status import Form, Outcome, Reason
from fastdescent._endpoints.kinks.kinks import KinkResult, polish_at_kinks
from fastdescent._endpoints.search.cells import Floats, Frame
from fastdescent._endpoints.search.connected import connected
from fastdescent._endpoints.search.landscape import Landscape
from fastdescent._endpoints.search.verdict import Polished, judged, quiet

#: Windows: where gradients are compared, and how much nearer they are compared again. Descents get stuck further away.
_NEAR, _STUCK, _SHRINK = (1e-5, 1e-7), 1e-3, 8.0
_STAYS = 0.5  #: of the difference of gradients, at a kink
_LEAST_JUMP = 1e-3  #: of a gradient's size
_CLOSER = 1e-3  #: of the radii of polishing, where it went too far
_FURTHEST = 0.2  #: windows: a point belongs to no kink further away


@quiet
def is_rough(landscape: Landscape, x: Floats, stuck: bool = False) -> npt.NDArray[np.bool_]:
    """Whether points (m, dim) are at a kink or beside one, or where the gradient is not defined."""
    size = _jump(landscape, x, 0.0)
    found = ~np.isfinite(size)
    for near in (_STUCK, *_NEAR) if stuck else _NEAR:
        jump, nearer = _jump(landscape, x, near), _jump(landscape, x, near / _SHRINK)
        found |= ~np.isfinite(jump + nearer) | ((nearer > _STAYS * jump) & (jump > _LEAST_JUMP * size))
    return found


def _jump(landscape: Landscape, x: Floats, distance: float) -> Floats:
    """The largest difference of gradients on two sides, so many windows away; at distance 0, the gradient's size there.

    The directions are the axes, and one that no symmetric surface singles out.
    """
    surface, width, dim = landscape.surface, landscape.frame.width, x.shape[1]
    generic = np.cos(1.0 + 2.4 * np.arange(dim))
    directions = np.concatenate([np.eye(dim), generic[np.newaxis] / np.linalg.norm(generic)])
    found = np.zeros(len(x))
    for direction in directions:
        step = (distance or _NEAR[-1]) * direction * width
        sides = [surface.gradient(landscape.put_inside(x + side * step)) * width for side in (1.0, -1.0)]
        difference = sides[0] - sides[1] if distance else sides[0]
        found = np.maximum(found, np.linalg.norm(difference, axis=-1))
    return found


def at_kinks(landscape: Landscape, start: Floats) -> Polished:
    """Where points (m, dim) beside kinks lead: minima at kinks, regular ones that descent comes to, or none."""
    end = _polished(landscape, start)
    found = judged(landscape, end.x)
    is_kink = end.is_minimum & end.is_kink
    lost = ~end.is_minimum | (landscape.frame.distance(end.x, start) > _FURTHEST) | ~landscape.is_inside(end.x)
    active = np.where(is_kink[:, np.newaxis], _active(landscape, end.x), found.active)
    on_wall = (active != 0).any(axis=-1)
    form = np.where(is_kink, Form.NONSMOOTH + Form.CONSTRAINED * on_wall, found.form)
    kind = np.where(is_kink, Outcome.LOCAL_MINIMUM, found.kind)
    return replace(
        found, kind=np.where(lost, Outcome.UNSETTLED, kind).astype(np.int8), form=form.astype(np.int8),
        active=active.astype(np.int8), nullity=np.where(is_kink, 0, found.nullity).astype(np.int16),
        set_dim=np.where(is_kink, 0, found.set_dim).astype(np.int16), fun=end.fun,
        reason=np.where(lost, Reason.KINK, found.reason).astype(np.int8),
    )  # fmt: skip


def _polished(landscape: Landscape, start: Floats) -> KinkResult:
    """Polishing sees as far as the window suggests; points that it takes across a barrier are polished more closely."""
    walls = (landscape.low, landscape.high) if landscape.has_walls else None
    end = polish_at_kinks(landscape.surface, start, landscape.frame, walls)
    across = np.flatnonzero(end.is_minimum & ~connected(landscape, start, end.x))
    if len(across):
        nearer = Frame(landscape.frame.low, _CLOSER * landscape.frame.width)
        again = polish_at_kinks(landscape.surface, start[across], nearer, walls)
        better = np.flatnonzero(again.is_minimum)
        for name in ("x", "fun", "is_minimum", "is_kink"):
            getattr(end, name)[across[better]] = getattr(again, name)[better]
    return end


def _active(landscape: Landscape, x: Floats) -> npt.NDArray[np.int8]:
    """-1 and 1 for coordinates that stand on a wall and that f, on both sides of a kink, pushes against it."""
    if not landscape.has_walls:
        return np.zeros(x.shape, np.int8)
    width, curvature = landscape.frame.width, np.zeros_like(x)
    steps = [side * _NEAR[-1] * width * np.cos(1.0 + 2.4 * np.arange(x.shape[1])) for side in (-1.0, 1.0)]
    held = [landscape.held(x, landscape.surface.gradient(landscape.put_inside(x + s)), curvature) for s in steps]
    return np.where(held[0] == held[1], held[0], 0).astype(np.int8)
