"""The words for kinds and forms of critical points, and for reasons: in tables, legends, reports and documentation."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.status import Form, Outcome, Reason

#: Reasons as parts of a sentence, "2 ...".
_REASONS = {
    Reason.CUT_OFF: "cut off by max_steps",
    Reason.GTOL: "stopped by gtol on a slope",
    Reason.STEP_TOO_LARGE: "kept away by too large a step",
    Reason.JITTER: "moving about without rest",
    Reason.INFIMUM: "on the way to an infimum at infinity",
    Reason.NO_LOWER_BOUND: "where f falls without end",
    Reason.CONSTANT: "where f is constant",
    Reason.KINK: "stuck on a kink",
    Reason.STOPPED: "stopped on the way",
    Reason.NOISE: "moved by noise",
    Reason.OTHER_FUNCTION: "at rest where f is not",
    Reason.TOO_MANY: "in more places than are looked at",
    Reason.UNDEFINED_NEARBY: "where f or its Hessian is not finite",
    Reason.UNDECIDED: "undecided",
}


def letter(row: int) -> str:
    """The name of a row: A ... Z, AA, AB ...

    >>> letter(0), letter(25), letter(26)
    ('A', 'Z', 'AA')
    """
    return (letter(row // 26 - 1) if row >= 26 else "") + chr(ord("A") + row % 26)


def form_words(form: int, set_dim: int = 0) -> str:
    """What is special about a critical point, in a fixed order; nothing for a regular one.

    >>> form_words(Form.DEGENERATE | Form.CONSTRAINED, set_dim=1), form_words(Form.NONSMOOTH), form_words(0)
    ('valley, dim 1, on a wall', 'kink', '')
    """
    parts = []
    if set_dim > 0:
        parts.append(f"valley, dim {set_dim}")
    elif form & Form.DEGENERATE:
        parts.append("degenerate")
    if form & Form.CONSTRAINED:
        parts.append("on a wall")
    if form & Form.NONSMOOTH:
        parts.append("kink")
    return ", ".join(parts)


def outcome_name(outcome: int, fmin_source: str = "known") -> str:
    """The words for an outcome. Where the lowest value of f is neither known nor given, no minimum is called global.

    >>> outcome_name(Outcome.GLOBAL_MINIMUM), outcome_name(Outcome.GLOBAL_MINIMUM, "found")
    ('global minimum', 'lowest found')
    """
    if outcome == Outcome.GLOBAL_MINIMUM and fmin_source == "found":
        return "lowest found"
    return Outcome(int(outcome)).words


def outcome_words(outcome: npt.NDArray[np.int8], fmin_source: str = "known") -> str:
    """How many endpoints have each outcome."""
    counts = {o: np.count_nonzero(outcome == o) for o in Outcome}
    parts = [f"{counts[o]} {outcome_name(o, fmin_source)}" for o in Outcome if counts[o]]
    return f"{outcome.size} endpoint{'' if outcome.size == 1 else 's'}: " + (", ".join(parts) or "none")


def kind_words(kind: int, form: int = 0, set_dim: int = 0, fmin_source: str = "known") -> str:
    """The kind of a critical point and its form.

    >>> kind_words(Outcome.GLOBAL_MINIMUM, Form.DEGENERATE, set_dim=1)
    'global minimum (valley, dim 1)'
    >>> kind_words(Outcome.LOCAL_MINIMUM, Form.CONSTRAINED), kind_words(Outcome.SADDLE)
    ('local minimum (on a wall)', 'saddle')
    """
    # An outcome "degenerate" says already that eigenvalues are zero.
    special = form_words(form & ~Form.DEGENERATE if kind == Outcome.DEGENERATE else form, set_dim)
    words = outcome_name(kind, fmin_source)
    return f"{words} ({special})" if special else words


def reason_counts(reason: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.int64]:
    """How many endpoints have each reason, (number of reasons,)."""
    return np.bincount(np.asarray(reason).reshape(-1), minlength=len(Reason)).astype(np.int64)


def reason_words(n_reasons: npt.NDArray[np.int64]) -> str:
    """How many endpoints are not settled, and why, from the counts of reasons; nothing if all are settled.

    >>> reason_words(reason_counts(np.array([0, Reason.CUT_OFF, Reason.CUT_OFF, Reason.KINK])))
    '3 not settled: 2 cut off by max_steps, 1 stuck on a kink'
    """
    most_first = sorted(_REASONS, key=lambda r: -n_reasons[r])
    parts = [f"{n_reasons[r]} {_REASONS[r]}" for r in most_first if n_reasons[r]]
    return f"{n_reasons[1:].sum()} not settled: {', '.join(parts)}" if parts else ""
