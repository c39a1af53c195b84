"""Whether a number that is not finite certainly makes a result not finite. Steps then need no separate test for it."""

from __future__ import annotations

from fastdescent.program.graph.nodes import Node, reachable

#: Operations whose result is not finite if any of their operands is not (inf * 0 and inf - inf are NaN).
_SPREADING = frozenset(("add", "sub", "mul", "neg", "copy", "sum"))


def spreads(source: Node, target: Node) -> bool:
    """Whether `target` has an element that is not finite whenever `source` has one.

    Only operations on whole arrays are followed. A quotient spreads its numerator alone.
    """
    reached = {source.number}
    for node in reachable([source, target]):
        operands = node.inputs[:1] if node.op == "div" else node.inputs
        if (node.op in _SPREADING or node.op == "div") and any(n.number in reached for n in operands):
            reached.add(node.number)
    return target.number in reached
