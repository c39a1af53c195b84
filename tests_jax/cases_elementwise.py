"""Functions of JAX's: of elements, and those that only move them."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.special
import jax.scipy.stats
from cases import A, case
from jax import lax


@case
def trigonometry(x: Any) -> Any:
    return jnp.sum(
        jnp.sin(x) * jnp.cos(2 * x) + jnp.tan(x / 2) + jnp.arctan2(x, 2.0) + jnp.arcsin(x / 2) + jnp.arccos(x / 3)
    )


@case
def hyperbolic(x: Any) -> Any:
    return jnp.sum(
        jnp.sinh(x) + jnp.cosh(x) + jnp.tanh(x) + jnp.arcsinh(x) + jnp.arctanh(x / 2) + jnp.arccosh(2 + x**2)
    )


@case
def powers(x: Any) -> Any:
    y = jnp.abs(x) + 0.5
    return jnp.sum(
        x**3 + y**2.5 + 2.0**x + y**x + lax.rsqrt(y) + jnp.cbrt(y) + jnp.sqrt(y) + 1 / y + jnp.exp2(x) + x**-2
    )


@case
def logarithms(x: Any) -> Any:
    y = x**2 + 0.5
    return jnp.sum(jnp.log(y) + jnp.log1p(y) + jnp.expm1(x) + jnp.log2(y) + jnp.log10(y) + jnp.logaddexp(x, 1.0))


@case
def rounding(x: Any) -> Any:
    return jnp.sum(x * (jnp.floor(x) + jnp.ceil(x) + jnp.round(x) + jnp.trunc(x) + jnp.sign(x))) + jnp.sum(
        x % 0.7 + x // 0.3
    )


@case
def rounded_away(x: Any) -> Any:
    signs = jnp.copysign(x**2, -x) + jnp.signbit(x) * x
    return jnp.sum(x * lax.round(2 * x, lax.RoundingMethod.AWAY_FROM_ZERO)) + jnp.sum(signs)


@case
def error_functions(x: Any) -> Any:
    special = jax.scipy.special
    return jnp.sum(special.erf(x) + special.erfc(x) + special.expit(x) + special.ndtr(x) + special.xlogy(2.0, x**2))


@case
def decisions(x: Any) -> Any:
    masked = jnp.where((x > 0) & ~(x > 1) | (x < -1), x**2, jnp.sin(x))
    return jnp.sum(masked) + jnp.sum(jnp.clip(x, -0.5, 0.8)) + jnp.sum(jnp.maximum(x, x[::-1] + 0.1) * jnp.isfinite(x))


@case
def counts(x: Any) -> Any:
    return (
        jnp.sum(x > 0) * x[0]
        + (x > 0).astype(jnp.int32).sum() // 2 * x[1]
        + jnp.any(x > 1) * x[2]
        + jnp.all(x > -1) * x[3]
    )


@case
def casts(x: Any) -> Any:
    return jnp.sum((3 * x).astype(int) * x) + jnp.sum(x.astype(bool) * x)


@case
def selections(x: Any) -> Any:
    pieces = jnp.piecewise(x, [x < -0.5, x > 0.5], [lambda z: z**2, lambda z: -z, lambda z: jnp.exp(z)])
    return jnp.sum(pieces) + jnp.sum(jnp.select([x > 1, x > 0], [x**3, x**2], jnp.sin(x)))


@case
def safe_logarithm(x: Any) -> Any:
    return jnp.sum(jnp.where(x > 0, jnp.log(jnp.where(x > 0, x, 1.0)), 0.0)) + jnp.sum(x**2)


@case
def reductions(x: Any) -> Any:
    rows = x.reshape(2, 3)
    spread = jnp.var(x) + jnp.std(x, ddof=1) + jnp.ptp(x) + jnp.linalg.norm(x)
    means = jnp.mean(rows, 0).sum() + jnp.average(x, weights=jnp.arange(6.0))
    return means + jnp.max(rows, 1) @ jnp.min(rows, 1) + jnp.prod(x) + spread


@case
def running(x: Any) -> Any:
    sums = jnp.sum(jnp.cumsum(x) ** 2) + jnp.cumprod(x)[3] + jnp.sum(lax.cumlogsumexp(x))
    extremes = lax.cummax(x) @ A[0] + lax.cummin(x, reverse=True) @ A[1]
    return sums + extremes + jnp.sum(lax.associative_scan(jnp.multiply, x) ** 2)


@case
def products(x: Any) -> Any:
    M = x.reshape(2, 3)
    squares = x @ A @ x + jnp.einsum("ij,kj,ik->", M, M, A[:2, :2]) + jnp.trace(M @ A[:3, :3] @ M.T)
    outer = jnp.sum(jnp.outer(x, x) * A) + jnp.sum(jnp.kron(M, M) ** 2) + jnp.cross(M[0], M[1]) @ A[0, :3]
    return squares + outer + jnp.tensordot(M, M, 2) + jnp.vdot(x, A[2])


@case
def batched_products(x: Any) -> Any:
    stack = jnp.stack([x.reshape(2, 3), x[::-1].reshape(2, 3)])
    return jnp.sum(jnp.matmul(stack, jnp.swapaxes(stack, 1, 2)) ** 2)


# ---------------------------------------------------------------------- moving, gathering, scattering
@case
def moving(x: Any) -> Any:
    M = jnp.pad(jnp.roll(x, 2).reshape(3, 2), ((1, 0), (0, 2)), constant_values=0.5)
    repeated = jnp.tile(x, 2) * jnp.repeat(x, 2)
    rest = jnp.sum(jnp.diag(x) @ A) + jnp.sum(jnp.split(x, 3)[1] ** 2)
    return (
        jnp.sum(M[::2, 1:] * M[1::2, ::-1][:, :3]) + jnp.sum(repeated) + jnp.sum(jnp.flip(M) * jnp.tril(M) ** 3) + rest
    )


@case
def gathering(x: Any) -> Any:
    filled = x.at[jnp.array([1, 9])].get(mode="fill", fill_value=2.0)
    picked = jnp.take_along_axis(x.reshape(2, 3), jnp.array([[2], [0]]), 1)
    taken = jnp.take(x, jnp.array([[1, 2], [3, 3]]))
    return jnp.sum(x[jnp.array([0, 0, 5, -1])] ** 3) + jnp.sum(taken**2) + jnp.sum(picked) + jnp.sum(filled**2)


@case
def scattering(x: Any) -> Any:
    y = jnp.zeros((3, 2)).at[0].set(x[:2]).at[jnp.array([1, 1, 2]), 0].add(x[2:5]).at[:, 1].multiply(x[:3])
    z = x.at[jnp.array([0, 0])].max(0.3).at[2:4].min(x[0]).at[10].set(7.0)
    return jnp.sum(y**2 + y) + jnp.sum(z**3) + jnp.sum(jax.ops.segment_sum(x, jnp.array([0, 1, 0, 2, 2, 2]), 3) ** 2)


@case
def dynamic_slices(x: Any) -> Any:
    y = lax.dynamic_update_slice(x, x[:2] ** 2, (3,))
    return jnp.sum(lax.dynamic_slice(y, (9,), (3,)) ** 2) + jnp.sum(y * A[0])


@case
def index_by_the_point(x: Any) -> Any:
    k = jnp.argmin(x)
    outside = jnp.take(A[0], jnp.stack([k, k + 4]), mode="fill", fill_value=0.5)
    return (
        x[k] ** 2
        + A[k] @ x
        + lax.dynamic_slice(x, (jnp.argmax(x),), (2,)).sum()
        + x.reshape(2, 3)[jnp.argmax(x[:2]), k // 2]
        + x[0] * outside.sum()
    )


@case
def order(x: Any) -> Any:
    return jnp.sort(x) @ A[0] + jnp.median(x**2) + jnp.quantile(x, 0.3) + jnp.sum(lax.top_k(x, 3)[0] ** 2) + jnp.sum(
        x[jnp.argsort(-x)] * A[1]) + jnp.sum(jnp.sort(x.reshape(2, 3), axis=0) * A[:2, :3])  # fmt: skip


@case
def interpolation(x: Any) -> Any:
    return jnp.sum(jnp.interp(x, jnp.linspace(-2.0, 2.0, 9), jnp.cos(jnp.arange(9.0))))
