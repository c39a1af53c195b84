"""Writes the C++ of the opcodes: `python cpp/generate FOLDER`, which CMake runs when a source of it has changed.

`fastdescent/program/opcodes.py` and `fastdescent/program/elementary/` are the source. FOLDER gets `opcodes.hpp`, the
table; `meanings.hpp`, what each opcode does to vectors; and `angles.hpp`, constants of the reduction of huge angles.
Imports nothing but the standard library.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))

from arithmetic import Cpp, hexadecimal  # noqa: E402

from fastdescent.program.elementary.payne_hanek import HALF_PI, TWO_OVER_PI_WORDS  # noqa: E402
from fastdescent.program.elementary.trig import TRIG  # noqa: E402
from fastdescent.program.opcodes import N_PARTS, OPCODES, Nature, Opcode  # noqa: E402

DTYPES = ("float64", "float32")
OPERANDS = "abc"
HEAD = "// Made by cpp/generate from python/fastdescent/program: {}.\n#pragma once\n\n"


def table() -> str:
    """The opcodes, with what each of them is."""
    rows = [
        f'    {{"{o.name}", {o.arity}, Nature::{o.nature.value}, {str(o.is_long).lower()}, '
        f"{str(o.needs_memory).lower()}, {o.n_drawn}}},"
        for o in OPCODES
    ]
    return "\n".join([
        HEAD.format("opcodes.py") + "#include <cstdint>\n",
        "namespace fastdescent {\n",
        "enum class Op : int {", *(f"  {o.name}," for o in OPCODES), "  count\n};\n",
        "/// What the loops of an opcode run over.",
        f"enum class Nature : uint8_t {{ {', '.join(n.value for n in Nature)} }};\n",
        "struct Opcode {",
        "  const char* name;",
        "  int arity;",
        "  Nature nature;",
        "  bool is_long;       ///< its own work is so long that reading and writing rows does not matter",
        "  bool needs_memory;  ///< it may put vectors into memory",
        "  int n_drawn;        ///< random numbers of a block",
        "};\n",
        "inline constexpr Opcode opcodes[] = {", *rows, "};\n",
        "constexpr const Opcode& opcode(Op op) { return opcodes[static_cast<int>(op)]; }\n",
        f"inline constexpr int n_parts = {N_PARTS};  ///< of a counter, and of a key\n",
        "}  // namespace fastdescent\n",
        "/// X(name) for each opcode.",
        "#define FD_OPCODES(X) \\", " \\\n".join(f"  X({o.name})" for o in OPCODES), "",
    ])  # fmt: skip


def meanings() -> str:
    """What opcodes do to vectors, included once per instruction set."""
    elementwise = [elementwise_meaning(o) for o in OPCODES if o.nature is Nature.ELEMENTWISE]
    draws = [draw_meaning(o) for o in OPCODES if o.nature is Nature.DRAW]
    return "\n".join([
        HEAD.format("opcodes.py, elementary/"),
        "namespace fastdescent::FD_ISA {\n",
        "/// Elementwise opcodes: a function of vectors. An opcode without a meaning does not compile.",
        "template <Op op>", "struct Meaning;\n",
        *elementwise,
        "/// Numbers of a block.", "struct Numbers {", f"  VD v[{max(o.n_drawn for o in OPCODES)}];", "};\n",
        "/// Draws: a function of the parts of a counter and a key, and of the block's number. All in double.",
        "template <Op op>", "struct Draw;\n",
        *draws,
        "}  // namespace fastdescent::FD_ISA\n",
    ])  # fmt: skip


def elementwise_meaning(o: Opcode) -> str:
    overloads = []
    for dtype in DTYPES:
        m = Cpp(dtype)
        result = o.meaning(m, *OPERANDS[: o.arity])
        parameters = ", ".join(f"{m.vector} {name}" if k < o.arity else m.vector for k, name in enumerate(OPERANDS))
        overloads.append(
            body(f"  FD_INLINE {m.vector} of({parameters})", [*m.lines_for([result]), f"return {result};"])
        )
    return "\n".join([comment(o), "template <>", f"struct Meaning<Op::{o.name}> {{", *overloads, "};\n"])


def draw_meaning(o: Opcode) -> str:
    m = Cpp("float64")
    numbers = o.meaning(m, [f"counter[{k}]" for k in range(N_PARTS)], [f"key[{k}]" for k in range(N_PARTS)], "block")
    function = body(
        "  FD_INLINE Numbers of(const VD* counter, const VD* key, ID block)",
        [*m.lines_for(numbers), f"return {{{{{', '.join(numbers)}}}}};"],
    )
    return "\n".join([comment(o), "template <>", f"struct Draw<Op::{o.name}> {{", function, "};\n"])


def comment(o: Opcode) -> str:
    """Where the meaning comes from: for an elementary function the head of its file."""
    if not o.file:
        return f"// {o.name}"
    head = (import_module(f"fastdescent.program.elementary.{o.file}").__doc__ or "").split("\n", 1)[0]
    return f"// {o.name}. Of {o.file}.py: {head}"


def body(signature: str, lines: list[str]) -> str:
    return "\n".join([signature + " {", *(f"    {line}" for line in lines), "  }"])


def angles() -> str:
    """Constants of the reduction of huge angles, which one lane at a time goes through in C++."""
    moderate = [
        f"template <>\ninline constexpr {Cpp(dtype).real} moderate_angle<{Cpp(dtype).real}> = "
        f"{hexadecimal(TRIG[dtype].moderate, dtype)};"
        for dtype in DTYPES
    ]
    words = [f"    0x{word:016x}," for word in TWO_OVER_PI_WORDS]
    return "\n".join([
        HEAD.format("elementary/payne_hanek.py, elementary/trig.py") + "#include <cstdint>\n",
        "namespace fastdescent::FD_ISA {\n",
        "/// Larger angles are huge.", "template <class T>", "inline constexpr T moderate_angle = 0;", *moderate, "",
        "/// 2/pi, after 64 zero bits.", "inline constexpr uint64_t two_over_pi_bits[] = {", *words, "};",
        f"inline constexpr uint64_t half_pi_bits = 0x{HALF_PI:016x};  // pi/2 * 2^63\n",
        "}  // namespace fastdescent::FD_ISA\n",
    ])  # fmt: skip


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {"opcodes.hpp": table(), "meanings.hpp": meanings(), "angles.hpp": angles()}.items():
        path = folder / name
        if not path.exists() or path.read_text() != text:  # else nothing that includes it need be compiled again
            path.write_text(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
