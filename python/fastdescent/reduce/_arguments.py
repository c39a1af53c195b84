"""Checks that reductions share."""

from __future__ import annotations

from typing import Any

from fastdescent._base import checks
from fastdescent.program.step.reductions import FIELDS


def _field(field: Any) -> str:
    if not isinstance(field, str) or field not in FIELDS:
        kind = ValueError if isinstance(field, str) else TypeError
        raise kind(f'field must be "fun", "grad_norm" or "x"; got {checks.shown(field)}')
    return field


def _name(name: Any, default: str) -> str:
    if name is None:
        return default
    if not isinstance(name, str):
        raise TypeError(f"name must be text; got {checks.shown(name)}")
    if not name:
        raise ValueError("name must not be empty")
    return name
