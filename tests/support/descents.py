"""What is below `descend`: runs by any engine, from any starts, and what an engine is given for a run."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any

import numpy as np

import fastdescent as fd
from fastdescent import get_engine
from fastdescent._run.descent import result_of
from fastdescent._run.job import job_of, stop_limits
from fastdescent._run.options import checked_options
from fastdescent._run.run import run_job

_OPTIONS = {p.name: p.default for p in inspect.signature(fd.descend).parameters.values() if p.kind is p.KEYWORD_ONLY}


def descend_by(engine: Any, surface: Any, x0: Any, optimizer: Any, **options: Any) -> fd.Descent:
    """`descend` by an engine, or one of this name; from starts that it would refuse as well, such as NaN."""
    checked = checked_options(surface, np.zeros_like(x0), optimizer, **_OPTIONS | options)
    made = replace(checked, starts=x0, engine=get_engine(engine) if isinstance(engine, str) else engine)
    return result_of(made, run_job(made))


def job_of_descent(surface: Any, x0: Any, optimizer: Any, **options: Any) -> Any:
    """What the engine is given for a run that is made in one call."""
    checked = checked_options(surface, x0, optimizer, **_OPTIONS | options)
    limits, with_fun = stop_limits(checked)
    return job_of(checked, np.asarray(checked.starts), None, limits, with_fun, None)
