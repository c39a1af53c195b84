"""Surfaces of many dimensions: quadratics, random fields, spin glasses, wells, clusters of atoms."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import parity
from support.available import ENGINES, ISAS
from support.catalog_cases import assert_close, points_in_window
from support.independent import FORMULAS, OF_ARGUMENTS, derivatives

import fastdescent as fd
from fastdescent import surfaces

A = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, -1.0], [0.5, -1.0, 5.0]])
B = np.array([1.0, -2.0, 0.25])
SADDLE = np.array([[1.0, 3.0, 0.0], [0.0, -2.0, 1.0], [-1.0, 0.0, 4.0]])  # not symmetric

MADE: dict[str, fd.Surface] = {
    "quadratic": surfaces.quadratic(A, B),
    "random_quadratic": surfaces.random_quadratic(7, spectrum=np.linspace(-2.0, 5.0, 7), seed=3),
    "random_field": surfaces.random_field(6, waves=19, seed=2, length=0.8, confinement=0.5),
    "spin_glass": surfaces.spin_glass(5, p=3, seed=1),
    "spin_glass of 2": surfaces.spin_glass(6, p=2, seed=1),
    "spin_glass of 4": surfaces.spin_glass(3, p=4, seed=1),
    "gaussian_wells": surfaces.gaussian_wells(6, wells=5, seed=1, width=0.7, confinement=0.3),
    "lennard_jones": surfaces.lennard_jones(5),
}
#: Published: Hoare and Pal 1971; Northby 1987; Wales and Doye 1997.
ENERGIES = {
    2: -1.0, 3: -3.0, 4: -6.0, 5: -9.103852, 6: -12.712062, 7: -16.505384, 8: -19.821489, 9: -24.113360,
    10: -28.422532, 11: -32.765970, 12: -37.967600, 13: -44.326801,
}  # fmt: skip


# ---------------------------------------------------------------------- formulas and engines
@pytest.mark.parametrize("name", MADE)
def test_value_gradient_hessian_and_products_agree_with_mpmath(name: str) -> None:
    s = MADE[name]
    formula = FORMULAS.get(s.name) or OF_ARGUMENTS[s.name]
    for x in points_in_window(s, 3):
        value, gradient, hessian = derivatives(lambda *v: formula(*v, **s.params), x)
        assert_close(s(x), value)
        assert_close(s.gradient(x), gradient)
        assert_close(s.hessian(x), hessian)
        v = np.cos(np.arange(s.dim) + 1.0)
        assert_close(s.hvp(x, v), hessian @ v)


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", MADE)
def test_engines_and_instruction_sets_give_the_same_bits(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    s = MADE[name]
    x0 = parity.starts(s, 40, "float64")
    for optimizer in (fd.GD(lr=0.003), fd.LineSearch()):
        runs = []
        for isa in ISAS[:2]:
            monkeypatch.setenv("FASTDESCENT_ISA", isa)
            runs += [fd.descend(s, x0, optimizer, max_steps=30, engine=engine) for engine in ENGINES]
        assert all(parity.same_bits(run, runs[0]) for run in runs[1:])


@pytest.mark.parametrize("name", MADE)
def test_surfaces_survive_pickling(name: str) -> None:
    s = MADE[name]
    again = pickle.loads(pickle.dumps(s))
    X = points_in_window(s, 5)
    np.testing.assert_array_equal(again.gradient(X), s.gradient(X))
    assert (again.minima is None) == (s.minima is None)


@pytest.mark.parametrize(
    "make",
    [
        lambda n: surfaces.quadratic(np.eye(n)),
        lambda n: surfaces.random_quadratic(n),
        lambda n: surfaces.random_field(n, waves=2 * n),
        lambda n: surfaces.spin_glass(n),
        lambda n: surfaces.gaussian_wells(n, wells=n),
        lambda n: surfaces.lennard_jones(n),
    ],
)
def test_programs_do_not_grow_with_the_dimension(make: Any) -> None:
    def n_instructions(s: fd.Surface) -> int:
        return len(s._formula.program("fun", "gradient").main.instructions)

    few, many = n_instructions(make(6)), n_instructions(make(30))
    assert many <= 2 * few + 10  # a strip that is left over has instructions of its own
    assert many < 50
    assert "dot(" in str(make(30).program())


@pytest.mark.parametrize("name", ["random_quadratic", "random_field", "spin_glass", "gaussian_wells"])
@settings(max_examples=10, deadline=None)
@given(dim=st.integers(2, 12), seed=st.integers(0, 2**64 - 1))
def test_a_seed_is_a_landscape(name: str, dim: int, seed: int) -> None:
    s, same, other = (surfaces.get(name, dim=dim, seed=k) for k in (seed, seed, seed ^ 1))
    X = points_in_window(s, 3)
    assert s(X).shape == (3,)
    assert s.gradient(X).shape == (3, dim)
    assert s.hessian(X).shape == (3, dim, dim)
    np.testing.assert_array_equal(s(X), same(X))
    assert np.all(s(X) != other(X))
    moved = s.with_params(**other.params)
    np.testing.assert_array_equal(moved(X), other(X))
    assert moved._formula is s._formula


# ---------------------------------------------------------------------- quadratics
def test_the_minimum_of_a_quadratic_solves_its_equations() -> None:
    s = MADE["quadratic"]
    np.testing.assert_allclose(s.minima, [np.linalg.solve(A, B)], rtol=1e-15)
    assert s.fmin == pytest.approx(-0.5 * B @ np.linalg.solve(A, B), rel=1e-14)
    assert all(lo < c < hi for (lo, hi), c in zip(s.window, s.minima[0], strict=True))
    moved = s.with_params(b=2 * B)
    np.testing.assert_allclose(moved.minima, 2 * s.minima, rtol=1e-15)


def test_of_other_matrices_the_symmetric_part_counts() -> None:
    s = surfaces.quadratic(SADDLE, B)
    np.testing.assert_array_equal(s.hessian(np.zeros(3)), (SADDLE + SADDLE.T) / 2)
    assert s.minima is None
    assert np.linalg.norm(s.gradient(s.critical_points)) < 1e-14
    flat = surfaces.quadratic(np.diag([1.0, 0.0]))
    assert flat.minima is flat.critical_points is None
    assert flat.window == ((-5.0, 5.0),) * 2


@settings(max_examples=25, deadline=None)
@given(spectrum=st.lists(st.floats(-10, 10), min_size=1, max_size=8), seed=st.integers(0, 100))
def test_a_random_quadratic_has_the_eigenvalues_that_it_was_given(spectrum: list[float], seed: int) -> None:
    s = surfaces.random_quadratic(len(spectrum), spectrum, seed)
    np.testing.assert_allclose(np.linalg.eigvalsh(s.hessian(np.ones(s.dim))), np.sort(spectrum), rtol=0, atol=1e-13)
    Q = s.params["Q"]
    np.testing.assert_allclose(Q.T @ Q, np.eye(s.dim), rtol=0, atol=1e-14)
    assert (s.minima is not None) == (min(spectrum) >= 0)
    assert (s.critical_points is not None) == (0 not in spectrum)


def test_descent_on_a_random_quadratic_follows_the_closed_form() -> None:
    spectrum = np.array([0.5, 1.0, 3.0, 8.0])
    s = surfaces.random_quadratic(4, spectrum)
    x0 = points_in_window(s, 6)
    run = fd.descend(s, x0, fd.GD(lr=0.1), max_steps=50, gtol=None)
    Q = s.params["Q"]
    np.testing.assert_allclose(run.x @ Q, (1 - 0.1 * spectrum) ** 50 * (x0 @ Q), rtol=1e-10, atol=1e-13)


# ---------------------------------------------------------------------- random landscapes
@pytest.mark.exhaustive
def test_the_field_has_the_covariance_that_it_says() -> None:
    """At 400 seeds; the standard error is 7 % of the variance."""
    dim, length = 5, 0.7
    x, y = np.zeros(dim), np.array([0.5, -0.3, 0.2, 0.6, 0.1])
    points = np.array([x, y])
    made = [surfaces.random_field(dim, 32, seed, length=length, confinement=0.0)(points) for seed in range(400)]
    f = np.array(made)
    wanted = dim * np.exp(-np.sum((x - y) ** 2) / (2 * dim * length**2))
    assert np.mean(f[:, 0] ** 2) == pytest.approx(dim, rel=0.2)
    assert np.mean(f[:, 0] * f[:, 1]) == pytest.approx(wanted, rel=0.2)
    assert abs(np.mean(f)) < 0.3


def test_the_curvature_of_a_field_does_not_depend_on_the_dimension() -> None:
    """The semicircle: eigenvalues of the field from -2 to 2, of the bowl around them."""
    for dim in (50, 150):
        s = surfaces.random_field(dim, waves=20 * dim, confinement=1.0)
        values = np.linalg.eigvalsh(s.hessian(np.zeros(dim)))
        assert np.std(values) == pytest.approx(1.0, abs=0.15)
        assert -1.6 < values[0] < -0.6 < 2.4 < values[-1] < 3.6


def test_a_steep_bowl_leaves_one_critical_point() -> None:
    s = surfaces.random_field(30, waves=300, confinement=4.0)
    ends = fd.classify(fd.descend(s, fd.uniform(s.window, 50), fd.LineSearch()))
    assert len(ends.points) == 1


@pytest.mark.parametrize("p", [2, 3, 4])
def test_spins_see_the_direction_and_the_length_apart(p: int) -> None:
    s = surfaces.spin_glass(4, p=p, seed=5)
    x = points_in_window(s, 1)[0]
    on_sphere = x * 2.0 / np.linalg.norm(x)
    for factor in (0.5, 1.0, 3.0):
        assert s(factor * on_sphere) - s(on_sphere) == pytest.approx((factor**2 - 1) ** 2, rel=1e-12, abs=1e-12)
    radial = on_sphere / 2.0
    assert radial @ s.gradient(on_sphere) == pytest.approx(0.0, abs=1e-13)
    assert radial @ s.hvp(on_sphere, radial) == pytest.approx(2.0, rel=1e-12)
    assert s(-on_sphere) == pytest.approx((-1) ** p * s(on_sphere), rel=1e-12)


def test_spins_in_pairs_have_eigenvectors_for_critical_points() -> None:
    n = 6
    s = surfaces.spin_glass(n, p=2, seed=1)
    J = s.params["couplings"]
    values, vectors = np.linalg.eigh((J + J.T) / 2)
    X = np.sqrt(n) * vectors.T
    assert np.linalg.norm(s.gradient(X), axis=1).max() < 1e-13
    np.testing.assert_allclose(s(X), np.sqrt(n) * values, rtol=1e-13)
    index = np.sum(np.linalg.eigvalsh(s.hessian(X)) < 0, axis=1)
    assert index.tolist() == list(range(n))
    assert s.fmin == pytest.approx(np.sqrt(n) * values[0], rel=1e-13)
    run = fd.descend(s, fd.uniform(s.window, 200), fd.GD(lr=0.05), max_steps=20_000)
    ends = fd.classify(run)
    assert np.all(ends.outcome == fd.Outcome.GLOBAL_MINIMUM)
    assert len(ends.points) == 2


def test_wells_of_ones_own() -> None:
    s = surfaces.gaussian_wells(wells=1).with_params(centers=[[1.0, 2.0]], depths=[3.0], widths=[0.5], confinement=0.0)
    np.testing.assert_array_equal(s([[1.0, 2.0], [1.0, 3.0]]), [-3.0, -3.0 * np.exp(-2.0)])
    np.testing.assert_allclose(s.hessian([1.0, 2.0]), 12.0 * np.eye(2))


# ---------------------------------------------------------------------- clusters
@pytest.mark.parametrize("n", ENERGIES)
def test_clusters_have_their_published_energies(n: int) -> None:
    s = surfaces.lennard_jones(n)
    assert s.dim == 3 * n
    assert round(s.fmin, 6) == ENERGIES[n]
    assert np.linalg.norm(s.gradient(s.minima)) < 1e-12
    values = np.linalg.eigvalsh(s.hessian(s.minima[0]))
    n_free = 5 if n == 2 else 6  # moves and turns of the whole
    assert np.all(np.abs(values[:n_free]) < 1e-10)
    assert np.all(values[n_free:] > 10)
    low, high = np.array(s.window).T
    assert np.all((low < s.minima) & (s.minima < high))


def test_regular_clusters_have_closed_forms() -> None:
    """f(a) = 4 (S12 / a^12 - S6 / a^6) has the minimum -S6^2 / S12, at a^6 = 2 S12 / S6."""
    for n, distances in ((2, [(1, 1.0)]), (3, [(3, 1.0)]), (4, [(6, 1.0)]), (6, [(12, 1.0), (3, 2**0.5)])):
        s12, s6 = (sum(m * d**-power for m, d in distances) for power in (12, 6))
        s = surfaces.lennard_jones(n)
        assert s.fmin == pytest.approx(-(s6**2) / s12, rel=1e-14)
        atoms = s.minima.reshape(n, 3)
        apart = np.linalg.norm(atoms[:, np.newaxis] - atoms, axis=2)[np.triu_indices(n, 1)]
        assert apart.min() == pytest.approx((2 * s12 / s6) ** (1 / 6), rel=1e-14)


@settings(max_examples=20, deadline=None)
@given(data=st.data(), n=st.integers(2, 6))
def test_clusters_may_be_moved_turned_and_renumbered(data: st.DataObject, n: int) -> None:
    s = surfaces.lennard_jones(n)
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    atoms = 1.1 * np.arange(n)[:, np.newaxis] + rng.uniform(-0.3, 0.3, (n, 3))
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    other = rng.permutation(atoms @ turn.T + rng.normal(size=3))
    assert s(other.ravel()) == pytest.approx(s(atoms.ravel()), rel=1e-11)


def test_descent_finds_the_lowest_cluster() -> None:
    s = surfaces.lennard_jones(5)
    run = fd.descend(s, fd.uniform(s.window, 200), fd.LineSearch(), max_steps=5000)
    assert run.fun.min() == pytest.approx(s.fmin, abs=1e-9)
    assert surfaces.lennard_jones(14).minima is None


# ---------------------------------------------------------------------- messages
@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: surfaces.quadratic([[1.0, 2.0]]), ValueError, r"A must be a square matrix, .* got shape \(1, 2\)"),
        (lambda: surfaces.quadratic([1.0]), ValueError, r"A must have 2 axes, not empty; got shape \(1,\)"),
        (lambda: surfaces.quadratic([[np.nan]]), ValueError, "A must be finite"),
        (lambda: surfaces.quadratic("A"), TypeError, "A must be an array"),
        (lambda: surfaces.quadratic(A, [1.0]), ValueError, r"b must have shape \(3,\), as A has 3 rows; got .*\(1,\)"),
        (lambda: surfaces.random_quadratic(3, [1.0]), ValueError, r"spectrum must have shape \(3,\), .*; got .*\(1,\)"),
        (lambda: surfaces.random_quadratic(0), ValueError, "dim must be 1 or greater; got 0"),
        (lambda: surfaces.random_field(2, waves=0), ValueError, "waves must be 1 or greater; got 0"),
        (lambda: surfaces.random_field(2, seed=-1), ValueError, "seed must be 0 or greater; got -1"),
        (lambda: surfaces.random_field(2, seed=1.5), TypeError, "seed must be an integer; got 1.5"),
        (lambda: surfaces.random_field(2, length=0.0), ValueError, "length must be greater than 0; got 0.0"),
        (lambda: surfaces.random_field(2, confinement=-1), ValueError, "confinement must be 0 or greater; got -1"),
        (lambda: surfaces.spin_glass(1), ValueError, "dim must be 2 or greater; got 1"),
        (lambda: surfaces.spin_glass(3, p=1), ValueError, "p must be 2 or greater; got 1"),
        (lambda: surfaces.gaussian_wells(2, wells=2.0), TypeError, "wells must be an integer; got 2.0"),
        (lambda: surfaces.lennard_jones(1), ValueError, "n_atoms must be 2 or greater; got 1"),
        (lambda: surfaces.quadratic(), TypeError, "required positional argument: 'A'"),
    ],
)
def test_messages(call: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call()


def test_what_would_not_fit_is_refused_before_it_is_drawn() -> None:
    for call, text in (
        (lambda: surfaces.spin_glass(100_000), "the couplings of 3 coordinates out of 100000 would take"),
        (lambda: surfaces.random_quadratic(10**6), "a rotation of 1000000 coordinates would take"),
        (lambda: surfaces.random_field(10**6, waves=10**6), "a field of 1000000 waves in 1000000 coordinates"),
        (lambda: surfaces.gaussian_wells(10**6, wells=10**6), "1000000 wells in 1000000 coordinates would take"),
    ):
        with pytest.raises(MemoryError, match=text):
            call()
