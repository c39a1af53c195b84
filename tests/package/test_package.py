"""The package as a whole: light to import, a stub that fits the extension, public names that are documented."""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
import json
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.available import needs_extension

import fastdescent as fd
from fastdescent.engines.host import core

STUB = ast.parse((Path(fd.__file__).parent / "_core.pyi").read_text())


def stub_functions() -> dict[str, list[str]]:
    return {
        n.name: [a.arg for a in (*n.args.posonlyargs, *n.args.args, *n.args.kwonlyargs)]
        for n in STUB.body
        if isinstance(n, ast.FunctionDef)
    }


@needs_extension
def test_stub_names_what_the_extension_has() -> None:
    classes = {n.name for n in STUB.body if isinstance(n, ast.ClassDef)}
    assert {n for n in dir(core) if not n.startswith("_")} == set(stub_functions()) | classes


@needs_extension
@pytest.mark.parametrize("name", stub_functions())
def test_stub_arguments_are_those_of_the_extension(name: str) -> None:
    doc = getattr(core, name).__doc__
    first = re.search(rf"(?:\d+\. )?{name}\((.*)\) ->", doc)
    assert first is not None
    arguments = [a for a in re.findall(r"(\w+): ", first[1]) if not re.fullmatch(r"arg\d+", a)]
    if name != "philox":  # its arguments have no names
        assert arguments == stub_functions()[name]


@pytest.mark.parametrize("name", stub_functions())
def test_numba_has_the_functions_of_the_stub(name: str) -> None:
    from fastdescent.engines.numba import core

    arguments = list(inspect.signature(getattr(core, name)).parameters)
    assert arguments == (["job"] if name == "descend" else stub_functions()[name])


def test_import_is_light() -> None:
    code = "import sys, json, fastdescent; print(json.dumps(sorted({m.split('.')[0] for m in sys.modules})))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    heavy = {"scipy", "matplotlib", "numba", "llvmlite", "tqdm", "dask", "sympy", "pandas"}
    assert not heavy & set(json.loads(out))


def test_every_public_name_is_there_and_documented() -> None:
    for name in fd.__all__:
        value = getattr(fd, name)
        if not isinstance(value, str):
            assert inspect.getdoc(value), name
    with pytest.raises(AttributeError, match="fastdescent"):
        fd.no_such_name  # noqa: B018
    assert dir(fd) == sorted([*fd.__all__, "__version__"])


#: Those that import JAX have their examples run in tests_jax.
MODULES = [
    m.name for m in pkgutil.walk_packages(fd.__path__, "fastdescent.")
    if not m.name.endswith("__main__") and not m.name.startswith("fastdescent.program.trace.jax.")
]  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    module = importlib.import_module(name)
    failures, _ = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert failures == 0


@pytest.mark.parametrize("name", [n for n in fd.__all__ if not inspect.ismodule(getattr(fd, n))])
def test_examples_of_public_names(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their `__module__` is the package, where doctest does not look for them."""
    monkeypatch.chdir(tmp_path)
    home = importlib.import_module(f"fastdescent.{fd._HOME_OF[name]}")
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    for example in doctest.DocTestFinder().find(getattr(fd, name), name, module=home):
        assert runner.run(example).failed == 0


@pytest.mark.parametrize("name", [n for n in fd.__all__ if not inspect.ismodule(getattr(fd, n))])
def test_public_names_do_not_tell_their_room(name: str) -> None:
    assert getattr(fd, name).__module__ == "fastdescent"


def test_core_knows_no_python_and_engines_hide_the_extension() -> None:
    package = Path(fd.__file__).parent
    allowed = {"engines/host.py"}
    users = {
        p.relative_to(package).as_posix()
        for p in package.rglob("*.py")
        if re.search(r"^\s*(from fastdescent import _core|.*import_module\(\"fastdescent\._core)", p.read_text(), re.M)
    }
    assert users <= allowed
