"""Jobs as the core is given them: noted, captured from runs, and written to files that `test_core FOLDER` replays.

`python tests/support/core_jobs.py FOLDER` writes some jobs of the parity grid, each with what it gave.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from unittest import mock

import numpy as np
import pytest

from fastdescent.engines.core_engine import CoreEngine


class Call(NamedTuple):
    """The engine that the core works for, and the step to which it goes."""

    engine: str
    max_steps: int


def noted_calls(patch: pytest.MonkeyPatch) -> list[Call]:
    """Those that are made from now on."""
    found: list[Call] = []
    plain = CoreEngine._descend

    def noted(self: CoreEngine, job: Any, values: Any, before: Any, max_steps: int, kernel: Any) -> tuple[Any, ...]:
        found.append(Call(self.name, max_steps))
        return plain(self, job, values, before, max_steps, kernel)

    patch.setattr(CoreEngine, "_descend", noted)
    return found


class _Spy:
    """The extension, which writes down what `descend` was given and gave, and how sections were made."""

    def __init__(self, core: Any) -> None:
        self._core, self.calls, self.sections = core, [], {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._core, name)

    def Section(self, **fields: Any) -> Any:
        section = self._core.Section(**fields)
        self.sections[section] = fields
        return section

    def descend(self, job: Any) -> Any:
        result = self._core.descend(job)
        self.calls.append((job, result))
        return result


def spied(run: Callable[[], Any]) -> _Spy:
    """What the calls of the extension were in a run with engine="native"."""
    from fastdescent import _core

    spy = _Spy(_core)
    engine = CoreEngine("native", spy)
    with mock.patch("fastdescent._run.options.get_engine", return_value=engine):
        run()
    return spy


def write_job(file: BinaryIO, job: Any, section: dict[str, Any], result: Any) -> None:
    """In the format of cpp/tests/replay.cpp."""
    fields = {f.name: getattr(job, f.name) for f in dataclasses.fields(job) if f.name not in ("section", "poll")}
    strips = section["strips"]
    fields |= {name: section[name] for name in ("instructions", "n_rows", "n_uniform", "split")}
    fields["inputs"] = np.array(section["inputs"], np.int64).reshape(-1, 2)
    fields["strips"] = np.array([s[:3] for s in strips], np.int64).reshape(-1, 3)
    fields["moves"] = np.concatenate([np.zeros(0, np.int32), *(s[3].ravel() for s in strips)])
    fields |= dict(zip(("expected.x", "expected.nit", "expected.status", "expected.state"), result, strict=False))
    fields["dtype"] = job.starts.dtype.name
    for name, value in fields.items():
        if isinstance(value, np.ndarray):
            file.write(f"{name} : {value.dtype} {' '.join(map(str, value.shape))}\n".encode())
            file.write(np.ascontiguousarray(value).tobytes() + b"\n")
        else:
            file.write(f"{name} {int(value) if isinstance(value, bool) else value}\n".encode())


def main(folder: Path) -> None:
    from support import parity

    folder.mkdir(parents=True, exist_ok=True)
    cases = [*parity.cases(), *parity.more_cases()]
    for k, case in enumerate(cases[:: max(1, len(cases) // 60)]):
        spy = spied(lambda case=case: parity.run(case, 97, 60, engine="native", keep_state=True))
        for number, (job, result) in enumerate(spy.calls):
            with (folder / f"{k:03}-{number}-{'-'.join(case)}.job").open("wb") as file:
                write_job(file, job, spy.sections[job.section], result)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    main(Path(sys.argv[1]))
