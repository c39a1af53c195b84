// Where paths are recorded (the twin is python/fastdescent/engines/numba/recording.py): a thread appends the points of
// its trajectories to a store of its own, and at the end the points of all stores are put in the order of the
// trajectories.
//
// Two trajectories a and b of one thread, every step kept; a ends after one step, b after two:
//
//     rows    0  1  0  1  1
//     points  a0 b0 a1 b1 b2
//
// In order: offsets 0 2 5, values a0 a1 b0 b1 b2. The row of a point is all that has to be kept with the point, since
// one thread makes all steps of a trajectory, and a store has the points in the order in which they were appended.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "fastdescent/threads.hpp"

namespace fastdescent {

/// Which points are kept. The end of a trajectory is kept at whatever step, as the last entry of the path.
struct Recording {
  static constexpr uint64_t never = std::numeric_limits<uint64_t>::max();

  const uint32_t* steps;  ///< ascending, the first one 0
  size_t n_steps;
  uint32_t every;      ///< after the last of `steps` every so many; 0: none
  const int32_t* row;  ///< (n): the row of a trajectory's path, -1: none

  /// The step of an entry that is not the last one of a path.
  uint64_t step_of(size_t entry) const {
    if (entry < n_steps) return steps[entry];
    return every ? steps[n_steps - 1] + static_cast<uint64_t>(every) * (entry + 1 - n_steps) : never;
  }
};

/// How many points all threads together may record.
struct Allowance {
  const size_t most;
  std::atomic<size_t> taken{0};

  /// Throws std::bad_alloc where that is too many.
  void take(size_t n_points);
};

/// The points that one thread records. The memory grows by blocks, so that no point is moved before the end.
template <class T>
class alignas(64) PathStore {
 public:
  PathStore(size_t dim, Allowance& allowance);

  /// Where the `dim` numbers of the next point of a path go. Throws std::bad_alloc.
  T* add(int32_t row) {
    if (blocks_.empty() || blocks_.back().n == blocks_.back().most) begin_block();
    Block& block = blocks_.back();
    rows(block)[block.n] = row;
    return points(block) + block.n++ * dim_;
  }

  /// Adds the number of points in each row.
  void count(int64_t* lengths) const;

  /// Moves each point to the next place of its row in `values`, and gives the memory back.
  void move_to(T* values, int64_t* next_place);

 private:
  /// First all points, then all rows.
  struct Block {
    std::unique_ptr<std::byte[]> memory;
    size_t most, n;
  };
  T* points(const Block& block) const { return reinterpret_cast<T*>(block.memory.get()); }
  int32_t* rows(const Block& block) const { return reinterpret_cast<int32_t*>(points(block) + block.most * dim_); }
  void begin_block();

  size_t dim_;
  Allowance* allowance_;
  std::vector<Block> blocks_;
};

/// The stores of all threads.
template <class T>
class Paths {
 public:
  Paths(size_t dim, unsigned n_threads, size_t most_points);

  PathStore<T>& of_thread(unsigned k) { return stores_[k]; }

  /// (n_rows + 1): where each path begins, and the number of all points. Throws std::bad_alloc where it is too large.
  std::vector<int64_t> offsets(size_t n_rows) const;

  /// Moves all points to `values`, (offsets.back(), dim), and empties the stores.
  void move_to(T* values, const std::vector<int64_t>& offsets, const Poll& poll);

 private:
  Allowance allowance_;
  std::vector<PathStore<T>> stores_;
};

}  // namespace fastdescent
