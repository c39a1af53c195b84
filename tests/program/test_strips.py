"""Nodes that run strip by strip: the bits are those of whole arrays, in every engine, and memory stays small."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support import parity
from support.available import ENGINES, ISAS
from support.programs.exact_engine import descend_exactly
from support.programs.strip_functions import DIM, FUNCTIONS, network, surface_of
from support.programs.strip_sizes import small_strips
from support.rows import surface_of_rows

import fastdescent as fd

pytestmark = pytest.mark.exhaustive

CLASSES = np.eye(2)[np.arange(13) % 2]


OPTIONS: dict[str, Any] = {"max_steps": 2, "gtol": None, "escape_radius": None}
OPTIMIZERS = (fd.SGD(lr=0.01, momentum=0.9), fd.Adam(lr=0.02), fd.LineSearch())


def main_of(s: fd.Surface, optimizer: fd.Optimizer) -> Any:
    """The section of a step."""
    return s.program(optimizer)._program.main


def run_all(s: fd.Surface, x0: Any, optimizer: fd.Optimizer, **options: Any) -> list[fd.Descent]:
    return [fd.descend(s, x0, optimizer, max_steps=4, gtol=None, engine=engine, **options) for engine in ENGINES]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_strips_have_the_bits_of_whole_arrays(
    f: Callable[..., Any], dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    x0 = 0.7 * np.random.default_rng(2).normal(size=(19, DIM)).astype(dtype)
    for optimizer in OPTIMIZERS:
        whole = run_all(surface_of(f), x0, optimizer)
        assert not main_of(surface_of(f), optimizer).strips
        for rows in (12, 60):
            with small_strips(rows):
                s = surface_of(f)
                assert main_of(s, optimizer).strips
                runs = run_all(s, x0, optimizer)
                if rows == 12:
                    for isa in ISAS[1:]:
                        monkeypatch.setenv("FASTDESCENT_ISA", isa)
                        runs += run_all(s, x0, optimizer)
                    monkeypatch.delenv("FASTDESCENT_ISA", raising=False)
            assert all(parity.same_bits(run, whole[0]) for run in (*whole, *runs))


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_strips_have_the_bits_of_the_exact_evaluator(f: Callable[..., Any]) -> None:
    x0 = np.random.default_rng(3).normal(size=(2, DIM))
    with small_strips():
        s = surface_of(f)
        wanted = descend_exactly(s, x0, fd.Adam(lr=0.02), **OPTIONS)
        assert all(parity.same_bits(fd.descend(s, x0, fd.Adam(lr=0.02), engine=e, **OPTIONS), wanted) for e in ENGINES)


@pytest.mark.parametrize("shared", [False, True])
def test_minibatches_in_strips(shared: bool) -> None:
    x0 = np.random.default_rng(4).normal(size=(9, DIM))
    options = {"batch_size": 11, "seed": 3, "shared_batches": shared, "noise": 0.1}
    whole = run_all(surface_of(network), x0, fd.SGD(lr=0.05), **options)
    with small_strips():
        s = surface_of(network)
        runs = run_all(s, x0, fd.SGD(lr=0.05), **options)
    assert all(parity.same_bits(run, whole[0]) for run in (*whole, *runs))


def test_hessians_and_products_in_strips() -> None:
    x = np.random.default_rng(5).normal(size=(3, DIM))
    v = np.random.default_rng(6).normal(size=(3, DIM))
    whole = surface_of(network)
    with small_strips():
        s = surface_of(network)
        np.testing.assert_array_equal(s.hessian(x), whole.hessian(x))
        np.testing.assert_array_equal(s.hvp(x, v), whole.hvp(x, v))
        np.testing.assert_array_equal(s.gradient(x), whole.gradient(x))


def test_rows_of_data_cost_no_memory() -> None:
    """Of a network's arrays with as many rows as the data, a strip is held at a time."""
    rows = []
    for n in (512, 4096):
        data = fd.data.two_moons(n, seed=1)
        rows.append(main_of(fd.surfaces.mlp((2, 16, 16, 1), data=data, loss="logistic"), fd.GD(lr=0.1)).n_rows)
    assert rows[0] <= rows[1] < rows[0] + 200 < 5000


def test_sums_of_negative_zeros_stay_negative() -> None:
    """A sum starts at its first term, not at 0."""
    data = (np.zeros((600, 1)),)
    s = surface_of_rows(lambda w, X: np.sum(np.tanh(X[:, 0] * w[0]) * 1.0), data=data, dim=1)
    assert s._formula.program("fun").main.strips
    assert np.signbit(s([-1.0]))
