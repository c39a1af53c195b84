// Many trajectories of one step Program, from their starts to their stops.
#pragma once

#include <cstddef>
#include <cstdint>

#include "fastdescent/isa.hpp"
#include "fastdescent/program.hpp"
#include "fastdescent/recording.hpp"
#include "fastdescent/status.hpp"
#include "fastdescent/threads.hpp"

namespace fastdescent {

/// Trajectories may be advanced in place: then what was before (starts, state, t, status) and the results share arrays,
/// and the point stands in `x` alone, not in the rows of it that `state_after` has.
template <class T>
struct Descent {
  const Isa* isa;
  Section step;
  const T* uniform;
  const T* table;               ///< (max_steps + 1, n_table)
  const T* initial;             ///< state rows of a trajectory at t = 0; the first `dim` are replaced by its start
  const T* starts;              ///< (n, dim)
  const T* lane_values;         ///< (n, n_lane)
  const T* state_before;        ///< (n, n_state): where runs that go on stood, or null
  const int32_t* t_before;      ///< (n): the updates that they had made, or null
  const int8_t* status_before;  ///< (n): nothing is done for those that are not `running`; null: all run
  uint64_t first_index;         ///< of the first trajectory, for its random numbers
  const uint64_t* indices;      ///< (n): those of all of them, or null where they follow on the first one
  size_t n, dim, n_state, n_lane, lane_row, n_table, table_row;
  size_t n_index;  ///< rows after those of the lanes that hold a trajectory's index, 16 bits each; 0: it is not needed
  uint32_t max_steps;
  const int32_t* t_last;  ///< (n): the most updates of each trajectory, or null: max_steps
  Tests<T> tests;
  bool may_speculate;    ///< see StepReadings::may_speculate
  Compiled<T> compiled;  ///< runs the step where its block is not 0, else the interpreter does
  size_t n_lanes;        ///< trajectories in flight on a thread, at most; results do not depend on it
  unsigned n_threads;
  Recording record;
  Paths<T>* paths;  ///< results: stores for n_threads, or null where nothing is recorded
  T* x;             ///< (n, dim)
  int32_t* nit;     ///< (n)
  int8_t* status;   ///< (n)
  T* state_after;   ///< (n, n_state), or null

  bool in_place() const { return status_before; }
  uint64_t index_of(size_t k) const { return indices ? indices[k] : first_index + k; }
  uint32_t block() const {
    return compiled.block ? compiled.block : static_cast<uint32_t>(isa->template kernels<T>().block);
  }
  uint32_t last_step(size_t k) const { return t_last ? static_cast<uint32_t>(t_last[k]) : max_steps; }
  bool records(size_t k) const { return paths && record.row[k] >= 0; }
  bool runs(size_t index) const {
    return !status_before || status_before[index] == static_cast<int8_t>(Status::running);
  }
};

/// Runs every trajectory; where `poll` cancels, the unfinished ones are `interrupted`. A trajectory that is recorded
/// starts at t = 0 and has at least one entry. Throws std::bad_alloc where the paths outgrow what they may take.
template <class T>
void descend(const Descent<T>& run, const Poll& poll);

}  // namespace fastdescent
