"""The value of a function of the user's as a node: it is run on traced values, once for each way that it may take."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from fastdescent._base.errors import TraceError
from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.nodes import Node
from fastdescent.program.trace.context import tracing
from fastdescent.program.trace.copies.copies import Copies
from fastdescent.program.trace.decisions import explored
from fastdescent.program.trace.global_generators import GlobalGenerators
from fastdescent.program.trace.operands import as_node
from fastdescent.program.trace.session import Decide
from fastdescent.program.trace.source import place_of, refuse

Call = Callable[[Callable[..., Any]], Any]


def value_of(b: Builder, function: Callable[..., Any], call: Call) -> Node:
    """The one number that `call(copy of the function)` returns. Warns if it is another one each time."""
    copy, generators = Copies().stand_in(function), GlobalGenerators()
    copy, node = _copy_and_value(b, copy, call)
    if not generators.warn_if_used("the function") and _value(b, copy, call) is not node:
        warnings.warn_explicit(
            "the function computes something else each time it is called: numbers drawn from a generator, a counter or "
            "a list that it changes are constants now, since it is traced and not run at every point",
            UserWarning, *place_of(function),
        )  # fmt: skip
    return node


def _copy_and_value(b: Builder, copy: Callable[..., Any], call: Call) -> tuple[Callable[..., Any], Node]:
    """The function gets the point as an array; as a list, if it objects to arrays itself."""
    try:
        return copy, _value(b, copy, call)
    except TraceError:
        raise
    except Exception as error:
        try:
            return _of_list(copy), _value(b, _of_list(copy), call)
        except Exception:
            raise error from None


def _of_list(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, *args, **kwargs: function(list(x), *args, **kwargs)


def _value(b: Builder, copy: Callable[..., Any], call: Call) -> Node:
    try:
        return explored(b, lambda decide: _on_one_way(b, copy, call, decide))
    except TraceError as error:
        try:  # np.array([0.0, 0.0]) and the like may be filled as well, which costs time
            return explored(b, lambda decide: _on_one_way(b, copy, call, decide, fills_all=True))
        except Exception:
            raise error from None


def _on_one_way(b: Builder, copy: Callable[..., Any], call: Call, decide: Decide, fills_all: bool = False) -> Node:
    with tracing(b, decide, fills_all):
        result = call(copy)
        if result is None:
            refuse("the function returned None", "return the value")
        if isinstance(result, tuple) and len(result) > 1:
            refuse(f"the function returned a tuple of {len(result)}", "return the value alone; its gradient is known")
        node = as_node(b, result)
    if node.size != 1:
        refuse(f"the function returned shape {node.shape}, not one number", "np.sum the terms, say")
    return b.reshape(node, ())
