"""Python's protocols of numbers, for values that are not known yet: refused, except for rounding."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from fastdescent.program.trace.source import refuse


class Unknown:
    """A value that Python cannot have yet. Where Python needs the value, an error says what to write instead."""

    __slots__ = ()

    def __bool__(self) -> bool:
        refuse("the truth of a traced value is not known (an `if`, `and`, `or`, `not`, `while` or max() asks for it)",
               "write np.where(condition, a, b)")  # fmt: skip

    def _as_number(self) -> NoReturn:
        refuse("a traced value is not a number (math.sin, float(), or an element of np.zeros that is set, ask for one)",
               "write np.sin and the like, and np.zeros_like(x), np.stack([...]) or np.empty(n, dtype=object) "
               "where np.zeros(n) is filled")  # fmt: skip

    def __float__(self) -> float:
        self._as_number()

    def __int__(self) -> int:
        self._as_number()

    def __index__(self) -> int:
        refuse("a traced value cannot be an index or a count", "use np.where, or a constant index")

    def __format__(self, spec: str) -> str:
        if spec:
            refuse(f"the format {spec!r} of a traced value, which is no number yet", "print it by {x}, without format")
        return str(self)

    def __round__(self, digits: int | None = None) -> Any:
        return np.round(self, digits or 0)  # type: ignore[call-overload]

    def __floor__(self) -> Any:
        return np.floor(self)  # type: ignore[call-overload]

    def __ceil__(self) -> Any:
        return np.ceil(self)  # type: ignore[call-overload]

    def __trunc__(self) -> Any:
        return np.trunc(self)  # type: ignore[call-overload]
