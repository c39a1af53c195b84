"""Test functions of other packages, given to `fd.surface` unchanged: how many are taken, and why the others are not.

    pip install ".[suites]" && python -m benchmarks.suites [PACKAGE ...] [--markdown FILE]

`packages` has one file per package, which lists its functions; `check` says what "taken" means; `derivative` measures
derivatives independently of fastdescent; `table` writes the results.
"""
