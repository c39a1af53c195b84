// Philox4x32-10, a counter-based generator: random numbers as a function of (key, counter), without state.
//
// Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
#pragma once

#include <array>
#include <cstdint>

namespace fastdescent {

using PhiloxCounter = std::array<uint32_t, 4>;
using PhiloxKey = std::array<uint32_t, 2>;

/// The uses of randomness; the top byte of a counter's last word.
enum class Stream : uint32_t { gradient_noise = 0, minibatch_rows = 1, starts = 2 };

/// The 64-bit seed as a key: low word first.
constexpr PhiloxKey philox_key(uint64_t seed) noexcept {
  return {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)};
}

/// The counter of a block: trajectory index, step, stream and the block's number within the step (below 2^24).
constexpr PhiloxCounter philox_counter(uint64_t index, uint32_t t, Stream stream, uint32_t block) noexcept {
  return {static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32), t,
          static_cast<uint32_t>(stream) << 24 | block};
}

/// Four random words.
constexpr PhiloxCounter philox(PhiloxCounter c, PhiloxKey key) noexcept {
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{0xD2511F53} * c[0], b = uint64_t{0xCD9E8D57} * c[2];
    c = {static_cast<uint32_t>(b >> 32) ^ c[1] ^ key[0], static_cast<uint32_t>(b),
         static_cast<uint32_t>(a >> 32) ^ c[3] ^ key[1], static_cast<uint32_t>(a)};
    key[0] += 0x9E3779B9;  // the golden ratio
    key[1] += 0xBB67AE85;  // sqrt(3) - 1
  }
  return c;
}

/// A multiple of 2^-53 in (0, 1], of two words: never 0, so that its logarithm is finite.
constexpr double philox_uniform(uint32_t low, uint32_t high) noexcept {
  const uint64_t bits = (uint64_t{high} << 32 | low) >> 11;
  return static_cast<double>(bits + 1) * 0x1p-53;
}

}  // namespace fastdescent
