"""The engines and instruction sets of this installation, for tests that go through all of them."""

from __future__ import annotations

import pytest

import fastdescent as fd
from fastdescent.engines.host import WHY_NO_EXTENSION, core

ISAS = fd.info().isas
#: The best one; tests of others are exhaustive.
BEST_ISA_FIRST = [*ISAS[:1], *(pytest.param(isa, marks=pytest.mark.exhaustive) for isa in ISAS[1:])]
ENGINES = [engine.name for engine in fd.info().engines if engine.available]
COMPILED = [name for name in ENGINES if name in ("jit", "numba")]

#: What this installation calls with functions of the extension's names, and an engine that is always there.
CORE = core.__name__
USUAL = ENGINES[0]

needs_extension = pytest.mark.skipif(WHY_NO_EXTENSION is not None, reason="is about the C++ extension")
