"""The scalar evaluator: fma rounds once, its arithmetic is the hardware's, integers wrap."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import numpy as np
import pytest
from support.programs.floats import DTYPES, INF, NAN, any_number, limits, same, significant_bits

from fastdescent.program.exact import Exact, fma_by_integers, to_float32
from fastdescent.program.opcodes import ELEMENTWISE


def rounded_fraction(exact: Fraction, m: Exact) -> float:
    """The nearest number of the dtype, ties to even."""
    digits = significant_bits(m.dtype)
    least = Fraction(limits(m.dtype)[0])
    size = abs(exact)
    exponent = size.numerator.bit_length() - size.denominator.bit_length()
    exponent -= size < Fraction(2) ** exponent
    unit = max(Fraction(2) ** (exponent - digits + 1), least)
    value = round(size / unit) * unit
    nearest = INF if value > limits(m.dtype)[2] else float(value)
    return nearest if exact > 0 else -nearest


@pytest.mark.parametrize("dtype", DTYPES)
def test_fma_rounds_once(dtype: str) -> None:
    rng = random.Random(7)
    m = Exact(dtype)
    for _ in range(2000):
        a, b = any_number(rng, m), any_number(rng, m)
        if rng.random() < 0.8:
            a, b = m.const(rng.uniform(-2, 2)), m.const(rng.choice((rng.uniform(-2, 2), a)))
        c = rng.choice((any_number(rng, m), -m.mul(a, b), m.const(a * 2.0 ** rng.randrange(-60, 60))))
        if not math.isfinite(c):
            continue
        exact = Fraction(a) * Fraction(b) + Fraction(c)
        if exact:
            assert m.fma(a, b, c) == rounded_fraction(exact, m), (a, b, c)
        else:
            assert m.fma(a, b, c) == 0.0


def test_fma_by_integers_agrees_with_the_fast_path() -> None:
    rng = random.Random(8)
    m = Exact("float64")
    for _ in range(2000):
        a, b, c = (rng.uniform(-2, 2) * 2.0 ** rng.randrange(-40, 40) for _ in range(3))
        assert m.fma(a, b, c) == fma_by_integers(a, b, c)


@pytest.mark.parametrize("dtype", DTYPES)
def test_fma_signs_and_infinities(dtype: str) -> None:
    m = Exact(dtype)
    greatest = limits(dtype)[2]
    assert same(m.fma(1.0, -0.0, 0.0), 0.0)
    assert same(m.fma(1.0, -0.0, -0.0), -0.0)
    assert same(m.fma(2.0, 3.0, -6.0), 0.0)
    assert same(m.fma(limits(dtype)[0], -0.25, 0.0), -0.0)
    assert m.fma(greatest, 2.0, 0.0) == INF
    assert m.fma(greatest, 2.0, -greatest) == greatest
    assert math.isnan(m.fma(INF, 0.0, 1.0))
    assert math.isnan(m.fma(INF, 1.0, -INF))
    assert m.fma(2.0, 3.0, -INF) == -INF


@pytest.mark.parametrize("dtype", DTYPES)
def test_exact_agrees_with_numpy(dtype: str) -> None:
    """NumPy's + - * / sqrt rint are the hardware's."""
    rng = random.Random(9)
    m = Exact(dtype)
    scalar = np.dtype(dtype).type
    values = [0.0, -0.0, INF, -INF, NAN, *limits(dtype), *(any_number(rng, m) for _ in range(60))]
    values += [m.const(rng.uniform(-9, 9)) for _ in range(30)] + [0.5, 1.5, 2.5, -0.5]
    with np.errstate(all="ignore"):
        for a in values:
            assert same(m.sqrt(a), float(np.sqrt(scalar(a))))
            assert same(m.rint(a), float(np.rint(scalar(a))))
            assert same(ELEMENTWISE["floor"](m, a), float(np.floor(scalar(a))))
            assert same(ELEMENTWISE["ceil"](m, a), float(np.ceil(scalar(a))))
            for b in values:
                x, y = scalar(a), scalar(b)
                assert same(m.add(a, b), float(x + y))
                assert same(m.sub(a, b), float(x - y))
                assert same(m.mul(a, b), float(x * y))
                assert same(m.div(a, b), float(x / y))


@pytest.mark.parametrize("dtype", DTYPES)
def test_integers_wrap(dtype: str) -> None:
    m = Exact(dtype)
    width = 64 if dtype == "float64" else 32
    greatest, least = (1 << (width - 1)) - 1, -(1 << (width - 1))
    assert m.iadd(greatest, 1) == least
    assert m.isub(least, 1) == greatest
    assert m.shl(3, width - 1) == least
    assert m.shr(-1, 5) == -1
    assert m.ushr(-1, width - 1) == 1
    assert m.reals(m.bits(-1.5)) == -1.5


def test_to_float32_rounds_to_nearest_even() -> None:
    assert to_float32(1.0 + 2.0**-24) == 1.0
    assert to_float32(1.0 + 3 * 2.0**-24) == 1.0 + 2.0**-22
    assert to_float32(1e39) == INF


def test_dtype_must_be_a_float() -> None:
    with pytest.raises(ValueError, match="'int32'"):
        Exact("int32")
