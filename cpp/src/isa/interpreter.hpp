// The interpreter's kernel: one block of lanes, step by step, until enough of them have stopped.
#pragma once

#include "compiled_kernel.hpp"
#include "stopping.hpp"
#include "tables.hpp"

namespace fastdescent::FD_ISA {

template <class T>
class Advance : Stopping<T, block_lanes<T>> {
 public:
  explicit Advance(Tile<T>& tile)
      : Stopping<T, block_lanes<T>>(tile), readings_(*static_cast<const StepReadings*>(tile.program)) {
    centred_ = true;
    for (int32_t d = 0; d < tile.tests->dim; ++d) centred_ &= tile.tests->center[d] == 0;
  }

  void run() {
    count_running();
    uint32_t done = 0, warned = 0;  // up to that step, speculation has failed
    while (done < tile_.steps && n_running_ > 0) {
      const uint32_t tried = min(min(tile_.steps, due_) - done, most_speculated);
      if (readings_.may_speculate && tried > 1 && done >= warned) {
        if (centred_ ? speculate<true>(done, tried) : speculate<false>(done, tried)) done += tried;
        else warned = done + tried;
      } else if (step(done)) {
        ++done;
      }
      if (n_stopped_ >= tile_.max_stopped) break;
    }
    this->finish(done);
  }

 private:
  using Base = Stopping<T, block_lanes<T>>;
  using Base::tile_, Base::live_, Base::candidates_, Base::n_running_, Base::n_stopped_, Base::due_, Base::same_t_,
      Base::first_, Base::count_running, Base::stop_lanes, Base::copy_state;
  static constexpr int lanes = block_lanes<T>;
  static constexpr uint32_t most_speculated = 32;

  /// One step with every test. False if no lane was left to make it.
  bool step(uint32_t done) {
    fill_table(done);
    execute(readings_.head, tile_.rows, tile_.uniform);
    const bool found = centred_ ? find_candidates<true>() : find_candidates<false>();
    if (found || done >= due_) stop_lanes(done);
    if (n_running_ == 0) return false;
    execute(readings_.tail, tile_.rows, tile_.uniform);
    return true;
  }

  /// Steps without tests, in the hope that no lane stops. If one might have, everything is as it was. The sum of all
  /// squared distances bounds each of them, and NaN stays in it.
  template <bool centred>
  bool speculate(uint32_t done, uint32_t steps) {
    copy_state(tile_.rows, tile_.saved);
    T* sizes = row_start(tile_.rows, readings_.sizes, lanes);
    for (int u = 0; u < 2; ++u) store(sizes + u * simd<T>::width, Vec<T>{});
    for (uint32_t k = 0; k < steps; ++k) {
      if (k == 0 || !readings_.notes_sizes) add_radii<centred>(sizes);
      fill_table(done + k);
      execute(readings_.whole, tile_.rows, tile_.uniform);
    }
    if (!readings_.notes_sizes) add_radii<centred>(sizes);
    const IVec<T> is_near = load(sizes) + load(sizes + simd<T>::width) <= splat<T>(tile_.tests->escape2);
    if (!any(~is_near)) return true;
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
    const Norms<T> sums = norms<centred>(tile_);
    uint32_t found = 0;
#pragma GCC unroll 8
    for (int u = 0; u < n_vectors; ++u) {
      candidates_[u] = mask_bits(~goes_on(tile_, sums, u) & running(tile_, u));
      found |= candidates_[u];
    }
    return found != 0;
  }

  /// The rows that depend on t alone: one broadcast where the running lanes agree on t, else a lookup a lane.
  void fill_table(uint32_t done) {
    for (uint32_t r = 0; r < tile_.n_table; ++r) {
      T* row = row_start(tile_.rows, tile_.table_row + r, lanes);
      if (same_t_) {
        const T value = tile_.table[size_t(tile_.t[first_] + done) * tile_.n_table + r];
        for (int u = 0; u < n_vectors; ++u) store(row + u * simd<T>::width, splat<T>(value));
      } else {
        for (int i = 0; i < lanes; ++i)
          if (live_[i]) row[i] = tile_.table[size_t(tile_.t[i] + done) * tile_.n_table + r];
      }
    }
  }

  const StepReadings& readings_;
  bool centred_;
};

template <class T>
static void advance(Tile<T>* tile) noexcept {
  Advance<T>(*tile).run();
}

template <class T>
inline constexpr Kernels<T> kernels{block_lanes<T>,  single_handler<T>,   general_handler<T>,
                                    note_handler<T>, stop_handler<T>,     execute<T>,
                                    advance<T>,      advance_compiled<T>, call<T>};

}  // namespace fastdescent::FD_ISA
