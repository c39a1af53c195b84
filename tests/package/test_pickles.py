"""Optimizers and runs in pickles, those with schedules above all."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.built_in import BUILT_IN

import fastdescent as fd

S = fd.surfaces.himmelblau()
X0 = fd.uniform(S.window, 20, seed=1)


def warm_up(t: int) -> float:
    return 0.01 * min(1.0, (t + 1) / 10)


@fd.optimizer
def own(x: Any, grad: Any, state: Any, t: Any, *, lr: Any = 0.01, rates: Any = (0.5, 0.5)) -> Any:
    return x - lr * rates[0] * grad(x), {}


WITH_LR = [kind for kind in (*BUILT_IN, own) if "lr" in kind.__dataclass_fields__]


def same(run: Any, other: Any) -> bool:
    return all(np.array_equal(getattr(run, k), getattr(other, k)) for k in ("x", "fun", "nit", "status"))


def again(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


@pytest.mark.parametrize("kind", [*BUILT_IN, own])
@pytest.mark.parametrize("copied", [again, copy.copy, copy.deepcopy])
def test_optimizers_pickle_and_copy(kind: Any, copied: Any) -> None:
    made = kind(lr=np.full(20, 0.01)) if kind in WITH_LR else kind()
    assert repr(copied(made)) == repr(made)
    assert same(fd.descend(S, X0, copied(made)), fd.descend(S, X0, made))
    if kind in WITH_LR:
        assert copied(kind(lr=warm_up)).lr is warm_up


def test_copies_have_arrays_of_their_own() -> None:
    lr = np.full(3, 0.1)
    assert copy.deepcopy(fd.GD(lr=lr)).lr is not lr
    assert copy.copy(fd.GD(lr=lr)).lr is lr
    schedule = lambda t: 0.1  # noqa: E731
    assert copy.deepcopy(fd.GD(lr=schedule)).lr is schedule


@pytest.mark.parametrize("optimizer", [fd.GD(lr=lambda t: 0.1), fd.Adam(betas=(0.9, lambda t: 0.99))])
def test_an_optimizer_with_a_lambda_says_why_it_does_not_pickle(optimizer: Any) -> None:
    with pytest.raises(pickle.PicklingError, match=r"is a schedule that cannot be pickled.*define it with def"):
        pickle.dumps(optimizer)


def test_a_rule_without_a_place_says_why_it_does_not_pickle() -> None:
    nowhere = fd.optimizer(lambda x, grad, state, t: (x - 0.01 * grad(x), {}))
    with pytest.raises(pickle.PicklingError, match=r"cannot be pickled: write its rule with def and @optimizer"):
        pickle.dumps(fd.descend(S, X0, nowhere()))


def test_a_run_keeps_the_values_of_a_lambda() -> None:
    decay = fd.Adam(lr=lambda t: 0.1 / (1 + t), betas=(lambda t: 0.9, 0.999))
    run = fd.descend(S, X0, decay, max_steps=300, gtol=None)
    found = again(run)
    assert same(found, run)
    assert repr(found).startswith("<Descent on himmelblau by Adam(lr=<schedule")
    assert [found.optimizer.lr(t) for t in range(300)] == [run.optimizer.lr(t) for t in range(300)]
    assert np.array_equal(found.classify().label, run.classify().label)
    assert same(again(found), run)
    assert same(fd.descend(S, X0, found.optimizer, max_steps=300, gtol=None), run)


def test_a_run_that_goes_on_after_a_pickle_needs_the_function_or_its_values() -> None:
    stop = {"progress": lambda done, total: False, "keep_state": True, "n_threads": 1}
    cut = fd.descend(S, X0, fd.GD(lr=lambda t: 0.01 / (1 + 0.01 * t)), max_steps=400, **stop)
    whole = fd.descend(S, X0, cut.optimizer, max_steps=400)
    assert same(fd.resume(again(cut), max_steps=400), whole)
    with pytest.raises(ValueError, match=r"came out of a pickle as its values at t = 0 \.\.\. 399.*t = 400 is beyond"):
        fd.resume(again(cut), max_steps=401)
    short = fd.descend(S, X0, fd.GD(lr=warm_up), max_steps=50, keep_state=True)
    assert same(fd.resume(again(short), max_steps=401), fd.descend(S, X0, fd.GD(lr=warm_up), max_steps=401))


def test_a_map_by_a_lambda_pickles() -> None:
    m = fd.basin_map(S, fd.GD(lr=lambda t: 0.01), shape=(8, 8))
    found = again(m)
    assert np.array_equal(found.label, m.label)
    assert found.optimizer.lr(int(m.nit.max()) - 1) == 0.01
    assert "GD(lr=<schedule" in repr(found)


class Names(pickle.Unpickler):
    """Collects the modules that a pickle names."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data))
        self.modules: set[str] = set()

    def find_class(self, module: str, name: str) -> Any:
        self.modules.add(module)
        return super().find_class(module, name)


def pickled_things() -> Iterator[Any]:
    data = fd.finite_sum(lambda w, x, y: np.mean((x @ w - y) ** 2), data=(np.eye(3), np.ones(3)), dim=3)
    yield from (S, S + S, S.shifted([1.0, 2.0]), data, fd.surfaces.mlp(), X0)
    yield from (
        fd.uniform(S.window, 5, lazy=True),
        fd.sobol(S.window, 5, lazy=True),
        fd.grid(S.window, (5, 5), lazy=True),
    )
    yield from (kind(lr=0.1) if kind in WITH_LR else kind() for kind in BUILT_IN)
    yield from (fd.Record(every=3), fd.Status.DIVERGED, fd.Outcome.SADDLE, fd.info(), fd.TraceError("no"), fd.descend)
    yield from (fd.noise.gaussian(0.1), fd.noise.student(0.1, 3.0), S._formula.program("fun", "gradient"))
    kept = [fd.reduce.min("fun"), fd.reduce.max("fun"), fd.reduce.mean("x"), fd.reduce.std("fun"),
            fd.reduce.tail_mean("fun", 3), fd.reduce.path_length(), fd.reduce.first(lambda fun: fun < 1.0),
            fd.reduce.count(lambda grad: grad[0] > 0.0), fd.reduce.argmin("x"), fd.reduce.period(),
            fd.reduce.lyapunov(), fd.reduce.sharpness(every=4), fd.reduce.index(every=5)]  # fmt: skip
    run = fd.descend(
        S, X0, fd.Adam(lr=lambda t: 0.01), max_steps=30, record=5, reduce=kept, keep_state=True, average=0.9
    )
    yield from (run, run.path, run.classify(), run.classify().points, fd.basin_map(S, shape=(4, 4)))
    yield fd.descend(data, np.zeros((2, 3)), fd.SGD(lr=0.1), batch_size=2, max_steps=5, keep_state=True)
    yield fd.descend(S, X0, fd.GD(lr=0.001), noise=0.1, bounds=S.window, boundary="clip", max_steps=5, keep_state=True)


def test_pickles_name_no_room() -> None:
    for thing in pickled_things():
        names = Names(pickle.dumps(thing))
        names.load()
        ours = {m for m in names.modules if m.split(".")[0] == "fastdescent"}
        assert ours <= {"fastdescent", "fastdescent.noise"}, thing


#: Made when pickles named the modules of classes.
EARLIER = {p.stem: p for p in (Path(__file__).parents[1] / "data" / "earlier_pickles").rglob("*.pkl")}


def earlier(name: str) -> Any:
    return pickle.loads(EARLIER[name].read_bytes())


@pytest.mark.parametrize("name", sorted(EARLIER))
def test_earlier_pickles_load(name: str) -> None:
    assert repr(earlier(name))


def test_earlier_surfaces_and_runs_are_whole() -> None:
    surface, run, program = earlier("surface"), earlier("run"), earlier("program")
    assert np.array_equal(surface(X0), S(X0))
    assert np.array_equal(earlier("added").hessian(X0), (S + fd.surfaces.sphere()).hessian(X0))
    assert np.array_equal(program.main.instructions, S._formula.program("fun", "gradient").main.instructions)
    whole = fd.descend(S, fd.uniform(S.window, 50, seed=1), fd.Adam(lr=0.05), max_steps=300)
    assert same(run, whole)
    assert np.array_equal(run.classify().label, earlier("ends").label)
    path = fd.descend(S, fd.uniform(S.window, 50, seed=1), fd.Adam(lr=0.05), max_steps=300, record=10).path
    for name in ("x", "values", "offsets", "steps", "last_steps", "which"):
        assert np.array_equal(getattr(run.path, name), getattr(path, name), equal_nan=True), name
    assert same(fd.resume(run, max_steps=500), fd.descend(S, earlier("random"), fd.Adam(lr=0.05), max_steps=500))
    assert np.array_equal(earlier("map").label, fd.basin_map(S, shape=(32, 32)).label)
