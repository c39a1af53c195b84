"""A module of LLVM IR: functions, and what they need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fastdescent.engines.jit.emit.target import Target


def module_text(functions: Mapping[str, str], declarations: Iterable[str], target: Target) -> str:
    """The text. `functions` are signatures and bodies; branches marked !0 in them are hardly ever taken.

    Functions align the stack to whole vectors: LLVM would spill vectors to places that cross cache lines.
    """
    definitions = [f"define {signature} #0 {{\n{body}\n}}\n" for signature, body in functions.items()]
    attributes = f"attributes #0 = {{ nounwind alignstack={target.vector_bytes} {target.attributes} }}"
    metadata = ['!0 = !{!"branch_weights", i32 1, i32 100000}', "!1 = !{}"]
    return "\n".join([*definitions, *sorted(declarations), attributes, *metadata, ""])
