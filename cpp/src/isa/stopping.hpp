// What happens to lanes that may have to stop. Shared by all kernels; rare, and so scalar. Its twin, and that of
// tests.hpp, is python/fastdescent/engines/numba/stopping.py.
#pragma once

#include "tests.hpp"

namespace fastdescent::FD_ISA {

FD_INLINE uint32_t min(uint32_t a, uint32_t b) { return a < b ? a : b; }

/// `fixed` is the number of lanes of a block where the compiler knows it, else 0.
template <class T, int fixed>
class Stopping {
 public:
  explicit Stopping(Tile<T>& tile) : tile_(tile), live_(static_cast<Int*>(tile.live)) {}

 protected:
  using Int = typename simd<T>::Int;
  static constexpr int most = block_lanes<T>;
  int lanes() const { return fixed ? fixed : static_cast<int>(tile_.block); }

  /// Counts running lanes, and the steps from the beginning of this call until the first reaches its `until`.
  void count_running() {
    const int n = lanes();
    const uint32_t *const t = tile_.t, *const until = tile_.until;
    int first = 0;
    while (first < n && !live_[first]) ++first;
    uint32_t n_running = 0, due = ~0u, differ = 0;
    for (int i = first; i < n; ++i) {
      const bool runs = live_[i] != 0;
      n_running += runs;
      due = min(due, runs ? until[i] - t[i] : ~0u);
      differ |= runs ? t[i] ^ t[first] : 0;
    }
    n_running_ = n_running, due_ = due, same_t_ = differ == 0, first_ = first;
  }

  /// Exact tests for the lanes that may stop. One that does is put aside and goes on as a copy of a running one, so
  /// that the loops need no masks and do not run into slow operands.
  __attribute__((noinline)) void stop_lanes(uint32_t done) {
    bool first_stopped = false;
    int stopped_now[most], n_now = 0;
    for (int u = 0; u < lanes() / simd<T>::width; ++u) {
      const uint32_t doubtful = candidates_[u];
      uint32_t looked_at = done >= due_ ? mask_bits(running(tile_, u)) : doubtful;
      for (; looked_at; looked_at &= looked_at - 1) {
        const int k = __builtin_ctz(looked_at), i = u * simd<T>::width + k;
        Status status = doubtful >> k & 1 ? status_of(tile_, static_cast<size_t>(i)) : Status::running;
        if (status == Status::running && tile_.t[i] + done == tile_.until[i]) status = Status::max_steps;
        if (status == Status::running) continue;
        tile_.status[i] = static_cast<int8_t>(status);
        tile_.t[i] += done;
        live_[i] = 0;
        stopped_[i] = true;
        first_stopped |= i == first_;
        stopped_now[n_now++] = i;
      }
    }
    if (n_stopped_ == 0 && n_now == static_cast<int>(n_running_)) {  // nothing goes on over their rows
      n_running_ = 0;
      return;
    }
    for (int k = 0; k < n_now; ++k) copy(tile_.rows, stopped_now[k], tile_.frozen, stopped_now[k]);
    n_stopped_ += n_now;
    if (done >= due_ || first_stopped) count_running();
    else n_running_ -= n_now;
    if (n_running_ == 0) return;
    for (int k = 0; k < n_now; ++k) copy(tile_.rows, first_, tile_.rows, stopped_now[k]);
  }

  /// After the last of `done` steps: counts them, and puts back the lanes that have stopped.
  void finish(uint32_t done) {
    const int n = lanes();
    uint32_t* const t = tile_.t;
    for (int i = 0; i < n; ++i) t[i] += live_[i] ? done : 0;
    if (n_stopped_ == 0) return;
    for (int i = 0; i < n; ++i)
      if (stopped_[i]) copy(tile_.frozen, i, tile_.rows, i);
  }

  /// The state of all lanes.
  void copy_state(const T* from, T* to) const {
    const T* const end = row_start(from, tile_.n_state, lanes());
    for (; from != end; from += simd<T>::width, to += simd<T>::width) store(to, load(from));
  }

  /// The state of a lane.
  void copy(const T* from, int i, T* to, int j) const { copy_rows(from, i, to, j, tile_.n_state); }

  void copy_rows(const T* from, int i, T* to, int j, uint32_t n_rows) const {
    for (uint32_t r = 0; r < n_rows; ++r) row_start(to, r, lanes())[j] = row_start(from, r, lanes())[i];
  }

  Tile<T>& tile_;
  Int* live_;
  bool stopped_[most] = {};
  uint32_t candidates_[n_vectors];
  bool same_t_ = true;
  uint32_t n_running_ = 0, n_stopped_ = 0, due_ = 0;
  int first_ = 0;
};

}  // namespace fastdescent::FD_ISA
