"""Runs the suites and prints how many functions are taken."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import sys
from pathlib import Path

from . import packages
from .check import Verdict, verdict
from .table import markdown, report


def main() -> None:
    names = sorted(p.stem for p in Path(packages.__file__).parent.glob("*.py") if p.stem != "__init__")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", nargs="*", default=names, help="those to run; all of them if none is named")
    parser.add_argument("--only", help="the one function to run")
    parser.add_argument("--markdown", type=Path, help="the file for the table of the documentation")
    options = parser.parse_args()
    results = {}
    for name in options.packages:
        cases = importlib.import_module(f"{packages.__name__}.{name}").cases()
        with contextlib.redirect_stdout(io.StringIO()):  # some packages print while they are set up
            chosen = [c for c in cases if options.only in (None, c.name)]
        results[name] = [_told(verdict(c)) for c in chosen]
        print(report({name: results[name]}), flush=True)
    print(report(results).rsplit("\n", 1)[-1])
    if options.markdown:
        options.markdown.write_text(markdown(results) + "\n", encoding="utf-8")


def _told(v: Verdict) -> Verdict:
    """The verdict, which stderr shows while the others are worked out."""
    print(f"{v.name}: {'taken' if v.taken else v.reason}", file=sys.stderr, flush=True)
    return v


if __name__ == "__main__":
    main()
