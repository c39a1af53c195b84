"""`stop_when`: the user's stop rule, on all engines, in runs, resumed runs and swarms."""

from __future__ import annotations

import itertools
import pickle
from typing import Any

import numpy as np
import pytest
from support import parity
from support.available import ENGINES

import fastdescent as fd

S = fd.surfaces.himmelblau()
X0 = np.asarray(fd.uniform(S.window, 150, seed=4))
STOPPED = fd.Status.STOPPED


def first_step(run: fd.Descent, holds: Any) -> np.ndarray:
    """The first recorded step at which a predicate of a path's points holds, or the last one."""
    steps = []
    for i, x in enumerate(run.path.x):
        found = holds(x[: run.path.lengths[i]])
        steps.append(int(np.argmax(found)) if found.any() else len(found) - 1)
    return np.array(steps)


@pytest.mark.parametrize("engine", ENGINES)
def test_it_stops_at_the_first_step_where_it_holds(engine: str) -> None:
    options = {"max_steps": 40, "gtol": None, "engine": engine}
    run = fd.descend(S, X0, fd.GD(lr=0.005), stop_when=lambda x, fun: fun < 1e-3, **options)
    long = fd.descend(S, X0, fd.GD(lr=0.005), record=1, **options)
    np.testing.assert_array_equal(run.nit, first_step(long, lambda x: S(x) < 1e-3))
    assert set(run.status) == {STOPPED, fd.Status.MAX_STEPS}
    assert np.all((run.fun < 1e-3) == (run.status == STOPPED))
    assert "stopped" in run.message
    at_end = [x[n] for x, n in zip(long.path.x, run.nit, strict=True)]
    np.testing.assert_array_equal(run.x, at_end)


RULES = {
    "fun": lambda fun: fun < 0.1,
    "grad": lambda grad: np.sum(grad**2) < 1.0,
    "x and t": lambda x, t: (x[0] > 2.0) & (t > 7),
    "t": lambda t: t >= 12,
    "x_previous": lambda x, x_previous: (np.sum((x - x_previous) ** 2) < 1e-4) & np.any(x != x_previous),
    "state": lambda state: np.max(np.abs(state.v)) > 30.0,
    "never": lambda: False,
    "at once": lambda: True,
}


@pytest.mark.parametrize("rule", RULES)
def test_engines_dtypes_and_splits_agree(rule: str) -> None:
    for dtype, boundary in itertools.product((np.float64, np.float32), (None, "clip")):
        options = {
            "max_steps": 60, "dtype": dtype, "stop_when": RULES[rule], "xtol": 1e-6, "boundary": boundary,
            "bounds": None if boundary is None else ((-3, 3), (-3, 3)),
        }  # fmt: skip
        runs = [fd.descend(S, X0, fd.Momentum(lr=0.002), engine=e, **options) for e in ENGINES]
        assert all(parity.same_bits(runs[0], run) for run in runs[1:])
        half = fd.descend(S, X0[70:], fd.Momentum(lr=0.002), first_index=70, **options)
        np.testing.assert_array_equal(half.x, runs[0].x[70:])
        assert (rule == "never") == (not np.any(runs[0].status == STOPPED))


def test_operands_are_rounded_as_results_are() -> None:
    """f ends with a product; the rule's sum must not swallow it."""
    s = fd.surface("(x + 1.1) * (x + 0.3) * y", window=((0, 1), (0, 1)))
    x = np.asarray(fd.uniform(s.window, 4000, seed=1))
    run = fd.descend(s, x, fd.GD(lr=1e-3), max_steps=0, stop_when=lambda fun: fun - 0.7 > 0)
    np.testing.assert_array_equal(run.status == STOPPED, s(x) - 0.7 > 0)
    exact = fd.descend(s, x, fd.GD(lr=1e-3), max_steps=0, stop_when=lambda fun, x: fun - x[0] * 0.7 > 0)
    fused = s(x) - x[:, 0] * 0.7
    agree = np.abs(fused) > 1e-15
    np.testing.assert_array_equal((exact.status == STOPPED)[agree], (fused > 0)[agree])


def test_a_rule_does_not_change_the_steps() -> None:
    for optimizer in (fd.Momentum(lr=0.005), fd.Adam(lr=0.05), fd.LineSearch()):
        plain = fd.descend(S, X0, optimizer, max_steps=50)
        watched = fd.descend(S, X0, optimizer, max_steps=50, stop_when=lambda x, fun, grad, t: fun * t + x[0] < -1e300)
        assert parity.same_bits(plain, watched)


def test_x_previous_is_x_after_a_rejected_step() -> None:
    def hesitant(x: Any, grad: Any, state: Any, t: Any, *, lr: float) -> Any:
        accepted = np.equal(t % 2, 1)
        return np.where(accepted, x - lr * grad(x), x), {"accepted": accepted}

    rule = fd.optimizer(hesitant)(lr=0.1)
    stop = {"stop_when": lambda x, x_previous, t: (t > 2) & np.all(x == x_previous)}
    run = fd.descend(fd.surface("x**2"), [[1.0]], rule, max_steps=9, **stop)
    assert (run.status[0], run.nit[0]) == (STOPPED, 3)


def test_fresh_lambdas_do_not_compile_again() -> None:
    def run(level: float) -> fd.Descent:
        return fd.descend(S, X0[:2], fd.GD(lr=0.01), stop_when=lambda fun: fun < level)

    run(0.5)
    n = len(S._formula.steps)
    run(0.5)
    assert len(S._formula.steps) == n
    run(0.25)
    assert len(S._formula.steps) == n + 1


def test_pickled_and_resumed() -> None:
    options = {"gtol": None, "stop_when": lambda fun: fun < 1e-2}
    whole = fd.descend(S, X0, fd.Momentum(lr=0.002), max_steps=300, **options)
    part = fd.descend(S, X0, fd.Momentum(lr=0.002), max_steps=20, keep_state=True, **options)
    assert parity.same_bits(whole, fd.resume(part, max_steps=300))
    assert parity.same_bits(whole, fd.resume(pickle.loads(pickle.dumps(part)), max_steps=300))


@pytest.mark.parametrize("engine", ENGINES)
def test_swarms(engine: str) -> None:
    options = {"gtol": None, "stop_when": lambda x, fun: fun < 1e-3, "engine": engine}
    run = fd.descend(S, X0, fd.Adam(lr=0.05), max_steps=120, **options)
    swarm = fd.Swarm(S, X0, fd.Adam(lr=0.05), max_steps=120, **options)
    for n in (1, 7, 50, 62):
        swarm.step(n)
    np.testing.assert_array_equal(swarm.x, run.x)
    np.testing.assert_array_equal(swarm.status, run.status)
    swarm.load_state_dict(swarm.state_dict())
    np.testing.assert_array_equal(swarm.status, run.status)


def test_with_minibatches_it_sees_all_rows() -> None:
    s = fd.surfaces.logistic()
    X = np.zeros((20, s.dim))
    run = fd.descend(s, X, fd.SGD(lr=0.05), batch_size=4, max_steps=50, stop_when=lambda fun: fun < 0.6, record=1)
    assert np.any(run.status == STOPPED)
    below = first_step(run, lambda x: s(x) < 0.6)
    np.testing.assert_array_equal(run.nit, below)


@pytest.mark.parametrize(
    ("rule", "error", "message"),
    [
        (3, TypeError, "stop_when must be a function of any of x, fun"),
        (lambda f: f < 1, TypeError, "stop_when has an argument 'f', which it cannot be given"),
        (lambda *args: True, TypeError, "stop_when has an argument 'args'"),
        (lambda fun=3.0, /: fun < 1, TypeError, "'fun', which it cannot be given.*take the / away"),
        (lambda state: state["v"] > 0, fd.TraceError, "write state.v"),
        (lambda fun: fun, fd.TraceError, "must return a truth value"),
        (lambda fun: None, fd.TraceError, "must return a truth value"),
        (lambda x: x > 0, fd.TraceError, r"shape \(2,\), not one truth value"),
        (lambda state: state.w > 0, fd.TraceError, r"reads state\.w; the optimizer keeps v"),
        (lambda fun: 1 if fun < 1 else 0, fd.TraceError, "stop_when|if|truth"),
    ],
)
def test_bad_rules(rule: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        fd.descend(S, X0, fd.Momentum(lr=0.01), stop_when=rule)
