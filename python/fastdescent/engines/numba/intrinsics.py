"""What Numba has no words for: a function at an address, fused multiply-add, a shared counter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

F = TypeVar("F", bound=Callable[..., Any])

#: Where a compiled function is given 0. A literal would have it compiled once more, for that number alone.
ZERO: Any = np.int64(0)


#: How all functions are compiled. Nothing allocates here, and Python holds the arrays while a function runs: to count
#: who else does, for dozens of them in each call (`_nrt`), would take longer than what is called.
OPTIONS = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True, "_nrt": False}


def compiled(function: F) -> F:
    """Compiles a function that only compiled functions call: nothing is made for Python, and LLVM writes it into its
    callers, since dozens of arrays are slow to hand over on the stack."""
    return cast(F, njit(no_cpython_wrapper=True, forceinline=True, **OPTIONS)(function))


def body(function: F) -> F:
    """What an entry consists of. Numba writes it into the entry before it compiles, which spares LLVM a round over all
    that is below; of many functions, that would take Numba itself longer."""
    return cast(F, njit(no_cpython_wrapper=True, inline="always", **OPTIONS)(function))


def _call(context: Any, function: Any, argument: Any, n: Any) -> Any:
    """The uint32 function at this address, called with a pointer and a uint32."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        number = ir.IntType(32)
        kind = ir.FunctionType(number, [cgutils.voidptr_t, number])
        address, pointer, count = args
        target = builder.inttoptr(address, kind.as_pointer())
        return builder.call(target, [builder.inttoptr(pointer, cgutils.voidptr_t), count])

    return types.uint32(types.int64, types.int64, types.uint32), emit


def _fma(context: Any, a: Any, b: Any, c: Any) -> Any:
    """a*b + c with one rounding; the three have one type."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fma(*args)

    return a(a, a, a), emit


def _fetch_add(context: Any, counters: Any, index: Any, n: Any) -> Any:
    """counters[index] before n is added to it, in one piece; counters are int64."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = cgutils.create_struct_proxy(signature.args[0])(context, builder, args[0])
        place = builder.gep(array.data, [args[1]])
        return builder.atomic_rmw("add", place, args[2], "seq_cst")

    return types.int64(counters, types.intp, types.int64), emit


call, fma, fetch_add = (cast(Callable[..., Any], intrinsic(function)) for function in (_call, _fma, _fetch_add))
