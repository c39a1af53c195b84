"""Clipping and decay, which every optimizer has: their order, what is tested, and where they are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.available import ENGINES
from support.built_in import BUILT_IN

import fastdescent as fd

S = fd.surfaces.styblinski_tang()
X0 = np.asarray(fd.uniform(S.window, 16, seed=3))
WEIGHT = 0.3
PENALIZED = S + fd.surface(lambda x: 0.5 * WEIGHT * np.sum(x * x), dim=2)
_NEEDED = {"lr": 0.01}
_DECOUPLED = (fd.AdamW, fd.Lion)


def made(kind: type[fd.Optimizer], **given: Any) -> fd.Optimizer:
    fields = kind.__dataclass_fields__
    return kind(**{name: value for name, value in _NEEDED.items() if name in fields} | given)


@pytest.mark.parametrize("kind", [k for k in BUILT_IN if k not in (*_DECOUPLED, fd.Langevin)])
def test_l2_decay_is_the_descent_of_a_penalized_f(kind: type[fd.Optimizer]) -> None:
    options: dict[str, Any] = {"max_steps": 40, "gtol": None}
    run = fd.descend(S, X0, made(kind, weight_decay=WEIGHT), **options)
    other = fd.descend(PENALIZED, X0, made(kind), **options)
    np.testing.assert_allclose(run.x, other.x, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(run.fun, S(run.x))
    slope = S.gradient(run.x) + WEIGHT * run.x
    np.testing.assert_allclose(run.grad_norm, np.linalg.norm(slope, axis=-1), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("boundary", [None, "clip"])
def test_gtol_tests_the_decayed_gradient(boundary: str | None) -> None:
    options = {} if boundary is None else {"bounds": [(-3, 2.5)] * 2, "boundary": boundary}
    run = fd.descend(S, X0, fd.GD(0.01, weight_decay=WEIGHT), **options)
    assert run.success.all()
    slope = S.gradient(run.x) + WEIGHT * run.x
    free = (np.abs(run.x - 2.5) > 0) & (np.abs(run.x + 3) > 0)
    assert np.all(np.linalg.norm(np.where(free, slope, 0), axis=-1) <= 1e-6)
    ends = run.classify()
    assert ends.arrived.all()
    np.testing.assert_allclose(ends.points.fun, PENALIZED(ends.points.x), rtol=1e-12)


def test_noise_is_tested_without_noise_but_with_decay() -> None:
    run = fd.descend(S, X0, fd.GD(0.01, weight_decay=WEIGHT), noise=1e-9, gtol=1e-4, check_every=7)
    assert run.success.all()
    assert np.all(run.grad_norm <= 1e-4)


def test_the_order_is_noise_clipping_decay() -> None:
    one: dict[str, Any] = {"max_steps": 1, "gtol": None, "noise": 3.0, "seed": 5}
    noisy = X0 - fd.descend(S, X0, fd.GD(1.0), **one).x
    norm = np.linalg.norm(noisy, axis=-1, keepdims=True)
    by_norm = fd.descend(S, X0, fd.GD(1.0, clip_norm=2.0, weight_decay=WEIGHT), **one).x
    wanted = X0 - noisy * np.minimum(2.0 / (norm + 1e-6), 1.0) - WEIGHT * X0
    np.testing.assert_allclose(by_norm, wanted, rtol=1e-12)
    by_value = fd.descend(S, X0, fd.GD(1.0, clip_value=1.5, weight_decay=WEIGHT), **one).x
    np.testing.assert_allclose(by_value, X0 - np.clip(noisy, -1.5, 1.5) - WEIGHT * X0, rtol=1e-12)


def test_clipping_leaves_what_is_tested() -> None:
    run = fd.descend(S, X0, fd.GD(0.01, clip_norm=1e-7), max_steps=3)
    assert not run.success.any()
    np.testing.assert_array_equal(run.grad_norm, S.value_and_gradient_norm(run.x)[1])


@pytest.mark.parametrize("kind", [fd.LineSearch, fd.GradientFlow, fd.CG, fd.LBFGS])
@pytest.mark.parametrize("name", ["clip_norm", "clip_value"])
def test_clipping_is_refused_beside_values(kind: type[fd.Optimizer], name: str) -> None:
    with pytest.raises(ValueError, match=f"{kind.__name__} has no {name}: it compares slopes with values of f"):
        kind(**{name: 1.0})


def test_values_by_trajectory_and_by_step() -> None:
    weights, clips = np.linspace(0, 1, 16), np.linspace(0.5, 3, 16)
    options: dict[str, Any] = {"max_steps": 30, "gtol": None}
    run = fd.descend(S, X0, fd.Momentum(0.01, weight_decay=weights, clip_norm=clips), **options)
    for i in (1, 7, 15):
        own = fd.descend(S, X0[i], fd.Momentum(0.01, weight_decay=weights[i], clip_norm=clips[i]), **options)
        np.testing.assert_array_equal(run.x[i], own.x)
        np.testing.assert_array_equal(run.grad_norm[i], own.grad_norm)
    record = fd.Record(every=10, fields=("x", "fun", "grad_norm"))
    fading = fd.descend(S, X0, fd.GD(0.01, weight_decay=lambda t: 1 / (1 + t)), record=record, **options)
    for k, t in enumerate((0, 10, 20, 29)):
        x = fading.path.x[:, k]
        slope = S.gradient(x) + x / (1 + min(t, 29))
        np.testing.assert_allclose(fading.path.grad_norm[:, k], np.linalg.norm(slope, axis=-1), rtol=1e-12, atol=1e-13)


def test_reductions_see_the_decayed_gradient() -> None:
    run = fd.descend(S, X0, fd.GD(0.01, weight_decay=WEIGHT), max_steps=9, reduce=[fd.reduce.min("grad_norm")],
                     record=fd.Record(every=1, fields=("grad_norm",)))  # fmt: skip
    np.testing.assert_allclose(run.reduced["min_grad_norm"], run.path.grad_norm.min(axis=1), rtol=1e-14)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("kind", BUILT_IN)
def test_engines_have_the_same_bits(kind: type[fd.Optimizer], dtype: str) -> None:
    common: dict[str, Any] = {"weight_decay": np.linspace(0, 0.2, 16)}
    if not kind.compares_values:
        common |= {"clip_norm": lambda t: 5 / (1 + 0.01 * t), "clip_value": 4.0}
    optimizer = made(kind, **common)
    options: dict[str, Any] = {"max_steps": 60, "gtol": None, "dtype": dtype, "bounds": [(-4, 4), (-3, 3)]}
    first, *others = (fd.descend(S, X0, optimizer, engine=engine, **options) for engine in ENGINES)
    for other in others:
        for name in ("x", "fun", "grad_norm", "nit", "status"):
            np.testing.assert_array_equal(getattr(first, name), getattr(other, name))
