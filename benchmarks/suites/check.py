"""What "taken" means: the surface has the function's own values, and derivatives that agree with measured ones.

- Values at 100 random points of the domain differ by at most 1e-12 of |f|, or by what f itself changes if every
  coordinate is moved by a few roundings, times 16, or by 1e-14 of the largest |f| among the points, for functions that
  cancel. Where the function raises or is not finite, the surface must not be finite.
- Derivatives along a random coordinate and a random direction agree with the complex step (or with what it changes if
  the point is moved as above, times 16), or else with one that `derivative` measures, within ten times its estimated
  error, at one of five scales. A derivative is wrong if measurements at two scales or more exclude it, and agree with
  each other ten times better than with it. Where they do not, f has a kink nearby, is rough, or is hidden by rounding:
  such a point is left out, and a note says so if fewer than half are left.
  For a slow function they are compared at as many of the points as 20 seconds allow, at least 10.
- At the published minimizer the values agree as at other points.
- A function that draws random numbers when it is called is no function of its point, and is not counted.
"""

from __future__ import annotations

import contextlib
import io
import random
import re
import signal
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

import fastdescent as fd

from .case import Array, Case, points_of
from .derivative import along

N_POINTS = 100
_SECONDS = 300
_SECONDS_OF_DERIVATIVES = 20
_N_AT_LEAST = 10
_MOVED = 4.0 * np.finfo(float).eps
_REACHES = (1.0, 0.013, 1.7e-4, 2.3e-6, 3.1e-8)


@dataclass(frozen=True)
class Verdict:
    """Whether a case is taken; if not, why; `note` says what could not be compared."""

    name: str
    taken: bool
    reason: str = ""
    counts: bool = True
    note: str = ""


class _TooLong(BaseException):
    pass


@contextlib.contextmanager
def _at_most(seconds: int) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise _TooLong

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def verdict(c: Case) -> Verdict:
    with warnings.catch_warnings(), np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            with _at_most(_SECONDS):
                return _verdict(c)
        except _TooLong:
            return Verdict(c.name, False, f"longer than {_SECONDS} s")
        except Exception as error:
            return Verdict(c.name, False, f"{type(error).__name__}: {_short(error)}")


def _verdict(c: Case) -> Verdict:
    points = points_of(c, N_POINTS)
    if _draws(c, points[0]):
        return Verdict(c.name, False, "draws random numbers", counts=False)
    own = np.array([_value(c, p) for p in points])
    if not np.isfinite(own).any():
        return Verdict(c.name, False, "the function itself has no finite value in its domain", counts=False)
    surface = fd.surface(c.function, dim=c.dim)
    places = points if c.minimizer is None else np.vstack([points, c.minimizer])
    own = own if c.minimizer is None else np.append(own, _value(c, c.minimizer))
    wrong = _wrong_value(c, places, own, surface(places))
    if wrong:
        return Verdict(c.name, False, wrong)
    finite = np.isfinite(own[:N_POINTS])
    return _derivatives(c, points[finite], own[:N_POINTS][finite], surface.gradient(points[finite]))


def _draws(c: Case, point: Array) -> bool:
    """Whether a call changes the state of a global generator, or two calls differ."""

    def state() -> object:
        kind, keys, *rest = np.random.get_state()  # noqa: NPY002
        return kind, keys.tobytes(), rest, random.getstate()

    before, first = state(), _value(c, point)
    return state() != before or not np.array_equal([first], [_value(c, point)], equal_nan=True)


def _value(c: Case, point: Array) -> float:
    """The function's own value, NaN if it raises or is not a real number."""
    try:
        value = np.asarray(c.function(point.copy()))
    except Exception:
        return np.nan
    if value.size != 1 or value.dtype.kind == "c":
        return np.nan
    return float(value.ravel()[0])


def _wrong_value(c: Case, places: Array, own: Array, ours: Array) -> str:
    finite = np.isfinite(own)
    if (np.isfinite(ours) & ~finite).any():
        k = np.flatnonzero(np.isfinite(ours) & ~finite)[0]
        return f"wrong value: {ours[k]} where the function has {own[k]}"
    largest = np.max(np.abs(own[finite]), initial=0.0)
    for k in np.flatnonzero(finite):
        if abs(ours[k] - own[k]) <= 1e-12 * abs(own[k]) + 1e-14 * largest:
            continue
        moved = [_value(c, places[k] * (1.0 + m * _MOVED)) for m in (-2.0, -1.0, -0.5, 0.5, 1.0, 2.0)]
        if not abs(ours[k] - own[k]) <= 16.0 * np.max(np.abs(np.array(moved) - own[k])):
            place = "the published minimizer" if k == N_POINTS else "a random point"
            return f"wrong value: {ours[k]!r} at {place}, where the function has {own[k]!r}"
    return ""


def _derivatives(c: Case, points: Array, own: Array, gradients: Array) -> Verdict:
    rng = np.random.default_rng(1)
    slopes = np.abs(gradients[np.isfinite(gradients)])
    scale = max(np.max(slopes, initial=0.0), np.ptp(own) / float(np.max(c.high - c.low)))
    n_compared, n_tried = 0, 0
    end = time.monotonic() + _SECONDS_OF_DERIVATIVES
    for k, (point, gradient) in enumerate(zip(points, gradients, strict=True)):
        if k >= _N_AT_LEAST and time.monotonic() > end:
            break
        axes = range(c.dim) if c.dim <= 2 else rng.choice(c.dim, 1)
        directions = [np.eye(c.dim)[k] for k in axes] + [rng.normal(size=c.dim)] * (c.dim > 1)
        for direction in directions:
            ours = float(gradient @ direction)
            agrees, measured = _agreement(c, point, direction, ours, scale)
            if agrees is False:
                return Verdict(c.name, False, f"wrong derivative: {ours!r}, where {measured!r} is measured")
            n_tried, n_compared = n_tried + 1, n_compared + (agrees is True)
    note = f"{n_compared} of {n_tried} derivatives could be measured" if 2 * n_compared < n_tried else ""
    return Verdict(c.name, True, note=note)


def _agreement(c: Case, point: Array, direction: Array, ours: float, scale: float) -> tuple[bool | None, float]:
    """Whether the derivative agrees with one that is measured, None if none can be; and that one."""
    exact = _complex_step(c, point, direction)
    if abs(ours - exact) <= 1e-9 * abs(ours) + 1e-13 * scale:
        return True, ours
    if abs(ours - exact) <= 16.0 * abs(_complex_step(c, point * (1.0 + _MOVED), direction) - exact):
        return True, ours
    moving = direction != 0
    reach = 1e-2 * float(np.min((c.high - c.low)[moving] / np.abs(direction[moving])))
    found: list[float] = []
    undecided = False
    for part in _REACHES:
        slope, error = along(lambda t: _value(c, point + t * direction), part * reach)
        if not np.isfinite(slope) or error > 5e-2 * abs(slope) + 1e-6 * scale:
            continue
        if abs(ours - slope) > 10.0 * error + 1e-7 * abs(slope) + 1e-13 * scale:
            found.append(slope)
        elif error <= 1e-3 * abs(slope) + 1e-6 * scale:
            return True, slope
        else:
            undecided = True
    if undecided or len(found) < 2 or np.ptp(found) > 0.1 * abs(ours - found[0]):
        return None, np.nan
    return False, found[0]


def _complex_step(c: Case, point: Array, direction: Array) -> float:
    """Im f(x + i h v) / h: exact but for rounding where f is analytic and takes complex numbers; else NaN, or wrong."""
    try:
        value = np.asarray(c.function(point + 1e-40j * direction)).ravel()[0]
    except Exception:
        return np.nan
    return float(np.imag(value)) / 1e-40


def _short(error: Exception) -> str:
    """The message without files, lines and addresses, so that equal reasons are counted together."""
    text = re.sub(r", in [^;]*?:\d+[^;]*", "", str(error).split("\n")[0])
    return re.sub(r"0x[0-9a-f]+", "...", text)[:200]
