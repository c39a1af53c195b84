"""Hypothesis draws the same examples in every run; with `--hypothesis-profile=default`, as at night, others."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("same", derandomize=True)
settings.load_profile("same")
