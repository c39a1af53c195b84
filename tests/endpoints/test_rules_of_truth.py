"""What holds of the names of endpoints whatever the function, the optimizer and the options are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import fastdescent as fd
from fastdescent import Form, Outcome

MINIMA = (Outcome.GLOBAL_MINIMUM, Outcome.LOCAL_MINIMUM)


def formula(v: Any, *, a: Any = -1.0, b: Any = -0.5, d: Any = 0.0, p: Any = 1.0, q: Any = -1.0) -> Any:
    """Two wells or hills in a bowl, and a kink where d is not 0."""
    x, y = v
    wells = a * np.exp(-((x - p) ** 2) - (y - q) ** 2) + b * np.exp(-((2 * (x + q)) ** 2) - (y - p) ** 2)
    return wells + 0.05 * (x**2 + y**2) + d * np.abs(x - y)


WELLS = fd.surface(formula, dim=2, window=(-3, 3))
number = st.floats(-2.0, 2.0).map(lambda v: round(v, 3))
parameters = st.fixed_dictionaries(
    {"a": number, "b": number, "p": number, "q": number, "d": st.sampled_from([0.0, 0.0, 0.1])}
)
optimizers = st.one_of(
    st.sampled_from([fd.LineSearch(), fd.GradientFlow(), fd.Adam(0.01), fd.RMSprop(0.05), fd.Momentum(0.05)]),
    st.floats(0.01, 3.0).map(lambda lr: fd.GD(round(lr, 3))),
)
bounds = st.one_of(st.none(), st.tuples(st.floats(-2, 0.5), st.floats(1, 3)).map(lambda b: (b, b)))
max_steps = st.sampled_from([0, 5, 100, 2000])


def classified(s: fd.Surface, optimizer: Any, **options: Any) -> tuple[fd.Descent, fd.Endpoints]:
    run = fd.descend(s, fd.uniform(s.window, 60, seed=2), optimizer, **options)
    return run, run.classify()


@settings(max_examples=15, deadline=None)
@given(parameters, optimizers, bounds, max_steps)
def test_rules(params: dict[str, float], optimizer: Any, box: Any, steps: int) -> None:
    s = WELLS.with_params(**params)
    run, ends = classified(s, optimizer, bounds=box, max_steps=steps)
    table, finite = ends.points, np.isfinite(run.fun) & (run.status != fd.Status.DIVERGED)
    is_minimum, arrived = np.isin(table.kind, MINIMA), ends.arrived

    # Nothing lies lower than "global".
    is_global = table.kind == Outcome.GLOBAL_MINIMUM
    if is_global.any():
        assert run.fun[finite].min() >= table.fun[is_global].max() - 1e-6 * max(1.0, np.ptp(table.fun))

    # No point outside the bounds is named.
    if box is not None:
        low, high = np.array(box)[:, 0], np.array(box)[:, 1]
        assert np.all((table.x >= low - 1e-9) & (table.x <= high + 1e-9))

    # Minima are minima: f is nowhere lower nearby, within the bounds.
    rng = np.random.default_rng(0)
    for x, fun in zip(table.x[is_minimum], table.fun[is_minimum], strict=True):
        nearby = x + rng.normal(size=(200, 2)) * 10.0 ** rng.uniform(-6, -3, size=(200, 1))
        nearby = nearby if box is None else np.clip(nearby, low, high)
        assert s(nearby).min() >= fun - 1e-13

    # An outcome is the kind of the row where the endpoint has arrived, and says why if it has not.
    assert np.all(ends.label[arrived] >= 0)
    np.testing.assert_array_equal(ends.outcome[arrived], table.kind[ends.label[arrived]])
    assert not np.isin(ends.outcome[~arrived], (*MINIMA, Outcome.SADDLE, Outcome.MAXIMUM, Outcome.DEGENERATE)).any()
    has_reason = np.isin(ends.outcome, (Outcome.UNSETTLED, Outcome.FLAT))
    np.testing.assert_array_equal(ends.reason != 0, has_reason)
    np.testing.assert_array_equal(ends.period > 1, ends.outcome == Outcome.CYCLE)
    assert table.n_starts.sum() == np.count_nonzero(ends.label >= 0)

    # Arrived means arrived: a step of gradient descent that is too large does not stay at a regular minimum.
    if isinstance(optimizer, fd.GD):
        regular = is_minimum & (table.form == Form.REGULAR) & (table.n_starts > 0)
        assert np.all(table.arrived[regular & (table.stability > 1.01)] == 0)
        assert np.all(table.stability[regular & (table.arrived > 0)] < 1.01)


def labels_by_point(ends: fd.Endpoints) -> Any:
    """Labels, where rows are numbered by first occurrence."""
    seen: dict[int, int] = {-1: -1}
    return [seen.setdefault(int(k), len(seen) - 1) for k in ends.label]


@pytest.mark.exhaustive
@pytest.mark.parametrize("scale", [1e-6, 1e6])
@pytest.mark.parametrize("height", [1e-12, 1e12])
@settings(max_examples=4, deadline=None)
@given(parameters)
def test_scale_does_not_matter(scale: float, height: float, params: dict[str, float]) -> None:
    s = WELLS.with_params(**params)
    x0 = fd.uniform(s.window, 60, seed=2)
    window = tuple((lo * scale, hi * scale) for lo, hi in s.window)
    scaled = fd.surface(lambda x: height * formula(x / scale, **params), dim=2, window=window)
    first = fd.descend(s, x0, fd.GD(0.05)).classify()
    other = fd.descend(
        scaled, x0 * scale, fd.GD(0.05 * scale**2 / height), gtol=1e-6 * height / scale
    ).classify()  # fmt: skip
    assert labels_by_point(first) == labels_by_point(other)


@pytest.mark.exhaustive
@settings(max_examples=4, deadline=None)
@given(parameters, st.floats(0, 6.28), number)
def test_shifts_and_rotations_do_not_matter(params: dict[str, float], angle: float, shift: float) -> None:
    s = WELLS.with_params(**params)
    x0, o = fd.uniform(s.window, 60, seed=2), np.array([100 * shift, -3.0])
    c, z = np.cos(angle), np.sin(angle)
    Q = np.array([[c, -z], [z, c]])
    moved = s.rotated(Q).shifted(o)
    at = x0 @ Q.T + o
    np.testing.assert_allclose(moved(at), s(x0), atol=1e-9)
    first = fd.descend(s, x0, fd.GD(0.05)).classify()
    other = fd.descend(moved, at, fd.GD(0.05)).classify()
    assert labels_by_point(first) == labels_by_point(other)


@settings(max_examples=4, deadline=None)
@given(parameters)
@example({"a": 0.0, "b": 2.0, "p": 0.0, "q": 1.5, "d": 0.1})  # two minima on one kink
@example({"a": 1.0, "b": 0.0, "p": 0.0, "q": 1.0, "d": 0.1})
def test_a_window_a_thousand_times_too_large(params: dict[str, float]) -> None:
    s = WELLS.with_params(**params)
    x0 = fd.uniform(s.window, 60, seed=2)
    wide = fd.surface(lambda x: formula(x, **params), dim=2, window=(-3000, 3000))
    first, other = (fd.descend(f, x0, fd.GD(0.05)).classify() for f in (s, wide))
    assert labels_by_point(first) == labels_by_point(other)


def test_parts_are_named_as_the_whole() -> None:
    s, x0 = fd.surfaces.himmelblau(), fd.uniform(fd.surfaces.himmelblau().window, 400, seed=3)
    whole = fd.descend(s, x0, fd.GD(0.01)).classify()
    parts = [fd.descend(s, x0[k : k + 100], fd.GD(0.01), first_index=k).classify() for k in range(0, 400, 100)]
    table = fd.merge(*(p.points for p in parts))
    labels = [fd.descend(s, x0[k : k + 100], fd.GD(0.01)).classify(points=table).label for k in range(0, 400, 100)]
    np.testing.assert_array_equal(np.concatenate(labels), whole.label)
    np.testing.assert_array_equal(table.n_starts, whole.points.n_starts)


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("engine", ["native", "jit"])
def test_labels_do_not_depend_on_threads_and_engines(engine: str, n_threads: int) -> None:
    s = fd.surfaces.rastrigin()
    x0 = fd.uniform(s.window, 500, seed=3)
    first = fd.descend(s, x0, fd.GD(0.002)).classify()
    other = fd.descend(s, x0, fd.GD(0.002), engine=engine, n_threads=n_threads).classify()
    np.testing.assert_array_equal(first.label, other.label)
    np.testing.assert_array_equal(first.outcome, other.outcome)
