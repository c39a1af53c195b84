"""What the library says of arguments that it refuses: the kind of error and the words that help."""

from __future__ import annotations

import math
import random
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fastdescent as fd
from fastdescent.cli import main

S = fd.surfaces.himmelblau()
LINE = fd.surface("x**4 - x**2")
X0 = np.full((3, 2), 0.1)
GD = fd.GD(lr=0.01)


@fd.optimizer
def own(x: Any, grad: Any, state: Any, t: Any, *, lr: Any = 0.01) -> Any:
    return x - lr * grad(x), {}


@fd.optimizer
def needy(x: Any, grad: Any, state: Any, t: Any, *, a: Any, b: Any = 2.0, c: Any) -> Any:
    return x - a * b * c * grad(x), {}


def accepting(accepted: Callable[[Any], Any]) -> Any:
    """An optimizer whose rule returns this as "accepted"."""
    return fd.optimizer(lambda x, grad, state, t: (x - 0.01 * grad(x), {"accepted": accepted(x)}))()


def run(x0: Any = X0, optimizer: Any = GD, surface: Any = S, **options: Any) -> Callable[[], Any]:
    return lambda: fd.descend(surface, x0, optimizer, **options)


def steps(optimizer: Any) -> Callable[[], Any]:
    return run(optimizer=optimizer, max_steps=5)


Case = tuple[Callable[[], Any], type[Exception], tuple[str, ...]]

CLASSES: list[Case] = [
    (run(optimizer=fd.Adam), TypeError, ("optimizer", "instance", "class Adam", "fd.Adam(...)")),
    (run(optimizer=own), TypeError, ("not the class own", "write own(...)")),
    (run(optimizer=int), TypeError, ("optimizer must be an optimizer", "<class 'int'>")),
    (run(optimizer="adam"), TypeError, ("such as fd.Adam(lr=0.01)", "'adam'")),
    (run(optimizer=None), TypeError, ("such as fd.Adam(lr=0.01)", "None")),
    (run(surface=fd.surfaces.himmelblau), TypeError, ("function himmelblau", "fd.surfaces.himmelblau()")),
    (run(surface=fd.Surface), TypeError, ("class Surface", "fd.surface(f, dim=...)")),
    (run(surface=lambda x: x), TypeError, ("function <lambda>", "fd.surface(f, dim=...)")),
    (run(surface="x**2"), TypeError, ("surface must be a Surface", "fd.surface(text)")),
    (run(GD, X0), TypeError, ("(surface, x0, optimizer)", "x0 and optimizer are swapped")),
    (run(fd.Adam, X0), TypeError, ("x0 and optimizer are swapped",)),
    (run(fd.Adam, fd.Adam(lr=0.1)), TypeError, ("x0 and optimizer are swapped",)),
    (run(S, surface=X0), TypeError, ("(surface, x0, optimizer)", "surface and x0 are swapped")),
    (lambda: fd.basin_map(fd.surfaces.himmelblau), TypeError, ("fd.surfaces.himmelblau()",)),  # type: ignore[arg-type]
    (lambda: fd.basin_map(S, fd.Adam), TypeError, ("fd.Adam(...)",)),  # type: ignore[arg-type]
    (lambda: fd.basin_map(GD, S), TypeError, ("(surface, optimizer)", "swapped")),  # type: ignore[arg-type]
    (lambda: fd.surface(fd.surfaces.rastrigin, dim=2), TypeError, ("write rastrigin()",)),
    (lambda: fd.surface(S), TypeError, ("is a Surface already",)),  # type: ignore[call-overload]
]  # fmt: skip
STARTS: list[Case] = [
    (run([[0.0, np.nan]]), ValueError, ("x0 must be finite", "x0[0, 1] is nan")),
    (run([np.inf, 0.0]), ValueError, ("x0 must be finite", "x0[0] is inf")),
    (run([[-np.inf, 0.0]], dtype=np.float32), ValueError, ("x0 must be finite", "x0[0, 0] is -inf")),
    (run([1e300, 0.0], dtype=np.float32), ValueError, ("x0 must fit float32", "3.4e+38", "x0[0] is 1e+300")),
    (run(np.zeros((3, 2), complex)), TypeError, ("x0", "float64, float32 or integers", "complex128")),
    (run([[True, False]]), TypeError, ("x0", "bool")),
    (run("here"), TypeError, ("x0", "'here'")),
    (run(np.zeros((4, 3))), ValueError, ("x0 must have shape (..., 2)", "got shape (4, 3)")),
]
HYPER: list[Case] = [
    (steps(fd.GD()), TypeError, ("GD: lr must be given: GD(lr=...)",)),
    (lambda: fd.Swarm(S, [0.0, 0.0], fd.Momentum(momentum=0.5)), TypeError, ("Momentum: lr must be given",)),
    (lambda: fd.basin_map(S, fd.SGD(momentum=0.5)), TypeError, ("SGD: lr must be given",)),
    (steps(needy(b=1.0)), TypeError, ("needy: a and c must be given: needy(a=..., c=...)",)),
    (lambda: fd.Adam(beta=0.9), TypeError, ("Adam has no hyperparameter 'beta' (did you mean 'betas'?)", "lr, betas")),
    (lambda: fd.GD(0.1, 0.2), TypeError, ("GD takes at most 1 argument without a name; got 2",)),
    (lambda: fd.GD(0.1, lr=0.2), TypeError, ("GD: lr is given twice",)),
    (lambda: fd.LineSearch(lr=0.1), TypeError, ("no hyperparameter 'lr'; its hyperparameters: armijo, grow",)),
    (lambda: fd.GD(lr=0), ValueError, ("GD: lr", "greater than 0", "got 0")),
    (lambda: fd.Adam(lr=-1.0), ValueError, ("Adam: lr", "greater than 0", "got -1.0")),
    (steps(fd.GD(lr=np.ones(5))), ValueError, ("lr", "(3,)", "one value a trajectory", "last axis of 2", "shape (5,)")),
    (steps(fd.GD(lambda t: 0.1 - 0.05 * t)), ValueError, ("lr: the schedule", "0 or greater", "schedule(3) is")),
    (steps(fd.GD(lambda t: math.nan)), ValueError, ("lr: the schedule must be finite", "schedule(0) is nan")),
    (steps(fd.Momentum(0.1, lambda t: -t)), ValueError, ("momentum: the", "0 or greater", "schedule(1) is -1")),
    (steps(fd.Adam(betas=(0.9, lambda t: 1.0))), ValueError, ("betas[1]: the schedule", "in [0, 1)", "(0) is 1")),
    (steps(fd.Adam(eps=lambda t: -1e-8)), ValueError, ("eps: the schedule", "0 or greater")),
    (steps(fd.LineSearch(grow=lambda t: 0.5)), ValueError, ("grow: the schedule", "1 or greater", "is 0.5")),
    (steps(own(lr=lambda t: math.inf)), ValueError, ("lr: the schedule must be finite", "is inf")),
    (steps(fd.GD(lambda t: None)), TypeError, ("lr: the schedule must map t to a number",)),
    (steps(fd.GD(lambda: 0.1)), TypeError, ("lr: the schedule raised TypeError at t = 0", "0 positional arguments")),
    (steps(accepting(lambda x: x > 0)), fd.TraceError, ('"accepted"', "shape (2,)", "one truth value", "np.all")),
    (lambda: accepting(lambda x: "yes"), fd.TraceError, ("type str", "not real numbers")),
]  # fmt: skip
OPTIONS: list[Case] = [
    (run(engine="gpu"), ValueError, ("engine must be one of", '"numba"', "got 'gpu'")),
    (run(engine="natve"), ValueError, ("engine must be one of", "'natve'", "did you mean 'native'?")),
    (run(dtype="float16"), ValueError, ("dtype must be float64 or float32", "float16")),
    (run(bounds=True), ValueError, ("the surface's own", "himmelblau has none", "(lo, hi)")),
    (run(boundary="bounce"), ValueError, ("boundary", "'reflect'", "got 'bounce'")),
    (run(progress=lambda: None), TypeError, ("progress must be a function of (done, total)", "got one of ()")),
    (run(progress=lambda done: None), TypeError, ("(done, total)", "got one of (done)")),
    (run(progress=lambda a, b, c: None), TypeError, ("(done, total)", "got one of (a, b, c)")),
    (run(progress=3), TypeError, ("progress must be None, True or a function of (done, total)", "got 3")),
    (lambda: fd.resume(run()(), max_steps=9), ValueError, ("no state", "keep_state=True")),
    (lambda: fd.basin_map(fd.surfaces.sphere(dim=3)), ValueError, ("plane must say which two", "plane=(0, 1)")),
    (lambda: fd.basin_map(S, max_step=9), TypeError, ("no option 'max_step'", "did you mean 'max_steps'?")),
]
EVALUATION: list[Case] = [
    (lambda: S([1, 2], [3, 4, 5]), ValueError, ("2 arrays", "shapes that broadcast", "(2,), (3,)")),
    (lambda: S([1], [2], [3]), ValueError, ("X must have shape (..., 2), or be 2 arrays", "3 arrays")),
    (lambda: S([1, 2, 3]), ValueError, ("X must have shape (..., 2)", "got shape (3,)")),
    (lambda: S.hvp(np.ones((3, 2)), np.ones((4, 2))), ValueError, ("V must broadcast", "(3, 2)", "(4, 2)")),
    (lambda: S.hvp([1, 2], [1, 2, 3]), ValueError, ("V must have shape (..., 2)", "got shape (3,)")),
    (lambda: LINE.gradient([1.0, 2.0, 3.0]), ValueError, ("X must have shape (..., 1)", "got shape (3,)")),
    (lambda: LINE.hessian(2.0), ValueError, ("X must have shape (..., 1)", "got shape ()")),
    (lambda: S.with_params(a=1), ValueError, ("himmelblau has no parameter 'a'", "its parameters: none")),
]
FORMULAS: list[Case] = [
    (lambda: fd.surface("x^2 + y"), ValueError, ("'^'", "use **", "\n  x^2 + y\n   ^")),
    (lambda: fd.surface("x**2 +\n y^2"), ValueError, ("use **", "\n  x**2 +  y^2\n           ^")),
    (lambda: fd.surface("rate*x + bias"), ValueError, ("found: bias, rate, x", "variables=(...)", "keywords")),
    (lambda: fd.surface("x1 + x3"), ValueError, ("found: x1, x3", "without a gap")),
    (lambda: fd.surface("sine(x)"), ValueError, ("unknown function 'sine'", "did you mean 'sin", "\n  ^")),
    (lambda: fd.surface("x**2", q=1), ValueError, ("parameter 'q' does not appear",)),
    (lambda: fd.surface(lambda x: x[0]), TypeError, ("the whole point as one argument", "dim=", "surface(f, dim=10)")),
    (lambda: fd.surface("x", window=(-1e308, 1e308)), ValueError, ("window", "no wider", "1.8e308")),
    (lambda: fd.uniform(((-1e308, 1e308),), 4), ValueError, ("window", "no wider")),
    (lambda: fd.grid(((-1e308, 1e308),), 4), ValueError, ("window", "no wider")),
    (lambda: fd.basin_map(LINE, window=((-1e308, 1e308),)), ValueError, ("window", "no wider")),
]  # fmt: skip
NAMES: list[Case] = [
    (lambda: fd.adam, AttributeError, ("'fastdescent' has no attribute 'adam'", "did you mean 'Adam'?")),
    (lambda: fd.Adm, AttributeError, ("'Adm'", "did you mean 'Adam'?")),
    (lambda: fd.basinmap, AttributeError, ("'basinmap'", "did you mean 'BasinMap'?")),
    (lambda: fd.himmelblau, AttributeError, ("did you mean 'surfaces.himmelblau'?",)),
    (lambda: fd.surfaces.himelblau, AttributeError, ("'himelblau'", "did you mean 'himmelblau'?", "surfaces.names()")),
    (lambda: fd.surfaces.get("rosenbrok"), ValueError, ("no surface", "did you mean 'rosenbrock'?")),
    (lambda: fd.surfaces.camel, AttributeError, ("no surface 'camel'", "did you mean 'six_hump_camel'?")),
    (lambda: fd.surfaces.nosuch, AttributeError, ("no surface 'nosuch'; surfaces.names() lists them",)),
    (lambda: fd.nosuch, AttributeError, ("module 'fastdescent' has no attribute 'nosuch'",)),
    (lambda: fd.no_such_name, AttributeError, ("module 'fastdescent' has no attribute 'no_such_name'",)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("call", "error", "words"), [*CLASSES, *STARTS, *HYPER, *OPTIONS, *EVALUATION, *FORMULAS, *NAMES]
)
def test_refusals(call: Callable[[], Any], error: type[Exception], words: tuple[str, ...]) -> None:
    with pytest.raises(error) as caught:
        call()
    message = str(caught.value)
    assert [w for w in words if w not in message] == [], message
    assert ("did you mean" in message) == ("did you mean" in " ".join(words)), message
    assert type(caught.value) is error


def first_column(X: Any) -> Any:
    return X[:, 0]


def by_a_count(x: Any) -> Any:
    return sum(range(x[0]))


@pytest.mark.parametrize(
    ("f", "words"),
    [
        (first_column, ("your function receives one point, shape (10,)", "return X[:, 0];", "write x[0], not x[:, 0]")),
        (by_a_count, ("cannot be an index or a count", "return sum(range(x[0]));", "write i.astype(int)")),
    ],
)
def test_what_cannot_be_traced_names_the_line(f: Callable[[Any], Any], words: tuple[str, ...]) -> None:
    with pytest.raises(fd.TraceError) as caught:
        fd.surface(f, dim=10)
    assert isinstance(caught.value, TypeError)
    assert [w for w in (*words, f"in {__file__}:") if w not in str(caught.value)] == []


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["basins", "himelblau"], ("no surface 'himelblau'", "did you mean 'himmelblau'?")),
        (["basins", "himmelblau", "--optimizer", "adm"], ("no optimizer 'adm'", "did you mean 'adam'?")),
        (["basins", "rastrigin", "--param", "B=1"], ("rastrigin has no parameter 'B'", "its parameters: A")),
        (["run", "himmelblau", "--param", "q=1"], ("himmelblau has no parameter 'q'", "its parameters: none")),
        (["info", "x**2", "--param", "q=1"], ("parameter 'q' does not appear",)),
        (["basins", "himmelblau", "-o", ""], ("-o/--output", "must name a file", "got ''")),
        (["run", "himmelblau", "-o", " "], ("-o/--output", "must name a file", "got ' '")),
    ],
)
def test_the_command(argv: list[str], words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("fastdescent: error: ")
    assert err.count("\n") == 1
    assert [w for w in words if w not in err] == [], err


def test_messages_are_one_line_whatever_was_given() -> None:
    with pytest.raises(TypeError) as caught:
        fd.descend(np.zeros((2, 2)), X0, GD)  # type: ignore[arg-type]
    assert "got array([[0., 0.], [0., 0.]])" in str(caught.value)


def test_a_schedule_of_lr_may_reach_zero_and_progress_may_take_more() -> None:
    assert fd.descend(S, X0, fd.GD(lambda t: 0.01 if t < 3 else 0.0), max_steps=9, gtol=None).nit.max() == 9
    seen: list[tuple[int, ...]] = []
    for progress in (lambda *counts: seen.append(counts), lambda done, total, more=1: seen.append((done, total))):
        fd.descend(S, X0, GD, progress=progress)
        assert seen.pop() == (3, 3)
    assert fd.descend(S, X0, GD, progress=max).success.all()  # a function whose arguments cannot be read


def test_a_formula_of_several_lines_has_a_name_of_one() -> None:
    s = fd.surface("x**2\n  + y**2\n")
    assert (s.name, repr(s)) == ("x**2 + y**2", "<Surface x**2 + y**2: dim=2>")
    assert s([1.0, 2.0]) == 5.0


# ---------------------------------------------------------------------- random numbers in a traced function
def times(draw: Callable[[], Any]) -> Callable[[Any], Any]:
    return lambda x: np.sum(draw() * x)


def drawing_rule(x: Any, grad: Any, state: Any, t: Any) -> Any:
    return x - 0.01 * np.random.rand() * grad(x), {}  # noqa: NPY002


def test_random_numbers_that_are_drawn_while_tracing_are_warned_of() -> None:
    for draw in (lambda: np.random.rand(2), random.random, np.random.randn):  # noqa: NPY002
        with pytest.warns(UserWarning, match="the function drew random numbers while it was traced") as caught:
            fd.surface(times(draw), dim=2)
        assert [w.filename for w in caught] == [__file__]
    with pytest.warns(UserWarning, match="the optimizer's rule drew random numbers"):
        fd.descend(S, X0, fd.optimizer(drawing_rule)(), max_steps=2)


def test_what_was_drawn_before_is_not_warned_of() -> None:
    factor = np.random.default_rng(3).random()
    np.random.rand()  # noqa: NPY002
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fd.surface(lambda x: factor * np.sum(x), dim=2)
