"""`fastdescent sweep`: what it prints and writes, and how it fails."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import fastdescent as fd
from fastdescent.cli import main

AXES = ("--over", "lr=0.001:1:16:log", "--over", "momentum=0:0.99:12")


def test_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    target = tmp_path / "map.png"
    assert main(["sweep", "x**2 + y**2", *AXES, "--max-steps", "200", "-o", str(target)]) == 0
    out, err = capsys.readouterr()
    first, *lines = out.splitlines()
    assert err == ""
    assert first.startswith("x**2 + y**2 by SGD(")
    assert first.endswith("over lr 0.001 ... 1 (16), momentum 0 ... 0.99 (12)")
    assert lines[-2].startswith("192 runs, ")
    assert lines[-1] == f"wrote {target}"
    assert target.read_bytes().startswith(b"\x89PNG")
    assert main(["sweep", "himmelblau", *AXES, "--basins", "--start", "0,0", "-o", str(target)]) == 0


def test_arrays(tmp_path: Path) -> None:
    target = tmp_path / "grid.npz"
    given = ("--param", "a=1", "--over", "a=1,2", "--over", "betas[0]=0.5:0.9:3", "--starts", "4", "--seed", "7")
    assert main(["sweep", "a*x**2 + y**2", "--optimizer", "adam", "--lr", "0.1", *given, "-o", str(target)]) == 0
    s = fd.surface("a*x**2 + y**2", a=1.0)
    over = {"a": [1.0, 2.0], "betas[0]": np.linspace(0.5, 0.9, 3)}
    grid = fd.sweep(s, fd.uniform(s.window, 4, seed=7), fd.Adam(lr=0.1), over=over)
    with np.load(target) as found:
        assert set(found) == {"axis_a", "axis_betas[0]", "nit", "status", "x", "fun", "grad_norm"}
        np.testing.assert_array_equal(found["x"], grid.x)
        np.testing.assert_array_equal(found["axis_betas[0]"], grid.axes["betas[0]"])


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--over", "lr=1:2"), 'argument --over: must be NAME=LO:HI:N such as "momentum=0:0.99:512"'),
        (("--over", "lr=0:2:5:log"), "both ends above 0"),
        (("--over", "lr=1:2:5", "--over", "lr=3"), "--over lr is given twice"),
        (("--over", "lrs=1:2:5"), "has no 'lrs' (did you mean 'lr'?)"),
        (("--over", "momentum=0:0.9:5"), "SGD: lr must be given"),
        (("--over", "lr=1:2:5", "--start", "1,one"), "argument --start: must be numbers such as 1,-2.5"),
        (("--over", "lr=1:2:5", "--start", "1"), "x0 must have shape (..., 2)"),
        (("--over", "lr=1:2:5", "-o", "map.jpgg"), "jpgg"),
        ((*AXES, "--over", "dampening=0,0.1", "-o", "map.png"), "a picture has one or two axes; write -o FILE.npz"),
        ((), "--over"),
    ],
)
def test_refusals(words: tuple[str, ...], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", "himmelblau", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("fastdescent: error: ")
    assert text in err
