"""The arithmetic that writes C++: each operation of a meaning becomes one line of vector code.

The line of x*x + 1 in float64, where `a` is x, by `Cpp("float64")`:

>>> m = Cpp("float64")
>>> m.fma("a", "a", m.const(1.0))
'v1'
>>> print(*m.lines, sep="\\n")
const VD v0 = splat<double>(0x1p+0);
const VD v1 = fma(a, a, v0);
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Iterable

Name = str  #: of a C++ variable

_REAL = {"float64": "double", "float32": "float"}
_VECTOR = {"float64": "VD", "float32": "VF"}
_INTEGERS = {"float64": "ID", "float32": "IF"}
_BITS = {"float64": 64, "float32": 32}


def hexadecimal(value: float, dtype: str) -> str:
    """A finite number as C++ reads it, exactly."""
    if dtype == "float64":
        mantissa, exponent = value.hex().split("p")
        suffix = ""
    else:
        mantissa, exponent = struct.unpack("f", struct.pack("f", value))[0].hex().split("p")
        suffix = "f"
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}p{exponent}{suffix}"


class Cpp:
    """See `fastdescent.program.elementary.arithmetic.Arithmetic` for what the methods mean.

    Equal lines are written once. Names tell reals (v), integers (i) and masks (m) apart.
    """

    def __init__(self, dtype: str) -> None:
        self.dtype = dtype
        self.real, self.vector, self.integers = _REAL[dtype], _VECTOR[dtype], _INTEGERS[dtype]
        self.lines: list[str] = []
        self._names: dict[str, Name] = {}

    def lines_for(self, results: Iterable[Name]) -> list[str]:
        """The lines on which these results depend."""
        needed, kept = set(results), []
        for name, line in zip(reversed(self._names.values()), reversed(self.lines), strict=True):
            if any(result.split(".")[0] == name for result in needed):
                needed.update(re.findall(r"\w+", line.split(" = ", 1)[1]))
                kept.append(line)
        return kept[::-1]

    def _put(self, letter: str, kind: str, text: str) -> Name:
        if text not in self._names:
            self._names[text] = f"{letter}{len(self._names)}"
            self.lines.append(f"const {kind} {self._names[text]} = {text};")
        return self._names[text]

    def _v(self, text: str) -> Name:
        return self._put("v", self.vector, text)

    def _i(self, text: str) -> Name:
        return self._put("i", self.integers, text)

    def _m(self, text: str) -> Name:
        return self._put("m", self.integers, text)

    def const(self, value: float) -> Name:
        if math.isnan(value):
            text = f"Format<{self.real}>::nan"
        elif math.isinf(value):
            text = f"{'-' if value < 0 else ''}Format<{self.real}>::infinity"
        else:
            text = hexadecimal(float(value), self.dtype)
        return self._v(f"splat<{self.real}>({text})")

    def iconst(self, value: int) -> Name:
        bits = _BITS[self.dtype]
        half = 1 << (bits - 1)
        wrapped = (value + half) % (2 * half) - half
        text = f"INT{bits}_MIN" if wrapped == -half else f"INT{bits}_C({wrapped})"
        return self._i(f"isplat<{self.real}>({text})")

    def fma(self, a: Name, b: Name, c: Name) -> Name:
        return self._v(f"fma({a}, {b}, {c})")

    def select(self, mask: Name, a: Name, b: Name) -> Name:
        return self._v(f"select({mask}, {a}, {b})")

    def imul32(self, a: Name, b: Name) -> Name:
        return self._i(f"mul32({a}, {b})")

    def ushr(self, a: Name, n: int) -> Name:
        return self._i(f"ushr({a}, {n})")

    def bits(self, a: Name) -> Name:
        return self._i(f"bits({a})")

    def huge_angle(self, huge: Name, x: Name, quadrant: Name, r: Name, tail: Name) -> tuple[Name, Name, Name]:
        angle = self._put(
            "angle", f"Angle<{self.real}>", f"huge_angle<{self.real}>({huge}, {x}, {{{quadrant}, {r}, {tail}}})"
        )
        return f"{angle}.quadrant", f"{angle}.r", f"{angle}.tail"


def _infix(operator: str, kind: str) -> Callable[[Cpp, Name, Name | int], Name]:
    def method(m: Cpp, a: Name, b: Name | int) -> Name:
        put: Callable[[str], Name] = getattr(m, kind)
        return put(f"{a} {operator} {b}")

    return method


def _prefix(text: str, kind: str) -> Callable[[Cpp, Name], Name]:
    def method(m: Cpp, a: Name) -> Name:
        put: Callable[[str], Name] = getattr(m, kind)
        return put(text.format(a))

    return method


_INFIX = {
    "_v": {"add": "+", "sub": "-", "mul": "*", "div": "/"},
    "_i": {"iadd": "+", "isub": "-", "iand": "&", "ior": "|", "ixor": "^", "shl": "<<", "shr": ">>"},
    "_m": {
        "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!=", "ilt": "<", "ieq": "==", "ine": "!=",
        "mask_and": "&", "mask_or": "|",
    },
}  # fmt: skip
for _kind, _operators in _INFIX.items():
    for _name, _operator in _operators.items():
        setattr(Cpp, _name, _infix(_operator, _kind))
for _name in ("abs", "sqrt", "rint", "reals"):
    setattr(Cpp, _name, _prefix(f"{_name}({{}})", "_v"))
Cpp.neg = _prefix("-{}", "_v")
Cpp.mask_not = _prefix("~{}", "_m")
