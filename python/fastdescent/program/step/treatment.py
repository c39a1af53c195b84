"""What the gradient goes through before a rule sees it, after the noise: clipping, then L2 decay.

The gradient of f + w |x|^2 / 2 is g + w x: that is the function which a run with weight decay w descends, and whose
gradient stop tests look at. Clipping changes steps alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.nodes import Node
from fastdescent.program.trace.operands import as_node
from fastdescent.program.trace.tracer import Traced

CLIP_NORM, CLIP_VALUE, WEIGHT_DECAY = "clip_norm", "clip_value", "weight_decay"
NAMES = (CLIP_NORM, CLIP_VALUE, WEIGHT_DECAY)
DECAY = "the decay"  #: name of the leaf of weights, (dim,), in Programs of points
_ADDED = 1e-6  #: to the norm that is divided by, as in PyTorch's clip_grad_norm_


@dataclass(frozen=True)
class Treatment:
    """Numbers of a run, or what stands for them in a graph; None or 0 leaves a part out."""

    clip_norm: Any = None
    clip_value: Any = None
    weight_decay: Any = 0.0

    @property
    def decays(self) -> bool:
        return not (issubclass(type(self.weight_decay), float) and self.weight_decay == 0)

    def clipped(self, g: Traced) -> Traced:
        """The gradient, clipped."""
        if self.clip_norm is not None:
            g = g * np.minimum(self.clip_norm / (np.linalg.norm(g) + _ADDED), 1.0)
        if self.clip_value is not None:
            g = np.minimum(np.maximum(g, -self.clip_value), self.clip_value)
        return g

    def decayed(self, b: Builder, x: Node, slope: Node) -> Node:
        """The gradient of f + w |x|^2 / 2 at x, where that of f is `slope`; or a product with its Hessian."""
        return b.add(slope, b.mul(self._weights(b, x), x)) if self.decays else slope

    def penalized(self, b: Builder, x: Node, fun: Node) -> Node:
        """f + w |x|^2 / 2."""
        if not self.decays:
            return fun
        return b.add(fun, b.mul(b.const(0.5), b.sum(b.mul(self._weights(b, x), b.mul(x, x)), (0,))))

    def _weights(self, b: Builder, x: Node) -> Node:
        return b.broadcast(as_node(b, self.weight_decay), x.shape)


UNTREATED = Treatment()
