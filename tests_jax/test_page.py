"""The page on functions of JAX's, and docstrings of modules that import JAX: their examples run."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path

import examples
import pytest

from fastdescent.program.trace import jax as room

PAGE = Path(__file__).resolve().parents[1] / "docs" / "howto" / "jax.md"


@pytest.mark.filterwarnings("default")
def test_examples_on_the_page() -> None:
    examples.run_page(PAGE)


@pytest.mark.parametrize("name", [m.name for m in pkgutil.iter_modules(room.__path__)])
def test_examples_in_docstrings(name: str) -> None:
    module = importlib.import_module(f"{room.__name__}.{name}")
    assert doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE).failed == 0
