"""The derivatives of a scan: other scans.

Backwards: from the last step to the first, the adjoint of what is carried goes through the body in reverse mode. What
the body computes is computed again, from what was carried before each step; so only that is stored. Adjoints of what is
the same at all steps are summed, from -0 on, since -0 + x is x; those of arrays with a row for each step are rows.

Forwards: the tangent of what is carried goes along with the steps.

A worked example, x <- r x (1 - x), with the adjoint a of x after a step:

    backwards  carried: a, and s, the sum for r     each: x before the step, the last one first
               a <- a r (1 - 2 x)                   s <- s + a x (1 - x)
    forwards   carried: t                           each: x before the step
               t <- t r (1 - 2 x) + dr x (1 - x)
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import numpy as np

from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.nodes import Node
from fastdescent.program.graph.scan.loop import Body, Loop, Plan, Scan, readers
from fastdescent.program.graph.views import View, c_strides

Pull = Callable[[Builder, Sequence[tuple[Node, Node]], Sequence[Node]], list[Node | None]]
Push = Callable[[Builder, Sequence[Node], Sequence[tuple[Node, Node]]], list[Node]]
Adjoints = Mapping[int, tuple[Node, Node | None]]  #: part -> of what is carried at the end; before each step, (n, ...)


def pulled_back(
    b: Builder, node: Node, adjoints: Adjoints, varies: Collection[int], pull: Pull
) -> Iterator[tuple[Node, Node]]:
    """(input, its adjoint) of a scan; of those inputs whose numbers are in `varies`."""
    scan, body = Scan(node), Body.of(node.attr)
    same = [k for k, n in enumerate(scan.same) if n.number in varies]
    each = [k for k, n in enumerate(scan.each) if n.number in varies]
    moving = _moving_parts(body, [k for k, n in enumerate(scan.first) if n.number in varies], same, each)
    parts = [k for k in _parts_that_matter(scan.loop, list(adjoints)) if k in moving]
    if not parts:
        return
    of_after = {k: body.b.graph.leaf("input", f"adjoint {k}", body.after[k].shape) for k in parts}
    leaves = [*(body.carried[k] for k in parts), *(body.same[k] for k in same), *(body.each[k] for k in each)]
    found = iter(pull(body.b, [(body.after[k], leaf) for k, leaf in of_after.items()], leaves))
    plan, zero = Plan(scan.loop.n), body.b.const(0.0)
    for k in parts:
        shape = body.carried[k].shape
        before = next(found) or body.b.broadcast(zero, shape)
        last, along = adjoints.get(k, (_spread(b, 0.0, shape), None))
        if along is not None:
            leaf = body.b.graph.leaf("input", f"adjoint before {k}", shape)
            plan.each.append((_backwards(b, along), leaf))
            before = body.b.add(before, leaf)
        plan.carried.append((last, of_after[k], before))
    wanted: list[tuple[Node, int, bool]] = [(scan.first[k], j, False) for j, k in enumerate(parts)]
    for outside, is_each in (*((scan.same[k], False) for k in same), *((scan.each[k], True) for k in each)):
        term = next(found)
        if term is None:
            continue
        leaf = body.b.graph.leaf("input", f"sum {len(plan.carried)}", term.shape)
        after = term if is_each else body.b.add(leaf, term)
        wanted.append((outside, len(plan.carried), is_each))
        plan.carried.append((_spread(b, -0.0, term.shape), leaf, after))
    _add_inputs(b, plan, scan, body, _backwards)
    back = plan.scan(b)
    for outside, part, is_each in wanted:
        if outside.number in varies:
            yield outside, (_backwards(b, back.after(b, part)) if is_each else back.last(b, part))


def pushed_forward(b: Builder, node: Node, tangents: Sequence[Node | None], push: Push) -> Node | None:
    """The tangent of a scan, for those of its inputs; None is zero."""
    scan, body = Scan(node), Body.of(node.attr)
    loop, given = scan.loop, iter(tangents)
    of_first, of_same, of_each = ([next(given) for _ in some] for some in (scan.first, scan.same, scan.each))
    parts = _moving_parts(
        body, *([k for k, t in enumerate(some) if t is not None] for some in (of_first, of_same, of_each))
    )
    if not parts:
        return None
    plan, directions = Plan(loop.n), list[tuple[Node, Node]]()
    leaves = {k: body.b.graph.leaf("input", f"tangent {k}", loop.carried[k]) for k in parts}
    directions += [(body.carried[k], leaf) for k, leaf in leaves.items()]
    for outside, inside, pairs, name in (
        (of_same, body.same, plan.same, "same"), (of_each, body.each, plan.each, "each"),
    ):  # fmt: skip
        for k, (tangent, leaf) in enumerate(zip(outside, inside, strict=True)):
            if tangent is not None:
                moves = body.b.graph.leaf("input", f"tangent of {name} {k}", leaf.shape)
                directions.append((leaf, moves))
                pairs.append((tangent, moves))
    after = push(body.b, [body.after[k] for k in parts], directions)
    for k, tangent_after in zip(parts, after, strict=True):
        plan.carried.append((of_first[k] or _spread(b, 0.0, loop.carried[k]), leaves[k], tangent_after))
    _add_inputs(b, plan, scan, body, lambda _, rows: rows)
    return _in_place(b, loop, parts, plan.scan(b))


def _moving_parts(body: Body, first: Sequence[int], same: Sequence[int], each: Sequence[int]) -> list[int]:
    """The parts that depend on some of the inputs, at any step."""
    parts = set(first)
    while True:
        leaves = [*(body.carried[k] for k in parts), *(body.same[k] for k in same), *(body.each[k] for k in each)]
        numbers = body.depends(leaves)
        found = parts | {k for k, n in enumerate(body.after) if n.number in numbers}
        if found == parts:
            return sorted(parts)
        parts = found


def _parts_that_matter(loop: Loop, parts: Sequence[int]) -> list[int]:
    """The parts on which some of the parts depend, at any step."""
    found = set(parts)
    while True:
        more = found | {k for k, by in enumerate(readers(loop)) if by & found}
        if more == found:
            return sorted(found)
        found = more


def _add_inputs(b: Builder, plan: Plan, scan: Scan, body: Body, order: Callable[[Builder, Node], Node]) -> None:
    """What the body reads, as far as it goes on reading it; `order` turns rows of steps round, or does not."""
    plan.same += zip(scan.same, body.same, strict=True)
    plan.each += [(order(b, scan.before(b, k)), leaf) for k, leaf in enumerate(body.carried)]
    plan.each += [(order(b, rows), leaf) for rows, leaf in zip(scan.each, body.each, strict=True)]


def _backwards(b: Builder, rows: Node) -> Node:
    return b.view(rows, lambda a: a[::-1])


def _spread(b: Builder, value: float, shape: tuple[int, ...]) -> Node:
    return b.broadcast(b.const(np.float64(value)), shape)


def _in_place(b: Builder, loop: Loop, parts: Sequence[int], tangent: Scan) -> Node:
    """The tangent's parts where the scan has these, and zeros where it has others."""
    if len(parts) == len(loop.carried):
        return tangent.node
    pieces = []
    for k in range(len(loop.carried)):
        size = loop.offset(k + 1) - loop.offset(k)
        where = View(loop.offset(k), c_strides((size,)), (size,))
        if k in parts:
            piece = b.place(tangent.node, View(tangent.loop.offset(parts.index(k)), (1,), (size,)))
        else:
            piece = _spread(b, 0.0, (size,))
        pieces.append((piece, where))
    return b.assemble((loop.offset(len(loop.carried)),), pieces)
