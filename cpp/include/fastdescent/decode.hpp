// From a Program's instructions to the interpreter's: addresses worked out, short loops unrolled into single rows,
// results handed on in registers where the next instruction wants them, and not stored where nobody else does.
//
// A worked example, y = 3 x + x*x on row 0, with 3 as uniform number 0 (rows are blocks of lanes):
//
//   mul  row 1 = row 0 * row 0               mul  keeps in registers         (only the next one reads row 1)
//   fma  row 2 = uniform 0 * row 0 + row 1   fma  operand 2: the registers   stores row 2, which is an output
//
// Invariants: instructions run in the given order, but that one whose result is used at once may move next to its use;
// a row that is live after the last instruction is stored; decoding never changes a result.
#pragma once

#include <span>
#include <vector>

#include "fastdescent/isa.hpp"

namespace fastdescent {

/// Rows by number; true for those that are read later.
using RowSet = std::vector<bool>;

/// Decodes instructions in order. On entry `live` holds the rows that are read after them, on return those that they
/// read before they write them.
template <class T>
std::vector<Decoded> decode(std::span<const Instruction> instructions, const Kernels<T>& kernels, RowSet& live);

/// Lets decoded code sum the squares of what it writes to `dim` rows from `first` on, in row `sizes`. False where it
/// writes them in loops.
template <class T>
bool note_sizes(std::vector<Decoded>& code, const Kernels<T>& kernels, int32_t first, int32_t dim, int32_t sizes);

}  // namespace fastdescent
