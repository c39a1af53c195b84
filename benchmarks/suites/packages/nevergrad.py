"""nevergrad: the registered functions of `corefuncs`."""

from __future__ import annotations

from collections.abc import Iterator

from nevergrad.functions.corefuncs import registry

from ..case import Case, case


def cases() -> Iterator[Case]:
    for name in sorted(registry):
        function = registry[name]
        yield case(name, function, -3.0, 3.0, 6)
