// What one instruction set offers to the rest of the core.
#pragma once

#include <cstddef>

#include "fastdescent/kernel.hpp"
#include "fastdescent/opcodes.hpp"

namespace fastdescent {

/// Where an instruction of one row finds an operand: a row, a uniform number, the result of the instruction before
/// (still in registers), or wherever the first operand is.
enum class Source { row, uniform, previous, first };

/// How far a result or operand moves on with each turn of the loops, in rows of the block or uniform numbers.
struct Strides {
  int32_t outer, middle, inner;
};

/// A decoded instruction. `run` is a function of the instruction set; it ends by calling that of the next one. What
/// instructions of one row read stands in front.
struct Decoded {
  void* run;
  ptrdiff_t out, operand[3];  ///< where they begin, in numbers, not rows
  int32_t n_outer, n_middle, n_inner;
  Strides out_strides, strides[3];
};

/// Three readings of one step: up to the stop test, from there on, and both at once where there is no test between.
struct StepReadings {
  const Decoded *head, *tail, *whole;
  bool may_speculate;  ///< nothing but the radius or a non-finite number can stop a lane, and those show in x at once
  int32_t sizes;       ///< row for sums of squared distances
  bool notes_sizes;    ///< `whole` adds the squares of the coordinates that it writes
};

template <class T>
struct Kernels {
  int block;  ///< lanes of a block
  /// The function for one row, or null where the opcode has no such form; `keep` writes the result to its row.
  void* (*single)(Op op, const Source* sources, bool keep) noexcept;
  void* (*general)(Op op, int uniform) noexcept;  ///< the function for any loops
  void* (*note)() noexcept;  ///< the function that adds the squares of the result before to the sizes
  void* (*stop)() noexcept;  ///< the function after the last instruction
  void (*execute)(const Decoded* code, T* rows, const T* uniform) noexcept;
  void (*advance)(Tile<T>*) noexcept;           ///< the interpreter's kernel; Tile::program is a StepReadings
  void (*advance_compiled)(Tile<T>*) noexcept;  ///< the kernel of compiled Programs; Tile::program is a Compiled
  void (*call)(const CompiledSection<T>& section, T* rows, const T* uniform) noexcept;
};

struct Isa {
  const char* name;
  Kernels<double> f64;
  Kernels<float> f32;

  template <class T>
  const Kernels<T>& kernels() const {
    if constexpr (sizeof(T) == 8) return f64;
    else return f32;
  }
};

/// The instruction sets that this machine runs, best first; ends with a null pointer.
const Isa* const* available_isas();

}  // namespace fastdescent
