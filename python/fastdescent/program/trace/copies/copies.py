"""Stand-ins for what a function finds in its globals, closures and builtins.

>>> import math
>>> sine = Copies().stand_in(math.sin)
>>> sine is math.sin, sine(0.0)
(False, 0.0)
>>> Copies().stand_in(3.0)
3.0
"""

from __future__ import annotations

import builtins
import functools
import sys
import types
from collections.abc import Callable
from typing import Any, ClassVar

from fastdescent.program.trace.copies.functions import Globals, copied
from fastdescent.program.trace.copies.modules import ModuleView
from fastdescent.program.trace.copies.numpy_calls import NumPyCall, is_numpys_function
from fastdescent.program.trace.copies.objects import SHADOWED, has_shadow, shadow_class, shadow_of
from fastdescent.program.trace.copies.scipy_objects import scipy_call, scipy_distribution
from fastdescent.program.trace.copies.table import TABLE

#: Packages whose functions are not copied: they know nothing of traced values, or reach them by NumPy's protocols.
_LEFT_ALONE = sys.stdlib_module_names | {
    "numpy", "fastdescent", "jax", "jaxlib", "torch", "tensorflow", "numba", "llvmlite", "sympy", "pandas",
    "matplotlib",
}  # fmt: skip
_LONGEST = 1000  #: of the lists that are looked through for functions and objects
_PLAIN = (int, float, str, bytes, type(None))
#: Kinds of functions that wrap a Python function, by the names of their classes, and where the Python function is.
_WRAPPERS = {"_lru_cache_wrapper": "__wrapped__", "CPUDispatcher": "py_func", "vectorize": "pyfunc"}


@functools.cache
def _builtins() -> dict[str, Any]:
    return {name: TABLE.get(id(value), value) for name, value in vars(builtins).items()}


class Copies:
    """The copies of one tracing: each original has one, so that a function that calls itself calls its copy."""

    def __init__(self) -> None:
        self._made: dict[int, tuple[Any, Any]] = {}  #: by id: the original, which keeps its id, and its stand-in
        self._builtins = {**_builtins(), "__import__": self._import, "super": self._super, "eval": self._eval}

    def stand_in(self, value: Any) -> Any:
        """What takes the place of `value` in a copy: `value` itself, if it works on traced values as it is."""
        if id(value) in self._made:
            return self._made[id(value)][1]
        if id(value) in TABLE:
            return TABLE[id(value)]
        make = self._makers.get(type(value)) or self._maker_of_others(value)
        return value if make is None else make(self, value)

    def _remember(self, original: Any, stand_in: Any) -> Any:
        self._made[id(original)] = original, stand_in
        self._made[id(stand_in)] = stand_in, stand_in
        return stand_in

    def _maker_of_others(self, value: Any) -> Callable[..., Any] | None:
        kind = type(value)
        if kind.__name__ in _WRAPPERS and hasattr(value, _WRAPPERS[kind.__name__]):
            return Copies._wrapped
        if is_numpys_function(value):
            return Copies._numpy_call
        if scipy_distribution(value) is not None:
            return Copies._distribution
        of = value if isinstance(value, type) else kind
        if not has_shadow(of) or is_left_alone(of.__module__) or of.__module__.startswith("scipy."):
            return None
        return Copies._class if of is value else Copies._instance

    # ------------------------------------------------------------------ each kind
    def _function(self, f: types.FunctionType) -> Any:
        module = f.__globals__.get("__name__")
        if is_numpys_function(f):
            return self._numpy_call(f)
        of_scipy = scipy_call(f)
        if of_scipy is not None:
            return self._remember(f, of_scipy)
        return f if is_left_alone(module) else copied(f, self._globals(f.__globals__), self.stand_in, self._remember)

    def _globals(self, original: dict[str, Any]) -> Globals:
        if id(original) not in self._made:
            self._remember(original, Globals(original, self._builtins, self.stand_in))
        made: Globals = self._made[id(original)][1]
        return made

    def _method(self, method: types.MethodType) -> Any:
        """Not remembered: each access to a method makes a new one."""
        if isinstance(method.__self__, type) and is_left_alone(method.__self__.__module__):
            return method
        return types.MethodType(self.stand_in(method.__func__), self.stand_in(method.__self__))

    def _module(self, module: types.ModuleType) -> Any:
        return self._remember(module, ModuleView(module, self.stand_in))

    def _partial(self, p: functools.partial[Any]) -> Any:
        keywords = {name: self.stand_in(value) for name, value in p.keywords.items()}
        return functools.partial(self.stand_in(p.func), *(self.stand_in(a) for a in p.args), **keywords)

    def _numpy_call(self, function: Any) -> Any:
        return self._remember(function, NumPyCall(function))

    def _distribution(self, value: Any) -> Any:
        return self._remember(value, scipy_distribution(value))

    def _wrapped(self, wrapper: Any) -> Any:
        return self._remember(wrapper, self.stand_in(getattr(wrapper, _WRAPPERS[type(wrapper).__name__])))

    def _class(self, kind: type) -> Any:
        return shadow_class(kind, self.stand_in, self._remember)

    def _instance(self, instance: Any) -> Any:
        return shadow_of(instance, self.stand_in(type(instance)), self._remember)

    def _container(self, values: Any) -> Any:
        """A list, tuple or dictionary with stand-ins, if its elements have some."""
        elements = values.values() if isinstance(values, dict) else values
        if len(values) > _LONGEST:
            return values
        stand_ins = [v if isinstance(v, _PLAIN) else self.stand_in(v) for v in elements]
        if all(s is v for s, v in zip(stand_ins, elements, strict=True)):
            return values
        copy = dict(zip(values, stand_ins, strict=True)) if isinstance(values, dict) else type(values)(stand_ins)
        return self._remember(values, copy)

    def _property(self, p: property) -> property:
        return property(*(self.stand_in(part) for part in (p.fget, p.fset, p.fdel)))

    def _bound_later(self, method: Any) -> Any:
        return type(method)(self.stand_in(method.__func__))

    _makers: ClassVar[dict[type, Callable[..., Any]]] = {
        types.FunctionType: _function,
        types.MethodType: _method,
        types.ModuleType: _module,
        functools.partial: _partial,
        property: _property,
        classmethod: _bound_later,
        staticmethod: _bound_later,
        list: _container,
        tuple: _container,
        dict: _container,
    }

    # ------------------------------------------------------------------ builtins that ask who calls
    def _import(self, name: str, *args: Any, **kwargs: Any) -> Any:
        return self.stand_in(builtins.__import__(name, *args, **kwargs))

    def _super(self, *args: Any) -> Any:
        """super(), whose methods are copies. Without arguments Python finds class and instance in the caller."""
        if not args:
            frame = sys._getframe(1)
            args = frame.f_locals["__class__"], frame.f_locals[frame.f_code.co_varnames[0]]
        of = vars(args[0]).get(SHADOWED, args[0])
        return _Super(super(of, *args[1:]), self.stand_in)

    def _eval(self, source: Any, globals: Any = None, locals: Any = None, /) -> Any:
        frame = sys._getframe(1)
        own = frame.f_globals if globals is None else globals
        if isinstance(own, Globals):
            own.prepare((compile(source, "<string>", "eval") if isinstance(source, str) else source).co_names)
        return eval(source, own, frame.f_locals if globals is None and locals is None else locals)


class _Super:
    """What super() gives, with copies of methods."""

    def __init__(self, real: Any, stand_in: Callable[[Any], Any]) -> None:
        object.__setattr__(self, "parts", (real, stand_in))

    def __getattribute__(self, name: str) -> Any:
        real, stand_in = object.__getattribute__(self, "parts")
        return stand_in(getattr(real, name))


def is_left_alone(module: str | None) -> bool:
    """Whether functions of this module run as they are."""
    return str(module).partition(".")[0] in _LEFT_ALONE
