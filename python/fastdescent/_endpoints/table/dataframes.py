"""Tables as pandas DataFrames. pandas is imported when one is asked for, and not before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastdescent._endpoints.table.names import form_words, letter, outcome_name

if TYPE_CHECKING:
    from fastdescent._endpoints.table.points import CriticalPoints


def of_table(table: CriticalPoints) -> Any:
    """A line per critical point, with letters as index."""
    columns: dict[str, Any] = {}
    for name, values in table.to_dict().items():
        if values.ndim == 1:
            columns[name] = values
            continue
        for k in range(values.shape[1]):
            columns[f"{name}{k + 1}"] = values[:, k]
    columns["kind"] = [outcome_name(k, table.fmin_source) for k in table.kind.tolist()]
    columns["form"] = [form_words(f, d) for f, d in zip(table.form.tolist(), table.set_dim.tolist(), strict=True)]
    return required().DataFrame(columns, index=[letter(row) for row in range(len(table))])


def of_counts(counts: npt.NDArray[np.int64], rows: list[str], columns: list[str]) -> Any:
    """A matrix of counts with names for its rows and columns."""
    return required().DataFrame(counts, index=rows, columns=columns)


def required() -> Any:
    """pandas; raises ImportError, with the remedy, if it is missing."""
    try:
        import pandas
    except ImportError:
        raise ImportError("to_pandas needs pandas: pip install pandas") from None
    return pandas
