// Threads made for one call and joined by it, while the caller polls signals, progress and cancellation.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>

namespace fastdescent {

/// Called on the caller's thread about every 50 ms with the number of finished items; false cancels. May throw,
/// which cancels too and is rethrown once the threads have ended.
using Poll = std::function<bool(size_t done)>;

struct Shared {
  std::atomic<bool> cancelled{false};
  std::atomic<size_t> next{0};  ///< first item that nobody has claimed
  std::atomic<size_t> done{0};
};

/// Runs work(k) for k in [0, n_threads), each on a thread of its own. Returns when all have ended.
void run_threads(unsigned n_threads, Shared& shared, const Poll& poll, const std::function<void(unsigned)>& work);

}  // namespace fastdescent
