"""The engine "auto": when it begins to compile. Seconds are those of its model; nothing is timed."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest
from support import parity
from support.available import ISAS, needs_extension
from support.compiled import forget_compiled, hide_compilers
from support.core_jobs import Call, noted_calls
from support.descents import job_of_descent

import fastdescent as fd
from fastdescent import get_engine
from fastdescent._base.recent import Recent
from fastdescent.engines import accounts, auto

pytestmark = needs_extension

RULE = fd.GD(lr=0.002)
FREE: dict[str, Any] = {"gtol": None, "n_threads": 1}


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a new process, in which LLVM was used before."""
    monkeypatch.setattr(accounts, "_by_content", Recent(8))
    forget_compiled(monkeypatch, n_kernels=1, n_sections=8)
    monkeypatch.setattr(auto, "IMPORT_SECONDS", 0.0)


def surface() -> fd.Surface:
    return fd.surface("(x**2 + y - 11)**2 + (x + y**2 - 6.5)**2")


def starts(n: int = 3000) -> np.ndarray:
    return parity.starts(surface(), n, "float64")


def job(s: fd.Surface, n: int = 3000, **more: Any) -> Any:
    return job_of_descent(s, parity.starts(s, n, "float64"), RULE, **{"max_steps": 1500, **FREE, **more})


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    return noted_calls(monkeypatch)


def names(calls: list[Call]) -> list[str]:
    """Of the engines that the core works for, call by call."""
    return [call.engine for call in calls]


def test_it_compiles_once_interpreting_has_lost_half_of_what_that_takes() -> None:
    s, x0 = surface(), starts()
    account = accounts.account_of_step(job(s))
    to_compile = account.compiling(lambda: auto.seconds_to_compile_step(job(s)))
    used, lost = [], []
    for _ in range(20):
        run = fd.descend(s, x0, RULE, max_steps=1500, **FREE)
        used.append(run.engine)
        lost.append(account.lost)
        assert parity.same_bits(run, fd.descend(s, x0, RULE, max_steps=1500, engine="native", **FREE))
    n = used.index("jit")
    assert 1 < n < 15
    assert used == ["native"] * n + ["jit"] * (20 - n)
    assert lost[n - 1] <= 0.5 * to_compile < lost[n - 1] + 1.01 * lost[0]
    assert lost[n:] == [0.0] * (20 - n)


def test_the_second_run_is_compiled_where_the_first_one_was_long() -> None:
    """Nobody knows beforehand how many steps a gtol leaves."""
    s, x0 = surface(), starts()
    rule = fd.GD(lr=1e-5)
    runs = [fd.descend(s, x0, rule, n_threads=1, gtol=1e-9, max_steps=10_000) for _ in range(2)]
    assert [run.engine for run in runs] == ["native", "jit"]
    assert parity.same_bits(*runs)


def test_a_run_that_is_surely_long_is_compiled_at_once() -> None:
    assert get_engine("auto").chosen(job(surface(), max_steps=100_000)).name == "jit"


def test_what_was_lost_is_known_to_all_that_run_a_program(calls: list[Call]) -> None:
    """To runs, those that go on, and swarms; also of equal surfaces that are made anew."""
    x0 = starts()
    swarm = fd.Swarm(surface(), x0, RULE, **FREE)
    run = fd.descend(surface(), x0, RULE, max_steps=1, keep_state=True, **FREE)
    calls.clear()
    for k in range(1, 20):
        swarm.step(300)
        fd.descend(surface(), x0, RULE, max_steps=300, **FREE)
        run = fd.resume(run, max_steps=300 * k)
        assert parity.same_bits(run, fd.descend(surface(), x0, RULE, max_steps=300 * k, engine="native", **FREE))
        assert swarm.x.tobytes() == run.x.tobytes()
        if names(calls)[-2:] == ["jit", "native"]:
            break
    of_auto = [name for k, name in enumerate(names(calls)) if k % 4 != 3]
    n = of_auto.index("jit")
    assert 3 < n < 30
    assert set(of_auto[:n]) == {"native"}
    assert set(of_auto[n:]) == {"jit"}


def test_a_swarm_compiles(calls: list[Call]) -> None:
    x0 = starts()
    swarm = fd.Swarm(surface(), x0, RULE, **FREE)
    for _ in range(400):
        swarm.step(25)
    n = names(calls).index("jit")
    assert 100 < n < 400
    assert names(calls) == ["native"] * n + ["jit"] * (401 - n)
    assert swarm.x.tobytes() == fd.descend(surface(), x0, RULE, max_steps=10_000, engine="native", **FREE).x.tobytes()


def test_evaluations_compile() -> None:
    s = fd.surfaces.rosenbrock(dim=10)
    x = parity.starts(s, 100_000, "float64")
    account = accounts.account_of_section(s._formula.program("gradient").main, "float64")
    first, n = s.gradient(x), 1
    while not account.is_compiled and n < 1000:
        assert s.gradient(x).tobytes() == first.tobytes()
        n += 1
    assert 5 < n < 1000
    assert s.gradient(x).tobytes() == first.tobytes()


def test_what_is_compiled_is_used_while_it_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    s, x0 = surface(), starts(10)
    assert fd.descend(s, x0, RULE, max_steps=9).engine == "native"
    assert fd.descend(s, x0, RULE, max_steps=9, engine="jit").engine == "jit"
    assert fd.descend(s, x0, RULE, max_steps=9).engine == "jit"
    assert fd.descend(surface(), x0, RULE, max_steps=9).engine == "jit"
    with monkeypatch.context() as without_llvmlite:
        hide_compilers(without_llvmlite)
        assert fd.descend(s, x0, RULE, max_steps=9).engine == "native"
    fd.descend(s, x0, fd.Momentum(lr=0.002), max_steps=9, engine="jit")
    gc.collect()
    assert fd.descend(s, x0, RULE, max_steps=9).engine == "native", "one kernel is kept here, and now that is another"


def test_few_trajectories_cost_the_interpreter_a_block() -> None:
    account = accounts.Account(each=1e-9)
    assert account.seconds(1000, 1, 2) == account.seconds(32_000, 32, 2)
    assert account.seconds(64_000, 64, 1) == pytest.approx(2 * account.seconds(32_000, 32, 1))


def test_long_loops_are_compiled_though_few_trajectories_need_them() -> None:
    """The interpreter writes them out in each call."""

    def f(n: int) -> fd.Surface:
        return fd.surface(lambda x: fd.fori(n, lambda i, u: np.sin(u * x[0]) + np.cos(u) * x[1], 0.5), dim=2)

    short, long = (accounts.account_of_step(job(f(n))) for n in (10, 100_000))
    assert short.seconds(1, 1, 1) < 1e-3 < 0.5 < long.seconds(1, 1, 1)


def test_steps_are_expected_as_they_were_before() -> None:
    limited, free = job(surface(), gtol=1e-6), job(surface())
    account = accounts.Account(each=1e-9)
    assert account.expected_steps(limited) == 3000 * 100
    assert account.expected_steps(free) == 3000 * 1500
    account.n_steps, account.n_stopped = 80_000, 100
    assert account.expected_steps(limited) == 3000 * 800
    account.n_stopped = 0
    assert account.expected_steps(limited) == 3000 * 1500


@pytest.mark.skipif("x86-64-v2" not in ISAS, reason="every other architecture has FMA")
def test_nothing_is_compiled_for_emulated_fma(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTDESCENT_ISA", "x86-64-v2")
    assert get_engine("auto").chosen(job(surface()), 1e18).name == "native"


def test_nothing_is_compiled_where_machine_code_would_be_too_long() -> None:
    """Sines of hundreds of different numbers, each written out."""

    def waves(n: int) -> fd.Surface:
        return fd.surface(" + ".join(f"sin({k + 1}.5*x + {k}*y)/{k + 1}" for k in range(n)))

    assert get_engine("auto").chosen(job(waves(3)), 1e18).name == "jit"
    assert get_engine("auto").chosen(job(waves(60)), 1e18).name == "native"
