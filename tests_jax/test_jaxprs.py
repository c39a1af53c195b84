"""Functions of JAX's as surfaces: values, gradients and Hessian products are those of JAX in float64."""

from __future__ import annotations

from typing import Any

import cases_elementwise
import cases_programs
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from cases import CASES, DIM, POINTS

import fastdescent as fd

assert cases_elementwise
assert cases_programs


@pytest.mark.parametrize("name", CASES)
def test_equals_jax(name: str) -> None:
    f = CASES[name]
    s = fd.surface(f, dim=DIM)
    assert s.name == name
    along = jnp.cos(jnp.arange(DIM) + 1.0)

    def slope_along(x: Any) -> Any:
        return jax.jvp(jax.grad(f), (x,), (along,))[1]

    in_jax = jax.jit(lambda x: (*jax.value_and_grad(f)(x), slope_along(x)))
    for x in POINTS:
        for got, wanted in zip((s(x), s.gradient(x), s.hvp(x, along)), in_jax(x), strict=True):
            assert np.isfinite(wanted).all()
            assert np.max(np.abs(got - wanted)) <= 1e-12 * max(1.0, np.max(np.abs(wanted)))


def test_a_while_loop_with_a_constant_count() -> None:
    def f(x: Any) -> Any:  # of which JAX has no reverse mode
        return jax.lax.while_loop(lambda c: c[0] < 4, lambda c: (c[0] + 1, c[1] * jnp.cos(c[1]) + c[0]), (0, x))[
            1
        ].sum()

    s = fd.surface(f, dim=DIM)
    for x in POINTS:
        np.testing.assert_allclose(s.gradient(x), jax.jacfwd(f)(x), rtol=1e-12, atol=1e-12)
