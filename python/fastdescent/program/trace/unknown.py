"""Python's protocols of numbers, for values that are not known yet: refused, except for rounding."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastdescent.program.trace.source import refuse


class Unknown:
    """A value that Python cannot have yet. Where Python needs the value, an error says what to write instead."""

    __slots__ = ()

    def _known(self) -> Any:
        """The value of one number, if it is a constant after all; else None. Raises TypeError if this is an array."""
        raise NotImplementedError

    def _decided(self) -> bool:
        """The truth of one number, where the function is run for both."""
        raise NotImplementedError

    def __bool__(self) -> bool:
        try:
            known = self._known()
        except TypeError:
            refuse("the truth of an array that has not one element is ambiguous", "write .any() or .all()")
        else:
            return self._decided() if known is None else bool(known)

    def _as_number(self, kind: type) -> Any:
        known = self._known()
        if known is None:
            refuse(f"a traced value is no number yet, and {kind.__name__} needs one",
                   "write it with NumPy's functions; an array that is filled is made in the function, by np.zeros or "
                   "np.array, not by copy() of one from outside")  # fmt: skip
        return kind(known)

    def __float__(self) -> float:
        return float(self._as_number(float))

    def __int__(self) -> int:
        return int(self._as_number(int))

    def __index__(self) -> int:
        return self._position()  # also of a truth, which is an index of tuples and lists

    def _position(self) -> int:
        """An integer for Python: if it is not known, the function is run for each that it may be."""
        raise NotImplementedError

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
