// The lanes of one thread: trajectories in flight, loaded from starts and written to results.
#pragma once

#include <limits>
#include <vector>

#include "fastdescent/aligned.hpp"
#include "fastdescent/descend.hpp"
#include "fastdescent/status.hpp"

namespace fastdescent {

template <class T>
class Lanes {
 public:
  explicit Lanes(const Descent<T>& run)
      : run_(run),
        rows_(run.step.n_rows * run.n_lanes),
        frozen_(run.n_state * run.n_lanes),
        live_(run.n_lanes),
        until_(run.n_lanes),
        t_(run.n_lanes),
        code_(run.n_lanes),
        index_(run.n_lanes) {
    for (const Instruction& in : run.step.code) {
      decoded_.push_back(run.isa->template kernels<T>().decode(in, rows_.get(), run.n_lanes, run.uniform));
    }
    program_ = {decoded_.data(), decoded_.size(), run.step.split};
    tile_ = {.abi = kernel_abi,
             .lanes = 0,
             .steps = 1,
             .max_stopped = 1,
             .stride = run.n_lanes,
             .rows = rows_.get(),
             .uniform = run.uniform,
             .table = run.table,
             .n_table = static_cast<uint32_t>(run.n_table),
             .table_row = static_cast<uint32_t>(run.table_row),
             .n_state = static_cast<uint32_t>(run.n_state),
             .until = until_.get(),
             .t = t_.get(),
             .code = code_.get(),
             .live = live_.get(),
             .frozen = frozen_.get(),
             .tests = &run.tests,
             .program = &program_};
  }

  uint32_t n_running() const { return tile_.lanes; }
  bool full() const { return tile_.lanes == run_.n_lanes; }

  /// Advances all lanes, at most `steps` steps.
  void advance(uint32_t steps) {
    tile_.steps = steps;
    tile_.max_stopped = 1 + tile_.lanes / 16;
    run_.isa->template kernels<T>().advance(&tile_);
  }

  /// Puts trajectory `index` into a lane at the end.
  void add(size_t index) { load(tile_.lanes++, index); }

  /// Writes the results of lanes that have stopped. `next(index)` gives a trajectory to refill a lane with, or false.
  template <class Next>
  size_t collect(Next next) {
    size_t n_finished = 0;
    for (uint32_t lane = 0; lane < tile_.lanes;) {
      if (code_[lane] == static_cast<int8_t>(Status::live)) {
        ++lane;
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
    for (uint32_t lane = 0; lane < tile_.lanes; ++lane) write(lane, static_cast<int8_t>(Status::interrupted));
    tile_.lanes = 0;
  }

 private:
  T& at(size_t row, size_t lane) { return rows_[row * run_.n_lanes + lane]; }

  void load(uint32_t lane, size_t index) {
    for (size_t r = run_.dim; r < run_.n_state; ++r) at(r, lane) = run_.initial[r];
    for (size_t d = 0; d < run_.dim; ++d) at(d, lane) = run_.starts[index * run_.dim + d];
    for (size_t k = 0; k < run_.n_lane; ++k) at(run_.lane_row + k, lane) = run_.lane_values[index * run_.n_lane + k];
    index_[lane] = index;
    t_[lane] = 0;
    until_[lane] = run_.max_steps;
    code_[lane] = static_cast<int8_t>(Status::live);
    live_[lane] = -1;
  }

  void write(uint32_t lane, int8_t status) {
    const size_t index = index_[lane];
    for (size_t d = 0; d < run_.dim; ++d) {
      const T value = at(d, lane);
      run_.x[index * run_.dim + d] = value == value ? value : std::numeric_limits<T>::quiet_NaN();
    }
    run_.nit[index] = static_cast<int32_t>(t_[lane]);
    run_.status[index] = status;
  }

  /// Keeps running lanes in front. The vacated lane holds a copy of a running one or, at last, of a finished one.
  void move_last_to(uint32_t lane) {
    const uint32_t last = --tile_.lanes;
    for (size_t r = 0; r < run_.n_state; ++r) {
      if (lane != last) at(r, lane) = at(r, last);
      else at(r, last) = at(r, 0);
    }
    for (size_t r = run_.lane_row; r < run_.lane_row + run_.n_lane; ++r) at(r, lane) = at(r, last);
    index_[lane] = index_[last];
    t_[lane] = t_[last];
    code_[lane] = code_[last];
    live_[lane] = live_[last];
    live_[last] = 0;
  }

  using Int = std::conditional_t<sizeof(T) == 8, int64_t, int32_t>;
  const Descent<T>& run_;
  AlignedArray<T> rows_, frozen_;
  AlignedArray<Int> live_;
  AlignedArray<uint32_t> until_, t_;
  AlignedArray<int8_t> code_;
  AlignedArray<size_t> index_;
  std::vector<Decoded<T>> decoded_;
  Code<T> program_{};
  Tile<T> tile_{};
};

}  // namespace fastdescent
