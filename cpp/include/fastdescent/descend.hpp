// Many trajectories of one step Program, from their starts to their stops.
#pragma once

#include <cstddef>
#include <cstdint>

#include "fastdescent/isa.hpp"
#include "fastdescent/program.hpp"
#include "fastdescent/threads.hpp"

namespace fastdescent {

template <class T>
struct Descent {
  const Isa* isa;
  Section step;
  const T* uniform;
  const T* table;        ///< (max_steps + 1, n_table)
  const T* initial;      ///< state rows of a trajectory at t = 0; the first `dim` are replaced by its start
  const T* starts;       ///< (n, dim)
  const T* lane_values;  ///< (n, n_lane)
  size_t n, dim, n_state, n_lane, lane_row, n_table, table_row;
  uint32_t max_steps;
  Tests<T> tests;
  bool plain;      ///< see Code::plain
  size_t n_lanes;  ///< trajectories in flight on a thread, at most; results do not depend on it
  unsigned n_threads;
  T* x;            ///< results: (n, dim)
  int32_t* nit;    ///< (n)
  int8_t* status;  ///< (n)
};

/// Runs every trajectory; where `poll` cancels, the unfinished ones are `interrupted`.
template <class T>
void descend(const Descent<T>& run, const Poll& poll);

}  // namespace fastdescent
