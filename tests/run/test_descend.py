"""`descend`: how trajectories end, what comes back, what is refused, and that nothing leaks."""

from __future__ import annotations

import ctypes
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.free_memory import pretend_free

import fastdescent as fd
from fastdescent import Status

HIMMELBLAU = fd.surfaces.himmelblau()


# ---------------------------------------------------------------------- how trajectories end
def test_converged() -> None:
    run = fd.descend(HIMMELBLAU, fd.grid(HIMMELBLAU.window, (40, 40)), fd.GD(lr=0.01), gtol=1e-8)
    assert run.success.all()
    assert np.all(run.grad_norm <= 1e-8)
    assert np.array_equal(run.fun, HIMMELBLAU(run.x))
    np.testing.assert_allclose(run.grad_norm, np.linalg.norm(HIMMELBLAU.gradient(run.x), axis=-1), rtol=1e-12)
    assert len(np.unique(np.round(run.x, 4).reshape(-1, 2), axis=0)) >= 4


def test_every_status_at_its_step() -> None:
    quadratic = fd.surface("x**2")
    gd = fd.GD(lr=0.25)  # x halves
    x0 = [[8.0]]

    def ends(s: fd.Surface, start: Any = x0, opt: Any = gd, **options: Any) -> tuple[int, int, float]:
        run = fd.descend(s, start, opt, **options)
        return int(run.status[0]), int(run.nit[0]), float(run.x[0, 0])

    assert ends(quadratic, gtol=2.0) == (Status.CONVERGED, 3, 1.0)
    assert ends(quadratic, gtol=None, xtol=1.0) == (Status.STALLED, 3, 1.0)
    assert ends(quadratic, gtol=None, ftol=3.0) == (Status.STALLED, 3, 1.0)
    assert ends(quadratic, gtol=None, ftol=2.9) == (Status.STALLED, 4, 0.5)
    assert ends(quadratic, gtol=2.0, xtol=1.0) == (Status.CONVERGED, 3, 1.0)
    assert ends(quadratic, max_steps=2) == (Status.MAX_STEPS, 2, 2.0)
    assert ends(quadratic, max_steps=3, gtol=2.0) == (Status.CONVERGED, 3, 1.0)
    assert ends(quadratic, max_steps=0) == (Status.MAX_STEPS, 0, 8.0)
    assert ends(quadratic, max_steps=0, gtol=16.0) == (Status.CONVERGED, 0, 8.0)
    grows = fd.GD(lr=1.5)  # x <- -2 x
    assert ends(quadratic, opt=grows, escape_radius=32.0) == (Status.DIVERGED, 3, -64.0)
    assert ends(quadratic, opt=grows, escape_radius=5.0) == (Status.DIVERGED, 0, 8.0)
    assert ends(fd.surface("log(x)"), [[0.5]], fd.GD(lr=1.0)) == (Status.UNDEFINED, 1, -1.5)
    assert ends(fd.surface("x"), escape_radius=None, gtol=None, max_steps=5) == (Status.MAX_STEPS, 5, 6.75)


def test_undefined_comes_before_diverged_and_needs_a_finite_point() -> None:
    """f overflows while its gradient is finite: UNDEFINED there and then, whatever the step had to compute."""
    s = fd.surface("x**4")
    run = fd.descend(s, [[1e80]], fd.GD(lr=1e-300), escape_radius=None)
    assert (run.status[0], run.nit[0]) == (Status.UNDEFINED, 0)
    run = fd.descend(s, [[1e50]], fd.GD(lr=1.0), escape_radius=None, gtol=None)
    assert (run.status[0], run.nit[0]) == (Status.UNDEFINED, 1)
    assert np.isfinite(run.x[0, 0])
    hole = fd.surface("where(x < 1, x**2/0, x**2)")  # not finite left of 1, with gradient 0 on the right part only
    assert fd.descend(hole, [[0.5]], fd.GD(lr=0.1)).status[0] == Status.UNDEFINED


@pytest.mark.parametrize("ftol", [None, 0.0])
def test_landing_far_outside_the_radius_where_f_overflows_is_undefined(ftol: float | None) -> None:
    run = fd.descend(fd.surface("x**4 + y**2"), [[1.0, 2.0]], fd.GD(lr=1e90), ftol=ftol)
    assert (run.status[0], run.nit[0]) == (Status.UNDEFINED, 1)


def test_non_finite_point_is_diverged() -> None:
    s = fd.surface("x")
    for max_steps, end in ((2, (Status.MAX_STEPS, 2, -1e308)), (10, (Status.DIVERGED, 3, -np.inf))):
        run = fd.descend(s, [[1e308]], fd.GD(lr=1e308), escape_radius=None, gtol=None, max_steps=max_steps)
        assert (run.status[0], run.nit[0], run.x[0, 0]) == end


def test_rejected_steps_count_but_do_not_stall() -> None:
    s = fd.surface("5e5*x**2")
    run = fd.descend(s, [[1.0]], fd.LineSearch(), xtol=1e-12, ftol=0.0, gtol=None, max_steps=3)
    assert (run.status[0], run.nit[0], run.x[0, 0]) == (Status.MAX_STEPS, 3, 1.0)  # h = 1e-3, halved twice


# ---------------------------------------------------------------------- shapes and dtypes
@pytest.mark.parametrize("shape", [(), (1,), (0,), (3, 4), (2, 0, 3), (2, 3, 5)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.int16])
def test_results_follow_the_leading_axes(shape: tuple[int, ...], dtype: type) -> None:
    run = fd.descend(HIMMELBLAU, np.ones((*shape, 2), dtype), fd.GD(lr=0.01))
    wanted = np.float32 if dtype is np.float32 else np.float64
    assert run.x.shape == (*shape, 2)
    assert run.x.dtype == run.fun.dtype == run.grad_norm.dtype == wanted
    assert run.fun.shape == run.nit.shape == run.status.shape == run.success.shape == shape
    assert (run.nit.dtype, run.status.dtype) == (np.int32, np.int8)


def test_inputs_of_any_layout_are_left_alone() -> None:
    x0 = np.asfortranarray(np.asarray(fd.grid(HIMMELBLAU.window, (9, 11))))
    before = x0.copy()
    run = fd.descend(HIMMELBLAU, x0, fd.GD(lr=0.01))
    assert np.array_equal(x0, before)
    assert np.array_equal(run.x, fd.descend(HIMMELBLAU, x0.tolist(), fd.GD(lr=0.01)).x)
    part = fd.descend(HIMMELBLAU, x0[::2, ::-3], fd.GD(lr=0.01))
    assert np.array_equal(part.x, run.x[::2, ::-3])


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(0, 70),
    seed=st.integers(0, 9),
    lr=st.floats(1e-4, 0.2),
    steps=st.integers(0, 80),
    name=st.sampled_from(["himmelblau", "rastrigin", "beale"]),
)
def test_splits_change_nothing(n: int, seed: int, lr: float, steps: int, name: str) -> None:
    s = fd.surfaces.get(name)
    rng = np.random.default_rng(seed)
    x0 = rng.uniform(-4, 4, (n, 2))
    cut = int(rng.integers(0, n + 1))
    whole, a, b = (fd.descend(s, p, fd.Adam(lr=lr), max_steps=steps) for p in (x0, x0[:cut], x0[cut:]))
    assert whole.x.tobytes() == a.x.tobytes() + b.x.tobytes()
    assert whole.status.tolist() == a.status.tolist() + b.status.tolist()


def test_repr_message_and_pickle() -> None:
    run = fd.descend(HIMMELBLAU, fd.grid(HIMMELBLAU.window, (3, 4)), fd.GD(lr=0.01))
    assert run.message == "12 trajectories: 12 converged."
    assert "gradient: exact" in repr(run)
    assert "himmelblau" in repr(run)
    again = pickle.loads(pickle.dumps(run))
    assert np.array_equal(again.x, run.x)
    assert np.array_equal(again.surface.gradient(run.x), HIMMELBLAU.gradient(run.x))
    assert "0 trajectories" in fd.descend(HIMMELBLAU, np.zeros((0, 2)), fd.GD(lr=0.01)).message
    with pytest.raises(AttributeError):
        run.x = None


# ---------------------------------------------------------------------- what is refused, before any work
BAD: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"surface": fd.surfaces.himmelblau}, TypeError, r"fd\.surfaces\.himmelblau\(\)"),
    ({"surface": "x**2"}, TypeError, "surface must be a Surface; got 'x"),
    ({"surface": lambda x: x}, TypeError, "make one: fd.surface"),
    ({"optimizer": fd.Adam}, TypeError, r"not the class Adam; write fd\.Adam\(\.\.\.\)"),
    ({"optimizer": "adam"}, TypeError, "optimizer must be an optimizer such as"),
    ({"x0": fd.GD(lr=0.1), "optimizer": np.zeros((3, 2))}, TypeError, "x0 and optimizer are swapped"),
    ({"x0": np.zeros((3, 3))}, ValueError, r"x0 must have shape \(\.\.\., 2\).*got shape \(3, 3\)"),
    ({"x0": 1.0}, ValueError, r"got shape \(\)"),
    ({"x0": [["a", "b"]]}, TypeError, "x0 must be an array of"),
    ({"x0": np.zeros((3, 2), complex)}, TypeError, "complex128"),
    ({"x0": np.zeros((3, 2), bool)}, TypeError, "bool"),
    ({"x0": np.zeros((3, 2), np.float16)}, TypeError, "float16"),
    ({"x0": [[1.0, 2.0], [3.0]]}, ValueError, "ragged"),
    ({"x0": [[0.0, np.nan]]}, ValueError, r"x0 must be finite; x0\[0, 1\] is nan"),
    ({"x0": [[1e39, 0.0]], "dtype": np.float32}, ValueError, r"x0 must fit float32.*x0\[0, 0\] is 1e\+39"),
    ({"max_steps": 1.5}, TypeError, "max_steps must be an integer; got 1.5"),
    ({"max_steps": -1}, ValueError, "max_steps must be 0 or greater; got -1"),
    ({"max_steps": 2**31}, ValueError, "at most"),
    ({"max_steps": True}, TypeError, "integer"),
    ({"gtol": -1e-6}, ValueError, "gtol must be 0 or greater"),
    ({"gtol": "tight"}, TypeError, 'gtol must be "auto", a number or None'),
    ({"xtol": "auto"}, TypeError, "xtol must be a number or None"),
    ({"ftol": np.nan}, ValueError, "ftol must be finite"),
    ({"escape_radius": 0}, ValueError, "escape_radius must be greater than 0"),
    ({"escape_radius": "far"}, ValueError, "escape_radius"),
    ({"first_index": -1}, ValueError, "first_index"),
    ({"n_threads": 0}, ValueError, "n_threads must be 1 or greater; got 0"),
    ({"n_threads": 2**40}, ValueError, "n_threads must be at most"),
    ({"gtol": 10**400}, ValueError, "gtol must be finite"),
    ({"n_threads": "two"}, TypeError, "n_threads"),
    ({"engine": "cuda"}, ValueError, "engine"),
    ({"engine": None}, TypeError, "engine"),
    ({"dtype": "float16"}, ValueError, "dtype must be float64 or float32; got float16"),
    ({"dtype": "floaty"}, TypeError, "dtype"),
    ({"progress": 3}, TypeError, "progress"),
    ({"batch_size": 4}, TypeError, "batch_size"),
]


@pytest.mark.parametrize(("change", "error", "text"), BAD, ids=lambda v: ", ".join(v) if isinstance(v, dict) else "")
def test_bad_arguments(change: dict[str, Any], error: type[Exception], text: str) -> None:
    options: dict[str, Any] = {"surface": HIMMELBLAU, "x0": np.zeros((3, 2)), "optimizer": fd.GD(lr=0.01)} | change
    with pytest.raises(error, match=text):
        fd.descend(options.pop("surface"), options.pop("x0"), options.pop("optimizer"), **options)


def test_isa_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTDESCENT_ISA", "x86-64-v9")
    with pytest.raises(ValueError, match=r"FASTDESCENT_ISA must be one of .* got 'x86-64-v9'"):
        fd.descend(HIMMELBLAU, np.zeros((3, 2)), fd.GD(lr=0.01))


# ---------------------------------------------------------------------- progress, cancelling, signals, threads
def slow_run(**options: Any) -> fd.Descent:
    x0 = fd.grid(HIMMELBLAU.window, (300, 300))
    return fd.descend(HIMMELBLAU, x0, fd.GD(lr=1e-9), max_steps=2**31 - 2, gtol=None, **options)


def test_progress_counts_to_the_end() -> None:
    seen: list[tuple[int, int]] = []
    x0 = fd.grid(HIMMELBLAU.window, (400, 400))
    fd.descend(HIMMELBLAU, x0, fd.GD(lr=1e-4), max_steps=3000, gtol=None, progress=lambda *now: seen.append(now))
    assert seen[-1] == (160_000, 160_000)
    assert all(total == 160_000 for _, total in seen)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_cancelling_returns_what_there_is() -> None:
    began = time.monotonic()
    run = slow_run(progress=lambda done, total: False)
    assert time.monotonic() - began < 5
    assert np.all(run.status == Status.INTERRUPTED)
    assert np.isfinite(run.x).all()
    begun = run.nit > 0
    assert 0 < np.count_nonzero(begun) < run.nit.size
    assert np.array_equal(run.x[~begun], fd.grid(HIMMELBLAU.window, (300, 300))[~begun])


def test_numpys_false_cancels_and_nothing_is_reported_afterwards() -> None:
    seen: list[int] = []
    run = slow_run(progress=lambda done, total: seen.append(done) or np.bool_(False))
    assert np.all(run.status == Status.INTERRUPTED)
    assert len(seen) == 1


def test_an_error_in_progress_is_raised_and_leaves_no_threads() -> None:
    def fails(done: int, total: int) -> None:
        raise RuntimeError("from the callback")

    before = threads_of_this_process()
    with pytest.raises(RuntimeError, match="from the callback"):
        slow_run(progress=fails)
    for _ in range(100):  # one that was waited for may take a moment to be gone
        if threads_of_this_process() <= before:
            break
        time.sleep(0.01)
    assert threads_of_this_process() <= before


def threads_of_this_process() -> int:
    return len(os.listdir("/proc/self/task")) if os.path.isdir("/proc/self/task") else threading.active_count()


def test_ctrl_c_stops_within_a_moment() -> None:
    code = (
        "import signal, numpy as np, fastdescent as fd\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # background jobs inherit an ignored one
        "s = fd.surfaces.himmelblau()\n"
        "said = []\n"
        "def go(done, total): said or said.append(print('go', flush=True))\n"
        "try:\n"
        "    fd.descend(s, fd.grid(s.window, (300, 300)), fd.GD(lr=1e-9), max_steps=1 << 30, gtol=None, progress=go)\n"
        "except KeyboardInterrupt:\n"
        "    import os; print('stopped', len(os.listdir('/proc/self/task')), flush=True)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "go\n"
    process.send_signal(signal.SIGINT)
    try:
        out, _ = process.communicate(timeout=20)
    finally:
        process.kill()
    words = out.split()
    assert words[0] == "stopped"
    assert int(words[1]) <= int(os.environ.get("OPENBLAS_NUM_THREADS", "0") or 0) + 64
    assert process.returncode == 0


def hessians_by_threads(s: fd.Surface, n: int) -> list[np.ndarray]:
    """The same Hessian, asked for by n threads at once."""
    with ThreadPoolExecutor(n) as pool:
        return list(pool.map(lambda _: s.hessian(np.ones(s.dim)), range(n)))


def test_first_use_of_one_surface_by_several_threads() -> None:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for _ in range(10):
            s = fd.surface(lambda x: np.sum(np.sin(x) * np.cos(x[::-1])) + np.sum(np.exp(x[:3]) ** 2), dim=8)
            found = hessians_by_threads(s, 4)
            assert all(np.array_equal(f, found[0]) for f in found)
    finally:
        sys.setswitchinterval(interval)


def test_callers_in_several_threads() -> None:
    s = fd.surfaces.rastrigin()
    x0 = fd.grid(s.window, (50, 50))
    alone = fd.descend(s, x0, fd.Adam(lr=0.01), max_steps=500)
    found: list[Any] = [None] * 4

    def work(k: int) -> None:
        found[k] = fd.descend(fd.surfaces.rastrigin(), x0, fd.Adam(lr=0.01), max_steps=500)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert all(np.array_equal(alone.x, f.x) for f in found)


@pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "fesetenv"), reason="needs the C library's floating-point environment"
)
def test_subnormals_whatever_the_host_has_set() -> None:
    """A host that flushes subnormals to zero neither changes results nor loses its own setting."""
    code = (
        "import ctypes, sys, numpy as np, fastdescent as fd\n"
        "libm = ctypes.CDLL('libm.so.6')\n"
        "env = (ctypes.c_uint32 * 8)(); libm.fegetenv(env)\n"
        "s = fd.surface('x**2'); x0 = np.array([[3e-320]])\n"
        "a = fd.descend(s, x0, fd.GD(lr=0.25), gtol=None, max_steps=1).x\n"
        "env[7] |= 0x8040; libm.fesetenv(env)\n"
        "b = fd.descend(s, x0, fd.GD(lr=0.25), gtol=None, max_steps=1).x\n"
        "c = s.gradient(x0)\n"
        "libm.fegetenv(env); kept = env[7] & 0x8040\n"
        "env[7] &= ~0x8040; libm.fesetenv(env)\n"
        "assert a.tobytes() == b.tobytes() and a[0, 0] == 1.5e-320 and c[0, 0] == 6e-320 and kept == 0x8040\n"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize(
    ("optimizer", "text"),
    [
        (fd.Adam(0.01), "what depends on t alone, for 20001 steps, would take"),
        (
            fd.GD(lambda t: 0.01),
            "lr: the values of the schedule at 20000 steps would take 0.2 MiB, and 0.1 MiB are free",
        ),
    ],
)
def test_tables_over_t_that_do_not_fit_are_refused(
    optimizer: fd.Optimizer, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend_free(monkeypatch, 100_000.0)
    with pytest.raises(MemoryError, match=text):
        fd.descend(fd.surfaces.himmelblau(), [[1.0, 2.0]], optimizer, max_steps=20_000)


def test_escape_radius_is_a_million_half_diagonals_of_window_and_minima() -> None:
    """Whatever the starts are; `inf` and None are no radius."""
    s = fd.surface("0*x + 0*y", window=((-3, 3), (0, 8)), minima=[[9.0, 4.0]])  # the box is (-3, 9) x (0, 8)
    radius = 1e6 * np.hypot(6.0, 4.0)
    inside, outside = [3.0, 4.0 + 0.999 * radius], [3.0, 4.0 + 1.001 * radius]
    assert fd.descend(s, [inside, outside], fd.GD(lr=0.1)).status.tolist() == [Status.CONVERGED, Status.DIVERGED]
    for none in (None, np.inf, np.float32(np.inf)):
        assert fd.descend(s, [outside], fd.GD(lr=0.1), escape_radius=none).status[0] == Status.CONVERGED


def test_trajectories_that_jump_far_may_come_back() -> None:
    """A cliff throws x to -1e5, 7,000 half-diagonals away; the way back is smooth."""
    s = fd.surface("(1 + x**2)**0.25 + 1e5 * tanh(20*(x - 2))", window=((-14, 14),))
    run = fd.descend(s, [[2.0]], fd.GD(lr=0.05), max_steps=1, gtol=None)
    assert abs(run.x[0, 0]) > 5e4
    assert run.status[0] == Status.MAX_STEPS


def test_f_is_tested_beyond_what_is_provably_finite() -> None:
    """exp overflows long before the escape radius: steps leave f out up to an alarm, and test it beyond."""
    s = fd.surface("x**2 + exp(0.01*y)", window=((-5, 5), (-5, 5)))
    starts = [[1.0, 1.0], [1.0, 6e4], [1.0, 8e4]]  # f: finite, finite, infinite
    run = fd.descend(s, starts, fd.GD(lr=1e-300), gtol=None, max_steps=3)
    assert run.status.tolist() == [Status.MAX_STEPS, Status.MAX_STEPS, Status.UNDEFINED]
