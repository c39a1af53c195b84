"""A section that runs once, not step by step, as LLVM IR."""

from __future__ import annotations

from fastdescent.engines.jit.emit.emitter import Emitter
from fastdescent.engines.jit.emit.fma import arithmetic_for
from fastdescent.engines.jit.emit.module import module_text
from fastdescent.engines.jit.emit.target import Target
from fastdescent.engines.jit.kernel.arguments import KernelArguments
from fastdescent.engines.jit.kernel.outline import Calls, comes_in_parts, part_functions
from fastdescent.engines.jit.kernel.unroll import Shape
from fastdescent.engines.jit.loops.instructions import Lowering
from fastdescent.engines.jit.loops.rows import Rows, rows_in_memory
from fastdescent.program.section import FloatArray, Section


def evaluation_text(section: Section, constants: FloatArray, shape: Shape, target: Target) -> str:
    """The module: `evaluate` computes the section's outputs, in the rows of a block of one group."""
    e = Emitter()
    arguments = KernelArguments(e, "double" if shape.dtype == "float64" else "float")
    m = arithmetic_for(target)(e, shape.dtype, shape.width, shape.n_vectors, arguments.pointer("huge_angle"))
    functions, declarations, n = dict[str, str](), set[str](), len(section.instructions)
    if comes_in_parts(section, shape.dtype):
        functions, declarations = part_functions(section, constants, shape, target)
        Calls(m, 0).run(section, 0, n)
    else:
        rows = Rows(m, arguments.pointer("rows"), rows_in_memory(section, 0, n), shape.block, 0)
        Lowering(m, rows, arguments.pointer("uniform"), constants, target).run(section, 0, n)
        for slot in section.outputs:
            for row in range(slot.offset, slot.stop):
                rows.flush(row)
    e.do("ret i32 0")
    functions["i32 @evaluate(ptr noalias %arguments, i32 %n)"] = e.text()
    return module_text(functions, declarations | e.declarations, target)
