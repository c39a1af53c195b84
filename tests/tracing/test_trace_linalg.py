"""Linear algebra in traced functions: values, derivatives, stacks, singular matrices, errors, the same bits."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from support.tracing import A, Function, W, check

import fastdescent as fd
from fastdescent.program.graph.matrix.jacobi import n_sweeps
from fastdescent.program.trace.numpy.matrices import MATRICES

N = 4
B = np.random.default_rng(11).normal(size=(N, N))


def general(x: Any) -> Any:
    return B + 3.0 * np.eye(N) + np.outer(x[:N], np.sin(x[2:])) / 4


def positive(x: Any) -> Any:
    return B @ B.T + np.eye(N) + np.outer(x[:N], x[:N]) + x[4] ** 2 * np.diag(np.arange(4.0))


def spread(x: Any) -> Any:
    """Symmetric, with eigenvalues that keep apart."""
    return np.diag([0.0, 4.0, 8.0, 12.0]) + np.outer(x[:4], x[:4]) / 2


def _svd(x: Any) -> Any:
    u, s, vh = np.linalg.svd(general(x))
    return np.sum(((u * np.exp(-s)) @ vh) * B)


def _thin(x: Any) -> Any:
    u, s, vh = np.linalg.svd(general(x)[:, :2], full_matrices=False)
    return np.sum(((u * np.exp(-s)) @ vh) * B[:, :2])


CASES: dict[str, list[Function]] = {
    "linalg.solve": [lambda x: W[:4] @ np.linalg.solve(general(x), x[:4]),
                     lambda x: np.sum(np.linalg.solve(general(x), B) * B) + W[:4] @ np.linalg.solve(B, x[:4]),
                     lambda x: np.sum(np.linalg.solve(np.stack([general(x), positive(x)]), B) * B),
                     lambda x: np.sum(np.linalg.solve(general(x), np.stack([B, np.outer(x[:4], W[:4])])) * B),
                     lambda x: W[:4] @ np.linalg.solve(general(x).T, x[2:])],
    "linalg.inv": [lambda x: np.sum(np.linalg.inv(general(x)) * B) + np.linalg.inv(x[:1].reshape(1, 1) + 3)[0, 0]],
    "linalg.det": [lambda x: np.linalg.det(general(x)) / 9,
                   lambda x: np.linalg.det(np.stack([general(x), B])) @ W[:2] / 9,
                   lambda x: sum(np.linalg.det(general(x)[:k, :k]) for k in (1, 2, 3))],
    "linalg.slogdet": [lambda x: np.linalg.slogdet(general(x))[1] * np.linalg.slogdet(-general(x)[:3, :3]).sign,
                       lambda x: np.linalg.slogdet(np.stack([general(x), positive(x)])).logabsdet @ W[:2]],
    "linalg.cholesky": [lambda x: np.sum(np.linalg.cholesky(positive(x)) * B),
                        lambda x: np.sum(np.linalg.cholesky(np.stack([positive(x), positive(-x)])) * B),
                        lambda x: np.linalg.solve(np.linalg.cholesky(positive(x)).T, x[:4]) @ W[:4],
                        lambda x: np.sum(np.log(np.diag(np.linalg.cholesky(np.kron(positive(x), np.eye(2))))))],
    "linalg.lstsq": [lambda x: np.linalg.lstsq(general(x)[:, :2], x[2:], rcond=None)[0] @ W[:2],
                     lambda x: np.linalg.lstsq(general(x)[:, :2], x[2:], rcond=None)[1][0],
                     lambda x: np.linalg.lstsq(general(x)[:2], x[:2], rcond=None)[0] @ W[:4],
                     lambda x: np.sum(np.linalg.lstsq(general(x)[:, :3], B, rcond=None)[0] * B[:3])],
    "linalg.pinv": [lambda x: np.sum(np.linalg.pinv(general(x)[:, :3]) * B[:3]),
                    lambda x: np.sum(np.linalg.pinv(general(x)[:3]) * B[:, :3])],
    "linalg.eigvalsh": [lambda x: np.linalg.eigvalsh(positive(x)) @ W[:4],
                        lambda x: np.linalg.eigvalsh(positive(x)[:3, :3], "U") @ W[:3]],
    "linalg.eigh": [lambda x: np.sum(np.linalg.eigh(spread(x))[1] ** 2 @ np.diag(W[:4]) * B)],
    "linalg.svd": [_svd, _thin],
    "linalg.svdvals": [lambda x: np.linalg.svd(general(x), compute_uv=False) @ W[:4]],
    "linalg.matrix_power": [lambda x: np.sum(np.linalg.matrix_power(general(x) / 4, 5) * B),
                            lambda x: np.sum(np.linalg.matrix_power(general(x), -2) * B) + x[0],
                            lambda x: np.sum(np.linalg.matrix_power(general(x), 0) * B) + x[0]],
    "linalg.matrix_transpose": [lambda x: np.sum(np.linalg.matrix_transpose(general(x)) * B)],
    "linalg.cond": [lambda x: np.linalg.cond(general(x)[:2, :2]) + np.linalg.cond(general(x), 1)],
    "linalg.multi_dot": [lambda x: np.linalg.multi_dot([x[:4], general(x), B, x[2:]])],
    "norms": [lambda x: sum(np.linalg.norm(general(x), k) for k in (1, -1, np.inf, -np.inf)),
              lambda x: sum(np.linalg.norm(general(x)[:3, :2], k) for k in (2, -2, "nuc"))],
}  # fmt: skip


def test_every_function_has_a_case() -> None:
    assert set(CASES) - {"norms"} == set(MATRICES)


@pytest.mark.parametrize("f", [pytest.param(f, id=f"{name}{k}") for name in CASES for k, f in enumerate(CASES[name])])
def test_values_and_derivatives(f: Function) -> None:
    check(f, 6, 0.2, 1.2)


def test_only_the_lower_triangle_is_read() -> None:
    """As NumPy's: the numbers above the diagonal have no effect, and derivative 0."""
    for f in (lambda a: np.sum(np.linalg.cholesky(a) * A[:3, :3]), lambda a: np.linalg.eigvalsh(a) @ W[:3]):
        s = fd.surface(lambda x, f=f: f(x.reshape(3, 3)), dim=9)
        x = np.array([4.0, 9.0, 9.0, 1.0, 5.0, 9.0, 0.5, -1.0, 6.0])
        assert abs(s(x) - f(x.reshape(3, 3))) < 1e-14
        assert np.all(s.gradient(x).reshape(3, 3)[np.triu_indices(3, 1)] == 0.0)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8, pytest.param(16, marks=pytest.mark.exhaustive)])
def test_eigenvalues_of_all_kinds(n: int) -> None:
    """Spread, clustered, equal, in steps of ten, none: as LAPACK's; the vectors are orthogonal."""
    rng = np.random.default_rng(n)
    values = fd.surface(lambda x: np.linalg.eigvalsh(x.reshape(n, n)) @ np.sin(np.arange(n)), dim=n * n)
    vectors = fd.surface(lambda x: np.sum(np.square(_gram(x.reshape(n, n)) - np.eye(n))), dim=n * n)
    spectra = [rng.normal(size=n), np.ones(n), np.zeros(n), 10.0 ** -np.arange(n), 1.0 + 1e-9 * np.arange(n),
               np.where(np.arange(n) < n // 2, 1.0, 2.0), np.where(np.arange(n) % 2, 1.0, -1.0)]  # fmt: skip
    for spectrum in spectra:
        for _ in range(4):
            q = np.linalg.qr(rng.normal(size=(n, n)))[0]
            a = (q * spectrum) @ q.T
            expected = np.linalg.eigvalsh(a) @ np.sin(np.arange(n))
            assert abs(values(a.ravel()) - expected) <= 1e-14 * n * max(1.0, np.abs(spectrum).max())
            assert vectors(a.ravel()) <= 1e-26 * n**2
            assert np.all(np.isfinite(values.gradient(a.ravel())))
    assert n_sweeps(16) == 12


def _gram(a: Any) -> Any:
    v = np.linalg.eigh(a)[1]
    return v.T @ v


def test_singular_matrices_are_results() -> None:
    s = fd.surface(lambda x: np.sum(np.linalg.inv(x.reshape(4, 4))), dim=16)
    assert not np.isfinite(s(np.zeros(16)))
    for f, expected in ((np.linalg.det, 0.0), (lambda a: np.linalg.slogdet(a)[1], -np.inf)):
        assert fd.surface(lambda x, f=f: f(x.reshape(4, 4)), dim=16)(np.zeros(16)) == expected
    indefinite = fd.surface(lambda x: np.linalg.cholesky(x.reshape(2, 2))[1, 1], dim=4)
    assert np.isnan(indefinite([1.0, 0.0, 2.0, 1.0]))


def test_the_derivative_of_a_small_determinant_is_right_where_it_is_zero() -> None:
    s = fd.surface(lambda x: np.linalg.det(x.reshape(3, 3)), dim=9)
    rows = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [0.0, 1.0, 1.0]])
    cofactors = [np.cross(rows[1], rows[2]), np.cross(rows[2], rows[0]), np.cross(rows[0], rows[1])]
    assert s(rows.ravel()) == 0.0
    np.testing.assert_allclose(s.gradient(rows.ravel()).reshape(3, 3), cofactors, atol=1e-15)


def test_a_branch_that_is_not_taken_spoils_nothing() -> None:
    s = fd.surface(lambda x: np.where(x[0] > 0, np.linalg.inv(x[0] * B + 0.0)[0, 0], x[1] ** 2), dim=2)
    at = np.array([0.0, 3.0])
    assert s(at) == 9.0
    np.testing.assert_array_equal(s.gradient(at), [0.0, 6.0])
    np.testing.assert_array_equal(s.hvp(at, [0.0, 1.0]), [0.0, 2.0])


def test_equal_work_is_shared() -> None:
    """solve(A, b) and det(A) factorize A once, and so do value and gradient."""

    def n_instructions(f: Function) -> int:
        return len(str(fd.surface(f, dim=6).program()).splitlines())

    one = n_instructions(lambda x: W[:4] @ np.linalg.solve(general(x), x[:4]))
    both = n_instructions(lambda x: W[:4] @ np.linalg.solve(general(x), x[:4]) + np.linalg.slogdet(general(x))[1])
    alone = n_instructions(lambda x: np.linalg.slogdet(general(x))[1])
    assert both < 0.8 * (one + alone)


@pytest.mark.parametrize("n", [10, 20, 40])
def test_the_number_of_instructions_grows_as_the_rows(n: int) -> None:
    kernel = np.exp(-0.5 * (np.arange(n)[:, None] - np.arange(n)) ** 2 / 9)
    s = fd.surface(lambda x: np.sum(np.log(np.diag(np.linalg.cholesky(x[0] * kernel + np.eye(n))))), dim=1)
    assert len(str(s.program()).splitlines()) < 40 * n + 100


def _likelihood(x: Any) -> Any:
    factor = np.linalg.cholesky(positive(x))
    z = np.linalg.solve(factor, x[:4])
    return 0.5 * z @ z + np.sum(np.log(np.diag(factor))) + np.linalg.eigvalsh(positive(x)[:2, :2])[0]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_engines_agree(dtype: Any) -> None:
    s = pickle.loads(pickle.dumps(fd.surface(_likelihood, dim=6)))
    x0 = np.random.default_rng(0).uniform(0.2, 1.2, (19, 6)).astype(dtype)
    runs = [fd.descend(s, x0, fd.Adam(lr=0.01), max_steps=9, engine=e) for e in ("native", "jit", "numba")]
    for run in runs[1:]:
        np.testing.assert_array_equal(run.x, runs[0].x)
        np.testing.assert_array_equal(run.fun, runs[0].fun)
    np.testing.assert_allclose(
        s(x0), [_likelihood(x) for x in x0.astype(float)], rtol=1e-4 if dtype == np.float32 else 1e-12
    )


BAD: list[tuple[Function, str]] = [
    (lambda x: np.linalg.inv(x.reshape(2, 3))[0, 0], r"np.linalg.inv of an array of shape \(2, 3\).*a square matrix"),
    (lambda x: np.linalg.det(x), r"np.linalg.det of an array of shape \(6,\)"),
    (lambda x: np.linalg.solve(np.eye(4) * x[0], x)[0], r"np.linalg.solve of arrays of shapes \(4, 4\) and \(6,\)"),
    (lambda x: np.linalg.eigvalsh(np.ones((17, 17)) * x[0])[0], r"shape \(17, 17\).*16 rows and columns at most"),
    (lambda x: np.linalg.cholesky(np.ones((65, 65)) * x[0])[0, 0], r"shape \(65, 65\).*64 rows and columns at most"),
    (lambda x: np.linalg.svd(x.reshape(2, 3))[0][0, 0], "full_matrices=False"),
    (lambda x: np.linalg.pinv(x.reshape(2, 3), 1e-3)[0, 0], "a tolerance cannot be traced"),
    (lambda x: np.linalg.norm(x.reshape(2, 3), 3), "Invalid norm order for matrices"),
    (lambda x: np.linalg.eigh(x[:4].reshape(2, 2), "X")[0][0], "UPLO argument must be 'L' or 'U'"),
    (lambda x: np.linalg.eigvals(x[:4].reshape(2, 2))[0], "np.eigvals cannot be traced"),
]


@pytest.mark.parametrize(("f", "message"), BAD)
def test_errors(f: Function, message: str) -> None:
    with pytest.raises(fd.TraceError, match=message):
        fd.surface(f, dim=6)
