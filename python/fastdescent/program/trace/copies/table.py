"""The stand-ins that are the same for all functions, by the id of what they stand in for."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastdescent.program.trace.copies import arrays, builtin_functions, mathematics
from fastdescent.program.trace.copies.numbers import (
    StandInOfType,
    complex_of,
    number,
    single,
    stand_in_of_type,
    truth,
    whole,
)
from fastdescent.program.trace.unknown import Unknown

_TYPES: dict[Any, Any] = {
    float: stand_in_of_type(float, number),
    int: stand_in_of_type(int, whole),
    bool: stand_in_of_type(bool, truth),
    complex: stand_in_of_type(complex, complex_of),
    np.float64: stand_in_of_type(np.float64, number),
    np.float32: stand_in_of_type(np.float32, single),
}
_ORIGINALS = _TYPES | builtin_functions.FUNCTIONS | mathematics.FUNCTIONS | arrays.FUNCTIONS
#: By id, since not all originals have a hash; they live as long as their modules.
TABLE: dict[int, Any] = {id(original): stand_in for original, stand_in in _ORIGINALS.items()}
TABLE |= {id(stand_in): stand_in for stand_in in _ORIGINALS.values()}


class _Type(StandInOfType):
    """`type`: `type(x[0]) is float` compares two stand-ins."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if len(args) != 1:
            return type(*args, **kwargs)
        kind = args[0].__class__ if isinstance(args[0], Unknown) else type(args[0])
        return TABLE.get(id(kind), kind)


TABLE[id(type)] = _Type("type", (), {"_type": type})
TABLE[id(TABLE[id(type)])] = TABLE[id(type)]
