"""The optimizers that the package has."""

from __future__ import annotations

import inspect

import fastdescent as fd

_PUBLIC = [getattr(fd, name) for name in fd.__all__]
BUILT_IN = [kind for kind in _PUBLIC if inspect.isclass(kind) and fd.Optimizer in kind.__mro__[1:]]
