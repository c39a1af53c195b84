"""Scans in terms of opcodes: bodies are lowered by themselves, and what nothing reads is not stored.

A product that is added becomes fma within a step, not from one step to the next.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

from fastdescent.program.graph.build import Builder, view_of
from fastdescent.program.graph.flatten import flatten
from fastdescent.program.graph.nodes import SCAN, FloatArray, Node, identity
from fastdescent.program.graph.scan.loop import Body, Loop, readers, scan_node
from fastdescent.program.graph.views import View

Lower = Callable[[Builder, Sequence[Node]], list[Node]]


class Scans:
    """Lowers the scans of a graph, and moves views of them to where their elements then are."""

    def __init__(self, nodes: Sequence[Node], outputs: Sequence[Node], lower: Lower) -> None:
        self._lower = lower
        self._views: dict[int, list[View]] = {}  # scan -> what is read of it
        read = [n for node in nodes if node.op != "view" for n in node.inputs]
        for base, view in map(view_of, (*read, *outputs) if any(n.op == SCAN for n in nodes) else ()):
            if base.op == SCAN:
                self._views.setdefault(base.number, []).append(view)
        self._shifts: dict[int, list[int] | None] = {}  # scan -> how far each part moves

    def lowered(self, b: Builder, node: Node, inputs: tuple[Node, ...]) -> Node:
        """The scan on lowered inputs."""
        old: Loop = node.attr
        wanted = _read_parts(old, self._views[node.number])
        parts = list(range(len(old.carried))) if wanted is None else sorted(wanted)
        kept = tuple(wanted is None or wanted[k] for k in parts)
        loop, used, constants = _lowered_body(old, tuple(parts), kept, self._lower)
        self._shifts[node.number] = None if wanted is None else [
            (loop.last(parts.index(k)) - old.last(k)) if k in wanted else 0 for k in range(len(old.carried))
        ]  # fmt: skip
        n_carried, n_same = len(old.carried), len(old.same)
        chosen = [inputs[k] for k in (*parts, *(n_carried + k for k in used))]
        held = [b.graph.held(c) for c in constants]
        n_each = sum(k >= n_same for k in used)
        stop = len(chosen) - n_each
        return scan_node(b, loop, [*chosen[:stop], *held, *chosen[stop:]]).node

    def view(self, b: Builder, node: Node, scan: Node) -> Node:
        """The same elements of the lowered scan."""
        base, view = view_of(node)
        shifts = self._shifts[base.number]
        if shifts is None:
            return b.place(scan, view)
        part = base.attr.part_of(view)
        return b.place(scan, View(view.offset + shifts[part], view.strides, view.shape))


def _read_parts(loop: Loop, views: Sequence[View]) -> dict[int, bool] | None:
    """The parts that are needed, and whether all their rows are read; None if something reads across parts."""
    wanted: dict[int, bool] = {}
    for view in views:
        part = loop.part_of(view)
        if part is None:
            return None
        wanted[part] = wanted.get(part, False) or int(view.rows().min()) < loop.last(part)
    while True:
        more = [k for k, by in enumerate(readers(loop)) if k not in wanted and any(j in wanted for j in by)]
        if not more:
            return wanted
        wanted |= dict.fromkeys(more, False)


@functools.lru_cache(maxsize=256)
def _lowered_body(
    loop: Loop, parts: tuple[int, ...], kept: tuple[bool, ...], lower: Lower
) -> tuple[Loop, list[int], list[FloatArray]]:
    """The loop of some parts alone; which other inputs it reads; the constants that come after those that are the same.

    A body has no constants of its own then: they are shared with the rest of the program.
    """
    body = Body.of(loop)
    after = lower(body.b, [body.after[k] for k in parts])
    records, outputs = flatten(after)
    n_same = len(loop.same)
    names = [*(f"same {k}" for k in range(n_same)), *(f"each {k}" for k in range(len(loop.each)))]
    read = {r[3] for r in records if len(r) == 4 and r[0] == "input"}
    used = [k for k, name in enumerate(names) if name in read]
    same, each = [k for k in used if k < n_same], [k - n_same for k in used if k >= n_same]
    new_names = {f"carried {k}": f"carried {j}" for j, k in enumerate(parts)}
    new_names |= {f"same {k}": f"same {j}" for j, k in enumerate(same)}
    new_names |= {f"each {k}": f"each {j}" for j, k in enumerate(each)}
    constants: list[FloatArray] = []
    known: dict[tuple[bytes, tuple[int, ...]], str] = {}
    new_records = []
    for r in records:
        if len(r) == 1:
            key = identity(r[0]), r[0].shape
            if key not in known:
                known[key] = f"same {len(same) + len(constants)}"
                constants.append(r[0])
            r = ("input", (), r[0].shape, known[key])
        elif r[0] == "input":
            r = (*r[:3], new_names[r[3]])
        new_records.append(r)
    shapes = (*(loop.same[k] for k in same), *(c.shape for c in constants))
    carried = tuple(loop.carried[k] for k in parts)
    new = Loop(loop.n, carried, shapes, tuple(loop.each[k] for k in each), tuple(new_records), tuple(outputs), kept)
    return new, used, constants
