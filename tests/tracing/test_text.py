"""Formulas as text: what is read, what is refused and where the caret points, variables and parameters."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
import scipy.special as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import fastdescent as fd


def caret(message: str) -> tuple[str, str]:
    """The first line of a message, and what stands above its caret up to the end of the shown formula."""
    why, line, mark = message.split("\n")
    assert mark.strip() == "^"
    return why, line[mark.index("^") :]


def refused(text: str, **options: Any) -> tuple[str, str]:
    with pytest.raises(ValueError, match="\n") as caught:
        fd.surface(text, **options)
    return caret(str(caught.value))


# ---------------------------------------------------------------------- what is read
VALUES: list[tuple[str, Any]] = [
    ("x**2 + y**2", lambda x, y: x**2 + y**2),
    ("-x - -y + +x", lambda x, y: -x + y + x),
    ("-x**2 * y", lambda x, y: -(x**2) * y),
    ("2**-x / y", lambda x, y: 2**-x / y),
    ("x**y**0.5", lambda x, y: x ** (y**0.5)),
    ("(x + y) * (x - y)", lambda x, y: x * x - y * y),
    ("1_000*x + 1e-3*y + 0x10 + .5", lambda x, y: 1000 * x + 0.001 * y + 16.5),
    ("pi*x + e**y", lambda x, y: math.pi * x + math.e**y),
    ("sin(x) + cos(y) * tan(x) + tanh(y)", lambda x, y: math.sin(x) + math.cos(y) * math.tan(x) + math.tanh(y)),
    ("exp(x) - log(y) + ln(y) + sqrt(x)", lambda x, y: math.exp(x) + math.sqrt(x)),
    ("arctan(x) + atan(y)", lambda x, y: math.atan(x) + math.atan(y)),
    ("arctan2(x, y) + atan2(y, x)", lambda x, y: math.atan2(x, y) + math.atan2(y, x)),
    ("hypot(x, y) + abs(x - y) + sign(x - y)", lambda x, y: math.hypot(x, y) + abs(x - y) + math.copysign(1, x - y)),
    ("square(x) + maximum(x, y) - minimum(x, y)", lambda x, y: x**2 + abs(x - y)),
    ("max(x, y, 1) - min(x, 1, y, 2)", lambda x, y: max(x, y, 1) - min(x, y, 1, 2)),
    ("arcsin(x/9) + acos(y/9)", lambda x, y: math.asin(x / 9) + math.acos(y / 9)),
    ("sinh(x) - cosh(y) + expm1(x)", lambda x, y: math.sinh(x) - math.cosh(y) + math.expm1(x)),
    ("asinh(x) + arccosh(y + 1) + atanh(x/9)", lambda x, y: math.asinh(x) + math.acosh(y + 1) + math.atanh(x / 9)),
    ("gamma(x) + gammaln(y) + digamma(x)", lambda x, y: sp.gamma(x) + sp.gammaln(y) + sp.digamma(x)),
    (
        "i0(x) - i1(y) + i0e(x)*i1e(y) + j0(x)*j1(y)",
        lambda x, y: sp.i0(x) - sp.i1(y) + sp.i0e(x) * sp.i1e(y) + sp.j0(x) * sp.j1(y),
    ),
    ("beta(x, y) + betaln(x, y)", lambda x, y: sp.beta(x, y) + sp.betaln(x, y)),
    ("log1p(x) + log2(y) * log10(x)", lambda x, y: math.log1p(x) + math.log2(y) * math.log10(x)),
    (
        "floor(x) + ceil(y) + round(3*x) + cbrt(y)",
        lambda x, y: math.floor(x) + math.ceil(y) + round(3 * x) + y ** (1 / 3),
    ),
    ("erf(x) - erfc(y) + expit(x)", lambda x, y: math.erf(x) - math.erfc(y) + 1 / (1 + math.exp(-x))),
    ("softplus(x) - logaddexp(0, y)", lambda x, y: math.log1p(math.exp(x)) - math.log1p(math.exp(y))),
    ("where(x < y, x, 2*y)", lambda x, y: x if x < y else 2 * y),
    ("(x < y) + (x <= y) + 10*(x > y) + 10*(x >= y)", lambda x, y: 2.0 if x < y else 20.0),
    ("(x == x) + 2*(x != y) - (x > 0)*x", lambda x, y: 3.0 - x),
    ("sin(1)*x + log(2) + 2**0.5*y", lambda x, y: math.sin(1) * x + math.log(2) + math.sqrt(2) * y),
    (" \t( x\n + y )\n", lambda x, y: x + y),
    ("x\n+ y\r\n\t* 2", lambda x, y: x + y * 2),
    ("x +\N{NO-BREAK SPACE}y", lambda x, y: x + y),
    ("\N{FULLWIDTH LATIN SMALL LETTER X} + y", lambda x, y: x + y),  # Python's names are normalized
]


@pytest.mark.parametrize(("text", "f"), VALUES)
def test_values(text: str, f: Any) -> None:
    s = fd.surface(text)
    assert s.variables == ("x", "y")
    for x, y in [(0.5, 1.25), (2.0, 0.75), (1.5, 3.0)]:
        assert s([x, y]) == pytest.approx(f(x, y), rel=1e-14)


EXPRESSIONS = st.recursive(
    st.sampled_from(["x", "y", "a", "2", "3"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"{t[0]}{t[1]}{t[2]}"),
        st.tuples(st.sampled_from("+-"), inner).map("".join),
        inner.map(lambda t: f"({t})**2"),
    ),
    max_leaves=10,
)


@settings(max_examples=100, deadline=None)
@given(text=EXPRESSIONS, x=st.integers(-9, 9), y=st.integers(-9, 9))
def test_text_means_what_it_means_in_python(text: str, x: int, y: int) -> None:
    """Integers are exact, as long as all of them, added up, stay below 2**53."""
    largest = eval(text.replace("-", "+"), {"x": abs(x), "y": abs(y), "a": 5})
    assume(largest < 2**53)
    s = fd.surface(f"{text} + a + 0*x + 0*y", a=5.0)
    assert s([x, y]) == eval(text, {"x": x, "y": y, "a": 5}) + 5


def test_text_and_function_give_the_same_bits() -> None:
    X = np.random.default_rng(0).normal(size=(100, 2))
    text = fd.surface("(x**2 + y - 11)**2 + exp(-x)*(x + y**2 - 7)**2")
    function = fd.surface(lambda x, y: (x**2 + y - 11) ** 2 + np.exp(-x) * (x + y**2 - 7) ** 2)
    np.testing.assert_array_equal(text(X), function(X))
    np.testing.assert_array_equal(text.gradient(X), function.gradient(X))


# ---------------------------------------------------------------------- variables and parameters
@pytest.mark.parametrize(
    ("text", "variables"),
    [("z + a*b", ("a", "b", "z")), ("x2*x1", ("x1", "x2")), ("+".join(f"x{k}" for k in range(12, 0, -1)), None),
     ("e*pi*t", ("t",)), ("x1", ("x1",))],
)  # fmt: skip
def test_variables_are_found_in_natural_order(text: str, variables: tuple[str, ...] | None) -> None:
    assert fd.surface(text).variables == (variables or tuple(f"x{k}" for k in range(1, 13)))


@pytest.mark.parametrize(
    ("text", "found"),
    [("x1 + x3", "x1, x3"), ("x + x1", "x, x1"), ("X + y", "X, y"), ("x0 + x1", "x0, x1"), ("x01", "x01"),
     ("width*x", "width, x"), ("β*x", "x, β"), ("x_1 + x_2", "x_1, x_2")],
)  # fmt: skip
def test_other_names_raise_and_are_listed(text: str, found: str) -> None:
    with pytest.raises(ValueError, match=rf"which names are variables\? found: {found}\. Use single letters \(not e\)"):
        fd.surface(text)


def test_variables_can_be_named() -> None:
    s = fd.surface("width*height + β", variables=("height", "β", "width", "unused"))
    assert s.variables == ("height", "β", "width", "unused")
    assert s([2.0, 5.0, 3.0, 9.0]) == 11.0
    assert fd.surface("u + v", variables="v u")([1.0, 2.0]) == 3.0
    assert fd.surface("3.5", variables=("x",)).gradient([1.0]) == 0.0
    with pytest.raises(ValueError, match=r"'v' is neither in variables=\('u',\) nor a parameter"):
        fd.surface("u + v", variables=("u",))
    with pytest.raises(ValueError, match=r"'a' is both in variables=\('x', 'a'\) and a parameter"):
        fd.surface("a*x", variables=("x", "a"), a=1.0)
    for name in ("e", "pi", "sin"):
        with pytest.raises(ValueError, match=f"variable '{name}' has the name of a function or constant"):
            fd.surface("x", variables=("x", name))
    with pytest.raises(ValueError, match="variables must be different names"):
        fd.surface("x", variables=("x", "x"))
    with pytest.raises(ValueError, match=r"dim must be 2, the number of variables \(x, y\); got 3"):
        fd.surface("x + y", dim=3)


def test_parameters() -> None:
    s = fd.surface("scale*(x - a)**2", scale=2.0, a=1)
    assert s.variables == ("x",)
    assert dict(s.params) == {"scale": 2.0, "a": 1.0}
    assert s([4.0]) == 18.0
    assert s.with_params(a=4.0)([4.0]) == 0.0
    with pytest.raises(ValueError, match="parameter 'c' does not appear in the formula 'a\\*x'"):
        fd.surface("a*x", a=1.0, c=2.0)
    with pytest.raises(ValueError, match="parameter 'pi' has the name of a function or constant"):
        fd.surface("pi*x", pi=3.0)
    with pytest.raises(ValueError, match="parameter 'sin' has the name of a function or constant"):
        fd.surface("x", sin=3.0)
    with pytest.raises(TypeError, match="parameter a must be a number or an array of numbers; got 'b'"):
        fd.surface("a*x", a="b")
    with pytest.raises(ValueError, match=r"no variables; name them with variables=\(...\)"):
        fd.surface("a + pi", a=1.0)
    with pytest.raises(TypeError, match="static= is for functions"):
        fd.surface("a*x", a=1.0, static=("a",))


@pytest.mark.parametrize("name", ["x", "v", "t", "lr", "self", "node", "value0", "gradient", "state", "gamma", "beta"])
def test_any_name_may_be_a_parameter(name: str) -> None:
    s, plain = fd.surface(f"{name}*y**2 + y", **{name: 3.0}), fd.surface("k*y**2 + y", k=3.0)
    assert s([2.0]) == 14.0
    assert s.hvp([2.0], [1.0]) == 6.0
    runs = [fd.descend(f, [[1.0]], fd.Momentum(lr=0.1), max_steps=3).x for f in (s, plain)]
    np.testing.assert_array_equal(*runs)


# ---------------------------------------------------------------------- what is refused
NOT_ALLOWED = [
    ("x.real", "Attribute"), ("x[0]", "Subscript"), ("lambda: x", "Lambda"), ("[x for x in y]", "ListComp"),
    ("{x: y for x in y}", "DictComp"), ("{x for x in y}", "SetComp"), ("f'{x}'", "JoinedStr"), ("[x]", "List"),
    ("{1: x}", "Dict"), ("x if y else z", "IfExp"), ("x and y", "BoolOp"), ("not x", "UnaryOp"), ("~x", "UnaryOp"),
    ("x, y", "Tuple"), ("()", "Tuple"), ("(yield)", "Yield"), ("(y := 2)", "NamedExpr"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind"), NOT_ALLOWED)
def test_syntax_that_is_not_arithmetic(text: str, kind: str) -> None:
    assert refused(text)[0].startswith(f"{kind} is not allowed in a formula; only numbers, names, + - * / ** and")
    assert refused(f"sqrt(2) * max(1, ({text}))")[0].startswith(f"{kind} is not allowed")


@pytest.mark.parametrize(
    ("text", "why", "at"),
    [
        ("x^2 + y", "'^' is not a power in Python; use **", "^2 + y"),
        ("x + (y^2)^3", "'^' is not a power in Python; use **", "^2)^3"),
        ("β*x + y^2", "'^' is not a power in Python; use **", "^2"),
        ("x +\ny^2", "'^' is not a power in Python; use **", "^2"),
        ("1 + x // 2", "operator FloorDiv is not known; use + - * / **", "x // 2"),
        ("x % 2", "operator Mod is not known; use + - * / **", "x % 2"),
        ("x @ y", "operator MatMult is not known; use + - * / **", "x @ y"),
        ("y + 1j*x", "1j is not a real number", "1j*x"),
        ("'é' * x", "'é' is not a real number", "'é' * x"),
        ("'é' @ 'x'", "operator MatMult is not known; use + - * / **", "'é' @ 'x'"),
        ("x + True", "True is not a real number", "True"),
        ("x * None", "None is not a real number", "None"),
        ("x + ...", "Ellipsis is not a real number", "..."),
        ("x + b'1'", "b'1' is not a real number", "b'1'"),
        ("x < y < z", "a comparison is one of < <= > >= == != between two values", "x < y < z"),
        ("1 + (x in y)", "a comparison is one of < <= > >= == != between two values", "x in y)"),
        ("x is y", "a comparison is one of < <= > >= == != between two values", "x is y"),
        ("x + y # + z", "comments are not allowed in a formula", "# + z"),
        ("x + sin", "sin is a function; write sin(...)", "sin"),
        ("x + sin(x, y)", "sin takes 1 argument; got 2", "sin(x, y)"),
        ("x + arctan2(x)", "arctan2 takes 2 arguments; got 1", "arctan2(x)"),
        ("max(x)", "max takes at least 2 arguments; got 1", "max(x)"),
        ("x + sin(x=1)", "a call must be of a known function with plain arguments, such as sin(x)", "sin(x=1)"),
        ("x + sin(*y)", "a call must be of a known function with plain arguments, such as sin(x)", "sin(*y)"),
        ("x + sin(**y)", "a call must be of a known function with plain arguments, such as sin(x)", "sin(**y)"),
        ("np.sin(x)", "a call must be of a known function with plain arguments, such as sin(x)", "np.sin(x)"),
        ("sin(x)(y)", "a call must be of a known function with plain arguments, such as sin(x)", "sin(x)(y)"),
        ("().__class__()", "a call must be of a known function with plain arguments, such as sin(x)", "().__class__()"),
        ("x + 1/0", "this part is constant and not finite: inf", "1/0"),
        ("x + log(-1)", "this part is constant and not finite: nan", "log(-1)"),
        ("x*10**400", "this part is constant and not finite: inf", "10**400"),
        ("x + 1e999", "this number is too large", "1e999"),
        ("x + 1" + "0" * 400, "this number is too large", "1" + "0" * 95),
        ("x + (y", "'(' was never closed", "(y"),
        ("x; y", "invalid syntax", "; y"),
    ],
)  # fmt: skip
def test_refusals_point_at_the_place(text: str, why: str, at: str) -> None:
    assert refused(text) == (why, at)


@pytest.mark.parametrize("text", ["x @", "x = 2", "2x", "x y", "x $ y", "x²", "x)", "x +", "return x", "*x", "0b2"])
def test_text_that_python_cannot_read(text: str) -> None:
    assert refused(text)[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [("__import__('os')", "unknown function '__import__'; known are abs, "), ("eval(x)", "unknown function 'eval'"),
     ("x(2)", r"unknown function 'x'"), ("sine(x)", r"unknown function 'sine' \(did you mean 'sin'\?\); known are"),
     ("sqr(x)", r"\(did you mean 'sqrt'\?\)"), ("artcan(x)", r"\(did you mean 'arctan'\?\)"),
     ("Exp(x)", r"\(did you mean 'exp'\?\)")],
)  # fmt: skip
def test_unknown_functions_are_answered_with_the_nearest(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fd.surface(text)


@pytest.mark.parametrize("text", ["", "  \n\t "])
def test_empty_text(text: str) -> None:
    with pytest.raises(ValueError, match=r"the formula is empty; write one such as 'x\*\*2 \+ y\*\*2'"):
        fd.surface(text)


# ---------------------------------------------------------------------- sizes and odd characters
def test_a_thousand_terms() -> None:
    text = " + ".join(f"(x{k} - {k})**2" for k in range(1, 1001))
    s = fd.surface(text)
    assert s.dim == 1000
    assert s(np.arange(1.0, 1001.0)) == 0.0
    assert s(np.arange(1.0, 1001.0) + 1.0) == 1000.0


def answer(text: str) -> fd.Surface | str:
    """The Surface, or the message of the ValueError."""
    try:
        return fd.surface(text)
    except ValueError as error:
        return str(error)


NESTED = {
    "powers": ("x**", ""), "minus": ("-", ""), "parentheses": ("(", ")"), "calls": ("sin(", ")"),
    "left sums": ("", "+x"), "right sums": ("x+(", ")"), "comparisons": ("1+(x<", ")"),
}  # fmt: skip


@pytest.mark.parametrize("kind", NESTED)
def test_deep_nesting_is_read_or_refused_with_a_message(kind: str) -> None:
    before, after = NESTED[kind]
    assert isinstance(answer(before * 60 + "x" + after * 60), fd.Surface)
    for depth in (*range(850, 1000, 10), 3_000, 30_000):
        found = answer(before * depth + "x" + after * depth)
        if isinstance(found, str):
            assert re.search(r"nested too deeply|too many nested|at most 100000 are read", found)
            assert len(found) < 400
    assert "at most 100000 are read" in answer(before * 100_000 + "x" + after * 100_000)


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=30) | st.text("xyae12.+-*/()^,<= #\n\\'", max_size=14))
def test_any_text_is_read_or_refused(text: str) -> None:
    found = answer(text)
    assert found if isinstance(found, str) else found([0.5] * found.dim).shape == ()


def test_zero_bytes_and_surrogates() -> None:
    for text in ("x\0y", "x + \ud800"):
        with pytest.raises(ValueError, match=r"cannot be parsed|null bytes"):
            fd.surface(text)
