// The interpreter: a kernel that runs a decoded section, instruction by instruction, over a tile that fits L1.
#pragma once

#include "instructions.hpp"
#include "tests.hpp"

namespace fastdescent::FD_ISA {

template <class T>
class Advance {
 public:
  explicit Advance(Tile<T>& tile)
      : tile_(tile),
        code_(*static_cast<const Code<T>*>(tile.program)),
        live_(static_cast<typename simd<T>::Int*>(tile.live)),
        padded_((tile.lanes + lane_block - 1) / lane_block * lane_block) {}

  void run() {
    find_due();
    uint32_t done = 0;
    while (done < tile_.steps) {
      fill_table(done);
      execute(0, code_.split);
      const bool flagged = any_may_stop(tile_, padded_);
      if (flagged || done == due_) stop_lanes(done);
      if (n_running_ == 0) break;
      execute(code_.split, code_.n);
      ++done;
      if (n_stopped_ >= tile_.max_stopped) break;
    }
    for (uint32_t i = 0; i < tile_.lanes; ++i) {
      if (live_[i]) tile_.t[i] += done;
      else if (froze(i)) restore(i);
    }
  }

 private:
  void execute(size_t begin, size_t end) {
    for (size_t k = begin; k < end; ++k) code_.instructions[k].run(code_.instructions[k], padded_);
  }

  /// Counts running lanes, and the steps until the first of them reaches its `until`.
  void find_due() {
    n_running_ = 0;
    due_ = ~0u;
    same_t_ = true;
    first_ = ~0u;
    for (uint32_t i = 0; i < tile_.lanes; ++i) {
      if (!live_[i]) continue;
      if (first_ == ~0u) first_ = i;
      ++n_running_;
      const uint32_t left = tile_.until[i] - tile_.t[i];
      if (left < due_) due_ = left;
      same_t_ &= tile_.t[i] == tile_.t[first_];
    }
  }

  /// The rows that depend on t alone: one broadcast where the running lanes agree on t, else a lookup a lane.
  void fill_table(uint32_t done) {
    if (!tile_.n_table) return;
    for (uint32_t r = 0; r < tile_.n_table; ++r) {
      T* row = tile_.rows + (tile_.table_row + r) * tile_.stride;
      if (same_t_) {
        const T value = n_running_ ? tile_.table[size_t(tile_.t[first_] + done) * tile_.n_table + r] : T(0);
        for (size_t i = 0; i < padded_; i += simd<T>::width) store(row + i, splat<T>(value));
      } else {
        for (uint32_t i = 0; i < tile_.lanes; ++i) {
          if (live_[i]) row[i] = tile_.table[size_t(tile_.t[i] + done) * tile_.n_table + r];
        }
      }
    }
  }

  /// Exact tests for every running lane. A lane that stops is put aside and goes on as a copy of a running one, so
  /// that the loops need no masks and do not run into slow operands.
  void stop_lanes(uint32_t done) {
    for (uint32_t i = 0; i < tile_.lanes; ++i) {
      if (!live_[i]) continue;
      Status status = status_of(tile_, i);
      if (status == Status::live && tile_.t[i] + done == tile_.until[i]) status = Status::max_steps;
      if (status == Status::live) continue;
      tile_.code[i] = static_cast<int8_t>(status);
      tile_.t[i] += done;
      live_[i] = 0;
      ++n_stopped_;
      for (uint32_t r = 0; r < tile_.n_state; ++r) frozen(i)[r] = tile_.rows[r * tile_.stride + i];
    }
    find_due();
    if (n_running_ == 0) return;
    for (uint32_t i = 0; i < tile_.lanes; ++i) {
      if (live_[i] || !froze(i)) continue;
      for (uint32_t r = 0; r < tile_.n_state; ++r) {
        tile_.rows[r * tile_.stride + i] = tile_.rows[r * tile_.stride + first_];
      }
    }
  }

  bool froze(uint32_t i) const { return tile_.code[i] != static_cast<int8_t>(Status::live); }
  T* frozen(uint32_t i) const { return tile_.frozen + size_t(i) * tile_.n_state; }
  void restore(uint32_t i) {
    for (uint32_t r = 0; r < tile_.n_state; ++r) tile_.rows[r * tile_.stride + i] = frozen(i)[r];
  }

  Tile<T>& tile_;
  const Code<T>& code_;
  typename simd<T>::Int* live_;
  const size_t padded_;
  uint32_t n_running_ = 0, n_stopped_ = 0, due_ = 0, first_ = 0;
  bool same_t_ = true;
};

template <class T>
static void advance(Tile<T>* tile) {
  Advance<T>(*tile).run();
}

}  // namespace fastdescent::FD_ISA
