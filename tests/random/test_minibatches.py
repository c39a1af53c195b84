"""Minibatches: the same bits whatever runs them, and whatever a run is made of."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import parity
from support.available import ENGINES, ISAS, USUAL
from support.programs.exact_engine import descend_exactly
from support.programs.floats import DTYPES
from support.rows import surface_of_rows

import fastdescent as fd
from fastdescent.program.step.minibatch import SAMPLINGS, BatchSpec

STEPS = 7
OPTIMIZERS = (fd.GD(lr=0.05), fd.SGD(lr=0.03, momentum=0.9, nesterov=True), fd.Adam(lr=np.array([0.1, 0.2, 0.3])))


def loss(w: Any, a: Any, b: Any, *, l2: float = 0.25) -> Any:
    return np.mean((a @ w - b) ** 2) + l2 * np.sum(w * w)


@dataclass(frozen=True)
class Case:
    """A least-squares problem and how its rows are drawn."""

    n_rows: int
    n_features: int
    batch_size: int
    sampling: str
    shared: bool
    optimizer: int
    seed: int
    first_index: int
    dtype: str

    def surface(self) -> fd.Surface:
        rng = np.random.default_rng(self.n_rows)
        data = rng.normal(size=(self.n_rows, self.n_features)), rng.integers(-2, 3, self.n_rows)
        return fd.finite_sum(loss, dim=self.n_features, data=data)

    def starts(self, n: int = 3) -> Any:
        return np.random.default_rng(3).normal(size=(n, self.n_features)).astype(self.dtype)

    def options(self) -> dict[str, Any]:
        return {"batch_size": self.batch_size, "sampling": self.sampling, "shared_batches": self.shared,
                "seed": self.seed, "first_index": self.first_index, "max_steps": STEPS}  # fmt: skip

    def run(self, **more: Any) -> fd.Descent:
        return fd.descend(self.surface(), self.starts(), OPTIMIZERS[self.optimizer], **self.options() | more)


@st.composite
def cases(draw: Any) -> Case:
    n_rows, sampling = draw(st.integers(1, 20)), draw(st.sampled_from(SAMPLINGS))
    return Case(
        n_rows=n_rows,
        n_features=draw(st.integers(1, 4)),
        batch_size=draw(st.integers(1, 20 if sampling == "replacement" else n_rows)),
        sampling=sampling,
        shared=draw(st.booleans()),
        optimizer=draw(st.integers(0, len(OPTIMIZERS) - 1)),
        seed=draw(st.sampled_from([0, 1, 2**64 - 1])),
        first_index=draw(st.sampled_from([0, 2**32 - 2, 2**64 - 3])),
        dtype=draw(st.sampled_from(DTYPES)),
    )


@pytest.mark.exhaustive
@settings(max_examples=30, deadline=None, derandomize=True)
@given(case=cases(), isa=st.sampled_from(ISAS), n_threads=st.sampled_from([1, 3]))
def test_engines_have_the_bits_of_the_exact_evaluator(case: Case, isa: str, n_threads: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FASTDESCENT_ISA", isa)
        optimizer = OPTIMIZERS[case.optimizer]
        wanted = descend_exactly(case.surface(), case.starts(), optimizer, keep_state=True, **case.options())
        for engine in ENGINES:
            found = case.run(engine=engine, n_threads=n_threads, keep_state=True)
            assert parity.same_bits(found, wanted), engine


@settings(max_examples=30, deadline=None, derandomize=True)
@given(case=cases(), cut=st.integers(0, 3), steps=st.integers(0, STEPS))
def test_runs_in_parts(case: Case, cut: int, steps: int) -> None:
    """Of the starts, of the steps, and by a swarm."""
    s, x0, options = case.surface(), case.starts(), case.options()
    if case.first_index + len(x0) > 2**63:
        options["first_index"] = 2**63
    optimizer = OPTIMIZERS[case.optimizer % 2]
    whole = fd.descend(s, x0, optimizer, engine=USUAL, **options)
    first = fd.descend(s, x0[:cut], optimizer, engine=USUAL, **options)
    rest = fd.descend(s, x0[cut:], optimizer, engine=USUAL,
                      **options | {"first_index": options["first_index"] + cut})  # fmt: skip
    assert whole.x.tobytes() == first.x.tobytes() + rest.x.tobytes()

    begun = fd.descend(s, x0, optimizer, engine=USUAL, keep_state=True, **options | {"max_steps": steps})
    assert parity.same_bits(fd.resume(begun, max_steps=STEPS), whole)
    assert parity.same_bits(fd.resume(pickle.loads(pickle.dumps(begun)), max_steps=STEPS), whole)

    swarm = fd.Swarm(s, x0, optimizer, engine=USUAL, **options)
    for n in (steps, 0, 1, STEPS):
        swarm.step(n)
    assert swarm.x.tobytes() == whole.x.tobytes()


@pytest.mark.exhaustive
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_many_lanes_threads_and_stops(
    sampling: str, shared: bool, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lanes are refilled as others leave the box, so that neighbours stand at different steps."""
    case = Case(50, 3, 7, sampling, shared, 0, 5, 0, "float64")
    options = {"max_steps": 60, "bounds": (-2.0, 2.0), "boundary": "stop", "noise": 6.0, "gtol": None}
    x0 = np.random.default_rng(1).uniform(-1.9, 1.9, (301, 3))

    def run(**more: Any) -> fd.Descent:
        return fd.descend(case.surface(), x0, fd.GD(lr=0.1), **case.options() | options | more)

    wanted = run(engine=USUAL, n_threads=1)
    assert len(set(wanted.nit.tolist())) > 20
    for n_threads in (1, 2, 5):
        for lanes in ("1", "5", "0"):
            monkeypatch.setenv("FASTDESCENT_LANES", lanes)
            assert parity.same_bits(run(engine=engine, n_threads=n_threads), wanted)


def test_those_that_go_on_keep_their_rows() -> None:
    """Resuming leaves out what has stopped; indices stay those of the whole run."""
    case = Case(50, 3, 7, "replacement", False, 0, 5, 1000, "float64")
    box = {"bounds": (-2.0, 2.0), "boundary": "stop", "noise": 6.0, "gtol": None}
    x0 = np.random.default_rng(1).uniform(-1.9, 1.9, (100, 3))
    given = case.options() | box | {"max_steps": 60}
    whole = fd.descend(case.surface(), x0, fd.GD(lr=0.1), **given)
    begun = fd.descend(case.surface(), x0, fd.GD(lr=0.1), **given | {"max_steps": 20}, keep_state=True)
    assert 0 < np.count_nonzero(begun.status == fd.Status.LEFT_BOX) < 100
    assert parity.same_bits(fd.resume(begun, max_steps=60), whole)


def test_a_pickle_that_lost_the_function() -> None:
    s = fd.finite_sum(lambda w, a: np.mean((a - w[0]) ** 2), dim=1, data=(np.arange(5.0),))
    run = fd.descend(s, [[1.0]], fd.GD(lr=0.1), batch_size=2, max_steps=5, keep_state=True)
    again = pickle.loads(pickle.dumps(run))
    assert parity.same_bits(again, run)
    with pytest.raises(ValueError, match="need the function behind the surface, which its pickle could not hold"):
        fd.resume(again, max_steps=9)
    with pytest.raises(ValueError, match="batch_size needs the function behind"):
        fd.descend(again.surface, [[1.0]], fd.GD(lr=0.1), batch_size=2)


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("n_rows", "size"), [(10, 4), (7, 7), (1, 1)])
def test_every_way_of_sampling_has_the_same_bits_everywhere(n_rows: int, size: int, dtype: str, sampling: str) -> None:
    """A batch spans the ends of epochs; there are steps enough to come round."""
    for shared in (False, True):
        case = Case(n_rows, 3, size, sampling, shared, 1, 2**63 + 1, 2**32 - 2, dtype)
        wanted = descend_exactly(case.surface(), case.starts(), OPTIMIZERS[1], **case.options())
        for engine in ENGINES:
            assert parity.same_bits(case.run(engine=engine), wanted), engine


def test_cut_runs_go_on_with_their_rows_when_they_are_classified() -> None:
    for sampling in SAMPLINGS:
        run = fd.descend(LEAST_SQUARES, [[3.0, -1.0]], fd.GD(0.02), batch_size=4, sampling=sampling, max_steps=400)
        assert fd.classify(pickle.loads(pickle.dumps(run))).label.tolist() == [0]


def test_earlier_batches_in_pickles() -> None:
    batch = BatchSpec.__new__(BatchSpec)
    batch.__setstate__({"size": 3, "shuffled": True, "shared": False})
    assert batch == BatchSpec(3, "shuffle", False)


# ---------------------------------------------------------------------- what is refused
LEAST_SQUARES = Case(10, 2, 1, "replacement", False, 0, 0, 0, "float64").surface()
BAD: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"batch_size": 0}, ValueError, "batch_size must be 1 or greater; got 0"),
    ({"batch_size": 2.5}, TypeError, r"batch_size must be an integer; got 2\.5"),
    ({"batch_size": True}, TypeError, "batch_size must be an integer"),
    (
        {"batch_size": 11, "sampling": "shuffle"},
        ValueError,
        "batch_size must be at most 10, the rows that there are; got 11",
    ),
    (
        {"batch_size": 2, "sampling": "epochs"},
        ValueError,
        "sampling must be one of 'replacement', 'shuffle', 'shuffle_once', 'cyclic'; got 'epochs'",
    ),
    ({"batch_size": 2, "sampling": None}, TypeError, "sampling must be one of 'replacement', 'shuffle', .*; got None"),
    ({"batch_size": 11, "sampling": "shuffle_once"}, ValueError, "batch_size must be at most 10, the rows that there"),
    ({"batch_size": 11, "sampling": "cyclic"}, ValueError, "batch_size must be at most 10, the rows that there are"),
    ({"batch_size": 2, "shared_batches": 1}, TypeError, "shared_batches must be True or False; got 1"),
    ({"sampling": "shuffle"}, ValueError, "sampling needs batch_size, the rows that a step sees"),
    ({"shared_batches": True}, ValueError, "shared_batches needs batch_size, the rows that a step sees"),
    ({"batch_size": 2, "seed": -1}, ValueError, "seed"),
    ({"batch_size": 2, "seed": 2**64}, ValueError, "seed"),
    ({"batch_size": 2, "seed": 1.0}, TypeError, "seed"),
]


@pytest.mark.parametrize(("options", "error", "text"), BAD)
def test_bad_arguments(options: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        fd.descend(LEAST_SQUARES, [[0.0, 0.0]], fd.GD(lr=0.1), **options)


def test_plain_surfaces_and_functions_of_all_rows_alone() -> None:
    with pytest.raises(TypeError, match=r"batch_size needs a surface that is a mean over rows of data.*sphere is not"):
        fd.descend(fd.surfaces.sphere(dim=2), [[0.0, 0.0]], fd.GD(lr=0.1), batch_size=4)
    rigid = surface_of_rows(lambda w, a: np.mean((a - w) ** 2 * np.arange(5.0)), dim=1, data=(np.ones(5),))
    with pytest.raises((fd.TraceError, ValueError), match="shape"):
        fd.descend(rigid, [[0.0]], fd.GD(lr=0.1), batch_size=2)
    rows = fd.finite_sum(lambda w, a: (a * w[0])[:1], dim=1, data=(np.ones(1),))
    assert fd.descend(rows, [[0.0]], fd.GD(lr=0.1), batch_size=1, max_steps=1).nit[0] == 1


def test_results_say_what_was_random() -> None:
    for options, words in (
        ({}, "minibatch 4"),
        ({"sampling": "shuffle"}, "minibatch 4, shuffled"),
        ({"sampling": "shuffle_once", "shared_batches": True}, "minibatch 4, shuffled once, shared"),
        ({"sampling": "cyclic"}, "minibatch 4, cyclic"),
        ({"shared_batches": True}, "minibatch 4, shared"),
        ({"noise": 0.5}, "minibatch 4, noise 0.5"),
    ):
        run = fd.descend(LEAST_SQUARES, [[0.0, 0.0]], fd.SGD(lr=0.1), batch_size=4, max_steps=3, **options)
        assert run.gradient == words
        assert f"(gradient: {words})" in repr(run)


def test_shared_batches_keep_rows_not_data_for_each_step() -> None:
    """The table of what depends on t alone has the numbers of rows, whatever a row holds."""
    wide = fd.finite_sum(lambda w, a: np.mean((a @ w) ** 2), dim=64, data=(np.ones((9, 64)),))
    assert wide.program(fd.GD(lr=0.1), batch_size=4, shared_batches=True)._program.n_table == 4
