"""Noise that asks for `grad`: the gradient without noise, of the minibatch that the step sees."""

from __future__ import annotations

import functools
import pickle
from typing import Any

import numpy as np
import pytest
from support import reference
from support.available import ENGINES
from support.parity import same_bits
from support.programs.exact_engine import descend_exactly

import fastdescent as fd

S = fd.surface("3*cos(2*x) + sin(3*y)*x + x**2*y**2/9")
X0 = np.random.default_rng(0).normal(size=(5, 2))


def along_the_hessian(x: Any, g: Any, t: Any, rng: Any, grad: Any, *, sigma: float = 0.3) -> Any:
    return sigma * grad.hvp(x, rng.standard_normal(x.shape))


def of_the_value(x: Any, g: Any, t: Any, rng: Any, *, grad: Any) -> Any:
    return 0.1 * grad.fun(x) * rng.rademacher(x.shape) + (grad(x) - g) + grad(x + 1.0) * rng.uniform()


def test_noise_along_the_hessian_is_what_numpy_makes_of_it() -> None:
    run = fd.descend(S, X0, fd.GD(0.01), noise=along_the_hessian, seed=4, max_steps=20)
    x = X0
    for t in range(20):
        xi = reference.normals(4, np.arange(5), t, reference.NOISE, 2)
        x = x - 0.01 * (S.gradient(x) + 0.3 * S.hvp(x, xi))
    assert np.allclose(run.x, x, rtol=1e-11)
    assert run.gradient == "noise along_the_hessian"


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("noise", [along_the_hessian, of_the_value, functools.partial(along_the_hessian, sigma=0.1)])
def test_all_engines_and_parts_of_runs_agree(noise: Any, dtype: str) -> None:
    x0, opt = X0.astype(dtype), fd.Momentum(0.01)
    options: dict[str, Any] = {"noise": noise, "seed": 2**60, "max_steps": 12}
    wanted = descend_exactly(S, x0, opt, keep_state=True, **options)
    assert all(same_bits(fd.descend(S, x0, opt, engine=e, keep_state=True, **options), wanted) for e in ENGINES)
    part = fd.descend(S, x0, opt, keep_state=True, **{**options, "max_steps": 5})
    assert same_bits(fd.resume(pickle.loads(pickle.dumps(part)), max_steps=12), wanted)
    assert wanted.classify().label.shape == (5,)


def test_the_noiseless_gradient_is_that_of_the_minibatch_and_sample() -> None:
    data = np.random.default_rng(1).normal(size=(9, 2))

    @fd.finite_sum(data=(data,), dim=2)
    def linear(w: Any, a: Any) -> Any:
        return np.mean(a @ w)

    @fd.optimizer
    def sampled(x: Any, grad: Any, state: Any, t: Any) -> Any:
        """The noise takes the gradient away, and puts twice of it there."""
        return np.concatenate([grad(x, sample=3)[:1], grad(x)[1:]]), {}

    twice = fd.descend(linear, X0, sampled(), noise=lambda x, g, t, rng, grad: grad(x), batch_size=4, max_steps=1)
    plain = fd.descend(linear, X0, sampled(), batch_size=4, max_steps=1)
    assert np.array_equal(twice.x, 2 * plain.x)


def test_a_schedule_and_functions_without_grad_are_what_they_were() -> None:
    assert fd.descend(S, X0, fd.GD(0.01), noise=lambda grad: 0.1, max_steps=1).gradient.startswith("noise gaussian")
    with pytest.raises(TypeError, match=r"which may also ask for grad; .* takes \(x, g, t, rng, hess\)"):
        fd.descend(S, X0, fd.GD(0.01), noise=lambda x, g, t, rng, hess: 0.0, max_steps=1)
