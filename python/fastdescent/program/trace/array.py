"""What a traced array tells about itself, and the views of it that move no numbers."""

from __future__ import annotations

import math
import operator
from typing import Any, Self

import numpy as np

from fastdescent.program.graph.build import Builder, Change
from fastdescent.program.graph.nodes import Node, Shape
from fastdescent.program.trace.indices import is_integer
from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.storage import Storage
from fastdescent.program.trace.unknown import Unknown


class TracedArray(Unknown):
    """An array whose values are not known yet: its shape, its storage, its views."""

    __slots__ = ("_storage", "builder", "is_bool", "is_point")

    def __init__(
        self, builder: Builder, node: Node, *, is_bool: bool = False, is_point: bool = False, fresh: bool = False
    ) -> None:
        """`fresh`: nobody else sees this array, so that it may be changed."""
        self.builder = builder
        self.is_bool, self.is_point = is_bool, is_point
        self._storage = Storage(builder, node, fresh)

    @property
    def node(self) -> Node:
        return self._storage.node

    # ------------------------------------------------------------------ what arrays tell about themselves
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
        """Of arrays. A number has none, as Python's: np.mean of an object array would convert its result to it."""
        if not self.shape:
            raise AttributeError("a traced number has no dtype")
        return np.dtype(bool if self.is_bool else np.float64)

    @property
    def T(self) -> Self:
        return self.transpose()

    @property
    def mT(self) -> Self:
        if self.ndim < 2:
            raise ValueError("matrix transpose with ndim < 2 is undefined")
        return self.showing(lambda a: a.swapaxes(-1, -2))

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
        """What NumPy would have as a scalar: not even a view of one."""
        return not self.shape and not self._storage.shows_an_array

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __repr__(self) -> str:
        return f"<traced array of shape {self.shape}>"

    def __hash__(self) -> int:
        return id(self)

    # ------------------------------------------------------------------ views
    def showing(self, change: Change, is_view: bool = True) -> Self:
        """What a NumPy operation that makes a view, or may do so, makes of an array of this shape."""
        view = object.__new__(type(self))
        view.builder, view.is_bool, view.is_point = self.builder, self.is_bool, False
        view._storage = self._storage.view(change, is_view)
        return view

    def view(self, *dtype_or_type: Any, **given: Any) -> Self:
        if dtype_or_type or given:
            refuse("view() of a traced array as another type", "leave the type out")
        return self.showing(operator.itemgetter(...))

    def reshape(self, *shape: Any, order: str = "C", copy: bool | None = None) -> Self:
        new = shape[0] if len(shape) == 1 else shape
        if order in ("F", "f"):
            turned = self.transpose().reshape((new,) if is_integer(new) else tuple(new)[::-1], copy=copy)
            return turned.transpose()
        if order not in ("C", "c"):
            refuse(f"order={order!r} of a traced array", 'use "C" or "F"')
        shown = self.showing(lambda a: np.reshape(a, new), is_view=self.ndim < 2 or self._storage.is_contiguous)
        return shown.copy() if copy else shown

    def ravel(self, order: str = "C") -> Self:
        flat = self.reshape(-1, order=order)  # NumPy copies what has gaps
        return flat.showing(operator.itemgetter(...), is_view=self._storage.is_contiguous)

    def flatten(self, order: str = "C") -> Self:
        return self.ravel(order).copy()

    def transpose(self, *axes: Any) -> Self:
        return self.showing(lambda a: a.transpose(*axes))

    def squeeze(self, axis: Any = None) -> Self:
        return self.showing(lambda a: np.squeeze(a, axis))

    def copy(self, order: str = "C") -> Self:
        new = type(self)(self.builder, self.node, is_bool=self.is_bool, fresh=True)
        new._storage.is_in_c_order = order == "C"
        return new

    def __copy__(self) -> Self:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> Self:
        return self.copy()

    def astype(self, dtype: Any, *, copy: bool = True, **kwargs: Any) -> Self:
        if np.dtype(dtype) != np.float64:
            refuse(f"a traced array stays float64 (astype({np.dtype(dtype).name}) was asked for)", "leave astype out")
        return type(self)(self.builder, self.node, fresh=True) if copy or self.is_bool else self
