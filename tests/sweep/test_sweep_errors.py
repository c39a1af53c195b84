"""What a sweep refuses, in one sentence each."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import fastdescent as fd

RIPPLES = fd.surface("x**2 + y**2 + a*sin(3*x)**2", a=0.5)
STARTS = np.array([[0.3, -0.2], [1.7, 1.1], [-4.0, 2.0]])


def both(x: Any, *, lr: float = 1.0, w: npt.NDArray[np.float64] = np.ones(2), n: int = 2) -> Any:  # noqa: B008
    return np.sum(w * x**2) * lr + n


S = fd.surface(both, dim=2, static=("n",), name="bowl")


@pytest.mark.parametrize(
    ("over", "error", "text"),
    [
        ({"lr": [0.1]}, ValueError, 'lr is a hyperparameter of SGD and a parameter of bowl; write "optimizer.lr" or'),
        ({"optimizer.lr": [0.1], "momentun": [0.1]}, ValueError,
         r"SGD or bowl has no 'momentun' \(did you mean 'momentum'\?\)"),
        ({"surface.momentum": [0.1]}, ValueError, "bowl has no 'momentum'; those that can be swept: lr"),
        ({"optimizer.lr": [0.1], "w": [0.1]}, ValueError, r"parameter w of bowl is an array of shape \(2,\)"),
        ({"n": [1.0]}, ValueError, "parameter n of bowl is static"),
        ({"nesterov": [0.0]}, ValueError, "nesterov of SGD is False; only numbers"),
        ({"surface.lr": [0.1]}, TypeError, "SGD: lr must be given"),
        ({"optimizer.lr": 0.1}, ValueError, r"lr must have one axis, not empty; got shape \(\)"),
        ({"optimizer.lr": []}, ValueError, "one axis, not empty"),
        ({"optimizer.lr": ["a"]}, TypeError, "optimizer.lr must be numbers; got"),
        ({"optimizer.lr": [0.1, np.inf]}, ValueError, r"must be finite; optimizer.lr\[1\] is inf"),
        ({"optimizer.lr": [0.1, -0.1]}, ValueError, "SGD: lr must be 0 or greater"),
        ({}, ValueError, "at least one axis"),
        ([("lr", [0.1])], TypeError, "over must map names to values"),
        ({0: [0.1]}, TypeError, "names must be text"),
    ],
)  # fmt: skip
def test_refusals(over: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        fd.sweep(S, [1.0, 1.0], fd.SGD(), over=over)


def test_other_refusals() -> None:
    with pytest.raises(ValueError, match=r'betas is a tuple; sweep "betas\[0\]" and "betas\[1\]"'):
        fd.sweep(RIPPLES, STARTS, fd.Adam(), over={"betas": [0.1]})
    with pytest.raises(ValueError, match="memory of LBFGS is a size that all runs share"):
        fd.sweep(RIPPLES, STARTS, fd.LBFGS(), over={"memory": [1.0]})
    with pytest.raises(TypeError, match=r"sweep has no option 'max_step' \(did you mean 'max_steps'\?\)"):
        fd.sweep(RIPPLES, STARTS, fd.Adam(), over={"lr": [0.1]}, max_step=3)
    with pytest.raises(TypeError, match="no option 'keep_state'"):
        fd.sweep(RIPPLES, STARTS, fd.Adam(), over={"lr": [0.1]}, keep_state=True)
    with pytest.raises(TypeError, match="not the class SGD"):
        fd.sweep(RIPPLES, STARTS, fd.SGD, over={"lr": [0.1]})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="x0 must have shape"):
        fd.sweep(RIPPLES, [1.0], fd.SGD(), over={"lr": [0.1]})
    with pytest.raises(ValueError, match="momentum must broadcast against"):
        fd.sweep(RIPPLES, STARTS, fd.SGD(momentum=np.ones(5)), over={"lr": [0.1]})
    assert fd.sweep(RIPPLES, np.zeros((0, 2)), fd.SGD(), over={"lr": [0.1]}).x.shape == (1, 0, 2)
