"""The arithmetic of opcodes and elementary functions (see `program.elementary.arithmetic`), as LLVM IR on vectors.

A number is several vectors in flight, a name or constant for each: what follows in the text is independent, so that the
processor need not wait. No flag permits LLVM to change a bit.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Iterable

from fastdescent.engines.jit.emit.emitter import Emitter
from fastdescent.program.exact import to_float32

Vectors = tuple[str, ...]


class Arithmetic:
    """Emits instructions on `n` vectors of `width` numbers. `arguments` names the pointer to the `KernelArguments`."""

    def __init__(self, emitter: Emitter, dtype: str, width: int, n: int, huge_angle: str) -> None:
        self.emitter, self.width, self.n = emitter, width, n
        self._dtype, self._huge_angle = dtype, huge_angle
        self._truths: dict[Vectors, Vectors] = {}  #: numbers that are 1 where a mask is set, else 0
        double = dtype == "float64"
        self.bits_of_number = 64 if double else 32
        self.number, self.integer = ("double", "i64") if double else ("float", "i32")
        self.vector, self.integers = f"<{width} x {self.number}>", f"<{width} x {self.integer}>"
        self.mask = f"<{width} x i1>"
        self.suffix = f"v{width}f{self.bits_of_number}"
        self.align = width * self.bits_of_number // 8

    @property
    def dtype(self) -> str:
        return self._dtype

    # ------------------------------------------------------------------ helpers
    def _each(self, operation: str, *operands: Vectors) -> Vectors:
        """`operation` with the operands of each vector put in."""
        value = self.emitter.value
        return tuple(value(operation % parts) for parts in zip(*operands, strict=True))

    def _call(self, name: str, *operands: Vectors) -> Vectors:
        kinds = ", ".join([self.vector] * len(operands))
        self.emitter.declare(f"declare {self.vector} @llvm.{name}.{self.suffix}({kinds})")
        arguments = ", ".join([f"{self.vector} %s"] * len(operands))
        return self._each(f"call {self.vector} @llvm.{name}.{self.suffix}({arguments})", *operands)

    def _compare(self, how: str, a: Vectors, b: Vectors) -> Vectors:
        return self._each(f"fcmp {how} {self.vector} %s, %s", a, b)

    def splat(self, scalar: str) -> Vectors:
        """All lanes are the scalar of this name."""
        first = self.emitter.value(f"insertelement {self.vector} poison, {self.number} {scalar}, i64 0")
        spread = f"shufflevector {self.vector} {first}, {self.vector} poison, <{self.width} x i32> zeroinitializer"
        return (self.emitter.value(spread),) * self.n

    def any(self, masks: Iterable[str]) -> str:
        """Whether a lane of one of the masks is set, an i1."""
        total = ""
        for mask in masks:
            total = mask if not total else self.emitter.value(f"or {self.mask} {total}, {mask}")
        whole = self.emitter.value(f"bitcast {self.mask} {total} to i{self.width}")
        return self.emitter.value(f"icmp ne i{self.width} {whole}, 0")

    def not_all(self, masks: Iterable[str]) -> str:
        """Whether a lane of one of the masks is not set, an i1."""
        common = functools.reduce(lambda a, b: self.emitter.value(f"and {self.mask} {a}, {b}"), masks)
        whole = self.emitter.value(f"bitcast {self.mask} {common} to i{self.width}")
        return self.emitter.value(f"icmp ne i{self.width} {whole}, -1")

    # ------------------------------------------------------------------ real numbers
    def const(self, value: float) -> Vectors:
        bits = struct.unpack("<Q", struct.pack("<d", self._rounded(value)))[0]
        return (f"splat ({self.number} 0x{bits:016X})",) * self.n

    def _rounded(self, value: float) -> float:
        return to_float32(value) if self._dtype == "float32" else value

    def add(self, a: Vectors, b: Vectors) -> Vectors:
        return self._each(f"fadd {self.vector} %s, %s", a, b)

    def sub(self, a: Vectors, b: Vectors) -> Vectors:
        return self._each(f"fsub {self.vector} %s, %s", a, b)

    def mul(self, a: Vectors, b: Vectors) -> Vectors:
        return self._each(f"fmul {self.vector} %s, %s", a, b)

    def div(self, a: Vectors, b: Vectors) -> Vectors:
        return self._each(f"fdiv {self.vector} %s, %s", a, b)

    def neg(self, a: Vectors) -> Vectors:
        return self._each(f"fneg {self.vector} %s", a)

    def abs(self, a: Vectors) -> Vectors:
        return self._call("fabs", a)

    def sqrt(self, a: Vectors) -> Vectors:
        return self._call("sqrt", a)

    def rint(self, a: Vectors) -> Vectors:
        return self._call("rint", a)

    def fma(self, a: Vectors, b: Vectors, c: Vectors) -> Vectors:
        return self._call("fma", a, b, c)

    def least(self, a: Vectors, b: Vectors) -> Vectors:
        """One instruction; b where either is NaN."""
        return self.select(self.lt(a, b), a, b)

    def most(self, a: Vectors, b: Vectors) -> Vectors:
        """One instruction; b where either is NaN."""
        return self.select(self.gt(a, b), a, b)

    def most_magnitude(self, a: Vectors, so_far: Vectors) -> Vectors:
        """The larger of |a| and what is not negative; where a is NaN, what was there. One instruction with AVX-512."""
        if self.width * self.bits_of_number < 512:
            return self.most(self.abs(a), so_far)
        name = f"@llvm.x86.avx512.mask.range.{'pd' if self.bits_of_number == 64 else 'ps'}.512"
        v, mask = self.vector, f"i{self.width}"
        self.emitter.declare(f"declare {v} {name}({v}, {v}, i32 immarg, {v}, {mask}, i32 immarg)")
        largest_of_magnitudes, all_lanes, no_rounding = f"i32 {0b1011}", f"{mask} -1", "i32 4"
        rest = f"{largest_of_magnitudes}, {v} zeroinitializer, {all_lanes}, {no_rounding}"
        return self._each(f"call {v} {name}({v} %s, {v} %s, {rest})", a, so_far)

    def select(self, mask: Vectors, a: Vectors, b: Vectors) -> Vectors:
        result = self._each(f"select {self.mask} %s, {self.vector} %s, {self.vector} %s", mask, a, b)
        if (a, b) == (self.const(1.0), self.const(0.0)):
            self._truths[result] = mask
        return result

    # ------------------------------------------------------------------ comparisons
    def lt(self, a: Vectors, b: Vectors) -> Vectors:
        return self._compare("olt", a, b)

    def le(self, a: Vectors, b: Vectors) -> Vectors:
        return self._compare("ole", a, b)

    def gt(self, a: Vectors, b: Vectors) -> Vectors:
        return self._compare("ogt", a, b)

    def ge(self, a: Vectors, b: Vectors) -> Vectors:
        return self._compare("oge", a, b)

    def eq(self, a: Vectors, b: Vectors) -> Vectors:
        return self._compare("oeq", a, b)

    def ne(self, a: Vectors, b: Vectors) -> Vectors:
        if a in self._truths and b == self.const(0.0):
            return self._truths[a]
        return self._compare("une", a, b)

    def mask_and(self, a: Vectors, b: Vectors) -> Vectors:
        return self._each(f"and {self.mask} %s, %s", a, b)

    def mask_or(self, a: Vectors, b: Vectors) -> Vectors:
        return self._each(f"or {self.mask} %s, %s", a, b)

    def mask_not(self, a: Vectors) -> Vectors:
        return self._each(f"xor {self.mask} %s, splat (i1 true)", a)

    # ------------------------------------------------------------------ integers
    def bits(self, a: Vectors) -> Vectors:
        return self._each(f"bitcast {self.vector} %s to {self.integers}", a)

    def reals(self, a: Vectors) -> Vectors:
        return self._each(f"bitcast {self.integers} %s to {self.vector}", a)

    def iconst(self, value: int) -> Vectors:
        half = 1 << (self.bits_of_number - 1)
        return (f"splat ({self.integer} {((value + half) & (2 * half - 1)) - half})",) * self.n

    def isplat(self, scalar: str) -> Vectors:
        """All lanes are the i64 of this name."""
        first = self.emitter.value(f"insertelement {self.integers} poison, i64 {scalar}, i64 0")
        spread = f"shufflevector {self.integers} {first}, {self.integers} poison, <{self.width} x i32> zeroinitializer"
        return (self.emitter.value(spread),) * self.n

    def gathered(self, first: str, places: Iterable[str]) -> Vectors:
        """For each vector of i64: the numbers so far after the pointer `first`, a lane each."""
        e, indices, pointers = self.emitter, f"<{self.width} x i64>", f"<{self.width} x ptr>"
        name = f"@llvm.masked.gather.{self.suffix}.v{self.width}p0"
        e.declare(f"declare {self.vector} {name}({pointers}, i32 immarg, {self.mask}, {self.vector})")
        rest = f"i32 {self.bits_of_number // 8}, {self.mask} splat (i1 true), {self.vector} poison"
        where = (e.value(f"getelementptr {self.number}, ptr {first}, {indices} {place}") for place in places)
        return tuple(e.value(f"call {self.vector} {name}({pointers} {w}, {rest})") for w in where)

    def _integers(self, operation: str, a: Vectors, b: Vectors) -> Vectors:
        return self._each(f"{operation} {self.integers} %s, %s", a, b)

    def iadd(self, a: Vectors, b: Vectors) -> Vectors:
        return self._integers("add", a, b)

    def isub(self, a: Vectors, b: Vectors) -> Vectors:
        return self._integers("sub", a, b)

    def imul32(self, a: Vectors, b: Vectors) -> Vectors:
        low = self.iconst(0xFFFFFFFF)
        return self._integers("mul", self.iand(a, low), self.iand(b, low))

    def iand(self, a: Vectors, b: Vectors) -> Vectors:
        return self._integers("and", a, b)

    def ior(self, a: Vectors, b: Vectors) -> Vectors:
        return self._integers("or", a, b)

    def ixor(self, a: Vectors, b: Vectors) -> Vectors:
        return self._integers("xor", a, b)

    def shl(self, a: Vectors, n: int) -> Vectors:
        return self._integers("shl", a, self.iconst(n))

    def shr(self, a: Vectors, n: int) -> Vectors:
        return self._integers("ashr", a, self.iconst(n))

    def ushr(self, a: Vectors, n: int) -> Vectors:
        return self._integers("lshr", a, self.iconst(n))

    def ilt(self, a: Vectors, b: Vectors) -> Vectors:
        return self._integers("icmp slt", a, b)

    def ieq(self, a: Vectors, b: Vectors) -> Vectors:
        return self._integers("icmp eq", a, b)

    def ine(self, a: Vectors, b: Vectors) -> Vectors:
        return self._integers("icmp ne", a, b)

    # ------------------------------------------------------------------ huge angles
    def huge_angle(
        self, huge: Vectors, x: Vectors, quadrant: Vectors, r: Vectors, tail: Vectors
    ) -> tuple[Vectors, Vectors, Vectors]:
        """A branch that is hardly ever taken: the core's function does one vector after the other."""
        e = self.emitter
        key = f"huge angle of {x}"
        if key in e.merged:
            return e.merged[key]  # type: ignore[no-any-return]
        some, before = self.any(huge), e.block
        cold, after = e.fresh("huge"), e.fresh("after")
        e.do(f"br i1 {some}, label %{cold}, label %{after}, !prof !0")
        e.label(cold)
        with e.inside():
            found = [self._huge_angle_of(*parts) for parts in zip(x, quadrant, r, tail, strict=True)]
        cold = e.block
        e.do(f"br label %{after}")
        e.label(after)
        kinds = (self.integers, self.vector, self.vector)

        def merged(k: int, usual: Vectors) -> Vectors:
            pairs = zip(usual, found, strict=True)
            return tuple(e.read(f"phi {kinds[k]} [ {b}, %{before} ], [ {f[k]}, %{cold} ]") for b, f in pairs)

        e.merged[key] = merged(0, quadrant), merged(1, r), merged(2, tail)
        return e.merged[key]  # type: ignore[no-any-return]

    def _huge_angle_of(self, x: str, *usual: str) -> tuple[str, ...]:
        e = self.emitter
        kinds = (self.integers, self.vector, self.vector)
        homes = [e.local(kind, self.align) for kind in (self.vector, *kinds)]
        for kind, value, home in zip((self.vector, *kinds), (x, *usual), homes, strict=True):
            e.do(f"store {kind} {value}, ptr {home}, align {self.align}")
        e.do(f"call void {self._huge_angle}(" + ", ".join(f"ptr {home}" for home in homes) + ")")
        return tuple(
            e.read(f"load {kind}, ptr {h}, align {self.align}") for kind, h in zip(kinds, homes[1:], strict=True)
        )
