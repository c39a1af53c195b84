"""Endpoints in valleys that fall to infinity, straight or bent; valleys whose minimum is far away; plains."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastdescent as fd
from fastdescent import Outcome, Reason


def reasons_of(s: fd.Surface, optimizer: Any = None, n: int = 60, **options: Any) -> set[Reason]:
    """The reasons of endpoints from uniform starts, none of which may belong to a row."""
    run = fd.descend(s, fd.uniform(s.window, n, seed=1), optimizer or fd.GradientFlow(), **options)
    ends = run.classify()
    assert (ends.label == -1).all()
    return {Reason(r) for r in ends.reason.tolist()}


@pytest.mark.parametrize("optimizer", [fd.GradientFlow(), fd.LineSearch(), fd.GD(0.01)], ids=repr)
@pytest.mark.parametrize(
    "text",
    ["(x*y - 1)**2 + y**2", "1/(1 + x**2) + (y - 1/(1 + x**2))**2", "arctan(x) + (y - x)**2",
     "log(1 + exp(-x)) + (y - tanh(x))**2", "exp(-x) + (y - cos(x))**2 + 0.1*cos(3*x)*exp(-x)",
     "(1 + x**2)**-0.05 + (y - x)**2", "1 + exp(-x) + (y - sin(x))**2", "1 + exp(-x) + (y - sin(2*x)/2)**2"],
)  # fmt: skip
def test_valleys_that_fall_to_infinity(text: str, optimizer: Any) -> None:
    assert reasons_of(fd.surface(text, window=(-2, 2)), optimizer, max_steps=5000) == {Reason.INFIMUM}


def test_a_parabola_as_valley() -> None:
    s = fd.surface("exp(-x) + (y - x**2)**2", window=(-2, 2))
    assert reasons_of(s) == {Reason.INFIMUM}


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_units_do_not_matter(scale: float) -> None:
    s = fd.surface(f"{scale}*((x*y/{scale}**2 - 1)**2 + (y/{scale})**2)", window=(-2 * scale, 2 * scale))
    assert reasons_of(s, gtol=1e-6) == {Reason.INFIMUM}


@pytest.mark.parametrize("width", [1.0, 1e3])
def test_logistic_loss_of_separable_data(width: float) -> None:
    rng = np.random.default_rng(0)
    columns = np.array([1, width, 1, 1 / width, 1])
    X, w = rng.normal(size=(40, 5)), rng.normal(size=5)
    y, X = np.sign(X @ w), X * columns
    s = fd.surface(
        lambda w: np.log1p(np.exp(-y * (X @ w))).sum(), dim=5, window=tuple((-3 / c, 3 / c) for c in columns.tolist())
    )
    assert reasons_of(s, fd.LineSearch(), max_steps=20_000) == {Reason.INFIMUM}


@pytest.mark.parametrize("text", ["-x + (y - x**2)**2", "-log(1 + x**2) + y**2", "-log(1 + x**2) + (y - tanh(x))**2"])
def test_valleys_without_a_lower_bound(text: str) -> None:
    s = fd.surface(text, window=(-2, 2))
    assert reasons_of(s, fd.LineSearch(), max_steps=200, escape_radius=None) == {Reason.NO_LOWER_BOUND}


@pytest.mark.parametrize(
    ("text", "far"),
    [("(x*y - 1)**2 + y**2 + 1e-14*x**2", 3162), ("exp(-x) + 1e-18*x + y**2", 41),
     ("exp(-x) + 1e-14*(x - 300)**2 + (y - x**2/100)**2", 40)],
)  # fmt: skip
def test_a_minimum_far_away_is_no_infimum(text: str, far: float) -> None:
    s = fd.surface(text, window=(-2, 2))
    for optimizer in (fd.GradientFlow(), fd.LineSearch(), fd.GD(0.01)):
        ends = fd.descend(s, fd.uniform(s.window, 40, seed=1), optimizer, max_steps=5000).classify()
        assert not np.isin(ends.reason, (Reason.INFIMUM, Reason.NO_LOWER_BOUND)).any()
        assert np.isin(ends.reason[ends.outcome == Outcome.UNSETTLED],
                       (Reason.GTOL, Reason.CUT_OFF, Reason.UNDECIDED, Reason.KINK)).all()  # fmt: skip
        if len(ends.points):
            assert np.abs(ends.points.x[:, 0]).max() > 0.5 * far


def test_walls_end_valleys() -> None:
    s = fd.surface("(x*y - 1)**2 + y**2", window=(-2, 2))
    ends = fd.descend(s, fd.uniform(s.window, 60, seed=1), fd.GradientFlow(), bounds=(-50, 50)).classify()
    assert np.abs(ends.points.x[:, 0]).tolist() == [50, 50]
    assert (ends.label >= 0).all()


@pytest.mark.parametrize("name", ["beale", "easom", "michalewicz", "peaks", "trough", "plateau", "two_layers"])
def test_no_endpoint_of_the_catalog_is_undecided(name: str) -> None:
    m = fd.basin_map(fd.surfaces.get(name), shape=(24, 24))
    assert m.n_reasons is not None
    assert m.n_reasons[Reason.UNDECIDED] == 0
    unsettled = np.isin(m.outcome, (Outcome.UNSETTLED, Outcome.FLAT))
    assert m.n_reasons[1:].sum() == np.count_nonzero(unsettled)


def test_bent_valley_of_beale() -> None:
    m = fd.basin_map(fd.surfaces.beale(), shape=(24, 24))
    assert m.n_reasons is not None
    assert m.n_reasons[Reason.INFIMUM] == np.count_nonzero(~m.arrived) > 200
    assert m.fun[~m.arrived].min() > 0.45


def test_plains_are_flat_by_the_range_of_the_run() -> None:
    s = fd.surfaces.easom()
    ends = fd.descend(s, [[-12.5, -12.5], [3.0, 3.0], [-90.0, 20.0]], fd.GradientFlow()).classify()
    assert ends.outcome.tolist() == [Outcome.FLAT, Outcome.GLOBAL_MINIMUM, Outcome.FLAT]
