"""What each endpoint is: decided here, from its label, its status, and the kinds of the rows of the table."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.status import Outcome, Status

_IS_ESCAPE = np.array([s.is_escape for s in Status])  #: by status


def outcomes(
    label: npt.NDArray[np.integer[Any]], status: npt.NDArray[np.int8], kind: npt.NDArray[np.int8]
) -> npt.NDArray[np.int8]:
    """The outcomes, int8 of the shape of `label`; `kind` has those of the table's rows.

    >>> status = np.array([Status.CONVERGED, Status.CONVERGED, Status.DIVERGED], np.int8)
    >>> outcomes(np.array([0, -1, -1]), status, np.array([Outcome.SADDLE], np.int8)).tolist()
    [12, 20, 19]
    """
    of_label = np.append(kind, np.int8(Outcome.UNSETTLED))  # label -1 takes the appended one
    found: npt.NDArray[np.int8] = of_label[label]
    found[_IS_ESCAPE[status]] = Outcome.ESCAPED
    return found
