"""Fused multiply-add where the processor has none: error-free transforms, as in cpp/include/fastdescent/fma.hpp.

S. Boldo, G. Melquiond, "Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd", IEEE
Trans. Computers 57(4), 2008. It takes dozens of instructions, so a module has them once, as functions of its own that
the steps call: LLVM by itself would call the C library, lane by lane.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from fastdescent.engines.jit.emit.arithmetic import Arithmetic, Vectors
from fastdescent.engines.jit.emit.emitter import Emitter
from fastdescent.engines.jit.emit.target import Target

_SPLITTER = 2.0**27 + 1
_BIAS, _FRACTION_BITS, _EXPONENT = 1023, 52, 0x7FF
_SIGN_AND_FRACTION, _ONE = 0x800FFFFFFFFFFFFF, 0x3FF0000000000000
_LEAST_NORMAL, _INFINITY = 2.0**-1022, float("inf")
_FARTHEST = 110  #: of two numbers whose exponents differ by more, the smaller only tells to which side the sum lies


class WithoutFma(Arithmetic):
    """Arithmetic whose `fma` is a function of the module."""

    def fma(self, a: Vectors, b: Vectors, c: Vectors) -> Vectors:
        for text in _functions(self.dtype, self.width):
            self.emitter.declare(text)
        kind = self.vector
        return self._each(f"call {kind} @fma.{self.suffix}({kind} %s, {kind} %s, {kind} %s)", a, b, c)


def arithmetic_for(target: Target) -> type[Arithmetic]:
    """What the target's processor can do."""
    return Arithmetic if target.has_fma else WithoutFma


Body = Callable[[Arithmetic, Vectors, Vectors, Vectors], Vectors]


@functools.cache
def _functions(dtype: str, width: int) -> frozenset[str]:
    """Definitions, and declarations of what they call."""
    bodies: dict[str, Body] = {"fma": _fma32} if dtype == "float32" else {"fma": _fma64, "fma.extreme": _extreme64}
    found = set()
    for name, body in bodies.items():
        e = Emitter()
        m = Arithmetic(e, dtype, width, 1, "null")
        e.do(f"ret {m.vector} {body(m, ('%a',), ('%b',), ('%c',))[0]}")
        head = f"define internal {m.vector} @{name}.{m.suffix}({m.vector} %a, {m.vector} %b, {m.vector} %c)"
        found |= {f"{head} noinline nounwind {{\n{e.text()}\n}}\n", *e.declarations}
    return frozenset(found)


def _fma64(m: Arithmetic, a: Vectors, b: Vectors, c: Vectors) -> Vectors:
    """As `fma(VD, VD, VD)` in C++, and like it with a branch for exponents at which the transforms would fail."""
    product = m.mul(a, b)
    total, total_low = _two_sum(m, c, _lost(m, a, b, product))
    top, top_low = _two_sum(m, product, total)
    result = m.add(top, _add_to_odd(m, top_low, total_low))
    # A factor that is zero makes the sum exact, signs of zero included.
    zero = _is_zero(m, a, b)
    result = m.select(zero, m.add(product, c), result)
    unsafe = m.mask_not(_is_safe(m, a, b, c, product, zero))
    e = m.emitter
    e.do(f"br i1 {m.any(unsafe)}, label %extreme, label %usual, !prof !0")
    e.label("extreme")
    kind = m.vector
    call = f"call {kind} @fma.extreme.{m.suffix}({kind} %a, {kind} %b, {kind} %c)"
    with e.inside():
        e.do(f"ret {kind} {e.value(call)}")
    e.label("usual")
    return result


def _is_safe(m: Arithmetic, a: Vectors, b: Vectors, c: Vectors, product: Vectors, zero: Vectors) -> Vectors:
    """Neither overflow nor lost bits in the transforms; false of NaN."""
    factors = m.mask_and(m.lt(m.abs(a), m.const(2.0**990)), m.lt(m.abs(b), m.const(2.0**990)))
    sums = m.mask_and(m.lt(m.abs(c), m.const(2.0**1000)), m.lt(m.abs(product), m.const(2.0**1000)))
    not_small = m.mask_or(zero, m.gt(m.abs(product), m.const(2.0**-960)))
    return m.mask_and(m.mask_and(factors, sums), not_small)


def _extreme64(m: Arithmetic, a: Vectors, b: Vectors, c: Vectors) -> Vectors:
    """For all numbers: the transforms on significands, then a power of two, which rounds at most once."""
    (a1, i), (b1, j), (c1, k) = (_split(m, v) for v in (a, b, c))
    exponent, farthest = m.iadd(i, j), m.iconst(_FARTHEST)
    nearest = m.isub(m.iconst(0), farthest)
    distance = _larger(m, nearest, _smaller(m, m.isub(k, exponent), farthest))
    product, addend = m.mul(a1, b1), m.mul(c1, _power_of_two(m, distance))
    total, total_low = _two_sum(m, addend, _lost(m, a1, b1, product))
    top, top_low = _two_sum(m, product, total)
    result, low = _two_sum(m, top, _add_to_odd(m, top_low, total_low))
    scale = _larger(m, exponent, m.isub(k, farthest))
    return _unless_special(m, a, b, c, _scaled(m, result, low, scale))


def _scaled(m: Arithmetic, result: Vectors, low: Vectors, scale: Vectors) -> Vectors:
    """(result + low) * 2**scale, rounded once; low is what rounding lost, or another number of its sign.

    A subnormal result loses bits of `result`. What is then half way, or a bit below the last that matters, must tell to
    which side `low` lies.
    """
    bits, one = m.bits(result), m.iconst(1)
    n_lost = m.isub(one, m.iadd(_exponent_field(m, bits), scale))
    odd = m.ieq(m.iand(bits, one), one)
    several = m.mask_and(m.ilt(one, n_lost), m.mask_not(odd))
    half_way = m.mask_and(m.ieq(n_lost, one), odd)
    moves = m.mask_and(m.mask_or(several, half_way), m.ne(low, m.const(0.0)))
    result = m.select(moves, _neighbour(m, result, low), result)
    first = m.shr(scale, 1)
    return m.mul(m.mul(result, _power_of_two(m, first)), _power_of_two(m, m.isub(scale, first)))


def _unless_special(m: Arithmetic, a: Vectors, b: Vectors, c: Vectors, result: Vectors) -> Vectors:
    """`result`, but where a number is zero, infinite or NaN."""
    product, infinity = m.mul(a, b), m.const(_INFINITY)
    result = m.select(m.eq(c, m.const(0.0)), product, result)
    result = m.select(m.lt(m.abs(c), infinity), result, c)
    finite = m.mask_and(m.lt(m.abs(a), infinity), m.lt(m.abs(b), infinity))
    exact = m.mask_or(_is_zero(m, a, b), m.mask_not(finite))
    return m.select(exact, m.add(product, c), result)


def _fma32(m: Arithmetic, a: Vectors, b: Vectors, c: Vectors) -> Vectors:
    """The product of two floats is exact in double; a sum rounded to odd there survives the second rounding."""
    wide = Arithmetic(m.emitter, "float64", m.width, 1, "null")
    x, y, z = ((m.emitter.value(f"fpext {m.vector} {v} to {wide.vector}"),) for (v,) in (a, b, c))
    product = wide.mul(x, y)
    plain = wide.add(product, z)
    inexact = wide.mask_and(wide.lt(wide.abs(plain), wide.const(_INFINITY)), wide.ne(plain, wide.const(0.0)))
    result = wide.select(inexact, _add_to_odd(wide, product, z), plain)
    return (m.emitter.value(f"fptrunc {wide.vector} {result[0]} to {m.vector}"),)


# ---------------------------------------------------------------------- transforms
def _two_sum(m: Arithmetic, a: Vectors, b: Vectors) -> tuple[Vectors, Vectors]:
    """Sum and rounding error of a + b (Knuth)."""
    total = m.add(a, b)
    other = m.sub(total, a)
    return total, m.add(m.sub(a, m.sub(total, other)), m.sub(b, other))


def _lost(m: Arithmetic, a: Vectors, b: Vectors, product: Vectors) -> Vectors:
    """What the product lost by rounding (Dekker)."""
    (ah, al), (bh, bl) = _halves(m, a), _halves(m, b)
    high = m.sub(m.mul(ah, bh), product)
    return m.add(m.add(m.add(high, m.mul(ah, bl)), m.mul(al, bh)), m.mul(al, bl))


def _halves(m: Arithmetic, a: Vectors) -> tuple[Vectors, Vectors]:
    """Upper 26 bits, and the rest (Veltkamp)."""
    scaled = m.mul(a, m.const(_SPLITTER))
    upper = m.sub(scaled, m.sub(scaled, a))
    return upper, m.sub(a, upper)


def _add_to_odd(m: Arithmetic, a: Vectors, b: Vectors) -> Vectors:
    """a + b rounded to odd: where inexact, the neighbour whose last bit is 1."""
    total, error = _two_sum(m, a, b)
    even = m.ieq(m.iand(m.bits(total), m.iconst(1)), m.iconst(0))
    moves = m.mask_and(m.ne(error, m.const(0.0)), even)
    return m.select(moves, _neighbour(m, total, error), total)


def _neighbour(m: Arithmetic, a: Vectors, towards: Vectors) -> Vectors:
    """The number next to a, not 0, on the side that the sign of `towards` tells."""
    bits = m.bits(a)
    differ = m.shr(m.ixor(bits, m.bits(towards)), 63)
    return m.reals(m.iadd(bits, m.ior(differ, m.iconst(1))))


# ---------------------------------------------------------------------- exponents
def _split(m: Arithmetic, a: Vectors) -> tuple[Vectors, Vectors]:
    """A significand from 1 up to 2, with the sign, and an exponent, an integer; anything for 0, infinity and NaN."""
    subnormal = m.lt(m.abs(a), m.const(_LEAST_NORMAL))
    bits = m.bits(m.select(subnormal, m.mul(a, m.const(2.0**54)), a))
    significand = m.reals(m.ior(m.iand(bits, m.iconst(_SIGN_AND_FRACTION)), m.iconst(_ONE)))
    return significand, m.isub(_exponent_field(m, bits), _either(m, subnormal, m.iconst(_BIAS + 54), m.iconst(_BIAS)))


def _exponent_field(m: Arithmetic, bits: Vectors) -> Vectors:
    return m.iand(m.ushr(bits, _FRACTION_BITS), m.iconst(_EXPONENT))


def _power_of_two(m: Arithmetic, exponent: Vectors) -> Vectors:
    """2**exponent, of normal numbers."""
    return m.reals(m.shl(m.iadd(exponent, m.iconst(_BIAS)), _FRACTION_BITS))


def _larger(m: Arithmetic, a: Vectors, b: Vectors) -> Vectors:
    return _either(m, m.ilt(a, b), b, a)


def _smaller(m: Arithmetic, a: Vectors, b: Vectors) -> Vectors:
    return _either(m, m.ilt(a, b), a, b)


def _either(m: Arithmetic, mask: Vectors, a: Vectors, b: Vectors) -> Vectors:
    """`select` of integers."""
    return m.bits(m.select(mask, m.reals(a), m.reals(b)))


def _is_zero(m: Arithmetic, a: Vectors, b: Vectors) -> Vectors:
    """Whether a factor is zero."""
    return m.mask_or(m.eq(a, m.const(0.0)), m.eq(b, m.const(0.0)))
