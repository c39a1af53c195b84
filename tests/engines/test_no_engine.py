"""Installations that lack something, as processes see them: what still works, and what is said."""

from __future__ import annotations

import subprocess
import sys

import pytest
from support.available import needs_extension

#: A package is not there where its place among the modules holds None.
WITHOUT_NUMBA = "import os, sys; sys.modules.update(numba=None, llvmlite=None)\n"
WITHOUT_ALL = WITHOUT_NUMBA + "os.environ['FASTDESCENT_NO_NATIVE'] = '1'\n"
NOTHING = "FASTDESCENT_NO_NATIVE is set, and Numba, which takes its place, is not installed either: pip install numba"


def output(code: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_without_extension_and_numba_there_is_a_description() -> None:
    lines = output(WITHOUT_ALL + "import fastdescent as fd; print(fd.info())")
    for wanted in (
        "engine native     missing: FASTDESCENT_NO_NATIVE is set",
        "engine numba      missing: numba is not installed: pip install numba",
        "instruction sets  not known without an engine",
    ):
        assert wanted in lines


def test_without_extension_and_numba_surfaces_can_be_made() -> None:
    code = "import fastdescent as fd; s = fd.surface('x**2 + y', window=((0, 1), (0, 1))); s.program(fd.GD(lr=0.1)); "
    code += "print(fd.grid(s.window, (2, 2)).shape)"
    assert output(WITHOUT_ALL + code) == ["(2, 2, 2)"]


@pytest.mark.parametrize(
    "call",
    [
        "s([1.0, 1.0])",
        "s.hessian([1.0, 1.0])",
        "fd.descend(s, [[1.0, 1.0]], fd.GD(lr=0.1))",
        "fd.basin_map(s, shape=(4, 4))",
        "fd.Swarm(s, [[1.0, 1.0]], fd.GD(lr=0.1))",
        "fd.uniform(s.window, 3)",
        "s.program().assembly()",
    ],
)
def test_without_extension_and_numba_one_error_says_what_to_install(call: str) -> None:
    code = f"import fastdescent as fd; s = fd.surfaces.himmelblau()\ntry: {call}\nexcept ImportError as e: print(e)"
    assert output(WITHOUT_ALL + code) == [NOTHING]


def test_the_command_says_it_in_one_line() -> None:
    code = "from fastdescent.cli import main; print(main(['basins', 'himmelblau', '--size', '8']))"
    done = subprocess.run([sys.executable, "-c", WITHOUT_ALL + code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("2\n", f"fastdescent: error: {NOTHING}\n")


@needs_extension
def test_the_extension_needs_no_numba() -> None:
    code = (
        "import fastdescent as fd; s = fd.surfaces.himmelblau(); x0 = fd.uniform(s.window, 20_000)\n"
        "run = fd.descend(s, x0, fd.Adam(lr=0.1), max_steps=1000, gtol=None)\n"
        "print(run.engine, len(fd.classify(run).points.x))\n"
        "print([e.name for e in fd.info().engines if e.available])"
    )
    assert output(WITHOUT_NUMBA + code) == ["native 4", "['native']"]
