// The kernel contract: advance these lanes until each stops or pauses. Interpreter and compiled kernels obey it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fastdescent {

/// One instruction, as the Program has it: loops of n_outer x n_middle x n_inner rows; bit k of `uniform` says that
/// operand k is read from the uniform vector, not from rows. A reduction sums over the inner loop.
struct Operand {
  int32_t offset, outer, middle, inner;
};
struct Instruction {
  int32_t op, uniform, n_outer, n_middle, n_inner;
  Operand out, operand[3];
};
static_assert(sizeof(Instruction) == 21 * sizeof(int32_t));

/// Row r of a block. Rows times lanes go beyond 32 bits.
template <class T>
static constexpr T* row_start(T* rows, size_t r, size_t block) {
  return rows + r * block;
}

/// What ends a trajectory, tested between the two halves of a step. Row numbers are -1 for what is absent;
/// a tolerance below zero is never met.
template <class T>
struct Tests {
  int32_t dim, x, gradient, fun, previous_fun, previous_x, moved;
  int32_t stop;      ///< a row with the status that tests in the step's own graph give a trajectory; 0: it goes on
  int32_t alarm;     ///< outside the radius means `alarm`, whatever else holds
  T gtol2, escape2;  ///< squares; escape2 is infinite where there is no radius
  T xtol2, ftol;
  const T* center;      ///< of the escape radius, `dim` numbers
  const T *low, *high;  ///< of the box that may not be left, `dim` numbers each, or null
};

/// The lanes of one block: row r stands at row_start(rows, r, block). The first n_state rows are the state, which the
/// kernel replaces at every step. Lanes with live[i] != 0 run; when one stops or reaches until[i], its status is set,
/// its state is frozen and its t is the number of updates made. Returns after `steps` steps, or after the step in which
/// `max_stopped` lanes have stopped. All `block` lanes are computed; those that do not run are ignored.
template <class T>
struct Tile {
  uint32_t steps, max_stopped, n_state, block;
  T* rows;
  const T* uniform;
  const T* table;  ///< (t, n_table): the values that depend on t alone
  uint32_t n_table, table_row;
  const uint32_t* until;
  uint32_t* t;
  int8_t* status;
  void* live;  ///< integers as wide as T: -1 runs, 0 does not
  T* frozen;   ///< (n_state, block), for the kernel's own use
  T* saved;    ///< (n_state, block), likewise
  uint32_t
      n_speculated;  ///< steps that may be made without tests, as it seems; likewise, from call to call; 0 at first
  const Tests<T>* tests;
  const void* program;  ///< a StepReadings of the interpreter, or a Compiled
};

/// The lanes of a block in a compiled function. `engines/jit/kernel/arguments.py` knows this layout.
template <class T>
struct KernelArguments {
  T* rows;
  const T* uniform;
  const T* table;               ///< its row of the first step; that of lane i stands table_offset[i] numbers further on
  const int64_t* table_offset;  ///< null where the lanes agree on t
  const T *center, *low, *high;
  void (*huge_angle)(const T* x, void* quadrant, T* r, T* tail);  ///< of one vector
  uint32_t candidates[8];  ///< written: for each vector, the lanes that may have to stop
  T gtol2, escape2, xtol2, ftol;
};

/// A step Program as machine code for blocks of `block` lanes.
template <class T>
struct Compiled {
  /// Makes `steps` steps, or as many as certainly stop no lane; returns how many. Then the tests' rows are those of the
  /// point reached.
  uint32_t (*exact)(KernelArguments<T>*, uint32_t steps) noexcept;
  /// Makes `steps` steps without tests, at least one. Returns whether all points on the way, the first and the last one
  /// too, are certainly within the radius.
  uint32_t (*fast)(KernelArguments<T>*, uint32_t steps) noexcept;
  uint32_t block;      ///< 0: there is no machine code
  bool may_speculate;  ///< as in StepReadings
};

/// A section that runs once, as machine code for blocks of `block` lanes, from its input rows to its output rows.
template <class T>
struct CompiledSection {
  uint32_t (*evaluate)(KernelArguments<T>*, uint32_t) noexcept;
  uint32_t block;  ///< 0: there is no machine code
};

}  // namespace fastdescent
