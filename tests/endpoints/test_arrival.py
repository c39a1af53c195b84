"""Whether the run's own step keeps an endpoint where it is said to sit."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import fastdescent as fd
from fastdescent._endpoints.arrival.stays import stays

HIMMELBLAU = fd.surface("(x**2 + y - 11)**2 + (x + y**2 - 7)**2", window=(-6, 6))
MINIMA = [[-3.779310253, -3.283185991], [-2.805118087, 3.131312518], [3.0, 2.0], [3.584428340, -1.848126527]]
BOWL = fd.surface("5*x**2 + y**2")
RASTRIGIN = fd.surface("20 + x**2 + y**2 - 10*cos(2*pi*x) - 10*cos(2*pi*y)", window=(-5.12, 5.12))
HILLS = fd.surface("x**2 - y**2")


@fd.optimizer
def sign(x: Any, grad: Any, state: Any, t: Any, *, lr: Any) -> Any:
    return x - lr * np.sign(grad(x)), {}


def kept(
    surface: fd.Surface, optimizer: Any, points: Any, ends: Any = None, kind: str = "minimum", **options: Any
) -> list[bool]:
    """Whether endpoints at the points, or where `ends` says, stay there."""
    points = np.array(points, np.float64)
    run = fd.descend(surface, points if ends is None else ends, optimizer, max_steps=0, **options)
    return kept_after(run, points, kind)


def kept_after(run: fd.Descent, points: npt.NDArray[Any], kind: str = "minimum") -> list[bool]:
    flags = (np.full(len(points), kind == name) for name in ("minimum", "kink"))
    return stays(run, np.arange(len(points)), points, *flags).tolist()


# ------------------------------------------------------------------------------------------------- the limit of lr
@pytest.mark.parametrize(("lr_lambda", "expected"), [(1.0, True), (1.99, True), (2.01, False), (3.0, False)])
def test_gradient_descent(lr_lambda: float, expected: bool) -> None:
    assert kept(BOWL, fd.GD(lr_lambda / 10), [[0.0, 0.0]]) == [expected]


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9, 0.99])
def test_momentum(momentum: float) -> None:
    limit = 2 * (1 + momentum) / 10
    assert kept(BOWL, fd.Momentum([0.99 * limit, 1.01 * limit], momentum), [[0.0, 0.0]] * 2) == [True, False]


@pytest.mark.parametrize("curvature", [1e-4, 1e-8])
def test_slow_convergence_stays(curvature: float) -> None:
    s = fd.surface(f"x**2/2 + {curvature}*y**2/2")
    for optimizer in (fd.GD(1.99), fd.Momentum(0.1, 0.99), fd.Adam(0.01)):
        assert kept(s, optimizer, [[0.0, 0.0]]) == [True]


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_units_do_not_matter(scale: float) -> None:
    s = fd.surface(f"(5*x**2 + y**2)/{scale}**2", window=(-6 * scale, 6 * scale))
    assert kept(s, fd.GD([0.199 * scale**2, 0.201 * scale**2]), [[0.0, 0.0]] * 2) == [True, False]


def test_growth_in_any_direction_leaves() -> None:
    """By 1.005 per step, along an axis that neither the Hessian nor the displacement singles out."""

    @fd.optimizer
    def grows(x: Any, grad: Any, state: Any, t: Any, *, angle: Any) -> Any:
        way = np.array([np.cos(angle), np.sin(angle)])
        return 0.5 * x + 0.505 * way[0] * x[0] * way + 0.505 * way[1] * x[1] * way, {}

    assert kept(BOWL, grows(np.linspace(0.0, 3.0, 31)), [[0.0, 0.0]] * 31) == [False] * 31


def test_schedules_count_as_in_the_last_step() -> None:
    lr = fd.GD(lambda t: 0.3 if t < 20 else 0.1)
    x0 = [[1e-3, 1e-3]]
    short, long = (fd.descend(BOWL, x0, lr, max_steps=n, gtol=None, escape_radius=None) for n in (10, 30))
    assert kept_after(short, np.zeros((1, 2))) == [False]
    assert kept_after(long, np.zeros((1, 2))) == [True]
    assert kept_after(pickle.loads(pickle.dumps(long)), np.zeros((1, 2))) == [True]


# --------------------------------------------------------------------------------------------------- optimizers
@pytest.mark.parametrize(
    "optimizer",
    [fd.Adam(0.01), fd.Adam(0.1), fd.Adam(0.001, amsgrad=True), fd.LineSearch(), fd.GradientFlow(), fd.GD(0.01),
     fd.GradientFlow(method="dopri5"), fd.Momentum(0.005), fd.SGD(0.002, 0.9, nesterov=True)],
    ids=repr,
)  # fmt: skip
def test_minima_keep(optimizer: Any) -> None:
    assert kept(HIMMELBLAU, optimizer, MINIMA) == [True] * 4


@pytest.mark.parametrize("optimizer", [fd.RMSprop(0.01), fd.RMSprop(0.01, alpha=0.9), sign(0.01)], ids=repr)
def test_jitter_leaves(optimizer: Any) -> None:
    assert kept(HIMMELBLAU, optimizer, MINIMA) == [False] * 4


def test_one_minimum_of_himmelblau_repels() -> None:
    assert kept(HIMMELBLAU, fd.GD(0.017), MINIMA) == [False, True, True, True]


def test_rastrigin() -> None:
    run = fd.descend(RASTRIGIN, fd.grid(RASTRIGIN.window, (30, 30)), fd.LineSearch())
    minima = run.x[run.success]
    minima = minima[np.linalg.eigvalsh(RASTRIGIN.hessian(minima))[:, 0] > 0]
    assert len(minima) > 300
    assert not any(kept(RASTRIGIN, fd.GD(0.01), minima))
    assert all(kept(RASTRIGIN, fd.GD(0.005), minima))


def test_weight_decay_moves_the_minima() -> None:
    decayed = fd.surface("(x**2 + y - 11)**2 + (x + y**2 - 7)**2 + 0.05*(x**2 + y**2)", window=(-6, 6))
    minima = fd.descend(decayed, MINIMA, fd.LineSearch(), gtol=1e-12, max_steps=1000).x
    assert kept(HIMMELBLAU, fd.SGD(0.01, weight_decay=0.1), minima) == [True] * 4
    assert kept(HIMMELBLAU, fd.SGD(0.01, weight_decay=0.1), MINIMA) == [False] * 4


def test_singular_minima() -> None:
    for optimizer in (fd.GD(0.01), fd.Adam(0.01)):
        assert kept(fd.surface("x**4 + y**4"), optimizer, [[0.0, 0.0]]) == [True]
        assert kept(fd.surface("(x**2 + y**2 - 1)**2"), optimizer, [[1.0, 0.0], [0.6, 0.8]]) == [True] * 2
        assert kept(fd.surface("(x*y - 1)**2"), optimizer, [[1.0, 1.0], [0.5, 2.0]]) == [True] * 2
    assert kept(fd.surface("(x*y - 1)**2"), fd.GD(0.51), [[0.5, 2.0]]) == [False]
    for optimizer in (fd.RMSprop(0.01), sign(0.01)):
        assert kept(fd.surface("(x*y - 1)**2"), optimizer, [[1.0, 1.0]]) == [False]


# --------------------------------------------------------------------------------------------------------- chance
def test_noise_leaves() -> None:
    assert kept(HIMMELBLAU, fd.SGD(0.01), MINIMA, noise=0.1) == [False] * 4
    assert kept(HIMMELBLAU, fd.Langevin(0.001, 0.01), MINIMA) == [False] * 4
    assert kept(HIMMELBLAU, fd.SGD(0.01), MINIMA, noise=np.array([0.1, 0.0, 0.1, 0.0])) == [False, True, False, True]
    assert kept(HIMMELBLAU, fd.SGD(0.01), MINIMA, noise=fd.noise.multiplicative(0.1)) == [True] * 4


@pytest.mark.parametrize("sampling", ["replacement", "shuffle"])
def test_minibatches_stay_where_all_samples_are_flat(sampling: str) -> None:
    rng = np.random.default_rng(1)
    a, w = rng.normal(size=(40, 3)), np.array([1.0, -2.0, 0.5])
    options: dict[str, Any] = {"batch_size": 4, "sampling": sampling}
    for error, expected in ((0.0, True), (0.1, False)):
        b = a @ w + error * rng.normal(size=40)
        s = fd.finite_sum(lambda w, a, b: np.mean((a @ w - b) ** 2), data=(a, b), dim=3)
        at = np.linalg.lstsq(a, b, rcond=None)[0]
        assert kept(s, fd.SGD(0.02), [at], **options) == [expected]


def test_noise_that_a_pickle_cannot_hold() -> None:
    def own(x: Any, g: Any, t: Any, rng: Any) -> Any:
        return 1e-12 * rng.standard_normal(g.shape)

    run = fd.descend(HIMMELBLAU, MINIMA, fd.SGD(0.01), max_steps=0, noise=own)
    assert kept_after(run, np.array(MINIMA)) == [True] * 4
    assert kept_after(pickle.loads(pickle.dumps(run)), np.array(MINIMA)) == [False] * 4


# ---------------------------------------------------------------------------------------------------------- walls
def test_minima_on_walls() -> None:
    away = fd.surface("(x + 0.1)**2 + (y - 0.5)**2", window=(0, 1))
    corner = fd.surface("x*y", window=(0.003, 1))
    for optimizer in (fd.GD(0.1), fd.Adam(0.01), fd.LineSearch(), fd.GradientFlow()):
        assert kept(away, optimizer, [[0.0, 0.5]], bounds=(0, 1)) == [True]
        assert kept(corner, optimizer, [[0.003, 0.003]], bounds=(0.003, 1)) == [True]
    assert kept(away, fd.GD(1.01), [[0.0, 0.5]], bounds=(0, 1)) == [False]
    assert kept(away, fd.GD(0.1), [[0.0, 0.5]]) == [False]


def test_leaving_the_box_is_leaving() -> None:
    slope = fd.surface("(x + 0.1)**2 + y**2", window=(0, 1))
    assert kept(slope, fd.GD(0.1), [[0.0, 0.5]], bounds=(0, 1), boundary="stop") == [False]


# ------------------------------------------------------------------------------------------------ saddles, maxima
def test_saddles_keep_what_does_not_leave_soon() -> None:
    ends = [[0.0, 0.0], [1e-7, 0.0], [1e-7, 1e-12], [1e-7, 1e-8]]
    for optimizer in (fd.GD(0.1), fd.Momentum(0.05), fd.Adam(0.001)):
        assert kept(HILLS, optimizer, [[0.0, 0.0]] * 2, ends[:2], "saddle") == [True] * 2
    assert kept(HILLS, fd.GD(0.1), [[0.0, 0.0]] * 4, ends, "saddle") == [True, True, True, False]
    assert kept(HILLS, fd.Adam(0.001), [[0.0, 0.0]], ends[3:], "saddle") == [False]
    assert kept(HILLS, fd.GD(1e-3), [[0.0, 0.0]], ends[3:], "saddle") == [True]


def test_a_maximum() -> None:
    hill = fd.surface("-x**2 - y**2")
    assert kept(hill, fd.GD(0.1), [[0.0, 0.0]] * 2, [[0.0, 0.0], [1e-9, 0.0]], "maximum") == [True, False]


def test_momentum_passes_a_saddle_with_its_velocity() -> None:
    """Where it passes, and at rest at the same point."""
    wide = fd.surface("x**2/2 - y**2/2e6")
    runs = [fd.descend(wide, [[0.5, 0.0]], fd.Momentum(0.01), max_steps=n, gtol=None) for n in range(2, 40)]
    run = min(runs, key=lambda r: abs(r.x[0, 0]))
    assert abs(run.x[0, 0]) < 0.03
    assert kept_after(run, np.zeros((1, 2)), "saddle") == [False]
    assert kept(wide, fd.Momentum(0.01), np.zeros((1, 2)), run.x, "saddle") == [True]


# ---------------------------------------------------------------------------------------------------------- kinks
def test_kinks_keep_what_steps_across() -> None:
    cone = fd.surface(lambda x: np.abs(x[0]) + np.abs(x[1]), dim=2)
    for optimizer in (fd.GD(0.01), fd.Momentum(0.01), sign(0.01), fd.LineSearch(), fd.RMSprop(0.01)):
        run = fd.descend(cone, fd.uniform(cone.window, 50, seed=1), optimizer, max_steps=5000)
        assert kept_after(run, np.zeros((50, 2)), "kink") == [True] * 50


def test_undefined_at_a_kink_stays() -> None:
    cone = fd.surface(lambda x: np.linalg.norm(x), dim=2)
    run = fd.descend(cone, [[0.5, 0.0], [0.3, 0.4]], fd.GD(0.125), max_steps=1000)
    assert kept_after(run, np.zeros((2, 2)), "kink") == [True] * 2


def test_a_kink_from_which_f_falls_keeps_nothing() -> None:
    edge = fd.surface(lambda x: np.abs(x[0]) - np.abs(x[1]), dim=2)
    assert kept(edge, fd.GD(0.001), [[0.0, 0.0]], [[0.0003, 0.0001]], "kink") == [False]


# ------------------------------------------------------------------------------------------------------- the call
def test_indices_are_in_c_order_and_float32_runs_are_tested_in_float64() -> None:
    lr = np.array([[0.199, 0.201], [0.201, 0.199]])
    for dtype in (np.float64, np.float32):
        run = fd.descend(BOWL, np.zeros((2, 2, 2), dtype), fd.GD(lr), max_steps=0)
        index, yes = np.array([3, 2, 1, 0, 0]), np.ones(5, np.bool_)
        found = stays(run, index, np.zeros((5, 2)), yes, ~yes)
        assert found.tolist() == [True, False, False, True, True]


def test_no_trajectories() -> None:
    run = fd.descend(BOWL, [[0.0, 0.0]], fd.GD(0.1))
    none = np.zeros(0, np.bool_)
    assert stays(run, np.zeros(0, np.int64), np.zeros((0, 2)), none, none).shape == (0,)
