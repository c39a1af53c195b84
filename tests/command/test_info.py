"""`fd.info` and what the command prints of it."""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from importlib import metadata

import numpy as np
import pytest

import fastdescent as fd
from fastdescent.cli import main


def test_it_says_what_there_is() -> None:
    info = fd.info()
    assert (info.version, info.python, info.numpy) == (fd.__version__, platform.python_version(), np.__version__)
    assert info.isa in info.isas
    assert info.threads >= 1
    assert info.extras["matplotlib"] == metadata.version("matplotlib")
    assert set(info.extras) == {"matplotlib", "tqdm", "sympy"}


def test_engines_that_are_named_available_run_and_others_say_why_not() -> None:
    s = fd.surface("x**2")
    info = fd.info()
    engines = {e.name: e for e in info.engines}
    assert set(engines) == {"native", "jit", "numba"}
    assert any(e.available for e in info.engines)
    for name, engine in engines.items():
        if engine.available:
            assert engine.why_not is None
            assert fd.descend(s, [[1.0]], fd.GD(lr=0.1), engine=name).engine == name
        else:
            assert engine.why_not
            with pytest.raises(ValueError, match=re.escape(f'engine "{name}" is missing: {engine.why_not}')):
                fd.descend(s, [[1.0]], fd.GD(lr=0.1), engine=name)


def test_attributes_are_keys() -> None:
    info = fd.info()
    assert dict(info) == {name: getattr(info, name) for name in info.keys()}  # noqa: SIM118
    assert info["isa"] == info.isa
    with pytest.raises(KeyError):
        info["colour"]


def test_a_forced_instruction_set_and_one_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    there = fd.info().isas
    for isa in there:
        monkeypatch.setenv("FASTDESCENT_ISA", isa)
        assert fd.info().isa == isa
        assert f"{isa} (in use)" in repr(fd.info())
        assert fd.descend(fd.surface("x**2"), [[1.0]], fd.GD(lr=0.1)).success.all()
    monkeypatch.setenv("FASTDESCENT_ISA", "x86-64-v9")
    info = fd.info()
    assert info.isa is None
    assert not any(e.available for e in info.engines)
    assert f"missing: FASTDESCENT_ISA must be one of {', '.join(there)} on this machine" in repr(info)


def test_a_missing_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:

    def missing(package: str) -> str:
        raise metadata.PackageNotFoundError(package)

    monkeypatch.setattr(metadata, "version", missing)
    info = fd.info()
    assert info.extras == {"matplotlib": None, "tqdm": None, "sympy": None}
    assert "missing: pip install 'fastdescent[plot]'" in repr(info)
    assert "missing: pip install &#x27;fastdescent[plot]&#x27;" in info._repr_html_()


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info"]) == 0
    assert capsys.readouterr().out == f"{fd.info()!r}\n"


def test_it_imports_nothing_heavy() -> None:
    code = "import sys, fastdescent; fastdescent.info(); print(*{m.split('.')[0] for m in sys.modules})"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"matplotlib", "tqdm", "sympy", "scipy"} & set(out.split())
