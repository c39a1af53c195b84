"""LLVM IR as text: lines of one function, names for values, the same operation never written twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Emitter:
    """The body of a function, block by block. Values are names or constants, as text."""

    def __init__(self) -> None:
        self.block = "entry"
        self._entry: list[str] = []
        self._lines: list[str | list[str]] = []
        self._known: dict[str, str] = {}
        self.merged: dict[str, Any] = {}  #: results that took several blocks, by what they are
        self._n = 0
        self.declarations: set[str] = set()

    def fresh(self, stem: str = "v") -> str:
        """A name that nothing has."""
        self._n += 1
        return f"{stem}{self._n}"

    def value(self, operation: str) -> str:
        """The result of an operation that depends on its operands alone."""
        known = self._known.get(operation)
        if known is None:
            known = self._known[operation] = self.read(operation)
        return known

    def read(self, operation: str) -> str:
        """The result of an operation that may give another result each time, such as a load."""
        name = "%" + self.fresh()
        self._lines.append(f"  {name} = {operation}")
        return name

    def define(self, name: str, operation: str) -> None:
        """A result whose name was given out before."""
        self._lines.append(f"  {name} = {operation}")

    def do(self, line: str) -> None:
        """An instruction without a result."""
        self._lines.append("  " + line)

    def label(self, name: str) -> None:
        """Begins a block."""
        self._lines.append(f"{name}:")
        self.block = name

    def hole(self) -> list[str]:
        """A place for lines that are known later."""
        lines: list[str] = []
        self._lines.append(lines)
        return lines

    def local(self, kind: str, align: int) -> str:
        """Memory of the function's own."""
        name = "%" + self.fresh("m")
        self._entry.append(f"  {name} = alloca {kind}, align {align}")
        return name

    def declare(self, line: str) -> None:
        """A function that is called."""
        self.declarations.add(line)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """What is computed here is not known afterwards: the block may not have run."""
        before = dict(self._known), dict(self.merged)
        yield
        self._known, self.merged = before

    @property
    def n_lines(self) -> int:
        """Lines so far."""
        return len(self._lines)

    def text(self) -> str:
        """The blocks of the function."""
        lines = [line for part in self._lines for line in ([part] if isinstance(part, str) else part)]
        return "\n".join(["entry:", *self._entry, *lines])
