"""The gradient that a rule asks for: of all of f or of some rows of data, with noise where the run has some."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastdescent._base.checks import whole_number
from fastdescent.program.graph.build import constant_value
from fastdescent.program.graph.differentiate import directional, gradient
from fastdescent.program.graph.instantiate import instantiate
from fastdescent.program.graph.nodes import Node
from fastdescent.program.step.formula import POINT, Formula
from fastdescent.program.step.minibatch import BatchSpec, mean_over
from fastdescent.program.step.randomness import BLOCKS_OF_CALL, MOST_BLOCKS, Stream
from fastdescent.program.step.rng import Rng
from fastdescent.program.trace.operands import as_node
from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.tracer import Traced

#: The parameter that every run supplies for `grad.resolution`.
RESOLUTION = "dtype.resolution"
MOST_SAMPLES = MOST_BLOCKS // BLOCKS_OF_CALL
_CONSTANT_POINT = "a constant point"

Noise = Callable[[Traced, Traced, Rng], Any]  #: noise(x, g, rng), which is added to g


class Gradient:
    """grad(x), grad.fun(x) and grad.hvp(x, v) inside a rule; grad.resolution is the dtype's relative spacing.

    All calls of a step see the same rows of data and the same noise, unless they ask for another `sample`: a number, 0
    where none is given. f and its Hessian have no noise.
    """

    def __init__(self, own: Formula, whole: Formula, batch: BatchSpec | None, noise: Noise | None) -> None:
        self._own, self._whole, self._batch, self._noise = own, whole, batch, noise
        self._at: dict[tuple[int, int], tuple[Node, Node]] = {(own.x.number, 0): (own.fun, own.gradient)}
        b = own.builder
        self._params = {name: b.graph.leaf("param", name, shape) for name, shape in own.params.items()}

    def __call__(self, x: Any, *, sample: int = 0) -> Traced:
        b, g = self._own.builder, self._there(x, self._value_and_gradient(x, sample)[1])
        if self._noise is None:
            return Traced(b, g)
        rng = Rng(b, Stream.GRADIENT_NOISE, sample * BLOCKS_OF_CALL, BLOCKS_OF_CALL)
        noise = self._noise(Traced(b, self._point(x)), Traced(b, g), rng)
        if noise is None:
            refuse("the noise returned None", "return what is to be added to the gradient")
        added = as_node(b, noise)
        if added.shape not in ((), (1,), g.shape):
            refuse(f"the noise returned shape {added.shape}, not {g.shape}", "draw rng.standard_normal(g.shape), say")
        return Traced(b, b.add(g, b.broadcast(added, g.shape)))

    @property
    def resolution(self) -> Traced:
        """2**-52 in float64, 2**-23 in float32."""
        b = self._own.builder
        return Traced(b, b.graph.leaf("param", RESOLUTION, ()))

    def fun(self, x: Any, *, sample: int = 0) -> Traced:
        """f(x)."""
        return Traced(self._own.builder, self._there(x, self._value_and_gradient(x, sample)[0]))

    def hvp(self, x: Any, v: Any, *, sample: int = 0) -> Traced:
        """The Hessian at x times v."""
        b, node = self._own.builder, self._point(x)
        direction = b.broadcast(as_node(b, v), node.shape)
        slope = self._value_and_gradient(x, sample)[1]
        return Traced(b, self._there(x, directional(b, slope, self._variable(node), direction)))

    def _point(self, x: Any) -> Node:
        b = self._own.builder
        return b.broadcast(as_node(b, x), self._own.x.shape)

    def _variable(self, node: Node) -> Node:
        """A leaf in place of a constant point: the same constant may stand in f, where it is no variable."""
        is_constant = constant_value(node) is not None
        return self._own.builder.graph.leaf("input", _CONSTANT_POINT, node.shape) if is_constant else node

    def _there(self, x: Any, result: Node) -> Node:
        """A function of the variable, at x."""
        b, node = self._own.builder, self._point(x)
        return result if constant_value(node) is None else instantiate(b, result, {_CONSTANT_POINT: node})

    def _value_and_gradient(self, x: Any, sample: int) -> tuple[Node, Node]:
        sample = whole_number("sample", sample, at_least=0, at_most=MOST_SAMPLES - 1)
        b, node = self._own.builder, self._variable(self._point(x))
        key = node.number, sample if self._batch is not None else 0
        if key not in self._at:
            fun = self._own.fun
            if key[1] and self._batch is not None:
                fun = mean_over(b, self._own.x, self._whole, self._batch, sample)
            fun = instantiate(b, fun, {**self._params, POINT: node})
            self._at[key] = fun, gradient(b, fun, node)
        return self._at[key]
