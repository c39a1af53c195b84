"""Which nodes run together strip by strip, so that intermediate arrays stay in the cache.

The loss of a network on 256 samples computes, for each layer, an array with 256 samples. Layer by layer, each of these
arrays goes out to memory and comes back. But sample i of one array needs sample i of the others only. So a strip of a
few samples goes through all layers, forward and backward, before the next strip begins. Sums over samples continue
from strip to strip, in order, so that no bit changes.

A worked example: f(w) = sum(tanh(w X)^2) for X = (1, 2, 3, 4, 5), in strips of two samples. Nodes `mul`, `tanh` and
`dot` form one family (`families`), of which `dot` is a sum. All three run in one loop. `mul` and `tanh` are internal:
two rows hold both of them, where whole arrays would take five.

    r1    = -0                          the sum begins (see `strip_layout`)
    2 times:
      r2:4  = r0 * u0:2                 u0:2 moves on by 2 per repeat: samples 0, 1, then 2, 3
      r2:4  = tanh(r2:4)
      r1    = dot_on(r2:4, r2:4, r1)    the sum goes on
    r2    = r0 * 5                      sample 4, which is left over
    r2    = tanh(r2)
    r1    = dot_on(r2, r2, r1)

Not all members of a family can share a loop: a sum must be complete before it is read. Therefore each node has a
*level*: how many arrays must be complete, one after the other, before it can begin. Members of one family and one level
share a loop. In sum(y exp(y)) for y = z - sum(z) and z = tanh(X w):

    level 0, first loop     mul, tanh, sum      z is read by the second loop: not internal
    level 1, second loop    sub, exp, dot       needs the complete sum

Invariants:

- Nodes are only reordered; every node comes after its operands.
- A loop holds consecutive nodes of one family and one level. No node of a loop needs a whole array, nor the complete
  sum, that the same loop computes.
- Internal nodes are read in their loop only. They are neither sums nor outputs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from fastdescent.program.graph.nodes import Node
from fastdescent.program.graph.views import View
from fastdescent.program.layout.families import Family, find_families, operand_views

_LEAST_SAVED = 512  #: elements; a loop that keeps fewer of them out of memory is not worth its overhead


@dataclass(frozen=True, slots=True)
class StripLoop:
    """Nodes `first` to `stop` of a schedule, members of one family, which run strip by strip.

    `internal` are the numbers of those that these nodes alone read: they are stored one strip at a time.
    """

    first: int
    stop: int
    family: Family
    internal: frozenset[int]


def with_strip_loops(
    order: Sequence[Node], outputs: set[int], readers: Mapping[int, Sequence[Node]]
) -> tuple[list[Node], list[StripLoop]]:
    """The nodes in an order in which members of a family are neighbours, and the loops that are worthwhile.

    `outputs` are nodes that are read after all others. `readers` gives, for each node, those that read it, in this
    order or later.
    """
    families = find_families(order)
    if not families:
        return list(order), []
    family_of = {number: k for k, family in enumerate(families, 1) for number in family.loop_axes}
    levels = _levels(order, {number: families[k - 1] for number, k in family_of.items()})
    keys = {n.number: (levels[n.number], family_of.get(n.number, 0)) for n in order}  # 0: of no family
    arranged = sorted(order, key=lambda n: keys[n.number])
    loops: list[StripLoop] = []
    first = 0
    for stop in range(1, len(arranged) + 1):
        if stop < len(arranged) and keys[arranged[stop].number] == keys[arranged[first].number]:
            continue
        k = family_of.get(arranged[first].number)
        if k is not None:
            family = families[k - 1]
            arranged[first:stop] = _with_early_sums(arranged[first:stop], family)
            loops += _if_worthwhile(StripLoop(first, stop, family, frozenset()), arranged, outputs, readers)
        first = stop
    return arranged, loops


def _levels(order: Sequence[Node], family_of: Mapping[int, Family]) -> dict[int, int]:
    """For each node, how many times an array must be complete on the way to it."""
    levels: dict[int, int] = {}
    for node in order:
        needed = (_level_after(levels, family_of, node, base, view) for base, view in operand_views(node))
        levels[node.number] = max(needed, default=0)
    return levels


def _level_after(levels: Mapping[int, int], family_of: Mapping[int, Family], node: Node, base: Node, view: View) -> int:
    """The lowest level of a node that reads this view: one up if the array must be complete before."""
    if base.number not in levels:
        return 0
    family = family_of.get(base.number)
    return levels[base.number] + (family is not None and not family.reads_by_sample(node, base, view))


def _with_early_sums(nodes: Sequence[Node], family: Family) -> list[Node]:
    """The nodes in an order in which each sum follows the last of its operands.

    There, operands are still in the cache, and their rows may be reused afterwards.
    """
    members = {n.number for n in nodes}
    missing: dict[int, set[int]] = {}  # sum -> its operands that are still to come
    summed_by: dict[int, list[Node]] = {}
    sums = [n for n in nodes if n.number in family.sums]
    for s in sums:
        missing[s.number] = {base.number for base, _ in operand_views(s)} & members
        for number in missing[s.number]:
            summed_by.setdefault(number, []).append(s)
    arranged = [s for s in sums if not missing[s.number]]
    for node in nodes:
        if node.number in family.sums:
            continue
        arranged.append(node)
        for s in summed_by.get(node.number, ()):
            missing[s.number].remove(node.number)
            if not missing[s.number]:
                arranged.append(s)
    return arranged


def _if_worthwhile(
    loop: StripLoop, order: Sequence[Node], outputs: set[int], readers: Mapping[int, Sequence[Node]]
) -> list[StripLoop]:
    """The loop with its internal nodes, if they are large enough."""
    nodes = order[loop.first : loop.stop]
    members = {n.number for n in nodes}
    internal = frozenset(
        number
        for number in members - loop.family.sums - outputs
        if number in readers and all(reader.number in members for reader in readers[number])
    )
    saved = sum(n.size for n in nodes if n.number in internal)
    return [replace(loop, internal=internal)] if saved >= _LEAST_SAVED else []
