// The lanes of one thread: trajectories in flight, loaded from starts and written to results.
#pragma once

#include <algorithm>
#include <limits>
#include <vector>

#include "fastdescent/aligned.hpp"
#include "fastdescent/decode.hpp"
#include "fastdescent/descend.hpp"
#include "fastdescent/status.hpp"

namespace fastdescent {

/// The three readings of a step (see Code), decoded once and shared by all threads.
template <class T>
class DecodedStep {
 public:
  explicit DecodedStep(const Descent<T>& run) {
    if (run.compiled.block) return;
    const auto& kernels = run.isa->template kernels<T>();
    const std::span<const Instruction> code = run.step.code;
    RowSet state(run.step.n_rows);
    std::fill_n(state.begin(), run.n_state, true);
    RowSet live = state;
    whole_ = decode(code, kernels, live = state);
    tail_ = decode(code.subspan(run.step.split), kernels, live = state);
    const Tests<T>& tests = run.tests;
    for (const int32_t row : {tests.fun, tests.previous_fun, tests.moved})
      if (row >= 0) live[row] = true;
    for (const int32_t first : {tests.x, tests.gradient, tests.previous_x})
      if (first >= 0) std::fill_n(live.begin() + first, run.dim, true);
    std::fill_n(live.begin(), run.n_state, true);
    head_ = decode(code.first(run.step.split), kernels, live);
    const auto sizes = static_cast<int32_t>(run.step.n_rows);
    const bool centred = std::all_of(tests.center, tests.center + run.dim, [](T c) { return c == 0; });
    const bool notes = centred && note_sizes(whole_, kernels, tests.x, static_cast<int32_t>(run.dim), sizes);
    code_ = {head_.data(), tail_.data(), whole_.data(), run.plain, sizes, notes};
  }
  const Code* code() const { return &code_; }

 private:
  std::vector<Decoded> head_, tail_, whole_;
  Code code_{};
};

/// Up to one block of trajectories.
template <class T>
class Lanes {
 public:
  Lanes(const Descent<T>& run, const DecodedStep<T>& step, size_t capacity)
      : run_(run),
        block_(run.block()),
        capacity_(static_cast<uint32_t>(std::min(capacity, block_))),
        rows_((run.step.n_rows + 1) * block_),
        frozen_(run.n_state * block_),
        saved_(run.n_state * block_),
        live_(block_),
        until_(block_),
        t_(block_),
        code_(block_),
        index_(block_),
        entry_(block_) {
    tile_ = {.abi = kernel_abi,
             .steps = 1,
             .max_stopped = 1,
             .n_state = static_cast<uint32_t>(run.n_state),
             .block = static_cast<uint32_t>(block_),
             .rows = rows_.get(),
             .uniform = run.uniform,
             .table = run.table,
             .n_table = static_cast<uint32_t>(run.n_table),
             .table_row = static_cast<uint32_t>(run.table_row),
             .until = until_.get(),
             .t = t_.get(),
             .code = code_.get(),
             .live = live_.get(),
             .frozen = frozen_.get(),
             .saved = saved_.get(),
             .hope = 0,
             .tests = &run.tests,
             .program = run.compiled.block ? static_cast<const void*>(&run.compiled) : step.code()};
  }

  uint32_t n_running() const { return n_; }
  bool full() const { return n_ == capacity_; }

  /// Advances all lanes, at most `steps` steps.
  void advance(uint32_t steps) {
    tile_.steps = steps;
    tile_.max_stopped = 1 + n_ / 16;
    const auto& kernels = run_.isa->template kernels<T>();
    (run_.compiled.block ? kernels.fly : kernels.advance)(&tile_);
  }

  /// Puts trajectory `index` into a lane at the end. The first one also fills the lanes that do not run.
  void add(size_t index) {
    load(n_, index);
    if (n_ == 0)
      for (uint32_t lane = 1; lane < block_; ++lane) copy_rows(0, lane);
    ++n_;
  }

  /// Writes the results of lanes that have stopped. `next(index)` gives a trajectory to refill a lane with, or false.
  template <class Next>
  size_t collect(Next next) {
    size_t n_finished = 0;
    for (uint32_t lane = 0; lane < n_;) {
      if (code_[lane] == static_cast<int8_t>(Status::live)) {
        ++lane;
        continue;
      }
      if (code_[lane] == static_cast<int8_t>(Status::max_steps) && t_[lane] < run_.max_steps) {
        record(lane);
        go_on(lane++);
        continue;
      }
      write(lane, code_[lane]);
      ++n_finished;
      if (size_t index; next(index)) load(lane++, index);
      else move_last_to(lane);
    }
    return n_finished;
  }

  /// Writes the lanes that still run as interrupted, where they are.
  void interrupt() {
    for (uint32_t lane = 0; lane < n_; ++lane) write(lane, static_cast<int8_t>(Status::interrupted));
    n_ = 0;
  }

 private:
  T& at(size_t row, size_t lane) { return rows_[row * block_ + lane]; }

  void load(uint32_t lane, size_t index) {
    const T* state = run_.state_before ? run_.state_before + index * run_.n_state : run_.initial;
    for (size_t r = run_.dim; r < run_.n_state; ++r) at(r, lane) = state[r];
    for (size_t d = 0; d < run_.dim; ++d) at(d, lane) = run_.starts[index * run_.dim + d];
    for (size_t k = 0; k < run_.n_lane; ++k) at(run_.lane_row + k, lane) = run_.lane_values[index * run_.n_lane + k];
    for (size_t k = 0; k < run_.n_index; ++k)
      at(run_.lane_row + run_.n_lane + k, lane) = static_cast<T>(run_.index_of(index) >> (16 * k) & 0xffff);
    index_[lane] = index;
    t_[lane] = run_.t_before ? static_cast<uint32_t>(run_.t_before[index]) : 0;
    entry_[lane] = 0;
    if (run_.record.n_steps && t_[lane] == 0) record(lane);
    go_on(lane);
  }

  /// Lets a lane run until the next step that is recorded, or to the end.
  void go_on(uint32_t lane) {
    const Recording<T>& r = run_.record;
    const bool records = r.n_steps && r.row[index_[lane]] >= 0 && entry_[lane] < r.n_steps;
    until_[lane] = records ? std::min(r.steps[entry_[lane]], run_.max_steps) : run_.max_steps;
    code_[lane] = static_cast<int8_t>(Status::live);
    live_[lane] = -1;
  }

  /// Writes the point to the next entry of the path.
  void record(uint32_t lane) {
    const Recording<T>& r = run_.record;
    const int32_t row = r.row[index_[lane]];
    if (row < 0) return;
    const size_t entry = entry_[lane]++;
    T* x = r.x + (static_cast<size_t>(row) * (r.n_steps + 1) + entry) * run_.dim;
    for (size_t d = 0; d < run_.dim; ++d) x[d] = canonical(at(d, lane));
    r.lengths[row] = static_cast<int32_t>(entry + 1);
  }

  static T canonical(T value) { return value == value ? value : std::numeric_limits<T>::quiet_NaN(); }

  /// Whether the last entry of the path is not yet the point where the lane is.
  bool has_moved_on(uint32_t lane) const {
    const Recording<T>& r = run_.record;
    return r.n_steps && (entry_[lane] == 0 || r.steps[entry_[lane] - 1] != t_[lane]);
  }

  void write(uint32_t lane, int8_t status) {
    const size_t index = index_[lane];
    for (size_t d = 0; d < run_.dim; ++d) run_.x[index * run_.dim + d] = canonical(at(d, lane));
    if (has_moved_on(lane)) record(lane);
    if (run_.state_after)
      for (size_t r = 0; r < run_.n_state; ++r) run_.state_after[index * run_.n_state + r] = canonical(at(r, lane));
    run_.nit[index] = static_cast<int32_t>(t_[lane]);
    run_.status[index] = status;
  }

  /// Keeps running lanes in front. The vacated lane holds a copy of a running one or, at last, of a finished one.
  void move_last_to(uint32_t lane) {
    const uint32_t last = --n_;
    copy_rows(lane != last ? last : 0, lane != last ? lane : last);
    index_[lane] = index_[last];
    t_[lane] = t_[last];
    until_[lane] = until_[last];
    entry_[lane] = entry_[last];
    code_[lane] = code_[last];
    live_[lane] = live_[last];
    live_[last] = 0;
  }

  void copy_rows(uint32_t from, uint32_t to) {
    for (size_t r = 0; r < run_.n_state; ++r) at(r, to) = at(r, from);
    for (size_t r = run_.lane_row; r < run_.lane_row + run_.n_lane + run_.n_index; ++r) at(r, to) = at(r, from);
  }

  using Int = std::conditional_t<sizeof(T) == 8, int64_t, int32_t>;
  const Descent<T>& run_;
  size_t block_;
  uint32_t capacity_, n_ = 0;
  AlignedArray<T> rows_, frozen_, saved_;
  AlignedArray<Int> live_;
  AlignedArray<uint32_t> until_, t_;
  AlignedArray<int8_t> code_;
  AlignedArray<size_t> index_;
  AlignedArray<size_t> entry_;  ///< of the path: the next one to be written
  Tile<T> tile_{};
};

}  // namespace fastdescent
