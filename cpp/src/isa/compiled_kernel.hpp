// The kernel of compiled Programs: machine code makes the steps, and comes back where a lane may have to stop. Its twin
// is python/fastdescent/engines/numba/worker.py.
#pragma once

#include "stopping.hpp"

namespace fastdescent::FD_ISA {

template <class T>
class CompiledKernel : Stopping<T, 0> {
 public:
  explicit CompiledKernel(Tile<T>& tile)
      : Stopping<T, 0>(tile), compiled_(*static_cast<const Compiled<T>*>(tile.program)) {
    const Tests<T>& tests = *tile.tests;
    arguments_.rows = tile.rows;
    arguments_.uniform = tile.uniform;
    arguments_.center = tests.center, arguments_.low = tests.low, arguments_.high = tests.high;
    arguments_.gtol2 = tests.gtol2, arguments_.xtol2 = tests.xtol2, arguments_.ftol = tests.ftol;
    arguments_.huge_angle = &huge_angle_vector<T>;
  }

  void run() {
    count_running();
    uint32_t done = 0, &n_speculated = tile_.n_speculated;
    n_speculated = n_speculated ? n_speculated : fewest_speculated;
    while (done < tile_.steps && n_running_ > 0) {
      const uint32_t left = min(tile_.steps, due_) - done, tried = min(left, n_speculated);
      if (compiled_.may_speculate && left > 0 && speculate(done, tried)) {
        done += tried;
        n_speculated = min(2 * n_speculated, most_speculated);
        continue;
      }
      done += exact(done, compiled_.may_speculate ? tried : left);
      if (left > 0) n_speculated = fewest_speculated;
      const bool found = any_candidate();
      if (!found && done < due_) continue;
      stop_lanes(done);
      if (n_running_ == 0 || n_stopped_ >= tile_.max_stopped || !copy_to_spare_candidates()) break;
      if (found && done < tile_.steps) fast(done++, 1);
    }
    this->finish(done);
  }

 private:
  using Base = Stopping<T, 0>;
  using Base::tile_, Base::live_, Base::candidates_, Base::n_running_, Base::n_stopped_, Base::due_, Base::same_t_,
      Base::first_, Base::stopped_, Base::count_running, Base::stop_lanes, Base::copy_rows, Base::copy_state,
      Base::lanes;
  static constexpr uint32_t fewest_speculated = 32, most_speculated = 1024;
  int vectors() const { return lanes() / simd<T>::width; }

  /// Lets the functions find the values that depend on t alone. Lanes that do not run share those of the first that
  /// does.
  void set_table(uint32_t done) {
    if (tile_.n_table == 0) return;
    const size_t first = tile_.t[first_];
    arguments_.table = tile_.table + (first + done) * tile_.n_table;
    arguments_.table_offset = nullptr;
    if (same_t_) return;
    arguments_.table_offset = offsets_;
    for (int i = 0; i < lanes(); ++i)
      offsets_[i] = live_[i] ? (static_cast<int64_t>(tile_.t[i]) - static_cast<int64_t>(first)) * tile_.n_table : 0;
  }

  uint32_t exact(uint32_t done, uint32_t steps) {
    set_table(done);
    arguments_.escape2 = tile_.tests->escape2 < largest<T> ? tile_.tests->escape2 : largest<T>;
    const uint32_t made = compiled_.exact(&arguments_, steps);
    for (int u = 0; u < vectors(); ++u) candidates_[u] = arguments_.candidates[u];
    return made;
  }

  bool fast(uint32_t done, uint32_t steps) {
    set_table(done);
    arguments_.escape2 = tile_.tests->escape2;
    return compiled_.fast(&arguments_, steps) != 0;
  }

  /// Steps without tests, in the hope that no lane stops. If one might have, everything is as it was.
  bool speculate(uint32_t done, uint32_t steps) {
    copy_state(tile_.rows, tile_.saved);
    if (fast(done, steps)) return true;
    copy_state(tile_.saved, tile_.rows);
    return false;
  }

  /// Leaves those that run in candidates_.
  bool any_candidate() {
    uint32_t found = 0;
    for (int u = 0; u < vectors(); ++u) {
      spare_[u] = candidates_[u] & ~mask_bits(running(tile_, u));
      found |= candidates_[u];
      candidates_[u] &= ~spare_[u];
    }
    return found != 0;
  }

  /// Lanes that do not run, and might come back every step, become copies of one that does. False where such a lane
  /// has stopped in this call: it may be about to go on, with what is constant over its steps.
  bool copy_to_spare_candidates() {
    for (int u = 0; u < vectors(); ++u) {
      for (; spare_[u]; spare_[u] &= spare_[u] - 1) {
        const int i = u * simd<T>::width + __builtin_ctz(spare_[u]);
        if (stopped_[i]) return false;
        copy_rows(tile_.rows, first_, tile_.rows, i, tile_.table_row);
      }
    }
    return true;
  }

  const Compiled<T>& compiled_;
  KernelArguments<T> arguments_{};
  int64_t offsets_[block_lanes<T>];
  uint32_t spare_[n_vectors];
};

template <class T>
static void advance_compiled(Tile<T>* tile) noexcept {
  CompiledKernel<T>(*tile).run();
}

template <class T>
static void call(const CompiledSection<T>& section, T* rows, const T* uniform) noexcept {
  KernelArguments<T> arguments{};
  arguments.rows = rows, arguments.uniform = uniform, arguments.huge_angle = &huge_angle_vector<T>;
  section.evaluate(&arguments, 0);
}

}  // namespace fastdescent::FD_ISA
