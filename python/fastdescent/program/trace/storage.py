"""The numbers behind traced arrays: which array owns them, which arrays are views, and what assignment does to both.

A node of the graph never changes. An array that the user's function fills does, so it has a `Storage`, which says what
node the array is *now*. Assignment follows NumPy: a change of a view is a change of its base, and of all other views.

An example: a matrix of zeros, its last row as a view, and an assignment through the view.

>>> from fastdescent.program.graph.build import constant_value
>>> b = Builder()
>>> matrix = Storage(b, b.const(np.zeros((2, 2))), fresh=True)
>>> row = matrix.view(lambda array: array[1])
>>> row.assign(0, b.const(5.0))
>>> constant_value(matrix.node)
array([[0., 0.],
       [5., 0.]])
>>> constant_value(row.node)
array([5., 0.])

Between assignments and the next question for a node, the numbers are `_elements`: a NumPy array of one node per number.
Views of that array are NumPy views, so NumPy itself finds the numbers that an assignment changes. An array that is not
fresh may be known to others, the point x for example, and refuses to change:

>>> Storage(b, b.const(0.0), fresh=False).obstacle
<Obstacle.SHARED: 1>

Invariants:

- Only an owner, a storage without base, has elements. It has a node, or elements, or both; both are the same numbers.
- A view is its base seen through one function, at any time. Its node is a cache, which every assignment to the family
  (an owner, its views, and views of these) empties.
- An owner knows its views by weak references: a view that the user has dropped forbids nothing.
- Whoever assigns asks for `obstacle` first. If there is one, NumPy would change other arrays than this module.
"""

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

Elements = npt.NDArray[np.object_]  #: of nodes without axes


class Obstacle(enum.Enum):
    """Why an array may not change."""

    SHARED = enum.auto()  #: arrays outside this family have the same numbers
    EXPORTED = enum.auto()  #: an object array of its elements is in use
    MAYBE_COPIED = enum.auto()  #: a view may be a copy in NumPy, which an assignment would not reach


class Storage:
    """The numbers of one array: its own, or those of a base, of which this array is a view.

    `fresh` numbers are new: no array outside has them, so they may change.
    """

    __slots__ = (
        "__weakref__", "_base", "_builder", "_change", "_elements", "_exported", "_fresh", "_node", "_shares_memory",
        "_views", "is_in_c_order", "shape",
    )  # fmt: skip

    def __init__(self, builder: Builder, node: Node, fresh: bool) -> None:
        self.shape: Shape = node.shape
        self._builder, self._fresh = builder, fresh
        self._node: Node | None = node
        self._elements: Elements | None = None
        self._base: Storage | None = None
        self._change: Change | None = None  #: from an array of the base's shape to its view
        self._shares_memory = True
        self._views: list[weakref.ref[Storage]] = []
        self._exported: list[weakref.ref[npt.NDArray[Any]]] = []
        self.is_in_c_order = fresh and len(self.shape) < 2  #: certainly; NumPy derives layouts from those of operands

    @property
    def node(self) -> Node:
        if self._node is None:
            if self._base is not None and self._change is not None:
                self._node = self._builder.view(self._base.node, self._change)
            else:
                assert self._elements is not None, "either a node or elements"
                self._node = _joined(self._builder, self._elements)
        return self._node

    def view(self, change: Change, shares_memory: bool = True) -> Storage:
        """The result of a NumPy operation that gives views. Not `shares_memory`: NumPy may have made a copy."""
        new = Storage(self._builder, self._builder.view(self.node, change), fresh=False)
        new._base, new._change, new._shares_memory = self, change, shares_memory
        self._views.append(weakref.ref(new))
        return new

    @property
    def is_view(self) -> bool:
        """Whether the numbers are those of another array."""
        return self._base is not None

    @property
    def is_contiguous(self) -> bool:
        """Whether NumPy certainly has the array in C order without gaps, so that reshape() gives a view."""
        if self._base is None or self._change is None:
            return self.is_in_c_order
        return self._base.is_contiguous and self._change(np.empty(self._base.shape, np.int8)).flags.c_contiguous

    def export(self, elements: npt.NDArray[np.object_]) -> None:
        """Forbids changes as long as `elements`, an object array of the elements, is in use."""
        self._owner()._exported.append(weakref.ref(elements))

    @property
    def obstacle(self) -> Obstacle | None:
        """Why assignment would differ from NumPy's, or None if it would not."""
        owner = self._owner()
        owner._exported = [exported for exported in owner._exported if exported() is not None]
        if not owner._fresh:
            return Obstacle.SHARED
        if owner._exported:
            return Obstacle.EXPORTED
        return None if all(s._shares_memory for s in owner._family()) else Obstacle.MAYBE_COPIED

    def element(self, index: tuple[int, ...]) -> Node | None:
        """One number of an owner that is being filled, otherwise None."""
        return None if self._elements is None else self._elements[index]

    def assign_all(self, node: Node) -> None:
        """self[...] = node, which has the shape of this array."""
        if self._base is not None:
            self.assign(..., node)
            return
        for s in self._family():
            s._node = None
        self._node, self._elements = node, None

    def assign(self, key: Any, node: Node) -> None:
        """self[key] = node, broadcast. Raises IndexError or ValueError as NumPy does."""
        elements = self._writable_elements()
        if not elements.flags.writeable:
            raise ValueError("assignment destination is read-only")
        shape = np.shape(elements[key])
        n_extra = len(node.shape) - len(shape)
        if n_extra > 0 and all(n == 1 for n in node.shape[:n_extra]):
            node = self._builder.reshape(node, node.shape[n_extra:])
        np.broadcast_to(np.empty(node.shape, np.int8), shape)  # raises if the shapes do not fit
        if node.size == 1:
            elements[key] = self._builder.reshape(node, ())
        else:
            elements[key] = np.broadcast_to(_elements_of(self._builder, node), shape)
        for s in self._owner()._family():
            s._node = None

    def _owner(self) -> Storage:
        return self if self._base is None else self._base._owner()

    def _family(self) -> Iterator[Storage]:
        """This storage, its views that are still in use, and theirs."""
        yield self
        self._views = [view for view in self._views if view() is not None]
        for reference in self._views:
            view = reference()
            if view is not None:
                yield from view._family()

    def _writable_elements(self) -> Elements:
        """The owner's elements, as far as they are those of this array: a NumPy view of them."""
        if self._base is not None and self._change is not None:
            return self._change(self._base._writable_elements())
        if self._elements is None:
            self._elements = _elements_of(self._builder, self.node)
        return self._elements


def _elements_of(b: Builder, node: Node) -> Elements:
    elements = np.empty(node.shape, dtype=object)
    for index in np.ndindex(node.shape):
        elements[index] = b.view(node, operator.itemgetter((*index, ...)))
    return elements


def _joined(b: Builder, elements: Elements) -> Node:
    if not elements.size:
        return b.const(np.zeros(elements.shape))
    nodes: list[Node] = elements.ravel().tolist()
    return b.reshape(b.concatenate([b.reshape(node, (1,)) for node in nodes], 0), elements.shape)
