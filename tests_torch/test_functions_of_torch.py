"""Functions of PyTorch's as surfaces: refused, with the user's line and what to write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import sin

import fastdescent as fd

WEIGHTS = torch.ones(2, 3, dtype=torch.float64)
LAYER = torch.nn.Linear(3, 1)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: torch.sin(x).sum(),
        lambda x: sin(x).sum(),
        lambda x: torch.tensor(x).sum(),
        lambda x: torch.tensor([x[0], x[1]]).sum(),
        lambda x: torch.stack([x[0], x[1]]).sum(),
        lambda x: torch.nn.functional.relu(x).sum(),
        lambda x: WEIGHTS.matmul(x).sum(),
        lambda x: LAYER(x)[0],
    ],
)
def test_functions_of_pytorch_are_refused(f: Callable[[Any], Any]) -> None:
    with pytest.raises(fd.TraceError, match=r"a function of PyTorch cannot be traced.*np\.sin, not torch\.sin") as told:
        fd.surface(f, dim=3)
    assert f"{__file__}:{f.__code__.co_firstlineno}" in str(told.value)


def test_tensors_are_data() -> None:
    s = fd.surface(lambda x: np.sum((WEIGHTS @ x) ** 2), dim=3)
    assert s([1.0, 2.0, 3.0]) == 72.0
