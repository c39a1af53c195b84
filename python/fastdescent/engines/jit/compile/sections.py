"""Sections as machine code: a block of lanes, from inputs to outputs, all in memory."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

from fastdescent.engines.jit.compile.background import Kept
from fastdescent.engines.jit.compile.llvm import MachineCode
from fastdescent.engines.jit.emit.target import target_of
from fastdescent.engines.jit.kernel.evaluation import evaluation_text
from fastdescent.engines.jit.kernel.unroll import section_shape
from fastdescent.program.section import Section

_MOST_SECTIONS = 256
_NO_CONSTANTS = np.zeros(0)  #: all uniform numbers are read when it runs


@dataclass(frozen=True)
class CompiledSection:
    """`function` takes the address of its arguments and a number, and fills the output rows of a block."""

    code: MachineCode
    function: int
    block: int
    width: int


_sections: Kept[Hashable, CompiledSection] = Kept(_MOST_SECTIONS)


def compiled_section(section: Section, dtype: str, isa: str) -> CompiledSection:
    """The machine code, made where it is not at hand. All uniform numbers are read when it runs."""
    return _sections.get(_key(section, dtype, isa), lambda: _compiled(section, dtype, isa))


def _key(section: Section, dtype: str, isa: str) -> Hashable:
    return section.key(), section.outputs, dtype, isa


def _compiled(section: Section, dtype: str, isa: str) -> CompiledSection:
    target = target_of(isa)
    shape = section_shape(section, dtype, target)
    code = MachineCode(evaluation_text(section, _NO_CONSTANTS, shape, target), target)
    return CompiledSection(code, code.address("evaluate"), shape.block, shape.width)
