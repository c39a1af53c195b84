"""The words of pictures: titles, axis labels, legend entries. Text in, text out; no Matplotlib."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent.optimizers import Optimizer

_MAX_LENGTH = 56  # characters in a line of a title
_MINUS = "\u2212"


def variable(name: str) -> str:
    """A coordinate's name as mathematics: x, or x with an index.

    >>> variable("x12"), variable("y"), variable("width")
    ('$x_{12}$', '$y$', 'width')
    """
    found = re.fullmatch(r"([A-Za-z])_?(\d*)", name)
    if not found:
        return escaped(name)
    letter, index = found.groups()
    return f"${letter}_{{{index}}}$" if index else f"${letter}$"


def escaped(text: str) -> str:
    """Text whose dollar signs do not begin mathematics."""
    return text.replace("$", r"\$")


def shortened(text: str, most: int) -> str:
    """The text, or its first characters and dots if it has more than `most` characters."""
    return text if len(text) <= most else text[: most - 3].rstrip() + "..."


def optimizer_words(optimizer: Optimizer) -> str:
    """An optimizer with the hyperparameters that differ from their defaults.

    >>> from fastdescent import Adam
    >>> optimizer_words(Adam(lr=0.05))
    'Adam(lr=0.05)'
    """
    if optimizer.words != repr(optimizer):
        return optimizer.words
    given = []
    for f in fields(optimizer):
        value = getattr(optimizer, f.name)
        if f.default is MISSING or repr(value) != repr(f.default):
            given.append(f"{f.name}={_hyper(value)}")
    return type(optimizer).__name__ + (f"({', '.join(given)})" if given else "")


def _hyper(value: Any) -> str:
    if callable(value):
        return "schedule"
    if np.ndim(value) and not isinstance(value, tuple):
        return "array"
    return f"{value:g}" if isinstance(value, float) else repr(value)


def title(surface: str, optimizer: Optimizer) -> str:
    """The title of a map: surface and optimizer, in one line or two."""
    name, rule = shortened(" ".join(surface.split()), _MAX_LENGTH), shortened(optimizer_words(optimizer), _MAX_LENGTH)
    line = f"{name}, {rule}"
    return escaped(line if len(line) <= _MAX_LENGTH else f"{name}\n{rule}")


def values(fun: npt.NDArray[np.floating[Any]]) -> list[str]:
    """Values of f as text: with equally many decimals if they fit all, and zero for rounding beside the largest value.

    >>> values(np.array([3e-30, 1.25, 146.69952]))
    ['0.00', '1.25', '146.70']
    """
    size = np.abs(fun[np.isfinite(fun)])
    largest = float(size.max(initial=0.0))
    exact = [0.0 if abs(v) <= 1e-12 * max(largest, 1.0) else float(v) for v in fun]
    smallest = min((abs(v) for v in exact if v), default=1.0)
    if largest >= 1e5 or smallest < 1e-2:
        texts = [f"{v:.4g}" for v in exact]
    else:
        texts = [f"{v:.{2 if largest >= 100 else 4}f}" for v in exact]
        while texts and all("." in t and t.endswith("0") for t in texts):
            texts = [t[:-1].removesuffix(".") for t in texts]
    return [t.replace("-", _MINUS) for t in texts]


def percents(shares: npt.NDArray[np.floating[Any]]) -> list[str]:
    """Shares with one decimal, or two if some are small.

    >>> percents(np.array([0.2633, 0.5])), percents(np.array([0.2633, 0.0098, 0.00001]))
    (['26.3 %', '50.0 %'], ['26.33 %', '0.98 %', '<0.01 %'])
    """
    decimals = 2 if np.any((shares > 0) & (shares < 0.01)) else 1
    return ["<0.01 %" if 0 < v < 1e-4 else f"{100 * v:.{decimals}f} %" for v in shares.tolist()]


def percent(share: float) -> str:
    """One share."""
    return percents(np.array([share]))[0]
