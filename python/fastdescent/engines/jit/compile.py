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
        self._engine = llvm.create_mcjit_compiler(_optimized(text, machine), machine)
        self._engine.finalize_object()

    def address(self, name: str) -> int:
        """Where a function stands."""
        return int(self._engine.get_function_address(name))


def assembly(text: str, target: Target) -> str:
    """What the module becomes, for a person to read."""
    machine = _machine(target)
    return str(machine.emit_assembly(_optimized(text, machine)))


def _machine(target: Target) -> Any:
    llvm = _llvm()
    return llvm.Target.from_default_triple().create_target_machine(cpu=target.cpu, opt=3)


def _optimized(text: str, machine: Any) -> Any:
    llvm = _llvm()
    module = llvm.parse_assembly(text)
    module.verify()
    module.data_layout = str(machine.target_data)
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization = options.slp_vectorization = options.loop_interleaving = False
    passes = llvm.create_pass_builder(machine, options)
    passes.getModulePassManager().run(module, passes)
    return module
