"""What is known of numbers before they are computed holds for computed numbers, of every operation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fastdescent.program.graph import fold
from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.derivatives import DIFFERENTIABLE
from fastdescent.program.graph.ranges import Range, Ranges
from fastdescent.program.opcodes import ARITY

ENDS = [-math.inf, -900.0, -3.0, -1.0, -0.5, -0.0, 0.0, 0.25, 1.0, 2.0, 900.0, math.inf]
INSIDE = np.array([-1e3, -3.0, -2.5, -1.0, -0.75, -0.5, -0.0, 0.0, 0.1, 0.25, 0.9, 1.0, 1.5, 2.0, 30.0, 1e3])
OPERATIONS = sorted((DIFFERENTIABLE - {"powi", "choose"}) | {"lt", "floor"})


def operands(rng: np.random.Generator) -> tuple[Range, np.ndarray]:
    """A random range and numbers of it, its ends, infinity and NaN among them."""
    low, high = sorted(rng.choice(ENDS, 2).tolist())
    infinite = bool(rng.random() < 0.5) and (low == -math.inf or high == math.inf)
    nan = bool(rng.random() < 0.2)
    inside = INSIDE[(low <= INSIDE) & (high >= INSIDE)]
    ends = [end for end in (low, high) if math.isfinite(end) or infinite]
    return Range(low, high, infinite, nan), np.array([*inside, *ends, *([math.nan] if nan else [])])


def holds(known: Range, values: np.ndarray) -> bool:
    numbers = values[~np.isnan(values)]
    slack = np.where(np.isfinite(numbers), 1e-12 * np.abs(numbers), 0.0)
    inside = (known.low <= numbers + slack) & (numbers - slack <= known.high)
    return bool(
        (known.nan or numbers.size == values.size)
        and (known.infinite or np.all(np.isfinite(numbers)))
        and (known.may_be_zero or np.all(numbers != 0.0))
        and np.all(inside)
    )


@pytest.mark.parametrize("op", OPERATIONS)
def test_ranges_hold(op: str) -> None:
    rng = np.random.default_rng(5)
    for _ in range(200):
        given = [operands(rng) for _ in range(ARITY[op])]
        if not all(values.size for _, values in given):
            continue
        b = Builder()
        leaves = [b.graph.leaf("input", f"x{k}", ()) for k in range(len(given))]
        ranges = Ranges(leaves[0])
        ranges._known |= {n.number: known for n, (known, _) in zip(leaves, given, strict=True)}
        table = [values.ravel() for values in np.meshgrid(*(values for _, values in given))]
        results = fold.elementwise(op, None, table, table[0].shape)
        assert holds(ranges.of(b.elementwise(op, *leaves)), results), (op, [known for known, _ in given])


@pytest.mark.parametrize("n", [-3, -2, -1, 2, 3, 4])
def test_ranges_of_powers_hold(n: int) -> None:
    rng = np.random.default_rng(6)
    for _ in range(100):
        known, values = operands(rng)
        b = Builder()
        x = b.graph.leaf("input", "x", ())
        ranges = Ranges(x)
        ranges._known[x.number] = known
        assert holds(ranges.of(b.power(x, n)), fold.elementwise("powi", n, [values], values.shape)), (n, known)


def test_a_logistic_function_is_finite_and_positive() -> None:
    b = Builder()
    x = b.graph.leaf("input", "x", (3,))
    one = b.const(1.0)
    quotient = b.div(one, b.add(one, b.elementwise("exp", b.neg(x))))
    assert Ranges(x).of(quotient) == Range(0.0, 1.0)
