"""Lint, format, types and layers: ruff, clang-format, mypy, import-linter. Exits with the number that complain."""

import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = Path(sysconfig.get_path("scripts"))
CPP = sorted(str(p) for folder in ("cpp", "src") for p in (ROOT / folder).rglob("*.?pp"))
CHECKS = [
    ["ruff", "check", "."],
    ["ruff", "format", "--check", "."],
    ["clang-format", "--dry-run", "--Werror", *CPP],
    ["mypy"],
    ["lint-imports", "--no-cache"],
]

if __name__ == "__main__":
    failed = sum(subprocess.run([str(SCRIPTS / c[0]), *c[1:]], cwd=ROOT).returncode != 0 for c in CHECKS)
    sys.exit(failed)
