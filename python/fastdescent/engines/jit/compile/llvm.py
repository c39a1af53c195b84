"""Text to machine code, by llvmlite. The only module that imports it.

LLVM is called on helper threads alone: llvmlite holds a lock during each call, and Ctrl-C at a bad moment would leave
it locked for ever.
"""

from __future__ import annotations

import functools
import platform
import weakref
from typing import Any

from fastdescent.engines.jit.compile.background import Background
from fastdescent.engines.jit.emit.target import Target

_V2 = frozenset({"cx16", "popcnt", "sahf", "sse3", "sse4.1", "sse4.2", "ssse3"})
_V3 = _V2 | {"avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe"}
_V4 = _V3 | {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}
_FEATURES = {"x86-64-v4": _V4, "x86-64-v3": _V3, "x86-64-v2": _V2}


@functools.cache
def _llvm() -> Any:
    try:
        import llvmlite.binding as llvm
    except ImportError:
        raise ImportError("machine code needs llvmlite: pip install llvmlite") from None
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm


_engines: list[tuple[weakref.ref[MachineCode], Any]] = []


class MachineCode:
    """The functions of one module. When this object is gone, their memory is free at the next compilation.

    To free it takes LLVM's lock. A finalizer might have to wait for that, and Ctrl-C in a finalizer is lost.
    """

    def __init__(self, text: str, target: Target) -> None:
        llvm = _llvm()
        _engines[:] = [(code, engine) for code, engine in _engines if code() is not None]
        with _parsed(text) as module:
            code = _machine(target).emit_object(module)
        # The engine keeps a machine of its own, and a module: those are empty, so that a kernel takes up little memory.
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _new_machine(target))
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        self._engine.finalize_object()
        _engines.append((weakref.ref(self), self._engine))

    def address(self, name: str) -> int:
        """Where a function stands."""
        return int(self._engine.get_function_address(name))


def assembly(text: str, target: Target) -> str:
    """What the module becomes, for a person to read. The target may be of another architecture than this machine.

    Raises
    ------
    ImportError
        Where llvmlite is missing.
    ValueError
        Where this build of LLVM does not know the architecture.
    """
    return Background(lambda: _assembly(text, target)).get()


def _assembly(text: str, target: Target) -> str:
    with _parsed(text) as module:
        return str(_machine(target).emit_assembly(module))


def host_isas() -> tuple[str, ...]:
    """The instruction sets of this machine that code can be made for, the best one first."""
    return _HOST_ISAS.get()


def _found_isas() -> tuple[str, ...]:
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return ("neon",)
    host = {name for name, there in _llvm().get_host_cpu_features().items() if there}
    return tuple(isa for isa, needed in _FEATURES.items() if needed <= host)


_HOST_ISAS = Background(_found_isas)


@functools.cache
def _machine(target: Target) -> Any:
    return _new_machine(target)


def _new_machine(target: Target) -> Any:
    llvm = _llvm()
    triple = llvm.get_default_triple()
    if not triple.startswith(target.architectures):
        triple = f"{target.architectures[0]}-unknown-linux-gnu"
        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()
    try:
        found = llvm.Target.from_triple(triple)
    except RuntimeError as error:
        raise ValueError(f"this build of LLVM makes no code for {target.architectures[0]} ({error})") from None
    return found.create_target_machine(cpu=target.cpu, opt=3)


def _parsed(text: str) -> Any:
    """The module as it is: LLVM's passes find nothing to do in it that its code generator does not do."""
    module = _llvm().parse_assembly(text)
    module.verify()
    return module
