"""Prints what the extras named on the command line need beside the project itself, which need not be built again."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).parent.parent / "pyproject.toml"
extras = tomllib.loads(PYPROJECT.read_text())["project"]["optional-dependencies"]
print(*(need for name in sys.argv[1:] for need in extras[name] if not need.startswith("fastdescent")), sep="\n")
