// The interpreter's kernel: one block of lanes, step by step, until enough of them have stopped.
#pragma once

#include "tables.hpp"
#include "tests.hpp"

namespace fastdescent::FD_ISA {

template <class T>
class Advance {
 public:
  explicit Advance(Tile<T>& tile)
      : tile_(tile), code_(*static_cast<const Code*>(tile.program)), live_(static_cast<Int*>(tile.live)) {
    centred_ = true;
    for (int32_t d = 0; d < tile.tests->dim; ++d) centred_ &= tile.tests->center[d] == 0;
  }

  void run() {
    survey();
    uint32_t done = 0;
    while (done < tile_.steps && n_running_ > 0) {
      const uint32_t sure = min(min(tile_.steps, due_) - done, longest_guess);
      if (code_.plain && sure > 1 && (centred_ ? guess<true>(done, sure) : guess<false>(done, sure))) {
        done += sure;
      } else if (step(done)) {
        ++done;
      }
      if (n_stopped_ >= tile_.max_stopped) break;
    }
    for (int i = 0; i < lanes; ++i) {
      if (live_[i]) tile_.t[i] += done;
      else if (stopped_[i]) copy(tile_.frozen, i, tile_.rows, i);
    }
  }

 private:
  using Int = typename simd<T>::Int;
  static constexpr int lanes = block_lanes<T>;
  static constexpr uint32_t longest_guess = 32;
  static uint32_t min(uint32_t a, uint32_t b) { return a < b ? a : b; }

  /// One step with every test. False if no lane was left to make it.
  bool step(uint32_t done) {
    fill_table(done);
    execute(code_.head, tile_.rows, tile_.uniform);
    const bool found = centred_ ? find_candidates<true>() : find_candidates<false>();
    if (found || done >= due_) stop_lanes(done);
    if (n_running_ == 0) return false;
    execute(code_.tail, tile_.rows, tile_.uniform);
    return true;
  }

  /// Steps without tests, in the hope that no lane stops. If one might have, everything is as it was. The sum of all
  /// squared distances bounds each of them, and NaN stays in it.
  template <bool centred>
  bool guess(uint32_t done, uint32_t steps) {
    copy_state(tile_.rows, tile_.saved);
    T* sizes = tile_.rows + code_.sizes * lanes;
    for (int u = 0; u < 2; ++u) store(sizes + u * simd<T>::width, Vec<T>{});
    for (uint32_t k = 0; k < steps; ++k) {
      if (k == 0 || !code_.notes_sizes) add_radii<centred>(sizes);
      fill_table(done + k);
      execute(code_.whole, tile_.rows, tile_.uniform);
    }
    if (!code_.notes_sizes) add_radii<centred>(sizes);
    if (!any(~(load(sizes) + load(sizes + simd<T>::width) <= splat<T>(tile_.tests->escape2)))) return true;
    copy_state(tile_.saved, tile_.rows);
    return false;
  }

  template <bool centred>
  void add_radii(T* sizes) const {
    const Tests<T>& tests = *tile_.tests;
    Vec<T> sums[2] = {load(sizes), load(sizes + simd<T>::width)};
    for (int32_t d = 0; d < tests.dim; ++d) {
      const Vec<T> center = splat<T>(tests.center[d]);
#pragma GCC unroll 8
      for (int u = 0; u < n_vectors; ++u) {
        Vec<T> delta = at_row(tile_, tests.x + d, u);
        if constexpr (!centred) delta -= center;
        sums[u % 2] = fma(delta, delta, sums[u % 2]);
      }
    }
    for (int u = 0; u < 2; ++u) store(sizes + u * simd<T>::width, sums[u]);
  }

  /// Notes which running lanes may have to stop; whether there are any.
  template <bool centred>
  bool find_candidates() {
    uint32_t found = 0;
    for (int u = 0; u < n_vectors; ++u) {
      candidates_[u] = mask_bits(~goes_on<centred>(tile_, u) & running(tile_, u));
      found |= candidates_[u];
    }
    return found != 0;
  }

  /// Counts running lanes, and the steps from the beginning of this call until the first reaches its `until`.
  void survey() {
    n_running_ = 0;
    due_ = ~0u;
    same_t_ = true;
    first_ = lanes;
    for (int i = 0; i < lanes; ++i) {
      if (!live_[i]) continue;
      if (first_ == lanes) first_ = i;
      ++n_running_;
      due_ = min(due_, tile_.until[i] - tile_.t[i]);
      same_t_ &= tile_.t[i] == tile_.t[first_];
    }
  }

  /// The rows that depend on t alone: one broadcast where the running lanes agree on t, else a lookup a lane.
  void fill_table(uint32_t done) {
    for (uint32_t r = 0; r < tile_.n_table; ++r) {
      T* row = tile_.rows + (tile_.table_row + r) * lanes;
      if (same_t_) {
        const T value = tile_.table[size_t(tile_.t[first_] + done) * tile_.n_table + r];
        for (int u = 0; u < n_vectors; ++u) store(row + u * simd<T>::width, splat<T>(value));
      } else {
        for (int i = 0; i < lanes; ++i)
          if (live_[i]) row[i] = tile_.table[size_t(tile_.t[i] + done) * tile_.n_table + r];
      }
    }
  }

  /// Exact tests for the lanes that may stop. One that does is put aside and goes on as a copy of a running one, so
  /// that the loops need no masks and do not run into slow operands.
  __attribute__((noinline)) void stop_lanes(uint32_t done) {
    bool first_stopped = false;
    int stopped_now[lanes], n_now = 0;
    for (int u = 0; u < n_vectors; ++u) {
      uint32_t candidates = done >= due_ ? mask_bits(running(tile_, u)) : candidates_[u];
      for (; candidates; candidates &= candidates - 1) {
        const int i = u * simd<T>::width + __builtin_ctz(candidates);
        Status status = status_of(tile_, static_cast<size_t>(i));
        if (status == Status::live && tile_.t[i] + done == tile_.until[i]) status = Status::max_steps;
        if (status == Status::live) continue;
        tile_.code[i] = static_cast<int8_t>(status);
        tile_.t[i] += done;
        live_[i] = 0;
        stopped_[i] = true;
        first_stopped |= i == first_;
        copy(tile_.rows, i, tile_.frozen, i);
        stopped_now[n_now++] = i;
      }
    }
    n_stopped_ += n_now;
    if (done >= due_ || first_stopped) survey();
    else n_running_ -= n_now;
    if (n_running_ == 0) return;
    for (int k = 0; k < n_now; ++k) copy(tile_.rows, first_, tile_.rows, stopped_now[k]);
  }

  void copy(const T* from, int i, T* to, int j) const {
    for (uint32_t r = 0; r < tile_.n_state; ++r) to[r * lanes + j] = from[r * lanes + i];
  }
  void copy_state(const T* from, T* to) const {
    for (uint32_t k = 0; k < tile_.n_state * lanes; k += simd<T>::width) store(to + k, load(from + k));
  }

  Tile<T>& tile_;
  const Code& code_;
  Int* live_;
  bool stopped_[lanes] = {};
  uint32_t candidates_[n_vectors];
  bool centred_, same_t_ = true;
  uint32_t n_running_ = 0, n_stopped_ = 0, due_ = 0;
  int first_ = 0;
};

template <class T>
static void advance(Tile<T>* tile) {
  Advance<T>(*tile).run();
}

template <class T>
inline constexpr Kernels<T> kernels{block_lanes<T>,  single_handler<T>, general_handler<T>, note_handler<T>,
                                    stop_handler<T>, execute<T>,        advance<T>};

}  // namespace fastdescent::FD_ISA
