#include "fastdescent/starts.hpp"

#include <algorithm>

#include "fastdescent/philox.hpp"

namespace fastdescent {
namespace {

constexpr size_t points_per_claim = 1 << 14;

void fill(const double* window, size_t dim, uint64_t index, PhiloxKey key, double* x) noexcept {
  for (size_t k = 0; k < dim; k += 2) {
    const PhiloxCounter w = philox(philox_counter(index, 0, Stream::starts, static_cast<uint32_t>(k / 2)), key);
    for (size_t j = 0; j < std::min<size_t>(2, dim - k); ++j) {
      const double lo = window[2 * (k + j)], hi = window[2 * (k + j) + 1];
      x[k + j] = lo + (hi - lo) * philox_uniform(w[2 * j], w[2 * j + 1]);
    }
  }
}

}  // namespace

void uniform_starts(const double* window, size_t dim, uint64_t first, size_t n, uint64_t seed, double* x,
                    unsigned n_threads, const Poll& poll) {
  const PhiloxKey key = philox_key(seed);
  Shared shared;
  run_threads(n_threads, shared, poll, [&](unsigned) {
    while (!shared.cancelled) {
      const size_t begin = shared.next.fetch_add(points_per_claim), end = std::min(begin + points_per_claim, n);
      if (begin >= n) return;
      for (size_t i = begin; i < end; ++i) fill(window, dim, first + i, key, x + i * dim);
    }
  });
}

}  // namespace fastdescent
