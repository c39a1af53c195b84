"""Whether a traced array may change in place: only where no other array of the user's would change with it."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastdescent.program.trace import Traced


class Sharing:
    """Whether others see an array: its views, as long as there are any, or whoever made it."""

    __slots__ = ("_fresh", "_views")

    def __init__(self, fresh: bool) -> None:
        self._fresh = fresh
        self._views: list[weakref.ref[Traced]] = []

    def add(self, view: Traced) -> None:
        self._views.append(weakref.ref(view))

    @property
    def is_alone(self) -> bool:
        self._views = [v for v in self._views if v() is not None]
        return self._fresh and not self._views
