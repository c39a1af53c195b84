"""SymPy expressions become surfaces."""

from __future__ import annotations

import numpy as np
import pytest
import sympy

import fastdescent as fd

pytestmark = pytest.mark.filterwarnings("ignore:bitcount")  # SymPy 1.14 with mpmath 1.4
x, y, a = sympy.symbols("x y a")
POINTS = np.random.default_rng(0).normal(size=(20, 2))

EXPRESSIONS = [
    (x**2 + y - 11) ** 2 + sympy.Rational(1, 3) * sympy.sin(y) ** 2 + sympy.pi * x,
    sympy.Piecewise((x, x > 0), (y, True)) + sympy.Max(x, y) + sympy.Min(x, y, 1) + sympy.Abs(y) + sympy.sign(x),
    sympy.erf(x) + sympy.asinh(y) + sympy.log(x**2 + 2) + sympy.atan2(x, y) + sympy.sec(x) + sympy.cbrt(x**2 + 1) * y,
    sympy.floor(x) + sympy.ceiling(y) + sympy.Heaviside(x) + sympy.sinc(y) + sympy.sqrt(x**2 + y**2 + 1),
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_values(expression: object) -> None:
    s = fd.surface(expression)
    assert s.variables == ("x", "y")
    wanted = [float(expression.subs({x: p, y: q}).evalf(30)) for p, q in POINTS]  # type: ignore[attr-defined]
    np.testing.assert_allclose(s(POINTS), wanted, rtol=1e-14, atol=1e-14)


def test_parameters_and_the_order_of_variables() -> None:
    s = fd.surface(a * x**2 + y, a=2.0)
    assert s([1.0, 1.0]) == 3.0
    assert s.with_params(a=5.0)([1.0, 1.0]) == 6.0
    x2, x10 = sympy.symbols("x2 x10")
    assert fd.surface(x10 + 2 * x2 + y).variables == ("x2", "x10", "y")
    assert fd.surface(x + y, variables=("y", "x", "z")).dim == 3


def test_refusals() -> None:
    with pytest.raises(ValueError, match="parameter 'b' does not appear in the expression"):
        fd.surface(x**2, b=1.0)
    with pytest.raises(ValueError, match=r"'y' is neither in variables=\('x',\) nor a parameter"):
        fd.surface(x + y, variables=("x",))
    with pytest.raises(ValueError, match="has no variables"):
        fd.surface(sympy.Integer(3))
    with pytest.raises(TypeError, match="one SymPy expression; got Equality"):
        fd.surface(sympy.Eq(x, y))
    with pytest.raises(ValueError, match=r"'a' is both in variables=.* and a parameter"):
        fd.surface(a * x**2, variables=("x", "a"), a=2.0)
    for wrong in ((x, a), x):
        with pytest.raises(TypeError, match=r"variables must be names, as text, such as \(\"x\", \"y\"\); got \(?x"):
            fd.surface(a * x**2, variables=wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="one SymPy expression; got MutableDenseMatrix"):
        fd.surface(sympy.Matrix([x, y]))
    for wrong in (sympy.I * x, sympy.oo * x, sympy.log(x) - sympy.oo):
        with pytest.raises(ValueError, match="the expression must be real and finite; got "):
            fd.surface(wrong)


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        (sympy.zeta(x) + y, "zeta"),
        (sympy.loggamma(x) * sympy.zeta(y + sympy.sin(x)), "zeta"),
        (sympy.besselk(0, x), "besselk"),
        (sympy.factorial(x), "factorial"),
        (sympy.Function("f")(x) + sympy.Piecewise((x, x > 0), (y, True)), "f"),
    ],
)
def test_functions_that_cannot_be_traced_are_named(expression: object, names: str) -> None:
    with pytest.raises(ValueError, match=f"^the expression has functions that cannot be traced: {names}$"):
        fd.surface(expression)


def test_gamma_and_bessel_functions() -> None:
    f = sympy.gamma(x) + sympy.loggamma(y) + sympy.digamma(x) * sympy.polygamma(2, y) + sympy.beta(x, y)
    f += sympy.besselj(0, x) * sympy.besselj(1, y) + sympy.besseli(0, x) * sympy.besseli(1, y)
    at = {x: 1.3, y: 2.2}
    s = fd.surface(f)
    np.testing.assert_allclose(s([1.3, 2.2]), float(f.evalf(subs=at)), rtol=1e-13)
    np.testing.assert_allclose(s.gradient([1.3, 2.2])[1], float(f.diff(y).evalf(subs=at)), rtol=1e-13)
    with pytest.raises(ValueError, match=r"besselj of order 2 cannot be traced; orders are \[0, 1\]"):
        fd.surface(sympy.besselj(2, x))


def test_what_sympy_cannot_write_is_named() -> None:
    with pytest.raises(ValueError, match=r"^SymPy cannot write this expression for NumPy: it has Integral$"):
        fd.surface(sympy.Integral(sympy.sin(y * x), (y, 0, 1)))
    with pytest.raises(ValueError, match=r"^SymPy cannot write this expression for NumPy: it has Derivative$"):
        fd.surface(sympy.Derivative(sympy.Function("f")(x), x))


def test_refusals_of_other_kinds() -> None:
    with pytest.raises(ValueError, match="dim must be 1, the number of symbols"):
        fd.surface(x**2, dim=2)
