// The lanes of one thread: trajectories in flight, loaded from starts and written to results. Its twin is
// python/fastdescent/engines/numba/worker.py.
//
// A worked example, a block of 4 lanes and trajectories 10 to 15 (n_ is the number of lanes that run):
//
//   fill      lanes 0 1 2 3 = 10 11 12 13         n_ = 4
//   collect   lane 1 has ended: 11 is written, 14 is loaded into lane 1
//   collect   lane 0 has ended: 10 is written, 15 is loaded into lane 0
//   collect   lane 2 has ended: nothing is left, so lane 3 moves there   15 14 13 .   n_ = 3
//
// Invariants: lanes 0 to n_ - 1 run, all with status live; the others hold copies of a lane's rows, so that kernels
// need no masks; the results of a trajectory are written once, when it ends.
#pragma once

#include <algorithm>
#include <limits>
#include <vector>

#include "fastdescent/aligned.hpp"
#include "fastdescent/decode.hpp"
#include "fastdescent/descend.hpp"
#include "fastdescent/status.hpp"

namespace fastdescent {

/// The three readings of a step (see StepReadings), decoded once and shared by all threads.
template <class T>
class DecodedStep {
 public:
  explicit DecodedStep(const Descent<T>& run) {
    if (run.compiled.block) return;
    const auto& kernels = run.isa->template kernels<T>();
    const std::span<const Instruction> instructions = run.step.instructions;
    RowSet state(run.step.n_rows);
    std::fill_n(state.begin(), run.n_state, true);
    RowSet live = state;
    whole_ = decode(instructions, kernels, live = state);
    tail_ = decode(instructions.subspan(run.step.split), kernels, live = state);
    const Tests<T>& tests = run.tests;
    for (const int32_t row : {tests.fun, tests.previous_fun, tests.moved, tests.stop})
      if (row >= 0) live[row] = true;
    for (const int32_t first : {tests.x, tests.gradient, tests.previous_x})
      if (first >= 0) std::fill_n(live.begin() + first, run.dim, true);
    std::fill_n(live.begin(), run.n_state, true);
    head_ = decode(instructions.first(run.step.split), kernels, live);
    const auto sizes = static_cast<int32_t>(run.step.n_rows);
    const bool centred = std::all_of(tests.center, tests.center + run.dim, [](T c) { return c == 0; });
    const bool notes = centred && note_sizes(whole_, kernels, tests.x, static_cast<int32_t>(run.dim), sizes);
    readings_ = {head_.data(), tail_.data(), whole_.data(), run.may_speculate, sizes, notes};
  }
  const StepReadings* readings() const { return &readings_; }

 private:
  std::vector<Decoded> head_, tail_, whole_;
  StepReadings readings_{};
};

/// Up to one block of trajectories.
template <class T>
class Lanes {
 public:
  Lanes(const Descent<T>& run, const DecodedStep<T>& step, PathStore<T>* path, size_t capacity)
      : run_(run),
        path_(path),
        block_(run.block()),
        capacity_(static_cast<uint32_t>(std::min(capacity, block_))),
        rows_((run.step.n_rows + 1) * block_),
        frozen_(run.n_state * block_),
        saved_(run.n_state * block_),
        live_(block_),
        until_(block_),
        t_(block_),
        status_(block_),
        index_(block_),
        entry_(block_) {
    tile_ = {.steps = 1,
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
             .status = status_.get(),
             .live = live_.get(),
             .frozen = frozen_.get(),
             .saved = saved_.get(),
             .n_speculated = 0,
             .tests = &run.tests,
             .program = run.compiled.block ? static_cast<const void*>(&run.compiled) : step.readings()};
  }

  uint32_t n_running() const { return n_; }

  /// Advances all lanes, at most `steps` steps.
  void advance(uint32_t steps) {
    tile_.steps = steps;
    tile_.max_stopped = 1 + n_ / 16;
    const auto& kernels = run_.isa->template kernels<T>();
    (run_.compiled.block ? kernels.advance_compiled : kernels.advance)(&tile_);
  }

  /// Loads trajectories into the lanes that are free. `claim(to, n)` writes the indices of at most n, and returns how
  /// many; less than n: there are no more. The first of all also fills the lanes that do not run.
  template <class Claim>
  void fill(Claim claim) {
    const uint32_t first = n_;
    n_ += static_cast<uint32_t>(claim(index_.get() + n_, capacity_ - n_));
    load(first, n_);
    if (first > 0 || n_ == 0) return;
    for (uint32_t lane = n_; lane < block_; ++lane) copy_rows(0, lane);
  }

  /// Writes the results of trajectories that have ended, and puts others in their place, which `claim` gives as above.
  template <class Claim>
  size_t collect(Claim claim) {
    uint32_t n_ended = 0;
    for (uint32_t lane = 0; lane < n_; ++lane) n_ended += has_ended(lane);
    if (n_ended < n_) {
      collect_each(claim);
    } else {
      write(0, n_);
      n_ = 0;
      fill(claim);
    }
    return n_ended;
  }

  /// Writes the lanes that still run as interrupted, where they are.
  void interrupt() {
    std::fill_n(status_.get(), n_, static_cast<int8_t>(Status::interrupted));
    write(0, n_);
    n_ = 0;
  }

 private:
  T& at(size_t row, size_t lane) const { return rows_[row * block_ + lane]; }

  /// Whether a trajectory is over, and does not only pause at a step that is recorded.
  bool has_ended(uint32_t lane) const {
    if (status_[lane] == static_cast<int8_t>(Status::max_steps)) return t_[lane] >= run_.last_step(index_[lane]);
    return status_[lane] != static_cast<int8_t>(Status::running);
  }

  template <class Claim>
  void collect_each(Claim claim) {
    for (uint32_t lane = 0; lane < n_;) {
      if (has_ended(lane)) {
        write(lane, lane + 1);
        if (claim(&index_[lane], 1) == 0) {
          move_last_to(lane);
          continue;
        }
        load(lane, lane + 1);
      } else if (status_[lane] != static_cast<int8_t>(Status::running)) {
        record(lane);
        go_on(lane, lane + 1);
      }
      ++lane;
    }
  }

  /// Loads lanes `first` to `last` with the trajectories of their indices.
  void load(uint32_t first, uint32_t last) {
    const size_t dim = run_.dim, n_state = run_.n_state, index_row = run_.lane_row + run_.n_lane;
    if (run_.state_before) gather(run_.state_before + dim, n_state, dim, n_state - dim, first, last);
    else
      for (size_t r = dim; r < n_state; ++r) std::fill_n(&at(r, first), last - first, run_.initial[r]);
    gather(run_.starts, dim, 0, dim, first, last);
    gather(run_.lane_values, run_.n_lane, run_.lane_row, run_.n_lane, first, last);
    for (size_t k = 0; k < run_.n_index; ++k)
      for (uint32_t lane = first; lane < last; ++lane)
        at(index_row + k, lane) = static_cast<T>(run_.index_of(index_[lane]) >> (16 * k) & 0xffff);
    std::fill_n(&t_[first], last - first, 0u);
    if (const int32_t* const before = run_.t_before)
      for (uint32_t lane = first; lane < last; ++lane) t_[lane] = static_cast<uint32_t>(before[index_[lane]]);
    std::fill_n(&entry_[first], last - first, size_t{0});
    for (uint32_t lane = first; run_.paths && lane < last; ++lane) record(lane);
    go_on(first, last);
  }

  /// Rows from `row` on of lanes `first` to `last`: the first n of the `width` numbers that a trajectory has in `from`.
  /// A row at a time, since lanes stand side by side.
  void gather(const T* from, size_t width, size_t row, size_t n, uint32_t first, uint32_t last) {
    for (size_t k = 0; k < n; ++k)
      for (uint32_t lane = first; lane < last; ++lane) at(row + k, lane) = from[index_[lane] * width + k];
  }

  /// The other way round.
  void scatter(size_t row, size_t n, T* to, size_t width, uint32_t first, uint32_t last) const {
    for (size_t k = 0; k < n; ++k)
      for (uint32_t lane = first; lane < last; ++lane) to[index_[lane] * width + k] = canonical(at(row + k, lane));
  }

  /// Lets lanes `first` to `last` run until the next step that is recorded, or to the end.
  void go_on(uint32_t first, uint32_t last) {
    std::fill_n(&until_[first], last - first, run_.max_steps);
    for (uint32_t lane = first; (run_.paths || run_.t_last) && lane < last; ++lane) until_[lane] = next_pause(lane);
    std::fill_n(&status_[first], last - first, static_cast<int8_t>(Status::running));
    std::fill_n(&live_[first], last - first, Int{-1});
  }

  uint32_t next_pause(uint32_t lane) const {
    const size_t index = index_[lane];
    const uint64_t next = run_.records(index) ? run_.record.step_of(entry_[lane]) : Recording::never;
    return static_cast<uint32_t>(std::min<uint64_t>(next, run_.last_step(index)));
  }

  /// Makes the point the next entry of the path, where that is recorded.
  void record(uint32_t lane) {
    const size_t index = index_[lane];
    if (!run_.records(index)) return;
    T* x = path_->add(run_.record.row[index]);
    for (size_t d = 0; d < run_.dim; ++d) x[d] = canonical(at(d, lane));
    ++entry_[lane];
  }

  static T canonical(T value) { return value == value ? value : std::numeric_limits<T>::quiet_NaN(); }

  /// Whether the last entry of the path is not yet the point where the lane is.
  bool has_moved_on(uint32_t lane) const {
    return entry_[lane] == 0 || run_.record.step_of(entry_[lane] - 1) != t_[lane];
  }

  /// Writes the results of lanes `first` to `last`.
  void write(uint32_t first, uint32_t last) {
    const size_t dim = run_.dim, n_state = run_.n_state, known = run_.in_place() ? dim : 0;
    scatter(0, dim, run_.x, dim, first, last);
    if (run_.state_after) scatter(known, n_state - known, run_.state_after + known, n_state, first, last);
    for (uint32_t lane = first; run_.paths && lane < last; ++lane)
      if (has_moved_on(lane)) record(lane);
    int32_t* const nit = run_.nit;
    int8_t* const status = run_.status;
    for (uint32_t lane = first; lane < last; ++lane) nit[index_[lane]] = static_cast<int32_t>(t_[lane]);
    for (uint32_t lane = first; lane < last; ++lane) status[index_[lane]] = status_[lane];
  }

  /// Keeps running lanes in front. The vacated lane holds a copy of a running one or, at last, of a finished one.
  void move_last_to(uint32_t lane) {
    const uint32_t last = --n_;
    copy_rows(lane != last ? last : 0, lane != last ? lane : last);
    index_[lane] = index_[last];
    t_[lane] = t_[last];
    until_[lane] = until_[last];
    entry_[lane] = entry_[last];
    status_[lane] = status_[last];
    live_[lane] = live_[last];
    live_[last] = 0;
  }

  void copy_rows(uint32_t from, uint32_t to) {
    for (size_t r = 0; r < run_.n_state; ++r) at(r, to) = at(r, from);
    for (size_t r = run_.lane_row; r < run_.lane_row + run_.n_lane + run_.n_index; ++r) at(r, to) = at(r, from);
  }

  using Int = std::conditional_t<sizeof(T) == 8, int64_t, int32_t>;
  const Descent<T>& run_;
  PathStore<T>* path_;  ///< null where nothing is recorded
  size_t block_;
  uint32_t capacity_, n_ = 0;
  AlignedArray<T> rows_, frozen_, saved_;
  AlignedArray<Int> live_;
  AlignedArray<uint32_t> until_, t_;
  AlignedArray<int8_t> status_;
  AlignedArray<size_t> index_;
  AlignedArray<size_t> entry_;  ///< entries that the path has
  Tile<T> tile_{};
};

}  // namespace fastdescent
