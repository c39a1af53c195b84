"""Whether an optimizer's steps lead to a minimum or away from it, by the largest eigenvalue of the Hessian there."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fastdescent._base.status import Form
from fastdescent._endpoints.search.clusters import Floats
from fastdescent.optimizers import Optimizer
from fastdescent.optimizers._hyperparameters import constant


def stability(
    optimizer: Optimizer, eigenvalues: Floats, form: npt.NDArray[np.int8], active: npt.NDArray[np.int8]
) -> Floats:
    """lr * lambda_max over its limit, (k,): steps lead to the point if this is below 1, and away if it is above.

    NaN at kinks, and for optimizers whose limit is not known; 0 where walls hold all coordinates.

    Parameters
    ----------
    optimizer : Optimizer
    eigenvalues : array, (k, dim)
        Ascending, NaN at the end where walls hold coordinates.
    form : int8 array, (k,)
    active : int8 array, (k, dim)

    Examples
    --------
    >>> from fastdescent import GD, Momentum
    >>> where = np.array([[1.0, 10.0]]), np.zeros(1, np.int8), np.zeros((1, 2), np.int8)
    >>> stability(GD(0.1), *where), stability(Momentum(0.1, momentum=0.5), *where).round(3)
    (array([0.5]), array([0.333]))
    """
    limit = optimizer.sharpness_limit
    if not limit > 0:
        return np.full(len(eigenvalues), np.nan)
    found = (largest_eigenvalues(eigenvalues) + constant(optimizer.hyper()["weight_decay"])) / limit
    found[(active != 0).all(axis=-1)] = 0.0
    found[(form & Form.NONSMOOTH) != 0] = np.nan
    return np.asarray(found, np.float64)


def largest_eigenvalues(eigenvalues: Floats) -> Floats:
    """The largest number of each row, (k,), without NaN; NaN where a row has none."""
    largest = np.max(eigenvalues, axis=-1, initial=-np.inf, where=~np.isnan(eigenvalues))
    return np.where(largest > -np.inf, largest, np.nan)
