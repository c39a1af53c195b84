"""The command: what it prints, what it writes, and how it fails."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastdescent as fd
from fastdescent.cli import main

COMMAND = [sys.executable, "-m", "fastdescent"]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command line; its status, stdout and stderr."""

    def call(*argv: str) -> tuple[int, str, str]:
        capsys.readouterr()
        status = main(argv)
        return status, *capsys.readouterr()

    return call


@pytest.fixture
def good(run: Any) -> Any:
    """Runs a command line that must succeed; its stdout."""

    def call(*argv: str) -> str:
        status, out, err = run(*argv)
        assert (status, err) == (0, "")
        return str(out)

    return call


@pytest.fixture
def bad(run: Any) -> Any:
    """Runs a command line that must fail before it prints anything; the error."""

    def call(*argv: str) -> str:
        status, out, err = run(*argv)
        assert (status, out) == (2, "")
        first, *more = err.splitlines()
        assert first.startswith("fastdescent: error: ")
        assert all(line.startswith("  ") for line in more)
        return "\n".join([first.removeprefix("fastdescent: error: "), *more])

    return call


# ---------------------------------------------------------------------- list and info
def test_list_names_every_surface_and_optimizer(good: Any) -> None:
    lines = good("list").splitlines()
    first_words = {line.split()[0] for line in lines if line}
    assert set(fd.surfaces.names()) <= first_words
    assert {"gd", "adam", "linesearch"} <= first_words
    himmelblau = next(line for line in lines if line.startswith("himmelblau"))
    assert himmelblau.split(maxsplit=6)[1:] == [
        "2",
        "-5:5",
        "0",
        "4",
        "points",
        "f(x, y) = (x^2 + y - 11)^2 + (x + y^2 - 7)^2",
    ]
    assert any("--betas (0.9,0.999)" in line for line in lines)


def test_info_describes_the_installation(good: Any) -> None:
    out = good("info")
    for wanted in (fd.__version__, "native", "numba", "(in use)", np.__version__):
        assert wanted in out


def test_info_describes_a_surface_and_its_program(good: Any) -> None:
    out = good("info", "himmelblau")
    for wanted in ("Applied Nonlinear Programming", "x in [-5, 5], y in [-5, 5]", "0 at (3, 2)", "out  fun ="):
        assert wanted in out


def test_info_describes_a_formula(good: Any) -> None:
    out = good("info", "a*x**2 + y", "--param", "a=2")
    assert out.startswith("a*x**2 + y\n")
    assert "a = 2" in out


def test_info_of_many_coordinates_is_short(good: Any) -> None:
    assert max(map(len, good("info", "sphere", "--dim", "500").splitlines())) < 400


# ---------------------------------------------------------------------- basins
def test_basins_of_a_formula_with_no_other_option(good: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    out = good("basins", "x**4 - x**2 + y**2", "-o", "two.png")
    assert "1048576 starts" in out
    assert out.endswith("wrote two.png\n")
    assert "global minimum" in out
    assert (tmp_path / "two.png").read_bytes().startswith(b"\x89PNG")
    assert os.listdir(tmp_path) == ["two.png"]


def test_basins_of_one_variable(good: Any, tmp_path: Path) -> None:
    assert "1024 starts" in good("basins", "-x**2 + x**4", "-o", str(tmp_path / "one.svg"))


@pytest.mark.parametrize("window", [["--window", "-6:6,-6:6"], ["--window=-6:6,-6:6"], ["--window", "-6:6"]])
def test_windows_may_begin_with_a_minus(good: Any, window: list[str]) -> None:
    assert "x in [-6, 6], y in [-6, 6]" in good("basins", "himmelblau", *window, "--size", "32")


@pytest.mark.parametrize("formula", ["-cos(x)", "-x + x**2", " -x + x**2"])
def test_formulas_may_begin_with_a_minus(good: Any, formula: str) -> None:
    assert "global minimum" in good("basins", formula, "--size", "64")
    assert "global minimum" in good("basins", "--size", "64", "--", formula)


def test_a_minus_before_options_of_one_letter(good: Any, tmp_path: Path) -> None:
    good("basins", "-x + x**2", f"-o{tmp_path / 'a.png'}", "--size", "8")
    assert (tmp_path / "a.png").exists()


def test_size_and_options_reach_the_map(monkeypatch: pytest.MonkeyPatch, run: Any) -> None:
    seen: dict[str, Any] = {}

    def spy(surface: Any, optimizer: Any, **options: Any) -> Any:
        seen.update(options, surface=surface, optimizer=optimizer)
        raise ValueError("enough")

    monkeypatch.setattr("fastdescent._maps.basin_map.basin_map", spy)
    status, _, err = run(
        "basins", "rastrigin", "--param", "A=5", "--size", "80x60", "--window", "-1:1,0:3", "--max-steps", "7",
        "--gtol", "none", "--threads", "1", "--dtype", "float32", "--optimizer", "RMS-prop", "--lr", "0.5",
        "--weight-decay", "1", "--centered",
    )  # fmt: skip
    assert (status, err) == (2, "fastdescent: error: enough\n")
    assert seen.pop("surface").params["A"] == 5.0
    assert seen.pop("window") == ((-1.0, 1.0), (0.0, 3.0))
    assert repr(seen.pop("optimizer")) == repr(fd.RMSprop(lr=0.5, weight_decay=1.0, centered=True))
    assert seen == {
        "shape": (60, 80), "plane": None, "max_steps": 7, "gtol": None, "n_threads": 1, "dtype": "float32",
        "progress": False,
    }  # fmt: skip


def test_hyperparameters_that_are_pairs(good: Any) -> None:
    out = good("basins", "himmelblau", "--optimizer", "adam", "--betas", "0.8,0.99", "--lr", "0.1", "--size", "8")
    assert "betas=(0.8, 0.99)" in out


def test_a_close_look_reaches_minima_outside_of_it(good: Any) -> None:
    out = good("basins", "himmelblau", "--window", "0:0.001,0:0.001", "--size", "16")
    assert "256 of 256 starts" in out


def test_a_plane_of_more_coordinates(good: Any, bad: Any) -> None:
    argv = ("basins", "rastrigin", "--dim", "3", "--size", "32")
    assert bad(*argv) == "rastrigin has 3 coordinates; choose the two to draw: --plane 0,1"
    assert "x in [-1, 1], z in [-2, 2]" in good(*argv, "--plane", "0,2", "--window", "-1:1,-2:2")
    assert "x in [-1, 1], y in [0, 1]" in good(*argv, "--plane", "0,1", "--window", "-1:1,0:1,3:4", "--size", "8x8")
    assert "two different coordinates from 0 to 2" in bad(*argv, "--plane", "0,3")
    assert "two different coordinates from 0 to 2" in bad(*argv, "--plane", "1,1")


@pytest.mark.parametrize(
    ("size", "window", "shape"),
    [
        ("100", "-5:5,-5:5", (100, 100)),
        ("100", "-3:3,-2:2", (67, 100)),
        ("100", "0:1,0:2", (100, 50)),
        ("100", "0:1,0:1000", (100, 100)),
        ("30x20", "0:1,0:1", (20, 30)),
        ("9", "0:1", (9,)),
        ("9", "0:1,0:1,0:1", (9, 9, 9)),
        ("7x8x9", "0:1,0:1,0:1", (9, 8, 7)),
    ],
)
def test_shapes(good: Any, tmp_path: Path, size: str, window: str, shape: tuple[int, ...]) -> None:
    given = ("--dim", str(len(shape)), "--window", window, "--starts", "grid", "--size", size, "--max-steps", "0")
    good("run", "sphere", *given, "-o", str(tmp_path / "run.npz"))
    with np.load(tmp_path / "run.npz") as file:
        assert file["nit"].shape == shape
        for k, ends in enumerate(window.split(",")):
            low, high = map(float, ends.split(":"))
            assert np.all((low < file["x0"][..., k]) & (file["x0"][..., k] < high))


# ---------------------------------------------------------------------- run
def test_run_writes_what_descend_returns(good: Any, tmp_path: Path) -> None:
    out = good("run", "himmelblau", "--starts", "500", "--seed", "7", "-o", str(tmp_path / "run.npz"))
    assert "500 trajectories: 500 converged." in out
    assert "share" in out
    s = fd.surfaces.himmelblau()
    wanted = fd.descend(s, fd.uniform(s.window, 500, seed=7), fd.LineSearch())
    ends = wanted.classify()
    with np.load(tmp_path / "run.npz") as file:
        for name in ("x", "fun", "grad_norm", "nit", "status"):
            np.testing.assert_array_equal(file[name], getattr(wanted, name))
            assert file[name].dtype == getattr(wanted, name).dtype
        np.testing.assert_array_equal(file["x0"], fd.uniform(s.window, 500, seed=7))
        np.testing.assert_array_equal(file["label"], ends.label)
        np.testing.assert_array_equal(file["outcome"], ends.outcome)
        np.testing.assert_array_equal(file["points_x"], ends.points.x)
    assert os.listdir(tmp_path) == ["run.npz"]


def test_run_from_a_grid(good: Any, tmp_path: Path) -> None:
    path = tmp_path / "grid.npz"
    good(
        "run", "rosenbrock", "--dim", "3", "--starts", "grid", "--size", "5x6x7", "-o", str(path), "--dtype", "float32"
    )
    with np.load(path) as file:
        assert file["x"].shape == (7, 6, 5, 3)
        assert file["x0"].dtype == file["x"].dtype == np.float32


def test_run_gives_the_hint(good: Any) -> None:
    out = good("run", "himmelblau", "--starts", "100", "--optimizer", "gd", "--lr", "1")
    assert "Hint: " in out


# ---------------------------------------------------------------------- errors
@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ("basins himelblau", "no surface 'himelblau' (did you mean 'himmelblau'?); `fastdescent list` lists them"),
        ("basins zzzzzz", "no surface 'zzzzzz'; `fastdescent list` lists them"),
        (
            "basins himmelblau --optimizer adm",
            "no optimizer 'adm' (did you mean 'adam'?); `fastdescent list` lists them",
        ),
        ("basins himmelblau --optimizer gd", "GD needs --lr"),
        ("basins himmelblau --optimizer gd --lr -1", "GD: lr must be greater than 0; got -1.0"),
        ("basins himmelblau --dim 3", "himmelblau has 2 coordinates; got --dim 3"),
        ("basins himmelblau --max-steps -4", "max_steps must be 0 or greater; got -4"),
        ("basins himmelblau --window 5:1", "window must have finite lo < hi in every pair; got (5.0, 1.0)"),
        ("basins himmelblau --size 3x4x5", "--size must be one number or 2, one per coordinate; got 3x4x5"),
        ("run himmelblau --starts 0", "--starts must be a number, 1 or greater, or grid; got '0'"),
        ("run himmelblau --starts many", "--starts must be a number, 1 or greater, or grid; got 'many'"),
        ("run himmelblau --seed -1", "seed must be 0 or greater; got -1"),
        ("run himmelblau -o run.csv", "the file's extension must be .npz; got 'run.csv'"),
        ("basins himmelblau --param q=1", "himmelblau has no parameter 'q'; its parameters: none"),
    ],
)
def test_errors(bad: Any, argv: str, message: str) -> None:
    assert bad(*argv.split()) == message


@pytest.mark.parametrize(
    ("argv", "part"),
    [
        ("basins", "the following arguments are required: SURFACE; see fastdescent basins --help"),
        ("basin himmelblau", "invalid choice: 'basin'"),
        ("basins himmelblau --siz 4", "unrecognized arguments: --siz 4"),
        ("basins himmelblau --size 0", "argument --size: must be numbers of cells such as 1024 or 800x600; got '0'"),
        (
            "basins himmelblau --window 3",
            "argument --window: must be lo:hi or lo:hi,lo:hi such as \"-6:6,-6:6\"; got '3'",
        ),
        ("basins himmelblau --plane x,y", "argument --plane: must be two coordinates, counted from 0, such as 0,1"),
        ("basins himmelblau --param A", "argument --param: must be NAME=NUMBER such as a=2; got 'A'"),
        ("basins himmelblau --gtol low", "argument --gtol: must be a number, auto or none; got 'low'"),
        ("basins himmelblau --optimizer adam --betas 0.9", "argument --betas: must be 2 numbers such as 0.9,0.9"),
        ("basins himmelblau --dtype int", "argument --dtype: invalid choice: 'int'"),
        ("basins himmelblau --lr 0.1", "GradientFlow has no --lr, which belongs to --optimizer adabelief or "),
        ("run himmelblau --lr 0.1", "LineSearch has no --lr, which belongs to --optimizer adabelief or "),
        ("basins himmelblau --method euler", "GradientFlow: method must be 'exponential' or 'dopri5'; got 'euler'"),
        ("basins himmelblau --optimizer adam --grow 2", "Adam has no --grow, which belongs to --optimizer linesearch"),
        ("basins himmelblau -o map.foo", "extension must be one of"),
        ("basins himmelblau -o none/map.png", "no directory"),
        ("basins foo*x", "which names are variables? found: foo, x."),
    ],
)
def test_errors_say(bad: Any, argv: str, part: str) -> None:
    assert part in bad(*argv.split())


def test_a_caret_stands_under_the_formula(bad: Any) -> None:
    assert bad("basins", "x^2 + y**2").splitlines() == ["'^' is not a power in Python; use **", "  x^2 + y**2", "   ^"]


def test_files_are_refused_before_any_work(bad: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def worked(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError("worked first")

    monkeypatch.setattr("fastdescent._maps.basin_map.basin_map", worked)
    monkeypatch.setattr("fastdescent.cli._run.descend", worked)
    assert "no directory" in bad("basins", "himmelblau", "-o", str(tmp_path / "none" / "map.png"))
    assert "extension" in bad("basins", "himmelblau", "-o", str(tmp_path / "map"))
    (tmp_path / "folder.npz").mkdir()
    assert "is not a file" in bad("run", "himmelblau", "-o", str(tmp_path / "folder.npz"))
    assert os.listdir(tmp_path) == ["folder.npz"]


@pytest.mark.parametrize(
    "error", [MemoryError("Unable to allocate 1 TiB"), OSError(28, "No space left on device", "a.png")]
)
def test_a_machine_that_is_too_small(bad: Any, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fails(*args: Any, **kwargs: Any) -> Any:
        raise error

    monkeypatch.setattr("fastdescent._maps.basin_map.basin_map", fails)
    said = bad("basins", "himmelblau")
    assert said in ("not enough memory: Unable to allocate 1 TiB", "No space left on device: 'a.png'")


def test_defects_keep_their_traceback(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*args: Any, **kwargs: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr("fastdescent._maps.basin_map.basin_map", fails)
    with pytest.raises(ZeroDivisionError):
        run("basins", "himmelblau")


# ---------------------------------------------------------------------- help, progress, signals, pipes
@pytest.mark.parametrize("argv", [[], ["--help"], ["basins", "--help"], ["run", "-h"], ["list", "-h"], ["info", "-h"]])
def test_help(good: Any, argv: list[str]) -> None:
    assert good(*argv).startswith("usage: fastdescent")


def test_version(good: Any) -> None:
    assert good("--version") == f"fastdescent {fd.__version__}\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_bar_that_goes_away(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert main(["basins", "himmelblau", "--size", "64"]) == 0
    assert "0%|" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r")
    assert "%|" not in capsys.readouterr().out
