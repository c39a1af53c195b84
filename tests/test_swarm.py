"""`Swarm`: at every moment the bits of `descend`, whatever the split of steps, the thread, or what interrupted it."""

from __future__ import annotations

import io
import signal
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import parity
import pytest

import fastdescent as fd
from fastdescent._pace import Pace
from fastdescent._status import Status
from fastdescent._turns import Turns

S = fd.surfaces.himmelblau()
X0 = fd.grid(S.window, (20, 20))
N = 100


def same(swarm: fd.Swarm, max_steps: int, *, steps: int | None = None, **options: Any) -> bool:
    """Whether the swarm is where `descend` ends after that many steps; what runs on has the status -1."""
    steps = max_steps if steps is None else steps
    run = fd.descend(swarm.surface, swarm.reference_starts, swarm.optimizer, max_steps=steps, **options)
    status = np.where((run.status == Status.MAX_STEPS) & (run.nit < max_steps), -1, run.status).astype(np.int8)
    pairs = ((swarm.x, run.x), (swarm.nit, run.nit), (swarm.status, status))
    return all(a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes() for a, b in pairs)


def made(surface: fd.Surface, x0: Any, optimizer: Any, **options: Any) -> Any:
    """A swarm that remembers its starts."""
    swarm: Any = fd.Swarm(surface, x0, optimizer, **options)
    swarm.reference_starts = x0
    return swarm


SURFACES = ("himmelblau", "goldstein_price", "rosenbrock-5", "domain", "kinks")


@pytest.mark.parametrize("options", parity.OPTIONS)
@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_bits_of_descend(surface: str, options: str, dtype: str) -> None:
    s = parity.surfaces()[surface]
    x0, more = parity.starts(s, N, dtype), parity.OPTIONS[options]
    for optimizer in parity.optimizers(N).values():
        for split in ([1] * 30, [30], [7, 0, 1, 12, 10]):
            swarm = made(s, x0, optimizer, max_steps=30, **more)
            for n in split:
                swarm.step(n)
            assert same(swarm, 30, **more), (optimizer, split)
            assert swarm.done


@pytest.mark.parametrize("optimizer", [fd.Momentum(lr=0.02), fd.LineSearch(), fd.Adam(lr=lambda t: 1 / (1 + t))])
def test_every_intermediate_state(optimizer: Any) -> None:
    options = {"gtol": 0.5, "ftol": 1e-3, "xtol": 1e-2}
    swarm = made(S, X0, optimizer, max_steps=60, **options)
    seen = set()
    for steps in range(61):
        assert same(swarm, 60, steps=steps, **options)
        seen |= set(swarm.status.ravel().tolist())
        assert swarm.done == (swarm.n_running == 0)
        runs = not swarm.done
        assert swarm.step() == runs
    assert len(seen) > 2


def test_trajectories_beyond_the_region_where_f_is_known_to_be_finite() -> None:
    options: dict[str, Any] = {"gtol": None, "escape_radius": None}
    s = fd.surface("x**4 + y**4 - x*y")
    for lr in (0.05, 0.2):
        swarm = made(s, fd.grid(((-9, 9), (-9, 9)), (12, 12)), fd.GD(lr=lr), max_steps=20, **options)
        for steps in range(1, 21):
            swarm.step()
            assert same(swarm, 20, steps=steps, **options)
        assert {Status.UNDEFINED, Status.DIVERGED} & set(swarm.status.ravel().tolist())


def test_a_step_that_lands_where_f_overflows_but_its_gradient_does_not() -> None:
    swarm = made(fd.surface("x**4"), [[10.0], [0.1]], fd.GD(lr=1e76))
    swarm.step()
    assert same(swarm, 10_000, steps=1)
    assert swarm.status.tolist() == [Status.UNDEFINED, Status.DIVERGED]


def test_many_more_trajectories_than_lanes_of_which_few_run() -> None:
    x0 = fd.uniform(S.window, 20_000, seed=3)
    swarm = made(S, x0, fd.GD(lr=0.01), n_threads=4)
    while not swarm.done:
        swarm.advance(5)
    assert same(swarm, 10_000)
    assert swarm.steps == swarm.nit.max()
    assert swarm.step(10) == swarm.advance(1) == 0


def test_shapes() -> None:
    swarm = made(S, X0, fd.GD(lr=0.001))
    assert (swarm.n, swarm.dim, swarm.steps, swarm.n_running, swarm.done) == (400, 2, 0, 400, False)
    assert swarm.x.shape == (20, 20, 2)
    assert swarm.nit.shape == swarm.status.shape == (20, 20)
    assert repr(swarm) == "<Swarm of 400 on himmelblau by GD(lr=0.001): 400 still run after 0 steps>"
    one = made(S, [3.0, 2.0], fd.GD(lr=0.001))
    assert one.x.shape == (2,)
    assert one.status.shape == ()
    assert one.status == Status.CONVERGED
    assert one.done
    none = made(S, np.zeros((0, 2)), fd.GD(lr=0.001))
    assert none.done
    assert none.step(3) == 0
    assert none.snapshot().shape == (0, 3)
    assert made(S, X0, fd.GD(lr=0.001), max_steps=0).done


def test_starts_belong_to_the_swarm() -> None:
    x0 = X0.copy()
    swarm = fd.Swarm(S, x0, fd.GD(lr=0.01))
    x0[:] = 0
    swarm.step(3)
    swarm.x[:] = 7
    swarm.reset()
    assert np.array_equal(swarm.x, X0)


# ---------------------------------------------------------------------- looking
def test_snapshot() -> None:
    swarm = fd.Swarm(S, X0, fd.GD(lr=0.001))
    swarm.step(5)
    x = swarm.x.reshape(-1, 2)
    out = swarm.snapshot()
    assert out.dtype == np.float32
    assert np.array_equal(out, np.column_stack([x, S(x)]).astype(np.float32))
    wide = np.full((400, 8), 9, np.float32)
    view = wide[:, 2:5]
    assert swarm.snapshot(view) is view
    assert np.array_equal(view, out)
    assert (wide[:, 5:] == 9).all()


def test_snapshot_of_other_dimensions() -> None:
    line = fd.Swarm(fd.surface("x**2"), [[3.0], [4.0]], fd.GD(lr=0.25))
    assert line.snapshot().tolist() == [[3, 0, 9], [4, 0, 16]]
    r = fd.surfaces.rosenbrock(dim=4)
    x0 = np.arange(8.0).reshape(2, 4)
    space = fd.Swarm(r, x0, fd.GD(lr=1e-6))
    assert np.array_equal(space.snapshot(plane=(3, 1)), np.column_stack([x0[:, [3, 1]], r(x0)]).astype(np.float32))
    with pytest.raises(ValueError, match="plane must say which two of the 4 coordinates"):
        space.snapshot()


def test_positions() -> None:
    swarm = fd.Swarm(S, X0, fd.GD(lr=0.001), dtype="float32")
    x = swarm.positions()
    assert x.dtype == np.float32
    assert np.array_equal(x, X0.reshape(-1, 2).astype(np.float32))
    out = np.empty((400, 2))
    assert swarm.positions(out) is out
    assert np.array_equal(out, x)


def test_what_is_too_large_for_float32_is_infinite() -> None:
    swarm = fd.Swarm(S, [[1e300, 0.0], [0.0, 0.0]], fd.GD(lr=0.1))
    assert swarm.snapshot().tolist() == [[np.inf, 0, np.inf], [0, 0, 170]]
    assert swarm.positions(np.empty((2, 2), np.float32))[0, 0] == np.inf


@pytest.mark.parametrize("dtype", ["int32", "uint8", "float32", "float64"])
def test_density(dtype: str) -> None:
    x0 = np.random.default_rng(0).normal(0, 1, (40_000, 2))
    x0[:3] = [[4, 3], [-4, -3], [4.000001, 0]]
    x0[3:5] = 1e300
    swarm = fd.Swarm(S, x0, fd.GD(lr=0.001))
    out = np.full((20, 30), 7, dtype)
    assert swarm.density(out, (-4, 4, -3, 3)) is out
    counts = np.histogram2d(x0[:, 1], x0[:, 0], bins=(20, 30), range=((-3, 3), (-4, 4)))[0]
    assert np.array_equal(out, np.minimum(counts, 255) if dtype == "uint8" else counts)
    assert counts.max() > 255


def test_density_is_cut_and_takes_a_plane() -> None:
    r = fd.surfaces.sphere(dim=3)
    swarm = fd.Swarm(r, np.tile([0.5, 1.5, 2.5], (300, 1)), fd.GD(lr=0.1))
    out = swarm.density(np.empty((3, 2), np.uint8), (0, 2, 0, 3), plane=(1, 2))
    assert out.tolist() == [[0, 0], [0, 0], [0, 255]]
    assert swarm.density(np.empty((3, 2), int), (0, 2, 0, 3), plane=(0, 1)).tolist() == [[0, 0], [300, 0], [0, 0]]


# ---------------------------------------------------------------------- beginning anew
def test_reset() -> None:
    surface = fd.surface("a*x**2 + y**2 + x**4", a=2.0)
    lr = np.linspace(1e-3, 1e-2, 20)
    swarm = made(surface, X0, fd.GD(lr=lr), max_steps=30)
    swarm.step(20)
    swarm.reset(a=0.5)
    assert swarm.surface.params["a"] == 0.5
    assert swarm.steps == 0
    swarm.step(30)
    assert same(swarm, 30)
    assert swarm.surface._formula is surface._formula
    swarm.reset(optimizer=fd.Adam(lr=0.1))
    swarm.step(30)
    assert same(swarm, 30)
    swarm.reference_starts = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)
    swarm.reset(swarm.reference_starts)
    swarm.step(30)
    assert same(swarm, 30)


def test_after_an_error_in_reset_all_is_as_before() -> None:
    swarm = made(S, X0, fd.GD(lr=np.full(20, 1e-3)))
    swarm.step(3)
    for arguments in ({"x0": np.zeros((7, 2))}, {"x0": [np.nan, 0]}, {"optimizer": fd.GD}, {"depth": 1.0}):
        with pytest.raises((TypeError, ValueError)):
            swarm.reset(**arguments)
    swarm.step(4)
    assert same(swarm, 10_000, steps=7)


@pytest.mark.parametrize("optimizer", parity.optimizers(N).values(), ids=parity.optimizers(N))
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_state_goes_through_a_file(optimizer: Any, dtype: str) -> None:
    x0 = parity.starts(S, N, dtype)
    options = parity.OPTIONS["tight"]
    first = fd.Swarm(S, x0, optimizer, **options)
    first.step(13)
    file = io.BytesIO()
    np.savez(file, **first.state_dict())
    file.seek(0)
    second = made(S, x0, optimizer, **options)
    second.step(2)
    second.load_state_dict(np.load(file))
    assert second.steps == first.steps
    second.step(10)
    assert same(second, 10_000, steps=23, **options)
    assert first.steps <= 13


def test_a_state_that_max_steps_had_ended_goes_on() -> None:
    short = fd.Swarm(S, X0, fd.Adam(lr=0.01), max_steps=5)
    short.step(9)
    assert short.done
    longer = made(S, X0, fd.Adam(lr=0.01), max_steps=12)
    longer.load_state_dict(short.state_dict())
    longer.step(20)
    assert same(longer, 12)


# ---------------------------------------------------------------------- threads and interruptions
def test_one_thread_advances_while_another_looks() -> None:
    x0 = fd.uniform(S.window, 500, seed=1)
    path = fd.descend(S, x0, fd.GD(lr=1e-4), gtol=None, max_steps=800, record=1).path.x.astype(np.float32)
    path = path.transpose(1, 0, 2).copy()
    swarm = fd.Swarm(S, x0, fd.GD(lr=1e-4), gtol=None, max_steps=800)
    errors: list[BaseException] = []

    def work() -> None:
        try:
            while not swarm.done:
                swarm.advance(0.2)
                swarm.step(3)
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    seen = []
    while thread.is_alive():
        before, x, after = swarm.steps, swarm.snapshot()[:, :2], swarm.steps
        at = [t for t in range(before, after + 1) if np.array_equal(path[t], x)]
        assert len(at) == 1, (before, after)
        seen.append(at[0])
    thread.join()
    assert not errors
    assert seen == sorted(seen)
    assert len(set(seen)) > 2


def test_two_threads_advance_one_swarm() -> None:
    swarm = made(S, X0, fd.Adam(lr=0.01), gtol=None, max_steps=1000)
    totals: list[int] = []
    threads = [threading.Thread(target=lambda: totals.append(swarm.step(300))) for _ in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert totals == [300, 300]
    assert same(swarm, 1000, steps=600, gtol=None)


def test_reset_ends_the_steps_of_another_thread() -> None:
    swarm = made(S, X0, fd.GD(lr=1e-9), gtol=None, max_steps=2**31 - 2)
    totals: list[int] = []
    thread = threading.Thread(target=lambda: totals.append(swarm.step(2**31 - 2)))
    thread.start()
    while swarm.steps == 0:
        pass
    swarm.reset()
    thread.join(timeout=60)
    assert 0 < totals[0] < 2**31 - 2
    assert swarm.steps == 0
    assert np.array_equal(swarm.x, X0)


def test_a_lock_is_handed_to_who_waits() -> None:
    turns, log = Turns(), []

    def waits() -> None:
        with turns:
            log.append("waited")

    thread = threading.Thread(target=waits)
    with turns:
        thread.start()
        while not turns._queue.locked():
            pass
    with turns:
        assert log == ["waited"]
    thread.join()


class Alarm(Exception):
    """What the signal handler raises."""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer that sends a signal")
@pytest.mark.parametrize("free", [False, True])
def test_an_interrupted_step_goes_on_with_the_same_bits(free: bool) -> None:
    """The engine asks for signals every 50 ms: here it is in the middle of a step of all trajectories."""

    def deep(x: Any) -> Any:
        y = x
        for _ in range(60):
            y = np.sin(3 * y) + 0.1 * x
        return np.sum(y * x)

    def fails(*_: object) -> None:
        raise Alarm

    options: dict[str, Any] = {"n_threads": 1, "gtol": None} | ({"escape_radius": None} if free else {})
    swarm = made(fd.surface(deep, dim=2), fd.uniform(((-5, 5), (-5, 5)), 40_000), fd.Momentum(lr=1e-3), **options)
    before = signal.signal(signal.SIGALRM, fails)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        with pytest.raises(Alarm):
            swarm.step(100_000)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert set(swarm.status.tolist()) <= {-1, Status.DIVERGED}
    resumed = made(swarm.surface, swarm.reference_starts, swarm.optimizer, **options)
    resumed.load_state_dict(swarm.state_dict())
    for one in (swarm, resumed):
        one.step(2)
        assert same(one, 10_000, steps=one.steps, **options)


# ---------------------------------------------------------------------- how many steps fit
@pytest.mark.parametrize(("call", "step"), [(0.0, 1e-5), (9.8e-3, 1.5e-4), (1e-4, 8e-3), (2e-3, 2e-3), (0.0, 5e-2)])
def test_pace_finds_how_many_steps_fit(call: float, step: float) -> None:
    pace, budget = Pace(), 16e-3
    wanted = max(1, int((budget - call) / step * (1 + 1e-9)))
    for _ in range(40):
        n = max(1, pace.steps(budget))
        pace.learn(n, call + step * n)
    assert 0.8 * wanted <= n <= wanted


def test_pace_follows_a_swarm_that_gets_smaller_in_spite_of_noise() -> None:
    rng, pace, size = np.random.default_rng(0), Pace(), 1.0
    spans = []
    for _ in range(300):
        n = max(1, pace.steps(16e-3))
        spans.append((1e-3 + 1e-4 * n * size) * rng.uniform(0.9, 1.1))
        pace.learn(n, spans[-1])
        size *= 0.99
    assert 13e-3 < np.median(spans) < 17e-3
    assert max(spans[20:]) < 24e-3


def test_pace_without_a_clock_that_moves() -> None:
    pace = Pace()
    for k in range(8):
        assert pace.steps(0.01) == 2**k
        pace.learn(2**k, 0.0)


# ---------------------------------------------------------------------- errors
@pytest.mark.parametrize("name", ["record", "reduce", "final", "keep_state", "progress"])
def test_options_that_have_no_meaning_here(name: str) -> None:
    with pytest.raises(TypeError, match=name):
        fd.Swarm(S, X0, fd.GD(lr=0.1), **{name: None})


SWARM = fd.Swarm(S, X0, fd.GD(lr=0.001))
STATE = SWARM.state_dict()
CUBE = fd.Swarm(fd.surfaces.sphere(dim=3), [[1, 2, 3]], fd.GD(lr=0.1))
PIXELS = np.zeros((4, 4))


def read_only(shape: Sequence[int], dtype: str) -> np.ndarray:
    array = np.zeros(shape, dtype)
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: fd.Swarm(S, fd.GD(lr=0.1), X0), TypeError, "swapped"),
        (lambda: fd.Swarm(S, X0, fd.GD), TypeError, "instance"),
        (lambda: fd.Swarm(S, X0, fd.GD(lr=0.1), gtol=-1), ValueError, "gtol must be 0 or greater"),
        (lambda: SWARM.step(-1), ValueError, "n must be 0 or greater; got -1"),
        (lambda: SWARM.step(1.5), TypeError, "n must be an integer; got 1.5"),
        (lambda: SWARM.advance(0), ValueError, "budget_ms must be greater than 0; got 0"),
        (lambda: SWARM.advance("16"), TypeError, "budget_ms must be a number; got '16'"),
        (lambda: SWARM.snapshot(np.zeros((400, 3))), TypeError, "out must be an array of float32; got .* float64"),
        (lambda: SWARM.snapshot(np.zeros((3, 400), "f4")), ValueError, r"out must have shape \(400, 3\); got"),
        (lambda: SWARM.snapshot(read_only((400, 3), "f4")), ValueError, "out must be writeable"),
        (lambda: SWARM.snapshot(plane=(0, 2)), ValueError, r"plane\[1\] must be at most 1; got 2"),
        (lambda: CUBE.snapshot(plane=(1, 1)), ValueError, "plane must name two different coordinates"),
        (lambda: CUBE.snapshot(plane=0), TypeError, r"plane must be \(i, j\), two coordinates; got 0"),
        (lambda: SWARM.positions(np.zeros((400, 2), int)), TypeError, "out must be an array of float64 or float32"),
        (lambda: SWARM.positions([]), TypeError, r"out must be an array .* got \[\]"),
        (lambda: SWARM.density(PIXELS, (0, 1, 2)), TypeError, r"extent must be \(left, right, bottom, top\)"),
        (lambda: SWARM.density(PIXELS, (1, 0, 0, 1)), ValueError, "left < right and bottom < top"),
        (lambda: SWARM.density(PIXELS, (0, 1, 0, np.inf)), ValueError, "extent: top must be finite"),
        (lambda: SWARM.density(np.zeros(4), (0, 1, 0, 1)), ValueError, r"out must have shape \(ny, nx\)"),
        (lambda: SWARM.density(PIXELS > 0, (0, 1, 0, 1)), TypeError, "out must be an array of integers or floating"),
        (lambda: SWARM.density(read_only((4, 4), "i4"), (0, 1, 0, 1)), ValueError, "out must be writeable"),
        (lambda: CUBE.density(PIXELS, (0, 1, 0, 1)), ValueError, "plane must say which two of the 3"),
        (
            lambda: fd.Swarm(fd.surface("x**2"), [[1.0]], fd.GD(lr=0.1)).density(PIXELS, (0, 1, 0, 1)),
            ValueError,
            "two or more coordinates",
        ),
        (lambda: SWARM.load_state_dict(STATE["x"]), TypeError, "state must be a mapping"),
        (lambda: SWARM.load_state_dict({"x": STATE["x"]}), ValueError, "state is missing"),
        (lambda: SWARM.load_state_dict(STATE | {"x": STATE["x"][1:]}), ValueError, r"state\['x'\] must have shape"),
        (
            lambda: SWARM.load_state_dict(STATE | {"x": STATE["x"].astype("f4")}),
            TypeError,
            r"state\['x'\] must be an array of float64, as in this swarm; got float32",
        ),
        (
            lambda: SWARM.load_state_dict(STATE | {"nit": STATE["nit"] + 20_000}),
            ValueError,
            r"state\['nit'\] must be in 0 ... 10000; got 20000",
        ),
        (
            lambda: SWARM.load_state_dict(STATE | {"status": STATE["status"] + 9}),
            ValueError,
            r"state\['status'\] must be in -1 ... 5; got 8",
        ),
    ],
)
def test_errors(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
    assert (SWARM.steps, SWARM.n_running) == (0, 400)
