"""Each outcome, given to endpoints by `outcomes`, or to rows of the table by `with_kinds`."""

from __future__ import annotations

import numpy as np

import fastdescent as fd
from fastdescent._endpoints.outcomes import Facts, outcomes


def test_outcomes_follow_from_what_is_known() -> None:
    status = np.array(fd.Status)
    label = np.where(status == fd.Status.CONVERGED, 1, -1)
    period = np.where(status == fd.Status.MAX_STEPS, 2, 0).astype(np.int8)
    reason = np.where(status == fd.Status.STALLED, fd.Reason.CONSTANT, fd.Reason.UNDECIDED).astype(np.int8)
    escaped = np.isin(status, (fd.Status.UNDEFINED, fd.Status.DIVERGED, fd.Status.LEFT_BOX))
    wanted = np.where(escaped, fd.Outcome.ESCAPED, fd.Outcome.UNSETTLED)
    wanted[label >= 0], wanted[period > 1], wanted[reason == fd.Reason.CONSTANT] = 12, fd.Outcome.CYCLE, fd.Outcome.FLAT
    facts = Facts(status.astype(np.int8), label, label >= 0, period, reason)
    np.testing.assert_array_equal(outcomes(facts, np.array([10, 12], np.int8)), wanted)
