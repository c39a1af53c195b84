"""What a derivative is multiplied by: the factor of one operand, and its product with an adjoint or a tangent.

Where the adjoint is zero and the factor is not finite, the factor counts as zero. So elements and branches that do not
matter never spoil a gradient by 0 * inf. The factor is masked, not the product, so that the product can still become
part of an fma; and only where both numbers may be such. Elsewhere nothing changes, signs of zeros included.

A worked example: f = where(x > 0, x * log(x), 0) at x = 0. The product's adjoint is 0. It is multiplied by log(0),
which is -inf, and then by 1 / 0. Both factors count as zero, and the gradient is 0.
"""

from __future__ import annotations

from dataclasses import dataclass

from fastdescent.program.graph.build import Builder, is_constant
from fastdescent.program.graph.nodes import Node
from fastdescent.program.graph.ranges import Ranges


@dataclass(frozen=True, slots=True)
class Partial:
    """d output / d input = sign * factor, where no factor is 1.

    With `where` = (mask, value), the derivative is 0 unless the mask has this truth value. Where `halved` is true, it
    is one half.
    """

    sign: int = 1
    factor: Node | None = None
    where: tuple[Node, bool] | None = None
    halved: Node | None = None

    def times(self, b: Builder, direction: Node, ranges: Ranges, both: bool = False) -> Node:
        """factor * direction, without the sign. With `both`, a factor of zero masks the direction, too."""
        if self.halved is not None:
            direction = b.select(self.halved, b.mul(direction, b.const(0.5)), direction)
        if self.where is not None:
            mask, taken = self.where
            zero = b.const(0.0)
            return b.select(mask, direction, zero) if taken else b.select(mask, zero, direction)
        if self.factor is None:
            return direction
        factor = _masked(b, ranges, self.factor, direction)
        if both or is_constant(self.factor):
            direction = _masked(b, ranges, direction, self.factor)
        return b.mul(factor, direction)


def _masked(b: Builder, ranges: Ranges, factor: Node, other: Node) -> Node:
    """The factor, but 0 where it is not finite and the other number is 0. Times 0, it is NaN if it is not finite."""
    if ranges.of(factor).is_finite or not ranges.of(other).may_be_zero:
        return factor
    zero = b.const(0.0)
    return b.select(b.mul(factor, zero), b.select(other, factor, zero), factor)
