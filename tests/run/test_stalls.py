"""xtol and ftol with schedules or minibatches: they look at the change since the last check."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.available import ENGINES
from support.programs.exact_engine import descend_exactly

import fastdescent as fd

S = fd.surface("x**2 + 2*y**2")
X0 = np.array([[1.0, -2.0], [0.0, 0.0], [3.0, 1e-3], [1e-9, 0.0]])


def warm_up(t: int) -> float:
    return 0.002 * min(t, 30)


A = np.random.default_rng(0).normal(size=(12, 2))
A[::2] = 0.0  # rows without a gradient
B = A @ [1.0, -1.0] + 0.1


@fd.finite_sum(data=(A, B), dim=2)
def line(w: Any, a: Any, b: Any) -> Any:
    return np.mean((a @ w - b) ** 2)


def first_still(values: Any, every: int, tol: float) -> int:
    """The step at which a path is found to have changed by no more than tol."""
    for t in range(every, len(values), every):
        if np.linalg.norm(values[t] - values[t - every]) <= tol:
            return t
    return len(values) - 1


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("check_every", "every"), [(None, 100), (7, 7), (1, 1)])
@pytest.mark.parametrize("tolerance", ["xtol", "ftol"])
def test_a_schedule_that_begins_at_zero_goes_on(
    tolerance: str, check_every: int | None, every: int, engine: str
) -> None:
    options: dict[str, Any] = {"max_steps": 450, "gtol": None, "check_every": check_every, "engine": engine}
    opt = fd.GD(lr=lambda t: warm_up(t + 40 * (every == 1)))
    free = fd.descend(S, X0, opt, record=1, **options)
    run = fd.descend(S, X0, opt, **{tolerance: 1e-5}, **options)
    for k in range(4):
        values = free.path.x[k] if tolerance == "xtol" else S(free.path.x[k])[:, np.newaxis]
        assert run.nit[k] == first_still(values, every, 1e-5)
    assert run.nit[0] > 15
    assert (run.status == fd.Status.STALLED).all()


def _everything(**more: Any) -> dict[str, Any]:
    return {
        "xtol": 1e-4, "ftol": 1e-3, "gtol": None, "max_steps": 90, "check_every": 7, "seed": 5,
        "stop_when": lambda x, x_previous, t: (t > 3) & (np.max(np.abs(x - x_previous)) > 100.0),
        "reduce": (fd.reduce.count(lambda x, x_previous: x[0] < x_previous[0]),), **more,
    }  # fmt: skip


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("batch", [{}, {"batch_size": 5, "sampling": "shuffle"}])
def test_all_engines_and_parts_of_runs_agree(batch: dict[str, Any], dtype: str) -> None:
    s = line if batch else S
    opt = fd.Momentum(lr=lambda t: warm_up(t), momentum=0.5)
    options = _everything(dtype=dtype, **batch)
    runs = [fd.descend(s, X0, opt, engine=engine, **options) for engine in ENGINES]
    if not batch:
        runs.append(descend_exactly(s, X0.astype(dtype), opt, **options))
    whole = runs[0]
    assert (whole.status == fd.Status.STALLED).any()
    for run in runs[1:]:
        for name in ("x", "nit", "status", "fun"):
            assert np.array_equal(getattr(run, name), getattr(whole, name)), (run.engine, name)
        assert all(np.array_equal(run.reduced[name], whole.reduced[name]) for name in whole.reduced)
    for made in (0, 6, 7, 10):
        part = fd.descend(s, X0, opt, keep_state=True, **{**options, "max_steps": made})
        run = fd.resume(part, max_steps=90)
        assert np.array_equal(run.x, whole.x)
        assert np.array_equal(run.status, whole.status)
    swarm = fd.Swarm(s, X0, opt, **options)
    for n in (1, 5, 1, 4, 200):
        swarm.step(n)
    assert np.array_equal(swarm.x, whole.x)
    assert np.array_equal(swarm.status, whole.status)
    assert all(np.array_equal(swarm.reduced[name], whole.reduced[name]) for name in whole.reduced)


def test_samples_without_a_gradient_stall_nothing() -> None:
    x0 = np.random.default_rng(1).normal(size=(1000, 2))
    options: dict[str, Any] = {"batch_size": 1, "xtol": 1e-8, "ftol": 1e-12, "max_steps": 100, "seed": 2}
    epochs = fd.descend(line, x0, fd.GD(0.05), sampling="shuffle", **options)
    assert (epochs.status == fd.Status.MAX_STEPS).all()
    drawn = fd.descend(line, x0, fd.GD(0.05), **options)
    assert np.count_nonzero(drawn.status == fd.Status.STALLED) < 10  # 12 draws without a gradient: 1 in 4096


@pytest.mark.parametrize(("check_every", "every"), [(None, 3), (5, 5)])
def test_ftol_sees_f_over_all_samples(check_every: int | None, every: int) -> None:
    options: dict[str, Any] = {"batch_size": 4, "max_steps": 200, "seed": 3, "check_every": check_every}
    free = fd.descend(line, X0, fd.GD(0.02), record=1, **options)
    run = fd.descend(line, X0, fd.GD(0.02), ftol=1e-4, record=1, **options)
    f = line(free.path.x)
    assert (run.status == fd.Status.STALLED).any()
    for k in range(4):
        assert run.nit[k] == first_still(f[k, :, np.newaxis], every, 1e-4)
        assert run.fun[k] == f[k, run.nit[k]]
    assert np.array_equal(run.path.lengths, run.nit + 1)


def test_converged_comes_before_stalled_and_stalled_before_stopped() -> None:
    options: dict[str, Any] = {"batch_size": 4, "check_every": 4, "max_steps": 50, "ftol": 1e3}
    stop = {"stop_when": lambda t: t >= 4}
    assert (fd.descend(line, X0, fd.GD(0.02), gtol=1e3, **options, **stop).status == fd.Status.CONVERGED).all()
    run = fd.descend(line, X0, fd.GD(0.02), **options, **stop)
    assert (run.status == fd.Status.STALLED).all()
    assert (run.nit == 4).all()
    run = fd.descend(line, X0, fd.GD(0.02), **options, stop_when=lambda t: t >= 3)
    assert (run.status == fd.Status.STOPPED).all()


@fd.optimizer
def every_third(x: Any, grad: Any, state: Any, t: Any, *, lr: float = 0.1) -> Any:
    """Accepts one step of three."""
    accepted = t % 3 == 2
    return np.where(accepted, x - lr * grad(x), x), {"accepted": accepted}


@pytest.mark.parametrize("engine", ENGINES)
def test_where_no_step_was_accepted_nothing_has_stalled(engine: str) -> None:
    opt = every_third(lr=lambda t: 0.1)
    run = fd.descend(S, X0, opt, xtol=1e-3, gtol=None, check_every=2, max_steps=200, engine=engine)
    exact = descend_exactly(S, X0, opt, xtol=1e-3, gtol=None, check_every=2, max_steps=200)
    assert np.array_equal(run.nit, exact.nit)
    assert np.array_equal(run.x, exact.x)
    assert run.nit[1] == 4  # of the steps 0 and 1 none is accepted, of 2 and 3 one
    assert (run.nit % 2 == 0).all()


def test_numbers_are_tested_step_by_step_as_before() -> None:
    run = fd.descend(S, X0, fd.GD(0.1), xtol=1e-3, gtol=None)
    path = fd.descend(S, X0, fd.GD(0.1), gtol=None, max_steps=60, record=1).path.x
    assert run.nit.tolist() == [first_still(path[k], 1, 1e-3) for k in range(4)]
    with pytest.raises(ValueError, match="check_every is for runs with noise, minibatches or schedules"):
        fd.descend(S, X0, fd.GD(0.1), xtol=1e-3, check_every=5)
