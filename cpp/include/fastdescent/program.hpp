// A section of a Program as the core sees it: instructions over rows, with named ranges resolved to offsets.
#pragma once

#include <cstddef>
#include <span>

#include "fastdescent/kernel.hpp"

namespace fastdescent {

struct Section {
  std::span<const Instruction> code;
  size_t n_rows, split;
};

}  // namespace fastdescent
