"""Whether a number that is not finite is sure to show in a result: then steps need no test of their own for it."""

from __future__ import annotations

from fastdescent.program.graph.nodes import Node, reachable

#: Operations whose result is not finite if any operand of theirs is not (inf * 0 and inf - inf are NaN).
_SPREADING = frozenset(("add", "sub", "mul", "neg", "copy", "sum"))


def spreads(source: Node, target: Node) -> bool:
    """Whether `target` has an element that is not finite whenever `source` has one.

    Follows only operations that keep whole arrays; a quotient spreads what is in its numerator.
    """
    reached = {source.number}
    for node in reachable([source, target]):
        operands = node.inputs[:1] if node.op == "div" else node.inputs
        if (node.op in _SPREADING or node.op == "div") and any(n.number in reached for n in operands):
            reached.add(node.number)
    return target.number in reached
