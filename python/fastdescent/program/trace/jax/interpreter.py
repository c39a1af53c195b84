"""Goes through a jaxpr, equation by equation.

A value is known, an array of JAX's or NumPy's, or it is traced. What is known alone JAX computes, so that random
numbers of a constant key are JAX's. The rest is traced by the rules, which see known operands as NumPy arrays.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from fastdescent._base.errors import TraceError
from fastdescent.program.graph.build import Builder
from fastdescent.program.trace.jax.control import CONTROL
from fastdescent.program.trace.jax.elementwise import ELEMENTWISE
from fastdescent.program.trace.jax.instead import instead_of
from fastdescent.program.trace.jax.lines import is_own, line_of_equation, source_of
from fastdescent.program.trace.jax.matrices import MATRICES
from fastdescent.program.trace.jax.moving import MOVING
from fastdescent.program.trace.jax.ordering import ORDERING
from fastdescent.program.trace.jax.reductions import REDUCING
from fastdescent.program.trace.jax.scattering import SCATTERING
from fastdescent.program.trace.jax.values import is_float, known_value, plain
from fastdescent.program.trace.jax.windows import WINDOWS
from fastdescent.program.trace.source import line_is, refuse
from fastdescent.program.trace.tracer import Traced

RULES: dict[str, Callable[..., Any]] = ELEMENTWISE | REDUCING | MOVING | SCATTERING | ORDERING | WINDOWS | MATRICES


class Interpreter:
    """One run of a jaxpr on values of which some are traced."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.n_unrolled = 0  #: equations of loops

    def run(self, jaxpr: Any, consts: Iterable[Any], arguments: Iterable[Any]) -> list[Any]:
        values: dict[Any, Any] = dict(zip(jaxpr.constvars, consts, strict=True))
        values.update(zip(jaxpr.invars, arguments, strict=True))

        def read(atom: Any) -> Any:
            return np.asarray(atom.val, atom.aval.dtype) if hasattr(atom, "val") else values[atom]

        is_jaxs = is_own(source_of(jaxpr)[1])  # and may have been traced for another line
        for equation in jaxpr.eqns:
            line = contextlib.nullcontext() if is_jaxs else line_is(functools.partial(line_of_equation, equation))
            with line:
                results = self._results(equation, [read(v) for v in equation.invars])
            values.update(zip(equation.outvars, results, strict=True))
        return [read(v) for v in jaxpr.outvars]

    def run_closed(self, jaxpr: Any, arguments: Iterable[Any]) -> list[Any]:
        """The same of a jaxpr that may bring its constants along."""
        return self.run(getattr(jaxpr, "jaxpr", jaxpr), getattr(jaxpr, "consts", ()), arguments)

    def _results(self, equation: Any, operands: list[Any]) -> Sequence[Any]:
        if not any(isinstance(v, Traced) for v in operands):
            return computed(equation, operands)
        name = equation.primitive.name
        if name in CONTROL:
            return CONTROL[name](self, equation, operands)
        rule = RULES.get(name)
        if rule is None:
            known = [known_value(v, a.aval) for v, a in zip(operands, equation.invars, strict=True)]
            if all(v is not None for v in known):
                return self._constants(computed(equation, known))
            refuse(f"JAX's primitive {name} cannot be traced", instead_of(name))
        try:
            result = rule(equation, *(plain(v) for v in operands))
        except TraceError as error:
            if "JAX's primitive" in str(error):
                raise
            raise TraceError(f"JAX's primitive {name}: {error}") from error
        results = result if equation.primitive.multiple_results else [result]
        return [self._of_shape(v, out.aval) for v, out in zip(results, equation.outvars, strict=True)]

    def _of_shape(self, value: Any, aval: Any) -> Any:
        if np.shape(value) != aval.shape:
            return np.broadcast_to(value, aval.shape)
        return value

    def _constants(self, values: Iterable[Any]) -> list[Any]:
        """Floats of data, which stay in the graph."""
        return [Traced(self.builder, self.builder.const(plain(v))) if is_float(v) else v for v in values]


def computed(equation: Any, operands: Sequence[Any]) -> list[Any]:
    """What JAX computes for one equation whose operands are known."""
    bound = equation.primitive.get_bind_params(equation.params)
    functions, params = bound if isinstance(bound, tuple) else ((), bound)  # a pair in earlier versions of JAX
    with equation.ctx.manager:
        results = equation.primitive.bind(*functions, *operands, **params)
    return list(results) if equation.primitive.multiple_results else [results]
