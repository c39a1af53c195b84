"""Boundaries with a word for each side: every mixture, in all engines, and what endpoints make of it."""

from __future__ import annotations

import itertools
import pickle
from typing import Any

import numpy as np
import pytest
from support.available import ENGINES
from support.parity import same_bits
from support.programs.exact_engine import descend_exactly

import fastdescent as fd
from fastdescent import Status

WORDS = ("ignore", "stop", "clip", "reflect")
PAIRS = [*itertools.product(WORDS, WORDS), ("wrap", "wrap")]
LOW, HIGH = -1.0, 2.0
HILLS = fd.surface("3*cos(2*x) + sin(3*y) - 0.1*x*y", window=(-3, 3))
BOX = ((LOW, HIGH), (-0.5, 1.0))


def side_by_side(x: float, v: float, pair: tuple[str, str], low: float, high: float) -> tuple[float, float, bool]:
    """x and v put back, in plain Python; and whether x is beyond a side that stops."""
    below, above = x < low, x > high
    if pair == ("wrap", "wrap"):
        return low + (x - low) % (high - low), v, False
    word = pair[0] if below else pair[1] if above else "ignore"
    if word == "clip":
        v = 0.0
    if word == "reflect":
        v, x = -v, 2 * (low if below else high) - x
    if pair[0] in ("clip", "reflect"):
        x = max(x, low)
    if pair[1] in ("clip", "reflect"):
        x = min(x, high)
    return x, v, (x < low and pair[0] == "stop") or (x > high and pair[1] == "stop")


@pytest.mark.parametrize("pair", PAIRS)
def test_each_side_does_what_its_word_says(pair: tuple[str, str]) -> None:
    s = fd.surface("3*cos(2*x)")
    x0 = np.linspace(-2, 3, 41)[:, np.newaxis]
    run = fd.descend(s, x0, fd.Momentum(0.1), bounds=((LOW, HIGH),), boundary=pair, max_steps=25, gtol=None)
    for k in range(len(x0)):
        x, _, out = side_by_side(float(x0[k, 0]), 0.0, pair, LOW, HIGH)
        v, nit = 0.0, 0
        while nit < 25 and not out:
            v = 0.9 * v + float(s.gradient([x])[0])
            x, v, out = side_by_side(x - 0.1 * v, v, pair, LOW, HIGH)
            nit += 1
        assert run.status[k] == (Status.LEFT_BOX if out else Status.MAX_STEPS), k
        assert run.nit[k] == nit
        assert run.x[k, 0] == pytest.approx(x, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("optimizer", [fd.Momentum(0.1), fd.LineSearch(), fd.GradientFlow(), fd.Adam(0.3)])
@pytest.mark.parametrize(
    "boundary", [("reflect", "stop"), ("clip", "ignore"), ["wrap", ("stop", "clip")], [("clip", "reflect"), "stop"]]
)
def test_all_engines_and_parts_of_runs_agree(boundary: Any, optimizer: fd.Optimizer, dtype: str) -> None:
    x0 = fd.uniform(((-2, 3), (-1, 2)), 9, seed=1).astype(dtype)
    options: dict[str, Any] = {"bounds": BOX, "boundary": boundary, "max_steps": 30}
    wanted = descend_exactly(HILLS, x0, optimizer, keep_state=True, **options)
    for engine in ENGINES:
        run = fd.descend(HILLS, x0, optimizer, engine=engine, keep_state=True, **options)
        assert same_bits(run, wanted), engine
        swarm = fd.Swarm(HILLS, x0, optimizer, engine=engine, **options)
        for n in (3, 1, 40):
            swarm.step(n)
        assert np.array_equal(swarm.x, wanted.x)
    part = fd.descend(HILLS, x0, optimizer, keep_state=True, **{**options, "max_steps": 7})
    assert same_bits(fd.resume(pickle.loads(pickle.dumps(part)), max_steps=30), wanted)


def test_one_word_on_all_sides_has_the_bits_of_the_word() -> None:
    x0 = fd.uniform(HILLS.window, 50, seed=1)
    for word in (*WORDS, "wrap"):
        runs = [
            fd.descend(HILLS, x0, fd.Momentum(0.1), bounds=BOX, boundary=boundary, max_steps=30)
            for boundary in (word, (word, word), [word, (word, word)], ((word, word), (word, word)))
        ]
        assert all(same_bits(run, runs[0]) for run in runs[1:])


def test_two_words_are_the_sides_even_of_two_coordinates() -> None:
    s = fd.surface("x - y")
    options: dict[str, Any] = {"bounds": ((0, 10), (0, 10)), "max_steps": 100, "gtol": None}
    sides = fd.descend(s, [[5.0, 5.0]], fd.GD(0.3), boundary=("clip", "stop"), **options)
    assert (sides.status[0], sides.x[0, 0]) == (Status.LEFT_BOX, 0.0)
    assert sides.x[0, 1] > 10
    coordinates = fd.descend(s, [[5.0, 5.0]], fd.GD(0.3), boundary=[("clip", "clip"), ("stop", "stop")], **options)
    assert same_bits(coordinates, sides)  # x leaves below, y above
    other = fd.descend(s, [[5.0, 5.0]], fd.GD(0.3), boundary=["stop", ("clip", "clip")], **options)
    assert (other.status[0], other.x[0, 0] < 0) == (Status.LEFT_BOX, True)
    three = fd.descend(fd.surface("x - y + z"), [[5.0, 5.0, 5.0]], fd.GD(0.3), boundary=["clip", "clip", "stop"],
                       bounds=(0, 10), gtol=None)  # fmt: skip
    assert three.x[0, 0] == 0.0
    assert three.x[0, 2] < 0.0


def test_one_side_may_be_open() -> None:
    s = fd.surface("(x - 3)**2 + (y + 4)**2")
    run = fd.descend(s, [[1.0, 1.0]], fd.GD(0.1), bounds=((-np.inf, 2.0), (0.0, np.inf)), max_steps=999,
                     boundary=[("ignore", "clip"), ("reflect", "stop")])  # fmt: skip
    assert run.x[0, 0] == 2.0
    assert run.x[0, 1] >= 0.0


@pytest.mark.parametrize("check_every", [None, 3])
def test_only_sides_that_clip_take_from_the_gradient(check_every: int | None) -> None:
    bowl = fd.surface("(x - 3)**2 + y**2")
    options: dict[str, Any] = {"bounds": ((-1, 1), (-1, 1)), "gtol": 1e-3, "max_steps": 500}
    options |= {} if check_every is None else {"noise": 1e-6, "check_every": check_every}
    run = fd.descend(bowl, [[0.0, 0.5]], fd.GD(0.1), boundary=("stop", "clip"), **options)
    assert run.status[0] == Status.CONVERGED
    assert run.x[0, 0] == 1.0
    below = fd.descend(
        fd.surface("(x + 3)**2 + y**2"), [[0.0, 0.5]], fd.GD(0.1), boundary=("reflect", "clip"), **options
    )
    assert below.status[0] == Status.MAX_STEPS


def test_endpoints_respect_the_sides() -> None:
    bowl = fd.surface("(x - 3)**2 + y**2", window=(-2, 2))
    x0 = fd.uniform(bowl.window, 30, seed=2)
    inside: dict[str, Any] = {"bounds": ((-1, 1), (-1, 1))}
    on_wall = fd.descend(bowl, x0, fd.GD(0.1), boundary=("stop", "clip"), **inside).classify()
    assert on_wall.points.x.tolist() == [[1.0, 0.0]]
    assert on_wall.points.active.tolist() == [[1, 0]]
    free = fd.descend(bowl, x0, fd.GD(0.1), boundary=[("stop", "ignore"), "clip"], **inside).classify()
    assert np.allclose(free.points.x, [[3.0, 0.0]])
    assert free.points.active.tolist() == [[0, 0]]
    m = fd.basin_map(bowl, shape=(8, 8), boundary=[("stop", "ignore"), "clip"], **inside)
    assert np.allclose(m.points.x, [[3.0, 0.0]])


@fd.optimizer
def asks(x: Any, grad: Any, state: Any, t: Any, *, wall: Any, lr: float = 0.1) -> Any:
    inside, factor = wall(x - lr * grad(x))
    return inside, {"f": state.f + factor, "h": state.h + wall.held(x, grad(x))}


def test_rules_are_told_of_each_side() -> None:
    s = fd.surface("x - y + 2*z")
    run = fd.descend(s, [[0.15, 0.85, 0.25]], asks(), bounds=(0, 1), boundary=["clip", ("clip", "reflect"), "wrap"],
                     max_steps=4, gtol=None, keep_state=True)  # fmt: skip
    state = run._kept[1][0]
    assert state[3:6].tolist() == [1.0, -2.0, 4.0]
    assert state[6:9].tolist() == [2.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"boundary": ("clip", "bounce")}, ValueError, r"one of 'ignore', .*; got 'bounce', in \('clip', 'bounce'\)"),
        ({"boundary": ("clip", 3)}, TypeError, "a word or two for each coordinate, .*; got 3"),
        (
            {"boundary": ("clip", "stop", "stop")},
            ValueError,
            r"two words \(lower side, upper side\), or 2 entries, one",
        ),
        ({"boundary": [("clip", "stop")]}, ValueError, "or 2 entries, one a coordinate"),
        ({"boundary": ["clip", ("stop",)]}, TypeError, "a word or two for each coordinate"),
        ({"boundary": ["clip", ("stop", 1)]}, TypeError, "boundary must be one of"),
        (
            {"boundary": ("wrap", "stop")},
            ValueError,
            r'"wrap" must be on both sides; coordinate 0 has \(\'wrap\', \'st',
        ),
        ({"boundary": {"clip"}}, TypeError, "boundary must be one of .* or two of them; got"),
        ({"boundary": ("clip", "stop"), "bounds": None}, ValueError, r"boundary=\('clip', 'stop'\) needs bounds"),
        (
            {"boundary": ("reflect", "stop"), "bounds": ((0, 1), (-np.inf, 1))},
            ValueError,
            "bounds must be finite where points are mirrored or wrapped; the lower one of coordinate 1 is -inf",
        ),
    ],
)
def test_bad_sides(options: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        fd.descend(HILLS, [[1.0, 1.0]], fd.GD(lr=0.1), **{"bounds": BOX, **options})
