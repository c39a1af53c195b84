"""Primitives that hold a jaxpr: calls, branches and loops.

Calls are gone through as if they were written out. Of branches all are, and one is selected, so that neither value nor
gradient knows of the others. Loops are unrolled: each step is gone through by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from fastdescent.program.trace.jax.calls import call
from fastdescent.program.trace.jax.moving import constant
from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.tracer import Traced

if TYPE_CHECKING:
    from fastdescent.program.trace.jax.interpreter import Interpreter

_MOST_EQUATIONS = 20_000  #: of all loops of one function, after unrolling
Rule = Callable[["Interpreter", Any, list[Any]], Sequence[Any]]


def _cond(run: Interpreter, equation: Any, operands: list[Any]) -> Sequence[Any]:
    branches, (index, *given) = equation.params["branches"], operands
    found = constant(index)
    if found is not None:
        return run.run_closed(branches[int(np.clip(found, 0, len(branches) - 1))], given)
    outcomes = [run.run_closed(branch, given) for branch in branches]
    return [_selected(index, list(values)) for values in zip(*outcomes, strict=True)]


def _selected(index: Traced, values: list[Any]) -> Any:
    """values[index]; an index outside of them is that of the nearest."""
    chosen = values[0]
    for k, value in enumerate(values[1:], 1):
        chosen = value if value is chosen else np.where(index >= k, _numbers(value), _numbers(chosen))
    return chosen


def _numbers(value: Any) -> Any:
    return value if isinstance(value, Traced) else np.asarray(value)


# ---------------------------------------------------------------------- loops
def _unrolled(run: Interpreter, jaxpr: Any, what: str) -> None:
    """Counts one more step of a loop. Here a loop of instructions would take the place of steps written out."""
    run.n_unrolled += n_equations(jaxpr)
    if run.n_unrolled > _MOST_EQUATIONS:
        refuse(
            f"{what} of JAX's is unrolled, and all loops together have more than {_MOST_EQUATIONS} operations",
            "make the loops shorter, or their bodies",
        )


def n_equations(jaxpr: Any) -> int:
    """The equations of a jaxpr, and once those that it holds."""
    inner = getattr(jaxpr, "jaxpr", jaxpr)
    held = (
        p for e in inner.eqns for value in e.params.values() for p in (value if isinstance(value, tuple) else (value,))
    )
    return len(inner.eqns) + sum(n_equations(p) for p in held if hasattr(p, "eqns") or hasattr(p, "jaxpr"))


def _scan(run: Interpreter, equation: Any, operands: list[Any]) -> Sequence[Any]:
    params = equation.params
    n_consts, n_carry, length = params["num_consts"], params["num_carry"], params["length"]
    consts, carry, rows = operands[:n_consts], operands[n_consts : n_consts + n_carry], operands[n_consts + n_carry :]
    jaxpr, found = params["jaxpr"], []
    size = n_equations(jaxpr)
    if run.n_unrolled + length * size > _MOST_EQUATIONS:
        refuse(
            f"a scan or fori_loop of JAX's of {length} steps of {size} operations, which is unrolled: at most "
            f"{_MOST_EQUATIONS} operations are",
            "make the loops shorter, or their bodies",
        )
    for k in reversed(range(length)) if params["reverse"] else range(length):
        _unrolled(run, jaxpr, "a scan or fori_loop")
        results = run.run_closed(jaxpr, [*consts, *carry, *(row[k] for row in rows)])
        carry = results[:n_carry]
        found.append(results[n_carry:])
    if params["reverse"]:
        found.reverse()
    n_stacked = len(equation.outvars) - n_carry
    stacked = [_stacked([step[k] for step in found], equation.outvars[n_carry + k].aval) for k in range(n_stacked)]
    return [*carry, *stacked]


def _stacked(values: list[Any], aval: Any) -> Any:
    if not values:
        return np.zeros(aval.shape, aval.dtype)
    if any(isinstance(v, Traced) for v in values):
        return np.stack([_numbers(v) for v in values])
    return jax.numpy.stack(values)


def _while(run: Interpreter, equation: Any, operands: list[Any]) -> Sequence[Any]:
    params = equation.params
    n_cond, n_body = params["cond_nconsts"], params["body_nconsts"]
    of_cond, of_body, carry = operands[:n_cond], operands[n_cond : n_cond + n_body], operands[n_cond + n_body :]
    while True:
        (goes_on,) = run.run_closed(params["cond_jaxpr"], [*of_cond, *carry])
        found = constant(goes_on)
        if found is None:
            refuse(
                "a while_loop of JAX's, or a fori_loop, whose number of steps depends on the point",
                "use jax.lax.fori_loop with constant bounds, and jnp.where",
            )
        if not found:
            return carry
        _unrolled(run, params["body_jaxpr"], "a while_loop")
        carry = run.run_closed(params["body_jaxpr"], [*of_body, *carry])


_CALLS = (
    "jit", "pjit", "closed_call", "core_call", "call", "remat2", "remat", "checkpoint", "custom_jvp_call",
    "custom_vjp_call", "custom_vjp_call_jaxpr",
)  # fmt: skip
CONTROL: dict[str, Rule] = dict.fromkeys(_CALLS, call) | {"cond": _cond, "scan": _scan, "while": _while}
