"""`fori`: a loop of instructions."""

from __future__ import annotations

import operator
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from fastdescent._base.at_top import at_top
from fastdescent._base.errors import TraceError
from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.nodes import Node, reachable
from fastdescent.program.graph.scan.cut import scan_of
from fastdescent.program.trace.loops.indexed import with_indexed_arrays
from fastdescent.program.trace.loops.number import LEAF, OpenLoop, StepNumber
from fastdescent.program.trace.loops.structure import parts_of, rebuilt, same_structure, shape_text
from fastdescent.program.trace.operands import as_node, holds_traced
from fastdescent.program.trace.session import Decide, Session, apart, current
from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.tracer import Traced
from fastdescent.program.verify.program import MOST_ROWS

_MOST_WITHIN = 64  #: steps of a loop within a body, which is written out

Carried = TypeVar("Carried")
_open = threading.local()


@at_top
def fori(n: int, body: Callable[[Any, Carried], Carried], x: Carried) -> Carried:
    """Applies `body` n times: x = body(0, x), x = body(1, x), ..., x = body(n - 1, x).

    Inside of a function that is traced, this becomes a loop of instructions, which a Python loop does not: the body is
    traced once, whatever n is. Derivatives are exact, and loops themselves; they keep what is carried, and compute the
    rest of the body again. Called with numbers, `fori` is the loop that stands above, so that a function that uses it
    can be checked as any other.

    Parameters
    ----------
    n : int
        How many steps; 0 gives x.
    body : callable
        body(i, x) -> the new x. i is the number of the step, 0 to n - 1. It may be calculated with, and it may index
        arrays that the body knows by name: `data[i]`, `data[i + 1, :2]`, `data[i // 10]`.
    x : array, number, or tuples, lists and dictionaries of them
        What is carried from step to step. The body returns the same structure and the same shapes.

    Returns
    -------
    The last x.

    Raises
    ------
    TypeError
        If n is not a whole number, or x or the body is of another kind.
    ValueError
        If n is negative.
    MemoryError
        If n times the size of x is more than a program holds, 2^27 numbers for each trajectory.
    TraceError
        If the body returns another structure or shape, or cannot be traced.

    Examples
    --------
    The logistic map, 1000 times: how far x is from 0.5 in the end.

    >>> import numpy as np, fastdescent as fd
    >>> def miss(p):
    ...     return (fd.fori(1000, lambda i, x: p[0] * x * (1 - x), 0.3) - 0.5) ** 2
    >>> round(float(miss([2.5])), 6)
    0.01
    >>> s = fd.surface(miss, dim=1)
    >>> round(float(s([2.5])), 6), s.gradient([2.5]).round(6)
    (0.01, array([0.032]))
    """
    count = _count(n)
    if not callable(body):
        raise TypeError(f"body must be a function of the step and x, body(i, x); got {type(body).__name__}")
    if getattr(_open, "depth", 0):
        return _written_out(count, body, x)
    for i in range(count):
        if any(holds_traced(part) for _, part in parts_of(x)):
            return _scan(i, count, body, x)
        following = _tried(body, i, x)
        if following is None or any(holds_traced(part) for _, part in parts_of(following)):
            return _scan(i, count, body, x, following)
        x = following
    return x


def _tried(body: Callable[[Any, Carried], Carried], i: int, x: Carried) -> Carried | None:
    """A step of numbers; None where it needs traced ones. The body may change in place what it is given."""
    copy: Carried = rebuilt(x, (part.copy() if isinstance(part, np.ndarray) else part for _, part in parts_of(x)))
    try:
        with apart():
            return body(i, copy)
    except Exception as error:
        if current.get() is None or not isinstance(error if error.__cause__ is None else error.__cause__, TraceError):
            raise
        return None


def _count(n: Any) -> int:
    if isinstance(n, Traced):
        refuse("the number of steps of fori is a traced value", "give a whole number that does not depend on x")
    try:
        count = operator.index(n)
    except TypeError:
        raise TypeError(f"n must be a whole number of steps; got {n!r}") from None
    if count < 0:
        raise ValueError(f"n must be a number of steps, 0 or more; got {count}")
    return count


def _refuse_too_many(n: int, size: int) -> None:
    """Before anything of the loop's length is made."""
    if (n + 1) * size > MOST_ROWS:
        raise MemoryError(
            f"fori keeps what {n} steps carry, for derivatives: {(n + 1) * size} rows, and a program has at most "
            f"{MOST_ROWS}; make fewer steps, or carry less"
        )


def _written_out(n: int, body: Callable[[Any, Carried], Carried], x: Carried) -> Carried:
    if n > _MOST_WITHIN:
        refuse(f"fori within the body of fori is written out, and {n} steps are more than {_MOST_WITHIN}",
               "make one loop of both, of which step i is step i // n of the outer one")  # fmt: skip
    for i in range(n):
        x = body(i, x)
    return x


def _scan(start: int, stop: int, body: Callable[[Any, Carried], Carried], x: Carried, example: Any = None) -> Carried:
    """Steps `start` to `stop`, as a scan."""
    parts = list(parts_of(x))
    known = [v for _, part in (*parts, *parts_of(example)) for v in _traced_in(part)]
    session = current.get()
    if not known and session is None:
        _check(x, None, [])
    b: Builder = known[0].builder if known or session is None else session.builder
    for name, part in parts:
        if not holds_traced(part) and np.asarray(part).dtype.kind not in "biuf":
            raise TypeError(f"{name} must be numbers, to be carried by fori; got {type(part).__name__}")
    first = [as_node(b, part) for _, part in parts]
    _refuse_too_many(stop - start, sum(node.size for node in first))
    loop = OpenLoop(b, stop - start)
    leaves = [loop.leaf(node.shape) for node in first]
    with _within(loop):
        number = StepNumber(loop, range(start, stop))
        result = with_indexed_arrays(body)(number, rebuilt(x, iter([Traced(b, leaf, fresh=True) for leaf in leaves])))
    after = _check(x, result, [(name, node.shape) for (name, _), node in zip(parts, first, strict=True)], b)
    scan = scan_of(b, loop.n, list(zip(first, leaves, after, strict=True)), loop.rows_read(after))
    last: Carried = rebuilt(x, (Traced(b, scan.last(b, k), fresh=True) for k in range(len(first))))
    return last


@contextmanager
def _within(loop: OpenLoop) -> Iterator[None]:
    """Inside, what depends on the step decides nothing, since all steps run the same instructions."""
    session = current.get()
    token = current.set(None if session is None else replace(session, decide=_decide(loop, session)))
    _open.depth = getattr(_open, "depth", 0) + 1
    try:
        yield
    finally:
        _open.depth -= 1
        current.reset(token)


def _decide(loop: OpenLoop, session: Session) -> Decide | None:
    def decide(condition: Node) -> bool:
        if loop.depends(condition):
            refuse("the truth of a value that changes from step to step of fori is not known (an `if`, `and`, `not` or "
                   "`while` asks for it)", "write np.where(condition, a, b)")  # fmt: skip
        assert session.decide is not None
        return session.decide(condition)

    return None if session.decide is None else decide


def _traced_in(value: Any) -> Iterator[Traced]:
    if isinstance(value, Traced):
        yield value
    elif isinstance(value, list | tuple):
        for v in value:
            yield from _traced_in(v)


def _check(x: Any, result: Any, shapes: list[tuple[str, tuple[int, ...]]], b: Builder | None = None) -> list[Node]:
    """What the body carries on, if it is what it was given."""
    if result is None:
        refuse("the body of fori returned None", "return the new x")
    if not same_structure(x, result):
        refuse(
            f"the body of fori returned {shape_text(result)}, where x is {shape_text(x)}", "return the same structure"
        )
    assert b is not None
    found = []
    for (name, shape), (_, part) in zip(shapes, parts_of(result), strict=True):
        node = as_node(b, part)
        if node.shape != shape:
            refuse(f"the body of fori returned shape {node.shape} where {name} has {shape}", "return the same shapes")
        found.append(node)
    return found


def refuse_leaked(outputs: list[Node]) -> None:
    """Refuses results that hold what a loop's body has kept from one of its steps."""
    if any(n.op == "input" and str(n.attr).startswith(LEAF) for n in reachable(outputs)):
        refuse("a value of a step of fori is used after the loop", "carry it: let the body return it as part of x")
