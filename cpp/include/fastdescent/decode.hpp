// From a Program's instructions to the interpreter's: addresses worked out, short loops unrolled into single rows,
// results handed on in registers where the next instruction wants them, and not stored where nobody else does.
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
std::vector<Decoded> decode(std::span<const Instruction> code, const Kernels<T>& kernels, RowSet& live);

/// Lets decoded code sum the squares of what it writes to `dim` rows from `first` on, in row `sizes`. False where it
/// writes them in loops.
template <class T>
bool note_sizes(std::vector<Decoded>& code, const Kernels<T>& kernels, int32_t first, int32_t dim, int32_t sizes);

}  // namespace fastdescent
