"""The numbers behind traced arrays: who holds them, who views them, and what assignment does to both, as in NumPy."""

from __future__ import annotations

import enum
import operator
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent.program.graph.build import Builder, Change
from fastdescent.program.graph.nodes import Node, Shape

Cells = npt.NDArray[np.object_]  #: of nodes without axes


class Obstacle(enum.Enum):
    """Why an array may not change."""

    SEEN = enum.auto()  #: others hold it
    LENT = enum.auto()  #: an object array of its elements is in use
    RESHAPED = enum.auto()  #: what shows it may be a copy in NumPy, whose elements would stay


class Storage:
    """The numbers of one array, or the part of another's that a view shows.

    `fresh` ones are seen by nobody outside, so that they may change. An array that is filled element by element is kept
    as an array of nodes; its node, and those of its views, are put together when they are asked for.
    """

    __slots__ = (
        "__weakref__", "_base", "_builder", "_cells", "_change", "_fresh", "_is_view", "_lent", "_node", "_views",
        "is_in_c_order", "shape",
    )  # fmt: skip

    def __init__(self, builder: Builder, node: Node, fresh: bool) -> None:
        self.shape: Shape = node.shape
        self._builder, self._fresh = builder, fresh
        self._node: Node | None = node
        self._cells: Cells | None = None
        self._base: Storage | None = None
        self._change: Change | None = None
        self._is_view = True
        self._views: list[weakref.ref[Storage]] = []
        self._lent: list[weakref.ref[npt.NDArray[Any]]] = []
        self.is_in_c_order = fresh and len(self.shape) < 2  #: certainly; NumPy chooses layouts by those of operands

    @property
    def node(self) -> Node:
        if self._node is None:
            if self._base is not None and self._change is not None:
                self._node = self._builder.view(self._base.node, self._change)
            else:
                assert self._cells is not None, "either a node or cells"
                self._node = _joined(self._builder, self._cells)
        return self._node

    def view(self, change: Change, is_view: bool) -> Storage:
        """What a NumPy operation shows of it. `is_view` False: NumPy may have copied, which its layout tells."""
        new = Storage(self._builder, self._builder.view(self.node, change), fresh=False)
        new._base, new._change, new._is_view = self, change, is_view
        self._views.append(weakref.ref(new))
        return new

    @property
    def shows_an_array(self) -> bool:
        """Whether it is a view, even if of one number."""
        return self._base is not None

    @property
    def is_contiguous(self) -> bool:
        """Whether NumPy certainly has it in C order without gaps, so that it can show it in any shape."""
        if self._base is None or self._change is None:
            return self.is_in_c_order
        return self._base.is_contiguous and self._change(np.empty(self._base.shape, np.int8)).flags.c_contiguous

    def lend(self, elements: npt.NDArray[np.object_]) -> None:
        """Nothing of this array changes while these elements of it are in use."""
        self._root()._lent.append(weakref.ref(elements))

    @property
    def obstacle(self) -> Obstacle | None:
        """Why assignment would not do what it does in NumPy, if it would not."""
        root = self._root()
        root._lent = [lent for lent in root._lent if lent() is not None]
        if not root._fresh:
            return Obstacle.SEEN
        if root._lent:
            return Obstacle.LENT
        return None if all(s._is_view for s in root._family()) else Obstacle.RESHAPED

    def cell(self, index: tuple[int, ...]) -> Node | None:
        """One number of an array that is being filled."""
        return None if self._cells is None else self._cells[index]

    def set_all(self, node: Node) -> None:
        """All numbers at once; the node has this shape."""
        if self._base is not None:
            self.set(..., node)
            return
        for s in self._family():
            s._node = None
        self._node, self._cells = node, None

    def set(self, key: Any, node: Node) -> None:
        """self[key] = node, broadcast. Raises IndexError or ValueError as NumPy does."""
        window = self._window()
        if not window.flags.writeable:
            raise ValueError("assignment destination is read-only")
        chosen = np.shape(window[key])
        extra = len(node.shape) - len(chosen)
        if extra > 0 and all(n == 1 for n in node.shape[:extra]):
            node = self._builder.reshape(node, node.shape[extra:])
        np.broadcast_to(np.empty(node.shape, np.int8), chosen)  # raises where it does not fit
        if node.size == 1:
            window[key] = self._builder.reshape(node, ())
        else:
            window[key] = np.broadcast_to(_cells_of(self._builder, node), chosen)
        for s in self._root()._family():
            s._node = None

    def _root(self) -> Storage:
        return self if self._base is None else self._base._root()

    def _family(self) -> Iterator[Storage]:
        """This one and what still shows parts of it."""
        yield self
        self._views = [v for v in self._views if v() is not None]
        for view in self._views:
            found = view()
            if found is not None:
                yield from found._family()

    def _window(self) -> Cells:
        """This part of the cells that hold all numbers, in place."""
        if self._base is not None and self._change is not None:
            return self._change(self._base._window())
        if self._cells is None:
            self._cells = _cells_of(self._builder, self.node)
        return self._cells


def _cells_of(b: Builder, node: Node) -> Cells:
    cells = np.empty(node.shape, dtype=object)
    for index in np.ndindex(node.shape):
        cells[index] = b.view(node, operator.itemgetter((*index, ...)))
    return cells


def _joined(b: Builder, cells: Cells) -> Node:
    if not cells.size:
        return b.const(np.zeros(cells.shape))
    parts: list[Node] = cells.ravel().tolist()
    return b.reshape(b.concatenate([b.reshape(cell, (1,)) for cell in parts], 0), cells.shape)
