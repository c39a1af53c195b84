"""The argument `grad` of a rule: the gradient of f or of a minibatch's f, with the run's noise, clipping and decay."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

from fastdescent._base.checks import whole_number
from fastdescent.program.graph.build import constant_value
from fastdescent.program.graph.differentiate import directional, gradient
from fastdescent.program.graph.instantiate import instantiate
from fastdescent.program.graph.nodes import Node
from fastdescent.program.step.formula import POINT, Formula
from fastdescent.program.step.minibatch import BatchSpec, minibatch_mean
from fastdescent.program.step.randomness import BLOCKS_PER_EVALUATION, N_BLOCKS, Stream
from fastdescent.program.step.rng import Rng
from fastdescent.program.step.treatment import UNTREATED, Treatment
from fastdescent.program.trace.copies.copies import Copies
from fastdescent.program.trace.operands import as_node
from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.tracer import Traced

#: The parameter that every run supplies for `grad.resolution`.
RESOLUTION = "dtype.resolution"
_MOST_EVALUATIONS = N_BLOCKS // BLOCKS_PER_EVALUATION  #: evaluations of a step that have random numbers of their own
_CONSTANT_POINT = "a constant point"

#: noise(x, g, rng, grad) returns the numbers to add to g; its grad has no noise
Noise = Callable[[Traced, Traced, Rng, "Gradient"], Any]


class Gradient:
    """grad(x), grad.fun(x) and grad.hvp(x, v) inside a rule; grad.resolution is the dtype's relative spacing.

    All calls of a step see the same minibatch and the same noise. A call with another number as `sample` (default 0)
    sees another minibatch and other noise. f and its Hessian have no noise. With L2 decay all three are those of
    f + w |x|^2 / 2.
    """

    def __init__(
        self, own: Formula, full: Formula, batch: BatchSpec | None, noise: Noise | None, treatment: Treatment
    ) -> None:
        """`own` is the formula in the step's graph, of a minibatch if there is one; `full` has all samples."""
        self._own, self._full, self._batch, self._noise, self._treatment = own, full, batch, noise, treatment
        #: f and its gradient, by the number of the point's node and by the sample
        self._evaluated: dict[tuple[int, int], tuple[Node, Node]] = {(own.x.number, 0): (own.fun, own.gradient)}
        b = own.builder
        self._sample = 0  #: of calls that do not say
        self._params = own.leaves(b)

    def __call__(self, x: Any, *, sample: int | None = None) -> Traced:
        sample = self._sample if sample is None else sample
        b, g = self._own.builder, self._at_point(x, self._value_and_gradient(x, sample)[1])
        g = self._treatment.clipped(self._noisy(x, Traced(b, g), sample)).node
        return Traced(b, self._treatment.decayed(b, self._point(x), g))

    def _noisy(self, x: Any, g: Traced, sample: int) -> Traced:
        if self._noise is None:
            return g
        b = self._own.builder
        rng = Rng(b, Stream.GRADIENT_NOISE, sample * BLOCKS_PER_EVALUATION, BLOCKS_PER_EVALUATION)
        noise = Copies().stand_in(self._noise)(Traced(b, self._point(x)), g, rng, self._without_noise(sample))
        if noise is None:
            refuse("the noise returned None", "return the numbers to add to the gradient")
        added = as_node(b, noise)
        if added.shape not in ((), (1,), g.shape):
            refuse(f"the noise returned shape {added.shape}, not {g.shape}", "draw rng.standard_normal(g.shape), say")
        return Traced(b, b.add(as_node(b, g), b.broadcast(added, g.shape)))

    @property
    def resolution(self) -> Traced:
        """2**-52 in float64, 2**-23 in float32."""
        b = self._own.builder
        return Traced(b, b.graph.leaf("param", RESOLUTION, ()))

    def fun(self, x: Any, *, sample: int | None = None) -> Traced:
        """f(x)."""
        b, value = self._own.builder, self._at_point(x, self._value_and_gradient(x, sample)[0])
        return Traced(b, self._treatment.penalized(b, self._point(x), value))

    def hvp(self, x: Any, v: Any, *, sample: int | None = None) -> Traced:
        """The Hessian at x times v."""
        b, node = self._own.builder, self._point(x)
        direction = b.broadcast(as_node(b, v), node.shape)
        slope = self._value_and_gradient(x, sample)[1]
        product = self._at_point(x, directional(b, slope, self._variable(node), direction))
        return Traced(b, self._treatment.decayed(b, direction, product))

    def _without_noise(self, sample: int) -> Gradient:
        """For the noise of this sample, the gradient of f itself, with the same minibatch. Shares what is evaluated."""
        noiseless = copy(self)
        noiseless._noise, noiseless._sample, noiseless._treatment = None, sample, UNTREATED
        return noiseless

    def _point(self, x: Any) -> Node:
        b = self._own.builder
        return b.broadcast(as_node(b, x), self._own.x.shape)

    def _variable(self, node: Node) -> Node:
        """The node of a point, or a leaf in place of a constant.

        f may hold the same constant as a node, and is not to be differentiated by that one.
        """
        is_constant = constant_value(node) is not None
        return self._own.builder.graph.leaf("input", _CONSTANT_POINT, node.shape) if is_constant else node

    def _at_point(self, x: Any, result: Node) -> Node:
        """A function of `_variable`, at x."""
        b, node = self._own.builder, self._point(x)
        return result if constant_value(node) is None else instantiate(b, result, {_CONSTANT_POINT: node})

    def _value_and_gradient(self, x: Any, sample: int | None) -> tuple[Node, Node]:
        sample = self._sample if sample is None else sample
        sample = whole_number("sample", sample, at_least=0, at_most=_MOST_EVALUATIONS - 1)
        b, node = self._own.builder, self._variable(self._point(x))
        key = node.number, sample if self._batch is not None else 0
        if key not in self._evaluated:
            fun = self._own.fun
            if key[1] and self._batch is not None:
                fun = minibatch_mean(b, self._own.x, self._full, self._batch, sample)
            fun = instantiate(b, fun, {**self._params, POINT: node})
            self._evaluated[key] = fun, gradient(b, fun, node)
        return self._evaluated[key]
