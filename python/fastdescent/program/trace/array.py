"""Traced arrays: their shape, dtype and other attributes, and the methods that give views."""

from __future__ import annotations

import math
import operator
from typing import Any, ClassVar, Self, cast

import numpy as np

from fastdescent.program.graph.build import Builder, Change, constant_value
from fastdescent.program.graph.composites import trunc
from fastdescent.program.graph.nodes import Node, Shape
from fastdescent.program.graph.ranges import Ranges
from fastdescent.program.trace.indices import is_integer
from fastdescent.program.trace.session import current
from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.storage import Storage
from fastdescent.program.trace.unknown import Unknown

_MOST_POSITIONS = 64  #: of an integer for which the function is run for each
#: What a traced array may become by astype().
_DTYPES = (np.dtype(bool), np.dtype(np.int64), np.dtype(np.int32), np.dtype(np.float64))


class NumberDtype:
    """The dtype of a traced number, whose `type` leaves the number traced: np.mean of objects converts by it."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.dtype = dtype

    @staticmethod
    def type(value: Any) -> Any:
        return value

    def __getattr__(self, name: str) -> Any:
        return getattr(self.dtype, name)

    def __eq__(self, other: object) -> bool:
        return bool(self.dtype == other)

    def __hash__(self) -> int:
        return hash(self.dtype)

    def __repr__(self) -> str:
        return repr(self.dtype)


class TracedArray(Unknown):
    """An array whose values are not known yet: its shape, its storage, its views."""

    __slots__ = ("_storage", "builder", "is_bool", "is_int", "is_point")
    _sequence: ClassVar[type[Any]]  #: the class of arrays, those without axes too; `tracer` sets it

    def __init__(
        self,
        builder: Builder,
        node: Node,
        *,
        is_bool: bool = False,
        is_int: bool = False,
        is_point: bool = False,
        fresh: bool = False,
    ) -> None:
        """`fresh`: the numbers are new and no other array has them, so that the array may change.

        `is_bool` and `is_int`: NumPy would have booleans or integers. Here they are floats, too.
        """
        self.builder = builder
        self.is_bool, self.is_int, self.is_point = is_bool, is_int, is_point
        self._storage = Storage(builder, node, fresh)

    @property
    def node(self) -> Node:
        return self._storage.node

    # ------------------------------------------------------------------ values
    def _known(self) -> Any:
        if self.size != 1:
            raise TypeError("only length-1 arrays can be converted to Python scalars")
        value = constant_value(self.node)
        return None if value is None else value.item()

    def _decided(self) -> bool:
        session = current.get()
        if session is None or session.decide is None:
            refuse("the truth of a traced value is not known here (an `if`, `and`, `not` or `while` asks for it)",
                   "write np.where(condition, a, b)")  # fmt: skip
        b = self.builder
        node = b.reshape(self.node, ())
        return session.decide(node if self.is_bool else b.elementwise("ne", node, b.const(0.0)))

    def _position(self) -> int:
        known, session = self._known(), current.get()
        if self.is_bool:
            return int(bool(self))
        if not self.is_int and (known is None or not float(known).is_integer()):
            refuse("a traced number that is no integer cannot be an index or a count",
                   "write i.astype(int), or np.where(condition, a, b)")  # fmt: skip
        if known is not None:
            return int(known)
        b, node = self.builder, self.builder.reshape(self.node, ())
        bounds = Ranges().of(node)
        if session is None or session.decide is None or not bounds.high - bounds.low < _MOST_POSITIONS:
            refuse("a traced integer cannot be an index or a count here, since it may be too many numbers",
                   "write np.take(values, i), np.take_along_axis or np.where(condition, a, b)")  # fmt: skip
        low, high = math.ceil(bounds.low), math.floor(bounds.high)
        for k in range(low, high):
            if session.decide(b.elementwise("eq", node, b.const(float(k)))):
                return k
        return high

    # ------------------------------------------------------------------ attributes
    @property
    def shape(self) -> Shape:
        return self._storage.shape

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        dtype = self._kind
        return cast(np.dtype[Any], NumberDtype(dtype)) if self._is_number else dtype

    @property
    def _kind(self) -> np.dtype[Any]:
        """The dtype of the array, or of the number."""
        return np.dtype(bool if self.is_bool else np.int64 if self.is_int else np.float64)

    @property
    def T(self) -> Self:
        return self.transpose()

    @property
    def mT(self) -> Self:
        if self.ndim < 2:
            raise ValueError("matrix transpose with ndim < 2 is undefined")
        return self.view_by(lambda a: a.swapaxes(-1, -2))

    @property
    def flat(self) -> Self:
        """The elements in C order; an assignment to them changes the array."""
        return self.reshape(-1)

    @property
    def real(self) -> Self:
        return self

    @property
    def imag(self) -> Any:
        return np.zeros(self.shape)[()]

    def conjugate(self) -> Self:
        return self

    conj = conjugate

    @property
    def _is_number(self) -> bool:
        """Whether this is a scalar in NumPy, and not an array without axes."""
        return not self.shape and not self._storage.is_view

    def __repr__(self) -> str:
        """A text of its own for each number, so that one that is a key of a dictionary is found again."""
        return f"<traced number {self.node.number}>" if self._is_number else f"<traced array of shape {self.shape}>"

    def __hash__(self) -> int:
        """That of the value, which a dictionary or a set asks for."""
        if not self._is_number:
            raise TypeError("unhashable type: 'numpy.ndarray'")
        known = self._known()
        if known is not None:
            return hash(known)
        if not (self.is_bool or self.is_int):
            refuse("a traced number as a key of a dictionary or an element of a set, where equal numbers are one",
                   "write it with lists, or count by comparisons")  # fmt: skip
        return hash(bool(self)) if self.is_bool else hash(self._position())

    # ------------------------------------------------------------------ views
    def view_by(self, change: Change, shares_memory: bool = True) -> Self:
        """The result of a NumPy operation that gives views. Not `shares_memory`: NumPy may have made a copy."""
        view: Self = object.__new__(self._sequence)
        view.builder, view.is_bool, view.is_int, view.is_point = self.builder, self.is_bool, self.is_int, False
        view._storage = self._storage.view(change, shares_memory)
        return view

    def view(self, *dtype_or_type: Any, **given: Any) -> Self:
        if given or dtype_or_type not in ((), (np.ndarray,)):
            refuse("view() of a traced array as another type", "leave the type out")
        return self.view_by(operator.itemgetter(...))

    def reshape(self, *shape: Any, order: str = "C", copy: bool | None = None) -> Self:
        new = shape[0] if len(shape) == 1 else shape
        if order in ("F", "f"):
            reversed_shape = (new,) if is_integer(new) else tuple(new)[::-1]
            return self.transpose().reshape(reversed_shape, copy=copy).transpose()
        if order not in ("C", "c"):
            refuse(f"order={order!r} of a traced array", 'use "C" or "F"')
        view = self.view_by(lambda a: np.reshape(a, new), shares_memory=self.ndim < 2 or self._storage.is_contiguous)
        return view.copy() if copy else view

    def ravel(self, order: str = "C") -> Self:
        flat = self.reshape(-1, order=order)  # NumPy makes a copy if there are gaps
        return flat.view_by(operator.itemgetter(...), shares_memory=self._storage.is_contiguous)

    def flatten(self, order: str = "C") -> Self:
        return self.ravel(order).copy()

    def transpose(self, *axes: Any) -> Self:
        return self.view_by(lambda a: a.transpose(*axes))

    def squeeze(self, axis: Any = None) -> Self:
        return self.view_by(lambda a: np.squeeze(a, axis))

    def copy(self, order: str = "C") -> Self:
        new = type(self)(self.builder, self.node, is_bool=self.is_bool, is_int=self.is_int, fresh=True)
        new._storage.is_in_c_order = order == "C"
        return new

    def __copy__(self) -> Self:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> Self:
        return self.copy()

    def astype(self, dtype: Any, *, copy: bool = True, **kwargs: Any) -> Self:
        wanted = np.dtype(dtype)
        if wanted not in _DTYPES:
            refuse(f"a traced array stays float64 (astype({wanted.name}) was asked for)", "leave astype out")
        if wanted == self._kind:
            return self.copy() if copy else self
        node, b = self.node, self.builder
        if wanted.kind == "b":
            node = b.elementwise("ne", node, b.const(0.0))
        elif wanted.kind == "i" and not self.is_bool:
            node = trunc(b, node)
        return type(self)(b, node, is_bool=wanted.kind == "b", is_int=wanted.kind == "i", fresh=True)
