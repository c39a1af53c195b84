"""Each outcome, given to endpoints by `outcomes`, or to rows of the table by `with_kinds`."""

from __future__ import annotations

import numpy as np

import fastdescent as fd
from fastdescent._endpoints.outcomes import outcomes


def test_outcomes_follow_from_label_status_and_kind() -> None:
    status = np.array(fd.Status)
    label = np.where(status == fd.Status.CONVERGED, 1, -1)
    escaped = np.isin(status, (fd.Status.UNDEFINED, fd.Status.DIVERGED, fd.Status.LEFT_BOX))
    wanted = np.where(escaped, fd.Outcome.ESCAPED, fd.Outcome.UNSETTLED)
    wanted[status == fd.Status.CONVERGED] = 12
    np.testing.assert_array_equal(outcomes(label, status, np.array([10, 12], np.int8)), wanted)
