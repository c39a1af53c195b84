"""What cannot be traced: each refusal names the operation, the line of the function, and what to write instead."""

from __future__ import annotations

import inspect
import linecache
import re
import statistics
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.sparse
import scipy.special
import scipy.stats

import fastdescent as fd

Function = Callable[[Any], Any]
W = np.array([1.0, 2.0, 3.0])
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    M = np.asmatrix(np.eye(3))


def line_of(f: Function) -> str:
    """`file:line: code`, as messages name it, of a function whose only line of work is its last one."""
    lines, first = inspect.getsourcelines(f)
    return f"{__file__}:{first + len(lines) - 1}: {lines[-1].strip()}"


# ---------------------------------------------------------------------- pinned messages
def columns(X: Any) -> Any:
    return X[:, 0] ** 2 + X[:, 1] ** 2


def with_while(x: Any) -> Any:
    while x[0] < 1:
        x = x + 1.0
    return x[0]


@pytest.mark.parametrize(
    ("f", "what", "instead"),
    [
        (columns, "index [:, 0]: your function receives one point, shape (10,) (too many", "write x[0], not x[:, 0]"),
    ],
)  # fmt: skip
def test_pinned_messages_name_the_line(f: Function, what: str, instead: str) -> None:
    with pytest.raises(fd.TraceError) as caught:
        fd.surface(f, dim=10)
    message = str(caught.value)
    assert message.startswith(what)
    assert f", in {line_of(f)}; {instead}" in message
    assert isinstance(caught.value, TypeError)


def test_a_loop_without_end() -> None:
    with pytest.raises(fd.TraceError, match=r"more than 1000 questions .*while x\[0\] < 1:; bound the loop, or write"):
        fd.surface(with_while, dim=10)


def test_results_that_are_not_one_number() -> None:
    here = re.escape(__file__)
    with pytest.raises(fd.TraceError, match=rf"the function returned None, in {here}:\d+: .*; return the value"):
        fd.surface(lambda x: None, dim=2)
    with pytest.raises(fd.TraceError, match=rf"returned shape \(4,\), not one number, in {here}.*; np.sum the terms"):
        fd.surface(lambda x: x**2, dim=4)
    with pytest.raises(fd.TraceError, match=r"returned shape \(2,\), not one number"):
        fd.surface(lambda x: [x[0], x[1]], dim=2)
    with pytest.raises(fd.TraceError, match=r"an operand of type str, which is not real numbers"):
        fd.surface(lambda x: "x", dim=2)  # type: ignore[return-value]
    assert fd.surface(lambda x: x**2, dim=1)([3.0]) == 9.0


def test_arguments_of_the_function() -> None:
    with pytest.raises(TypeError, match="f takes the whole point as one argument, so dim= is needed"):

        @fd.surface
        def f(x: Any) -> Any:
            return x[0]

    with pytest.raises(TypeError, match="<lambda> takes no point; write"):
        fd.surface(lambda *x: x[0])
    with pytest.raises(TypeError, match="<lambda> takes no point"):
        fd.surface(lambda: 0.0)
    with pytest.raises(TypeError, match=r"'y' of <lambda> has a default.*behind a \*, keyword-only;.* or say dim="):
        fd.surface(lambda x, y=3.0: x + y)
    with pytest.raises(TypeError, match="may take a point or coordinates"):
        fd.surface(lambda x, y, a, b=3.0: x + y)
    with pytest.raises(ValueError, match="dim must be 2, the number of arguments of <lambda>; got 4"):
        fd.surface(lambda x, y, a=1.0: x + y, dim=4)
    with pytest.raises(ValueError, match="dim must be 2, the number of arguments of <lambda>; got 3"):
        fd.surface(lambda x, y: x + y, dim=3)
    with pytest.raises(TypeError, match="parameter a of <lambda> has no value"):
        fd.surface(lambda x, *, a: a * x[0], dim=1)
    with pytest.raises(TypeError, match="<lambda> has no keyword-only argument 'c'; it has: a"):
        fd.surface(lambda x, *, a=1.0: a * x[0], dim=1, c=2.0)
    with pytest.raises(TypeError, match="surface must be given a formula"):
        fd.surface(3.0)  # type: ignore[call-overload]


def test_parameters_are_plain_arrays() -> None:
    with pytest.raises(ValueError, match="parameter w must not be masked; got 2 masked"):
        fd.surface(lambda x, *, w: x @ w, dim=3, w=np.ma.masked_greater(W, 1))
    with pytest.raises(TypeError, match=r"parameter m must be np.asarray of this np.matrix"):
        fd.surface(lambda x, *, m: np.sum(m @ x), dim=3, m=M)


# ---------------------------------------------------------------------- the rest
def set_what_may_be_a_copy(x: Any) -> Any:
    m = np.outer(x, x)
    flat = m.reshape(-1)
    m[0] = 0.0
    return flat @ flat


def set_a_broadcast_array(x: Any) -> Any:
    wide = np.broadcast_to(2 * x, (2, 3))
    wide[0, 0] = 1.0
    return wide.sum()


def set_by_a_mask(x: Any) -> Any:
    y = x.copy()
    y[y > 0] = x
    return y @ y


def other_functions_value() -> Function:
    kept = np.empty(1, dtype=object)

    def keeping(x: Any) -> Any:
        kept[0] = x
        return x[0]

    fd.surface(keeping, dim=3)
    return lambda x: x @ kept[0]


def too_large_for_its_place(x: Any) -> Any:
    y = 2 * x
    y[:1] += x
    return y @ y


def numbers_in_the_place_of_booleans(x: Any) -> Any:
    mask = x > 0
    mask += x
    return np.sum(mask)


REFUSED: list[tuple[Function, str]] = [
    (set_what_may_be_a_copy, r"assignment to an array that NumPy may have copied.*m\[0\] = 0.*y.copy\(\).reshape"),
    (set_a_broadcast_array, r"assignment to \[0, 0\] of an array of shape \(2, 3\) \(.*read-only"),
    (set_by_a_mask, r"an array of shape \(3,\) that is assigned where a condition holds.*; reduce it, as np.sum"),
    (lambda x: x.copy().__setitem__(9, 0.0), r"assignment to \[9\] of an array of shape \(3,\) \(index 9 is out of"),
    (too_large_for_its_place, r"an update in place of shape \(1,\) by one of shape \(3,\)"),
    (numbers_in_the_place_of_booleans, r"an update in place of booleans by numbers"),
    (lambda x: np.einsum("i,i->j", x, x), r"np.einsum\('i,i->j', ...\)"),
    (other_functions_value(), r"a traced value of another function appears here.*pass it as an argument"),
    (lambda x: x[3], r"index \[3\]: your function receives one point, shape \(3,\) \(index 3 is out of bounds"),
    (lambda x: (2 * x)[1, 2:3, ...], r"index \[1, 2:3, ...\] of an array of shape \(3,\) \(too many indices"),
    (lambda x: x[[0, 5]], r"an index of an array of shape \(3,\) \(index 5 is out of bounds"),
    (lambda x: x[1.0], r"an index of an array of shape \(3,\) \(only integers"),
    (lambda x: x["a"], r"an index of an array of shape \(3,\) \(only integers"),
    (lambda x: x[x > 0], r"a selection by a condition, x\[mask\], among arrays.*; reduce it, as np.sum"),
    (lambda x: [1.0, 2.0][x[0]], r"a traced number that is no integer cannot be an index or a count"),
    (lambda x: sum(range(x[0])), r"a traced number that is no integer cannot be an index or a count"),
    (lambda x: np.nextafter(x, 2.0)[0], r"nextafter cannot be traced.*; write it with other functions"),
    (lambda x: np.frexp(x)[0][0], r"frexp cannot be traced"),
    (lambda x: np.add.reduceat(x, [0])[0], r"add.reduceat cannot be traced"),
    (lambda x: np.add.reduce(x[:, None], dtype=int)[0], r"out=, or a dtype that is not float64"),
    (lambda x: np.unique(x)[0], r"np.unique cannot be traced: it has as many values .*; write np.sort\(x\)"),
    (lambda x: np.cross(x, x[:2])[0], r"np.cross: incompatible dimensions for cross product"),
    (
        lambda x: np.unwrap(x)[0],
        r"np.unwrap cannot be traced, in .*; write it with other functions; the documentation's page",
    ),
    (
        lambda x: scipy.stats.genextreme.logpdf(x, 0.1)[0],
        r"SciPy.s function logpdf cannot be traced: .*; write it with",
    ),
    (lambda x: scipy.special.softmax(x, axis=3)[0], r"np.max: axis 3 is out of bounds"),
    (
        lambda x: scipy.special.gammasgn(x)[0],
        r"gammasgn cannot be traced \(did you mean .*; write it with other functions",
    ),
    (lambda x: statistics.mean(x), r"a function in Python or C wants a number, .*; write it with NumPy's functions"),
    (lambda x: x.byteswap(), r"the method or attribute byteswap of a traced array"),
    (lambda x: x.copy().resize((3, 1)), r"the method or attribute resize of a traced array"),
    (lambda x: x.nonzero()[0], r"a selection by a condition, x\[mask\], among arrays"),
    (lambda x: np.pad(x, 1, mode="linear_ramp")[0], r"np.pad with mode='linear_ramp'.*; use one of constant, edge"),
    (lambda x: np.pad(x, 1, mode="reflect", reflect_type="odd")[0], r"np.pad with mode='reflect' cannot"),
    (lambda x: np.pad(x, 1, constant_values=x[0])[0], r"np.pad with values that are traced.*; write np.concatenate"),
    (lambda x: np.delete(W, x)[0], r"np.delete with a traced value that is not the first argument"),
    (lambda x: np.gradient(x, x)[0], r"np.gradient with distances that are not constant"),
    (lambda x: np.gradient(x, 1.0, 2.0)[0], r"np.gradient: invalid number of arguments"),
    (lambda x: np.convolve(x, x, "half")[0], r"np.convolve: mode must be"),
    (lambda x: np.convolve(np.outer(x, x), x)[0], r"np.convolve: both must have one axis"),
    (lambda x: np.vander(np.outer(x, x))[0, 0], r"np.vander: x must have one axis"),
    (lambda x: np.vecdot(x, x[:2]), r"a product of shapes \(3,\) and \(2,\), which do not fit"),
    (lambda x: np.fill_diagonal(x.copy(), 1.0), r"np.fill_diagonal: array must be at least 2-d"),
    (lambda x: np.fill_diagonal(np.outer([1] * 5, x), 1.0, wrap=True), r"np.fill_diagonal with wrap=True"),
    (lambda x: np.exp(x, dtype=np.float32)[0], r"np.exp with dtype=.*float32.* cannot be traced.*; leave it out"),
    (lambda x: np.exp(x, where=W > 1)[0], r"np.exp with where= and without out=.*; give out=np.zeros_like\(x\)"),
    (lambda x: np.sum(x, dtype=np.float32), r"out=, or a dtype that is not float64"),
    (lambda x: np.max(x, where=W > 1), r"np.max: the max of those that where= keeps may be that of none"),
    (lambda x: np.sum(x, axis=1), r"np.sum: axis 1 is out of bounds"),
    (lambda x: np.sum(x, axis=(0, 0)), r"np.sum: axis=\(0, 0\) names an axis twice"),
    (lambda x: np.max(x[3:]), r"np.max: the max of no numbers"),
    (lambda x: np.mean(x[3:]), r"np.mean: the mean of no numbers"),
    (lambda x: np.zeros_like(x, shape=(2,))[0], r"np.zeros_like: got an unexpected keyword argument 'shape'"),
    (lambda x: np.where(x > 0, x)[0], r"np.where: either both or neither of x and y should be given"),
    (lambda x: x[x > 0] + x, r"a selection by a condition beside an array of shape \(3,\).*; reduce it, as np.sum"),
    (lambda x: np.sum(x[x > 0] + x[x > 1]), r"selections by two conditions in one operation.*; write np.where"),
    (lambda x: np.sort(x[x > 0])[0], r"np.sort of a selection by a condition"),
    (lambda x: x[x > 0].shape, r"the method or attribute shape of a selection by a condition"),
    (lambda x: x[x], r"an index that is a traced float.*; use an integer, such as i.astype\(int\)"),
    (lambda x: W[x > 0].sum(), r"a traced value as index of an array of numbers.*; write np.take"),
    (lambda x: range(int(x[0])), r"a traced integer cannot be an index or a count here.*; write np.take"),
    (lambda x: np.sum(np.ma.array(x, mask=[0, 0, 1]) ** 2), r"a NumPy array of objects, .*; make the array by"),
    (lambda x: np.histogram(x)[0][0], r"np.histogram cannot be traced: its counts are constant.*; write a smooth sum"),
    (lambda x: np.fft.fft(x)[0], r"np.fft cannot be traced: it is complex"),
    (lambda x: np.exp(x > 0)[0], r"np.exp of booleans, for which NumPy has few digits only.*; multiply them by 1.0"),
    (lambda x: -(x > 0)[0], r"np.negative of booleans, which NumPy refuses"),
    (lambda x: np.median(x[:0]), r"np.median: the median of no numbers"),
    (lambda x: np.bincount(np.argsort(x), x)[0], r"np.bincount of traced places"),
    (lambda x: np.concatenate([x, 1.0])[0], r"np.concatenate of shapes \[\(3,\), \(\)\]"),
    (lambda x: np.concatenate([x, np.ones((2, 2))])[0], r"np.concatenate of shapes \[\(3,\), \(2, 2\)\]"),
    (lambda x: np.stack([x, x[:2]])[0, 0], r"np.stack of shapes \[\(3,\), \(2,\)\]"),
    (lambda x: np.reshape(x, (2, 2))[0, 0], r"np.reshape: cannot reshape array of size 3 into shape \(2,2\)"),
    (lambda x: x.reshape(3, order="A")[0], r"order='A' of a traced array.*; use \"C\" or \"F\""),
    (lambda x: x.item(), r"item\(\) of an array of shape \(3,\)"),
    (lambda x: x.astype(np.float32)[0], r"a traced array stays float64 \(astype\(float32\) was asked for\)"),
    (lambda x: np.sum(x + np.ones(2)), r"np.add: shapes \(3,\) and \(2,\) do not broadcast"),
    (lambda x: np.ones((2, 2)) @ x, r"a matrix product of shapes \(2, 2\) and \(3,\), which do not fit"),
    (lambda x: np.ones((2, 2, 2)) @ x, r"a matrix product of shapes \(2, 2, 2\) and \(3,\)"),
    (lambda x: np.sum(x * [[x[0], x[1]], [x]]), r"a sequence of arrays of shapes"),
    (lambda x: x[0] * "a", r"an operand of type str, which is not real numbers"),
    (lambda x: x[0] * 1j, r"an operand of type complex, which is not real numbers"),
    (lambda x: np.sum(x * None), r"an operand of type NoneType, which is not real numbers"),
    (lambda x: np.sum((x > 0) - (x < 0)), r"np.subtract of booleans.*; multiply them by 1.0 first"),
    (lambda x: np.sum(-(x > 0)), r"np.negative of booleans"),
    (lambda x: np.sum(x & 1), r"np.bitwise_and of numbers cannot be traced"),
    (lambda x: np.sum(x * M), r"a np.matrix, whose \* is the matrix product"),
    (lambda x: np.sum(x * np.ma.masked_greater(W, 1)), r"a masked array, some of whose elements.*np.where\(mask"),
    (lambda x: np.sum(scipy.sparse.csr_matrix(np.eye(3)) @ x), r"a sparse matrix cannot .*; write S.toarray\(\)"),
    (lambda x: np.sum(scipy.sparse.csr_array(np.eye(3)).dot(x)), r"a sparse matrix cannot stand"),
    (lambda x: np.sum(x @ scipy.sparse.csr_array(np.eye(3))), r"a sparse matrix cannot .*; write S.toarray\(\)"),
    (lambda x: f"{x[0]:.3f}", r"the format '.3f' of a traced value.*; print it by {x}, without format"),
    (lambda x: x.view(int)[0], r"view\(\) of a traced array as another type"),
    (lambda x: np.sum(~x), r"np.invert of numbers cannot be traced"),
]


@pytest.mark.parametrize(("f", "message"), REFUSED)
def test_refusals_name_the_operation_and_the_line(f: Function, message: str) -> None:
    with pytest.raises(fd.TraceError) as caught:
        fd.surface(f, dim=3)
    said = str(caught.value)
    line = re.search(rf", in {re.escape(__file__)}:(\d+): .+; ", said)
    assert line
    code = linecache.getline(__file__, int(line[1])).strip()
    if message in code:  # else a line of the table above would be what its own pattern finds
        said = said.replace(code, "")
    assert re.search(message, said, re.DOTALL), said


def test_traced_values_behave_as_arrays_do() -> None:
    seen = np.empty(1, dtype=object)

    def f(x: Any) -> Any:
        number = x[0]
        seen[0] = {
            "shape": x.shape, "ndim": x.ndim, "size": x.size, "len": len(x), "dtype": x.dtype, "mask": (x > 0).dtype,
            "text": repr(x), "number": number.shape, "has": hasattr(x, "anything"), "turned": x.reshape(1, 3).T.shape,
        }  # fmt: skip
        for call in (len, iter):
            with pytest.raises(TypeError, match=r"has no len|is not iterable"):
                call(number)
        with pytest.raises(ValueError, match="cannot reshape"):
            x.reshape(2, 2)
        return number

    fd.surface(f, dim=3)
    assert seen[0] == {
        "shape": (3,), "ndim": 1, "size": 3, "len": 3, "dtype": np.float64, "mask": np.dtype(bool),
        "text": "<traced array of shape (3,)>", "number": (), "has": False, "turned": (3, 1),
    }  # fmt: skip
