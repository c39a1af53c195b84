// Random starts: point i is a function of (seed, i) alone.
#pragma once

#include <cstddef>
#include <cstdint>

#include "fastdescent/threads.hpp"

namespace fastdescent {

/// Writes points first, ..., first + n - 1, each of dim coordinates, uniform in a window of dim pairs (lo, hi).
void uniform_starts(const double* window, size_t dim, uint64_t first, size_t n, uint64_t seed, double* x,
                    unsigned n_threads, const Poll& poll);

}  // namespace fastdescent
