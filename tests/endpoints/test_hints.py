"""Hints and reasons in reports: a hint is right or absent."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastdescent as fd
from fastdescent import Reason, Status
from fastdescent._endpoints.hints import hint
from fastdescent._endpoints.report import report
from fastdescent._endpoints.table.names import reason_counts

H = fd.surface("(x**2 + y - 11)**2 + (x + y**2 - 7)**2", window=(-6, 6))
RUN = fd.descend(H, fd.uniform(H.window, 100), fd.GD(0.01))
POINTS = RUN.classify().points


def hint_of(surface: fd.Surface, optimizer: Any, n: int = 200, **options: Any) -> str:
    run = fd.descend(surface, fd.uniform(surface.window, n), optimizer, **options)
    return hint(surface, optimizer, run.status, run.classify().points, fun=run.fun) or ""


def hint_for(reason: Reason, optimizer: Any = None, share: float = 1.0, status: Status = Status.MAX_STEPS) -> str:
    """The hint of a run a part of which has this reason."""
    reasons = np.where(np.arange(100) < 100 * share, reason, Reason.NONE)
    return hint(
        H, optimizer or fd.GD(0.01), np.full(100, status), POINTS, fun=RUN.fun, n_reasons=reason_counts(reasons)
    ) or ""  # fmt: skip


# ---------------------------------------------------------------------- divergence
@pytest.mark.parametrize("text", ["x**2 - x*y", "x**2 - y**2", "x**3 + y**2", "x - 3*y", "x**2 - y**4"])
@pytest.mark.parametrize("optimizer", [fd.GD(0.01), fd.Momentum(0.01), fd.LineSearch(), fd.GradientFlow()], ids=repr)
def test_no_lower_bound(text: str, optimizer: Any) -> None:
    found = hint_of(fd.surface(text), optimizer, max_steps=100_000, escape_radius=2e3)
    assert "no lower bound" in found
    assert "smaller lr" not in found


@pytest.mark.parametrize(
    ("text", "optimizer", "limit"),
    [
        ("50*x**2 + y**2", fd.GD(0.03), "2 / lambda_max = 0.02 "),
        ("50*x**2 + y**2", fd.Momentum(0.05, 0.9), "3.8 / lambda_max = 0.038 "),
        ("50*x**2 + y**2", fd.SGD(0.05, momentum=0.5, nesterov=True), "1.5 / lambda_max = 0.015 "),
        ("50*x**2 + y**2", fd.SGD(0.05, weight_decay=100.0), "2 / (lambda_max + weight_decay) = 0.01 "),
        ("x**4 + y**4", fd.GD(0.5), "try a smaller lr"),
        ("(x**2 + y - 11)**2 + (x + y**2 - 7)**2", fd.GD(0.05), "2 / lambda_max = "),
    ],
    ids=lambda v: v if isinstance(v, str) else repr(v),
)
def test_too_large_an_lr(text: str, optimizer: Any, limit: str) -> None:
    found = hint_of(fd.surface(text), optimizer)
    assert limit in found
    assert "diverged" in found
    assert "try a smaller lr, or LineSearch()" in found
    assert "lower bound" not in found


def test_a_schedule_is_no_number() -> None:
    found = hint_of(fd.surface("50*x**2 + y**2"), fd.GD(lambda t: 0.03))
    assert found == "100 % diverged; try a smaller lr, or LineSearch()."


def test_undefined_is_not_diverged() -> None:
    assert hint_of(fd.surface("log(x) + y**2", window=(0.1, 1)), fd.GD(0.01)) == ""
    assert hint_of(fd.surface(lambda x: np.sqrt(np.sum(x)), dim=2, window=(0.1, 1)), fd.GD(0.1)) == ""


def test_a_radius_that_is_too_small_is_no_missing_bound() -> None:
    assert hint_of(fd.surface("(x - 100)**2 + y**2"), fd.GD(0.01), escape_radius=10.0) == ""


# ---------------------------------------------------------------------- reasons
def test_a_larger_max_steps_only_for_what_was_cut_off() -> None:
    assert "try a larger max_steps" in hint_for(Reason.CUT_OFF)
    assert "or a larger lr" not in hint_for(Reason.CUT_OFF)
    for reason in Reason:
        assert ("max_steps" in hint_for(reason)) is (reason == Reason.CUT_OFF)


def test_lr_is_compared_at_minima_that_were_reached() -> None:
    sharpest = "ABCD"[int(np.argmax(POINTS.stability))]
    found = hint_for(Reason.STEP_TOO_LARGE)
    limit = 2 / np.nanmax(POINTS.eigenvalues)
    assert f"lr = 0.01, and 2 / lambda_max = {limit:.3g} at {sharpest}: try a smaller lr" in found
    run = fd.descend(H, [[3.0, 2.1]], fd.GD(0.01))
    only = fd.classify(run, points=POINTS).points
    found = hint(H, fd.GD(0.01), np.full(1, 5), only, fun=run.fun, n_reasons=reason_counts(np.array([3]))) or ""
    assert f"2 / lambda_max = {2 / only.eigenvalues[2, 1]:.3g} at C" in found
    assert "lambda_max" not in hint_for(Reason.STEP_TOO_LARGE, fd.Adam(0.1)).replace("lr = 0.1: ", "")


def test_what_each_reason_asks_for() -> None:
    assert "try a smaller gtol" in hint_for(Reason.GTOL, status=Status.CONVERGED)
    assert "one that falls with t" in hint_for(Reason.JITTER, fd.Adam(0.1))
    assert "no lower bound" in hint_for(Reason.NO_LOWER_BOUND)
    for reason in (Reason.INFIMUM, Reason.KINK, Reason.NOISE, Reason.TOO_MANY, Reason.UNDECIDED, Reason.NONE):
        assert hint_for(reason) == ""
    assert hint_for(Reason.STEP_TOO_LARGE, fd.LineSearch()) == "", "it has no lr"


def test_few_are_no_reason_for_a_hint() -> None:
    assert hint_for(Reason.CUT_OFF, share=0.05) == ""
    assert hint_for(Reason.CUT_OFF, share=0.06).startswith("6 % ")


def test_no_starts_no_hint() -> None:
    empty = fd.descend(H, np.zeros((0, 2)), fd.GD(0.01))
    assert hint(H, fd.GD(0.01), empty.status, empty.classify().points, fun=empty.fun) is None


# ---------------------------------------------------------------------- the report
def test_the_report_counts_reasons() -> None:
    ends = RUN.classify()
    reasons = reason_counts(np.array([Reason.CUT_OFF] * 2 + [Reason.KINK] * 10))
    text = report(H, RUN.optimizer, [], RUN.status, ends.outcome, ends.points, fun=RUN.fun, n_reasons=reasons)
    assert "\n12 not settled: 10 stuck on a kink, 2 cut off by max_steps." in text
    assert "not settled" not in report(H, RUN.optimizer, [], RUN.status, ends.outcome, ends.points)


def test_random_runs_say_when_shares_were_taken() -> None:
    exact = str(fd.basin_map(H, fd.GD(0.01), shape=8))
    assert "shares when stopped" not in exact
    noisy = str(fd.basin_map(H, fd.GD(0.001), shape=8, noise=0.1, max_steps=50))
    assert "Noise: shares when stopped." in noisy
    bath = fd.Langevin(0.001, temperature=0.1)
    assert "Noise: shares when stopped." in str(fd.basin_map(H, bath, shape=8, max_steps=50))
