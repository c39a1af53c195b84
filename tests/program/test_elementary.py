"""The elementary functions: within 2 ulp of mpmath, with the special values of C99, in both dtypes."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

import mpmath
import pytest
from support.programs.elementary_cases import CASES
from support.programs.floats import DTYPES, INF, NAN, any_number, limits, same

from fastdescent.program.elementary.formats import FORMATS
from fastdescent.program.exact import Exact
from fastdescent.program.opcodes import ARITY, ELEMENTWISE

N_RANDOM = 400


def numbers(rng: random.Random, m: Exact) -> Iterator[float]:
    """Random numbers of every size, near the ends of exp, near multiples of pi/2, and the ends of the format."""
    end = 745.0 if m.dtype == "float64" else 103.0
    for _ in range(N_RANDOM):
        for x in (rng.uniform(-1, 1), rng.uniform(-30, 30), rng.uniform(-end, end), rng.uniform(0.7, 1.5)):
            yield m.const(x)
        yield any_number(rng, m)
        yield m.const(rng.randrange(-3000, 3000) * math.pi / 2)
    least, tiny, greatest = limits(m.dtype)
    for x in (least, 3 * least, tiny - least, tiny, greatest, 1.0, 0.5, 2.0, 1e-5, 2.0**10, 2.0**21, 2.0**22):
        yield from (m.const(x), -m.const(x))


def arguments(name: str, rng: random.Random, m: Exact) -> Iterator[tuple[float, ...]]:
    if name == "pow":
        end = 1020.0 if m.dtype == "float64" else 124.0
        for x in numbers(rng, m):
            x = abs(x)
            if 0.0 < x != 1.0:
                yield x, m.const(rng.uniform(-end, end) / math.log2(x))
                yield -x, float(rng.randrange(-6, 6))
    elif ARITY[name] == 2:
        for x in numbers(rng, m):
            yield x, any_number(rng, m)
            yield x, m.mul(x, m.const(rng.uniform(-4, 4)))
    else:
        for x in numbers(rng, m):
            if CASES[name].is_defined(x):
                yield (x,)


def error_in_ulps(got: float, true: mpmath.mpf, dtype: str) -> float:
    if true == 0:
        return 0.0 if got == 0.0 else INF
    least, _, greatest = limits(dtype)
    digits = FORMATS[dtype].digits
    if abs(true) >= greatest * (1 + mpmath.mpf(2) ** -digits):  # rounds to infinity
        return 0.0 if got == math.copysign(INF, true) else float(abs(true) / greatest - 1) * 2**digits
    if not math.isfinite(got):
        return INF
    ulp = mpmath.mpf(2) ** (mpmath.mag(true) - digits)
    return float(abs(got - true) / max(ulp, least))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", CASES)
def test_within_two_ulps(name: str, dtype: str) -> None:
    rng = random.Random(f"{name} {dtype}")
    m, function, oracle = Exact(dtype), ELEMENTWISE[name], CASES[name].oracle
    with mpmath.workprec(160):
        for args in arguments(name, rng, m):
            true = oracle(*map(mpmath.mpf, args))
            got = function(m, *args)
            assert error_in_ulps(got, true, dtype) <= 2.0, (name, args, got, true)


SPECIAL = [
    ("exp", (0.0,), 1.0),
    ("exp", (-0.0,), 1.0),
    ("exp", (INF,), INF),
    ("exp", (-INF,), 0.0),
    ("exp", (1e4,), INF),
    ("exp", (-1e4,), 0.0),
    ("log", (1.0,), 0.0),
    ("log", (0.0,), -INF),
    ("log", (-0.0,), -INF),
    ("log", (INF,), INF),
    ("log", (-1.0,), NAN),
    ("log", (-INF,), NAN),
    ("sin", (0.0,), 0.0),
    ("sin", (-0.0,), -0.0),
    ("sin", (INF,), NAN),
    ("cos", (0.0,), 1.0),
    ("cos", (-0.0,), 1.0),
    ("cos", (-INF,), NAN),
    ("tan", (0.0,), 0.0),
    ("tan", (-0.0,), -0.0),
    ("tan", (INF,), NAN),
    ("tanh", (0.0,), 0.0),
    ("tanh", (-0.0,), -0.0),
    ("tanh", (INF,), 1.0),
    ("tanh", (-INF,), -1.0),
    ("atan", (0.0,), 0.0),
    ("atan", (-0.0,), -0.0),
    ("atan", (INF,), math.pi / 2),
    ("atan", (-INF,), -math.pi / 2),
    ("atan", (1.0,), math.pi / 4),
    ("atan2", (0.0, 1.0), 0.0),
    ("atan2", (-0.0, 1.0), -0.0),
    ("atan2", (0.0, 0.0), 0.0),
    ("atan2", (-0.0, 0.0), -0.0),
    ("atan2", (0.0, -0.0), math.pi),
    ("atan2", (-0.0, -0.0), -math.pi),
    ("atan2", (0.0, -1.0), math.pi),
    ("atan2", (-0.0, -1.0), -math.pi),
    ("atan2", (0.0, -INF), math.pi),
    ("atan2", (-1.0, -INF), -math.pi),
    ("atan2", (1.0, INF), 0.0),
    ("atan2", (-1.0, INF), -0.0),
    ("atan2", (1.0, 0.0), math.pi / 2),
    ("atan2", (-1.0, -0.0), -math.pi / 2),
    ("atan2", (INF, 1.0), math.pi / 2),
    ("atan2", (-INF, -1.0), -math.pi / 2),
    ("atan2", (INF, INF), math.pi / 4),
    ("atan2", (-INF, INF), -math.pi / 4),
    ("atan2", (INF, -INF), 3 * math.pi / 4),
    ("atan2", (-INF, -INF), -3 * math.pi / 4),
    ("atan2", (NAN, INF), NAN),
    ("atan2", (INF, NAN), NAN),
    ("atan2", (NAN, 0.0), NAN),
    ("atan2", (0.0, NAN), NAN),
    ("pow", (0.0, 0.0), 1.0),
    ("pow", (INF, -0.0), 1.0),
    ("pow", (NAN, 0.0), 1.0),
    ("pow", (1.0, NAN), 1.0),
    ("pow", (1.0, INF), 1.0),
    ("pow", (-1.0, INF), 1.0),
    ("pow", (-1.0, -INF), 1.0),
    ("pow", (NAN, 1.0), NAN),
    ("pow", (-1.0, NAN), NAN),
    ("pow", (2.0, NAN), NAN),
    ("pow", (0.0, NAN), NAN),
    ("pow", (INF, NAN), NAN),
    ("pow", (-8.0, 1.5), NAN),
    ("pow", (-8.0, 3.0), -512.0),
    ("pow", (-2.0, -2.0), 0.25),
    ("pow", (-2.0, -1e4), 0.0),
    ("pow", (-2.0, 1e4 + 1), -INF),
    ("pow", (-2.0, -1e4 - 1), -0.0),
    ("pow", (0.0, 0.5), 0.0),
    ("pow", (-0.0, 0.5), 0.0),
    ("pow", (-0.0, 3.0), -0.0),
    ("pow", (-0.0, 2.0), 0.0),
    ("pow", (-0.0, -3.0), -INF),
    ("pow", (-0.0, -2.0), INF),
    ("pow", (0.0, -0.5), INF),
    ("pow", (0.0, -INF), INF),
    ("pow", (0.5, INF), 0.0),
    ("pow", (0.5, -INF), INF),
    ("pow", (-2.0, INF), INF),
    ("pow", (-2.0, -INF), 0.0),
    ("pow", (INF, 0.5), INF),
    ("pow", (INF, -0.5), 0.0),
    ("pow", (-INF, 3.0), -INF),
    ("pow", (-INF, 2.0), INF),
    ("pow", (-INF, 0.5), INF),
    ("pow", (-INF, -3.0), -0.0),
    ("pow", (-INF, -0.5), 0.0),
    ("pow", (-INF, INF), INF),
    ("expm1", (0.0,), 0.0),
    ("expm1", (-0.0,), -0.0),
    ("expm1", (INF,), INF),
    ("expm1", (1e4,), INF),
    ("expm1", (-INF,), -1.0),
    ("log1p", (0.0,), 0.0),
    ("log1p", (-0.0,), -0.0),
    ("log1p", (-1.0,), -INF),
    ("log1p", (-1.5,), NAN),
    ("log1p", (INF,), INF),
    ("log1p", (-INF,), NAN),
    ("log2", (8.0,), 3.0),
    ("log2", (0.125,), -3.0),
    ("log2", (1.0,), 0.0),
    ("log2", (-0.0,), -INF),
    ("log2", (INF,), INF),
    ("log2", (-1.0,), NAN),
    ("log10", (1000.0,), 3.0),
    ("log10", (1.0,), 0.0),
    ("log10", (0.0,), -INF),
    ("log10", (INF,), INF),
    ("log10", (-1.0,), NAN),
    ("sinh", (-0.0,), -0.0),
    ("sinh", (-INF,), -INF),
    ("sinh", (1e4,), INF),
    ("cosh", (-0.0,), 1.0),
    ("cosh", (-INF,), INF),
    ("cosh", (1e4,), INF),
    ("asin", (-0.0,), -0.0),
    ("asin", (1.0,), math.pi / 2),
    ("asin", (-1.0,), -math.pi / 2),
    ("asin", (1.5,), NAN),
    ("asin", (-INF,), NAN),
    ("acos", (1.0,), 0.0),
    ("acos", (-1.0,), math.pi),
    ("acos", (0.0,), math.pi / 2),
    ("acos", (-0.0,), math.pi / 2),
    ("acos", (-1.5,), NAN),
    ("acos", (INF,), NAN),
    ("asinh", (-0.0,), -0.0),
    ("asinh", (INF,), INF),
    ("asinh", (-INF,), -INF),
    ("acosh", (1.0,), 0.0),
    ("acosh", (0.5,), NAN),
    ("acosh", (-2.0,), NAN),
    ("acosh", (INF,), INF),
    ("acosh", (-INF,), NAN),
    ("atanh", (-0.0,), -0.0),
    ("atanh", (1.0,), INF),
    ("atanh", (-1.0,), -INF),
    ("atanh", (1.5,), NAN),
    ("atanh", (-INF,), NAN),
    ("cbrt", (27.0,), 3.0),
    ("cbrt", (-8.0,), -2.0),
    ("cbrt", (0.0,), 0.0),
    ("cbrt", (-0.0,), -0.0),
    ("cbrt", (INF,), INF),
    ("cbrt", (-INF,), -INF),
    ("erf", (0.0,), 0.0),
    ("erf", (-0.0,), -0.0),
    ("erf", (INF,), 1.0),
    ("erf", (-INF,), -1.0),
    ("erfc", (0.0,), 1.0),
    ("erfc", (-0.0,), 1.0),
    ("erfc", (INF,), 0.0),
    ("erfc", (-INF,), 2.0),
    ("expit", (0.0,), 0.5),
    ("expit", (INF,), 1.0),
    ("expit", (-INF,), 0.0),
    ("logaddexp", (INF, INF), INF),
    ("logaddexp", (-INF, -INF), -INF),
    ("logaddexp", (-INF, 3.0), 3.0),
    ("logaddexp", (3.0, INF), INF),
    ("logaddexp", (NAN, 0.0), NAN),
    ("logaddexp", (0.0, NAN), NAN),
    ("floor", (-0.0,), -0.0),
    ("floor", (0.5,), 0.0),
    ("floor", (-0.5,), -1.0),
    ("floor", (2.5,), 2.0),
    ("floor", (-INF,), -INF),
    ("ceil", (0.0,), 0.0),
    ("ceil", (-0.0,), -0.0),
    ("ceil", (-0.5,), -0.0),
    ("ceil", (0.5,), 1.0),
    ("ceil", (-2.5,), -2.0),
    ("ceil", (INF,), INF),
    ("hypot", (0.0, -0.0), 0.0),
    ("hypot", (INF, NAN), INF),
    ("hypot", (NAN, -INF), INF),
    ("hypot", (NAN, 0.0), NAN),
    ("hypot", (0.0, NAN), NAN),
    ("hypot", (3.0, -4.0), 5.0),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "args", "expected"), SPECIAL)
def test_special_value(name: str, args: tuple[float, ...], expected: float, dtype: str) -> None:
    m = Exact(dtype)
    got = ELEMENTWISE[name](m, *map(m.const, args))
    assert same(got, m.const(expected)), got


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", [name for name in CASES if ARITY[name] == 1])
@pytest.mark.parametrize("nan", [NAN, -NAN])
def test_nan_gives_nan(name: str, nan: float, dtype: str) -> None:
    assert math.isnan(ELEMENTWISE[name](Exact(dtype), nan))


@pytest.mark.parametrize("dtype", DTYPES)
def test_tiny_arguments_come_back(dtype: str) -> None:
    m = Exact(dtype)
    least, tiny, _ = limits(dtype)
    for x in (least, -least, tiny - least, -tiny, 5 * least):
        for name in ("sin", "tan", "tanh", "atan", "expm1", "log1p", "sinh", "asin", "asinh", "atanh"):
            assert ELEMENTWISE[name](m, x) == x, (name, x)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_hard_angle(dtype: str) -> None:
    """The double nearest to a multiple of pi/2 (Muller, Elementary Functions, table 11.1), and float32's own."""
    x = {"float64": 6381956970095103.0 * 2.0**797, "float32": 16367173.0 * 2.0**72}[dtype]
    with mpmath.workprec(1500):
        for name in ("sin", "cos", "tan"):
            true = CASES[name].oracle(mpmath.mpf(x))
            assert error_in_ulps(ELEMENTWISE[name](Exact(dtype), x), true, dtype) <= 2.0


@pytest.mark.parametrize("dtype", DTYPES)
def test_logaddexp(dtype: str) -> None:
    """Within 2 ulp of the greater of its terms: where they cancel, the result has their absolute error."""
    rng = random.Random(11)
    m = Exact(dtype)
    for _ in range(N_RANDOM):
        x = m.const(rng.uniform(-90, 90))
        for y in (m.const(rng.uniform(-90, 90)), m.const(x + rng.uniform(-9, 9)), x, any_number(rng, m)):
            true = mpmath.log(mpmath.exp(x) + mpmath.exp(y)) if abs(y) < 100 else mpmath.mpf(max(x, y))
            unit = max(abs(max(x, y)), 1.0) * 2.0 ** (1 - FORMATS[dtype].digits)
            assert abs(ELEMENTWISE["logaddexp"](m, x, y) - true) <= 2 * unit, (x, y)
