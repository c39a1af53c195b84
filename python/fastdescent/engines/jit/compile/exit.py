"""How a process ends while LLVM is at work: without C++ destructors, which would take LLVM's globals away from it."""

from __future__ import annotations

import ctypes


def end_without_destructors() -> bool:
    """Makes the process end as soon as Python has shut down, with its exit status; False where that cannot be had.

    Python's own shutdown is left whole: functions of `atexit`, buffers of files. Functions that are registered with C
    by `on_exit` run in reverse order, so that this one, `_exit`, comes before the destructors.
    """
    library = ctypes.CDLL(None)
    try:
        on_exit, leave = library.on_exit, library._exit
    except AttributeError:
        return False
    library.fflush(None)
    on_exit.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    return int(on_exit(ctypes.cast(leave, ctypes.c_void_p), None)) == 0
