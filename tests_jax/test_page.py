"""The page on functions of JAX's: its examples run."""

from __future__ import annotations

from pathlib import Path

import examples
import pytest

PAGE = Path(__file__).resolve().parents[1] / "docs" / "howto" / "jax.md"


@pytest.mark.filterwarnings("default")
def test_examples_on_the_page() -> None:
    examples.run_page(PAGE)
