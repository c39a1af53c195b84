"""Methods, classes and objects in traced functions, and what they keep."""

from __future__ import annotations

import math
from math import exp as exponential
from typing import Any, ClassVar

import numpy as np
import pytest
from support.tracing import Function, check

import fastdescent as fd


def bump(v: float) -> float:
    return v * exponential(-v * v) if v > 0 else 0.0


class Base:
    def __init__(self) -> None:
        self.calls, self.inner, self.offset = 0, bump, np.array([1.0, 2.0])

    def term(self, v: float) -> float:
        return math.cos(v) * self.weight

    @property
    def weight(self) -> float:
        return float(self.offset[1])

    @staticmethod
    def squared(v: float) -> float:
        return math.pow(v, 2)

    @classmethod
    def made(cls, v: float) -> float:
        return cls.squared(v) + 1.0


class Suite(Base):
    registered: ClassVar[list[type]] = []

    def __init_subclass__(cls) -> None:
        Suite.registered.append(cls)

    def term(self, v: float) -> float:
        return super().term(v) + super().squared(v)

    def evaluate(self, x: Any, *args: Any) -> Any:
        self.calls += 1
        return self.term(x[0]) + self.inner(x[1]) + self.made(x[2])

    def __call__(self, x: Any) -> Any:
        return self.evaluate(x)


def test_methods_and_objects() -> None:
    suite = Suite()
    check(suite, 3)
    calls = suite.calls
    check_at = np.array([0.3, 1.2, -0.4])
    np.testing.assert_allclose(fd.surface(suite.evaluate, dim=3)(check_at), suite(check_at), rtol=1e-14)
    assert suite.calls == calls + 1, "what a traced method sets, the object does not see"
    assert Suite.registered == []


class Slotted:
    __slots__ = ("weight",)

    def __init__(self) -> None:
        self.weight = 2.0

    def __call__(self, x: Any) -> Any:
        return self.weight * math.sin(x[0])


class Vector:
    def __init__(self, *parts: Any) -> None:
        self.parts = parts

    def __sub__(self, other: Vector) -> Vector:
        return Vector(*(a - b for a, b in zip(self.parts, other.parts, strict=True)))

    def length(self) -> Any:
        return math.sqrt(sum(v * v for v in self.parts))


HERE, BY_NAME = Vector(1.0, 2.0), {"bump": bump, "layers": [math.tanh, lambda v: math.pow(abs(v), 1.5)]}


def of_vectors(x: Any) -> Any:
    assert isinstance(HERE, Vector)
    assert type(Vector(1.0)) is Vector
    return (HERE - Vector(x[0], x[1])).length()


def of_containers(x: Any) -> Any:
    layers: Any = BY_NAME["layers"]
    return sum(BY_NAME["bump"](layer(v)) for layer in layers for v in x)  # type: ignore[operator]


def of_a_class_of_its_own(x: Any) -> Any:
    class Own:
        scale = math.pi
        bump = staticmethod(bump)

        def value(self) -> Any:
            return self.scale * math.sin(x[0]) + self.bump(x[1])

    return Own().value()


def by_eval(x: Any) -> Any:
    return eval("x[0] ** 2 + math.sin(x[1])") + sum(x.flat)


@pytest.mark.parametrize("f", [Slotted(), of_vectors, of_containers, of_a_class_of_its_own, by_eval])
def test_objects_that_a_function_makes_or_finds(f: Function) -> None:
    check(f, 2)
