"""Fused multiply-add without hardware, in compiled steps: bits of the exact operation, at all exponents."""

from __future__ import annotations

import re

import numpy as np
import pytest
from support.available import COMPILED, ISAS
from support.programs.one_step import evaluated, stepped
from support.programs.opcode_cases import DTYPES, Floats, assert_same_bits, meant, section, step

import fastdescent as fd

pytestmark = pytest.mark.exhaustive

WITHOUT_FMA = "x86-64-v2"
N = 60_000
#: Exponents of the product: about the least number, where products lose their last bits, anywhere, at the largest.
PRODUCTS = {
    "float64": [(-1090, -1010), (-1010, -900), (-1023, 1023), (930, 1030)],
    "float32": [(-160, -120), (-126, -90), (-126, 127), (110, 130)],
}


OF_ONE_OPERATION = {
    "fma": fd.surface("x*y + x"),
    "dot": fd.surface(lambda x: np.dot(x, x), dim=5),
    "exp": fd.surface("exp(x)"),
    "pow": fd.surface("(x**2 + 1)**y"),
}


def numbers(exponents: np.ndarray, dtype: str, rng: np.random.Generator) -> Floats:
    """Of these exponents, with significands that are full, end early, or are all ones: ties and carries."""
    n_bits = np.finfo(dtype).nmant
    fraction = rng.integers(0, 1 << n_bits, len(exponents))
    cut = (1 << n_bits) - (1 << rng.integers(0, n_bits + 1, len(exponents)))
    fraction = np.choose(rng.integers(0, 3, len(exponents)), [fraction, fraction & cut, cut])
    significand = (1 + fraction / (1 << n_bits)) * rng.choice([-1.0, 1.0], len(exponents))
    with np.errstate(over="ignore", under="ignore"):
        return np.ldexp(significand.astype(dtype), exponents.astype(np.int32))


def triples(product: tuple[int, int], dtype: str, seed: int) -> Floats:
    """(N, 3): factors, and summands of all sizes, but often near the product, and often nearly its opposite."""
    rng = np.random.default_rng(seed)
    least, most = np.finfo(dtype).minexp, np.finfo(dtype).maxexp - 1
    together = rng.integers(*product, N)
    first = rng.integers(np.maximum(least, together - most), np.minimum(most, together - least) + 1)
    a, b = numbers(first, dtype, rng), numbers(together - first, dtype, rng)
    near, apart = together + rng.integers(-3, 4, N), together + rng.integers(-130, 131, N)
    chosen = np.choose(rng.integers(0, 3, N), [near, apart, rng.integers(least - 30, most + 1, N)])
    c = numbers(np.clip(chosen, least - 60, most), dtype, rng)
    with np.errstate(over="ignore", under="ignore"):
        opposite = (-(a * b) * (1 + rng.integers(-3, 4, N) * np.finfo(dtype).eps)).astype(dtype)
    return np.stack([a, b, np.where(np.isfinite(opposite) & (rng.random(N) < 0.3), opposite, c)], axis=1)


@pytest.mark.skipif(WITHOUT_FMA not in ISAS, reason="every other architecture has FMA")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("where", range(4))
def test_extreme_exponents(where: int, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    x = triples(PRODUCTS[dtype][where], dtype, seed=where)
    wanted = evaluated("auto", section("fma", 3, 0), np.zeros(3, dtype), x)[:, 0]
    some = slice(0, 3000)
    assert_same_bits(wanted[some], np.array([meant("fma", dtype, row) for row in x[some].tolist()], dtype), x[some])
    monkeypatch.setenv("FASTDESCENT_ISA", WITHOUT_FMA)
    for engine in COMPILED:
        assert_same_bits(stepped(engine, step("fma", 3), x)[:, 0], wanted, x)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_triples_are_hard(dtype: str) -> None:
    small, _, _, large = (triples(p, dtype, seed=0) for p in PRODUCTS[dtype])
    with np.errstate(over="ignore", under="ignore"):
        products = [x[:, 0] * x[:, 1] for x in (small, large)]
    assert np.mean(np.abs(products[0]) < np.finfo(dtype).tiny) > 0.5
    assert np.mean(np.isinf(products[1])) > 0.02


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", OF_ONE_OPERATION)
def test_nothing_outside_is_called(name: str, dtype: str) -> None:
    listing = OF_ONE_OPERATION[name].program(fd.GD(lr=0.1), stop_when=lambda fun: fun < 0.0, dtype=dtype)
    assert ("r0 * r1 + r0" if name == "fma" else f" {name}(") in str(listing)
    text = listing.llvm(WITHOUT_FMA)
    declared = re.findall(r"^declare .*?@([\w.]+)", text, re.M)
    assert declared
    assert all(d.startswith("llvm.") and not d.startswith("llvm.fma") for d in declared)
    found = listing.assembly(WITHOUT_FMA)
    called = set(re.findall(r"(?:call\w*\s+|jmp\s+|\$)([A-Za-z_][\w.]*)", found))
    assert any(c.startswith("fma.") for c in called)
    assert called <= set(re.findall(r"^([\w.]+):", found, re.M))
