// A section of a Program as the core sees it: instructions over rows, with named ranges resolved to offsets.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "fastdescent/kernel.hpp"

namespace fastdescent {

/// Instructions that run `n_strips` times in order, on a strip of some rows of data each time. From turn to turn the
/// result and the operands of each move on by so many rows, or uniform numbers.
struct Strips {
  size_t first, stop;
  int32_t n_strips;
  std::span<const int32_t> moves;  ///< four for each instruction
};

/// The first `split` instructions are those before the stop test.
struct Section {
  std::vector<Instruction> instructions;
  size_t n_rows, split;
};

/// A section in which each instruction stands as often as it is run. `split` counts those of `instructions`.
Section unrolled(std::span<const Instruction> instructions, std::span<const Strips> strips, size_t n_rows,
                 size_t split);

}  // namespace fastdescent
