"""Boundaries of `descend`: stop, clip, reflect, wrap; their walls, velocities and errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastdescent as fd
from fastdescent import Status

LINE = fd.surface("x")  # gradient 1: GD moves left by lr
BOX = ((0.0, 10.0),)


def path(optimizer: Any, steps: int, start: float = 2.0, surface: fd.Surface = LINE, **options: Any) -> list[float]:
    """x after 0, 1, ... steps."""
    options = {"gtol": None, **options}
    return [float(fd.descend(surface, [[start]], optimizer, max_steps=n, **options).x[0, 0]) for n in range(steps)]


def test_stop_is_left_box_before_the_next_step() -> None:
    run = fd.descend(LINE, [[2.0]], fd.GD(lr=1.5), bounds=BOX, boundary="stop")
    assert (run.status[0], run.nit[0], run.x[0, 0]) == (Status.LEFT_BOX, 2, -1.0)
    on_the_wall = fd.descend(LINE, [[2.0]], fd.GD(lr=1.0), bounds=BOX, boundary="stop", max_steps=2)
    assert (on_the_wall.status[0], on_the_wall.x[0, 0]) == (Status.MAX_STEPS, 0.0)
    outside = fd.descend(LINE, [[-3.0]], fd.GD(lr=1.0), bounds=BOX, boundary="stop")
    assert (outside.status[0], outside.nit[0]) == (Status.LEFT_BOX, 0)


def test_order_of_diverged_left_box_and_converged() -> None:
    s = fd.surface("x**2")
    options: dict[str, Any] = {"bounds": ((0.0, 10.0),), "boundary": "stop"}
    assert fd.descend(s, [[20.0]], fd.GD(lr=0.1), escape_radius=15.0, **options).status[0] == Status.DIVERGED
    assert fd.descend(s, [[-1e-9]], fd.GD(lr=0.1), **options).status[0] == Status.LEFT_BOX


def test_clip_tests_the_projected_gradient() -> None:
    run = fd.descend(LINE, [[2.0]], fd.GD(lr=1.5), bounds=BOX, boundary="clip")
    assert (run.status[0], run.nit[0], run.x[0, 0]) == (Status.CONVERGED, 2, 0.0)
    assert run.grad_norm[0] == 1.0
    s = fd.surfaces.himmelblau()
    ends = fd.descend(s, fd.grid(s.window, (20, 20)), fd.LineSearch(), bounds=((-1, 2), (-2, 1)), boundary="clip")
    assert ends.success.all()
    low, high = np.array([-1.0, -2.0]), np.array([2.0, 1.0])
    assert np.all((ends.x >= low) & (ends.x <= high))
    g = s.gradient(ends.x)
    free = np.where((ends.x <= low) & (g > 0) | (ends.x >= high) & (g < 0), 0.0, g)
    assert np.all(np.linalg.norm(free, axis=-1) <= 1e-6)


def test_clip_stops_the_velocity() -> None:
    hill = fd.surface("(x - 3)**2")
    slides = path(fd.Momentum(lr=0.1, momentum=0.9), 8, start=9.0, surface=hill, bounds=((2.9, 10.0),), boundary="clip")
    at = slides.index(2.9)
    assert slides[at + 1] == pytest.approx(2.9 + 0.1 * 0.2)  # from rest


def test_reflect_mirrors_and_turns_the_velocity() -> None:
    assert path(fd.GD(lr=1.5), 4, bounds=BOX, boundary="reflect") == [2.0, 0.5, 1.0, 0.5]
    flat = fd.surface("0*x + y", window=(-10, 10))

    @fd.optimizer(init={"u": 1.0})
    def drifts(x: Any, grad: Any, state: Any, t: Any, wall: Any) -> Any:
        inside, turn = wall(x + state.u)
        return inside, {"u": state.u * turn[0]}

    seen = path(drifts(), 7, start=8.5, surface=LINE, bounds=BOX, boundary="reflect")
    assert seen == [8.5, 9.5, 9.5, 8.5, 7.5, 6.5, 5.5]
    assert flat.dim == 2


def test_wrap_carries_to_the_other_side() -> None:
    assert path(fd.GD(lr=3.0), 5, bounds=BOX, boundary="wrap") == [2.0, 9.0, 6.0, 3.0, 0.0]
    assert path(fd.GD(lr=27.0), 2, bounds=BOX, boundary="wrap") == [2.0, 5.0]


@pytest.mark.parametrize("boundary", ["clip", "reflect", "wrap"])
@pytest.mark.parametrize("optimizer", [fd.GD(lr=0.3), fd.Adam(lr=2.0), fd.Momentum(lr=0.2), fd.RMSprop(lr=1.0)])
def test_points_stay_in_the_box(boundary: str, optimizer: Any) -> None:
    s = fd.surfaces.rastrigin()
    box = ((-2.0, 3.0), (-1.0, 0.5))
    run = fd.descend(s, fd.uniform(box, 500, seed=3), optimizer, bounds=box, boundary=boundary, max_steps=99, gtol=None)
    low, high = np.array(box).T
    assert np.all((run.x >= low) & (run.x <= high))


@pytest.mark.parametrize(("boundary", "inside"), [("clip", 0.0), ("reflect", 3.0), ("wrap", 7.0)])
def test_starts_outside_are_put_back(boundary: str, inside: float) -> None:
    run = fd.descend(LINE, [[-3.0]], fd.GD(lr=0.1), bounds=BOX, boundary=boundary, max_steps=0)
    assert (run.x[0, 0], run.nit[0]) == (inside, 0)


def test_bounds_of_the_surface_and_one_sided() -> None:
    s = fd.surface("x + y", bounds=((-1, 4), (-2, 5)))
    run = fd.descend(s, [[1.0, 1.0]], fd.GD(lr=0.1), bounds=True, boundary="clip")
    assert run.x.tolist() == [[-1.0, -2.0]]
    half = fd.descend(s, [[1.0, 1.0]], fd.GD(lr=0.1), bounds=((0, np.inf), (-2, np.inf)), boundary="clip")
    assert half.x.tolist() == [[0.0, -2.0]]
    clipped = fd.descend(s, [[1.0, 1.0]], fd.GD(lr=0.1), bounds=True, max_steps=100)
    assert clipped.x.tolist() == [[-1.0, -2.0]]
    ignored = fd.descend(s, [[1.0, 1.0]], fd.GD(lr=0.1), bounds=True, boundary="ignore", max_steps=100)
    assert np.all(ignored.x < -5)


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"boundary": "bounce"}, ValueError, "boundary must be one of 'ignore', 'stop', 'clip', 'reflect', 'wrap'"),
        ({"boundary": 3}, TypeError, "got 3"),
        ({"boundary": "clip"}, ValueError, "boundary='clip' needs bounds"),
        ({"bounds": True}, ValueError, "x has none"),
        ({"bounds": ((1, 0),)}, ValueError, "bounds must have"),
        ({"bounds": ((0, 1), (0, 1))}, ValueError, "bounds must be 1 pairs"),
        ({"bounds": ((0, np.inf),), "boundary": "wrap"}, ValueError, "finite lo < hi"),
        ({"bounds": "box"}, TypeError, "bounds must be"),
        ({"final": 1}, TypeError, "final must be True or False; got 1"),
        ({"keep_state": "yes"}, TypeError, "keep_state"),
    ],
)
def test_bad_boundaries(options: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        fd.descend(LINE, [[1.0]], fd.GD(lr=0.1), **options)
