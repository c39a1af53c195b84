"""Text to machine code, by llvmlite. The only module that imports it."""

from __future__ import annotations

import functools
from typing import Any

from fastdescent.engines.jit.target import Target


@functools.cache
def _llvm() -> Any:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm


class MachineCode:
    """The functions of one module; their memory is free when this object is."""

    def __init__(self, text: str, target: Target) -> None:
        llvm, machine = _llvm(), _machine(target)
        self._engine = llvm.create_mcjit_compiler(_parsed(text), machine)
        self._engine.finalize_object()

    def address(self, name: str) -> int:
        """Where a function stands."""
        return int(self._engine.get_function_address(name))


def assembly(text: str, target: Target) -> str:
    """What the module becomes, for a person to read."""
    machine = _machine(target)
    return str(machine.emit_assembly(_parsed(text)))


def _machine(target: Target) -> Any:
    llvm = _llvm()
    return llvm.Target.from_default_triple().create_target_machine(cpu=target.cpu, opt=3)


def _parsed(text: str) -> Any:
    """The module as it is: LLVM's passes find nothing to do in it that its code generator does not do."""
    module = _llvm().parse_assembly(text)
    module.verify()
    return module
