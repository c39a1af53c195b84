"""softmax, log_softmax and logsumexp of SciPy in traced functions, and that nobody else notices."""

from __future__ import annotations

import pickle
import threading
from typing import Any

import numpy as np
import pytest
import scipy
from scipy import special
from scipy.special import log_softmax, logsumexp, softmax
from support.tracing import A, Function, W, check

import fastdescent as fd

CASES: dict[str, Function] = {
    "softmax": lambda x: softmax(x) @ W + special.softmax(x.reshape(2, 3), axis=1)[1] @ W[:3],
    "softmax of more": lambda x: softmax(np.asarray(x))[2] + softmax([x[0], x[1], 2.0]) @ W[:3] + softmax(x[0]) * x[1],
    "softmax of axes": lambda x: np.sum(scipy.special.softmax(x.reshape(1, 2, 3), axis=(0, 2)) * A[:2, :3]),
    "log_softmax": lambda x: log_softmax(x) @ W + log_softmax(x.reshape(2, 3), axis=0)[1] @ W[:3],
    "logsumexp": lambda x: logsumexp(x) + logsumexp(a=x.reshape(2, 3), axis=1) @ W[:2] + logsumexp(x[0]),
    "logsumexp, kept axes": lambda x: np.sum(logsumexp(x.reshape(2, 3), axis=-1, keepdims=True) * A[:2, :3]),
    "logsumexp, weights": lambda x: logsumexp(x.reshape(2, 3), 1, [1.0, 2.0, 0.0]) @ W[:2] + logsumexp(W, b=np.exp(x)),
    "logsumexp, signs": lambda x: np.prod(logsumexp(x, b=W, return_sign=True)) + logsumexp(x, return_sign=True)[1],
    "no weight": lambda x: logsumexp(np.append(x, np.inf), b=[1, 1, 1, 1, 1, 1, 0]),
    "far": lambda x: logsumexp(x + 1e3) / 1e3 + softmax(x - 1e3) @ W + log_softmax(x[:2] - 1e3)[0],
    "minus infinity": lambda x: logsumexp(np.append(x, -np.inf)) + softmax(np.append(x, -np.inf))[:6] @ W,
    "constants": lambda x: x[0] * softmax(W)[0] + logsumexp(W) * x[1],
}


@pytest.mark.parametrize("f", CASES.values(), ids=CASES)
def test_values_and_derivatives(f: Function) -> None:
    check(f)


def test_infinite_values_are_those_of_scipy() -> None:
    for a in ([-np.inf, -np.inf], [np.inf, 0.0], [np.inf, np.inf]):
        assert fd.surface(lambda x, a=a: logsumexp(x + a), dim=2)(np.zeros(2)) == logsumexp(a)


def test_a_loss_over_rows() -> None:
    X, y = np.random.default_rng(0).normal(size=(9, 2)), np.eye(3)[np.arange(9) % 3]

    def loss(w: Any, X: Any, y: Any) -> Any:
        return -np.mean(np.sum(y * log_softmax(X @ w.reshape(2, 3), axis=1), axis=1))

    s, w = fd.finite_sum(loss, dim=6, data=(X, y)), np.linspace(-1, 1, 6)
    np.testing.assert_allclose(s(w), loss(w, X, y), rtol=1e-13)
    assert fd.descend(s, w, fd.SGD(lr=0.1), max_steps=5, batch_size=3).fun < s(w)


def test_an_optimizer_may_use_them() -> None:
    @fd.optimizer
    def soft(x: Any, grad: Any, state: Any, t: Any, *, lr: float = 0.1) -> Any:
        return x - lr * softmax(grad(x)), {}

    run = fd.descend(fd.surface("x**2 + y**2"), [1.0, 2.0], soft(), max_steps=1)
    np.testing.assert_allclose(run.x, [1.0, 2.0] - 0.1 * softmax([2.0, 4.0]), rtol=1e-14)


def test_nobody_else_notices() -> None:
    """Another thread calls SciPy's functions, and traces, while one is traced; afterwards they are what they were."""
    before = [f.__code__ for f in (softmax, log_softmax, logsumexp)]
    begun, end = threading.Event(), threading.Event()

    def slow(x: Any) -> Any:
        begun.set()
        assert end.wait(60)
        return softmax(x)[0]

    made: list[Any] = []
    thread = threading.Thread(target=lambda: made.append(fd.surface(slow, dim=2)))
    thread.start()
    assert begun.wait(60)
    np.testing.assert_allclose(softmax([[0.0, 0.0]], axis=1), [[0.5, 0.5]])
    assert logsumexp(np.zeros(2), b=[1.0, 1.0]) == np.log(2.0)
    assert pickle.loads(pickle.dumps(softmax)) is softmax
    with pytest.raises(TypeError, match="axes"):
        softmax(np.zeros(2), axes=0)
    assert fd.surface(lambda x: softmax(x)[1], dim=2)([0.0, 0.0]) == 0.5
    with pytest.raises(fd.TraceError):
        fd.surface(lambda x: softmax(x)[9], dim=2)
    end.set()
    thread.join()
    assert made[0]([0.0, 0.0]) == 0.5
    assert [f.__code__ for f in (softmax, log_softmax, logsumexp)] == before


def test_they_may_be_imported_in_the_function() -> None:
    def f(x: Any) -> Any:
        import scipy.special as functions
        from scipy.special import softmax as soft

        return soft(x)[0] + functions.logsumexp(x) + scipy.special.log_softmax(x)[1]

    check(f)
