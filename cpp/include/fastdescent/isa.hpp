// What one instruction set offers to the rest of the core.
#pragma once

#include <cstddef>

#include "fastdescent/kernel.hpp"

namespace fastdescent {

/// An instruction with its addresses worked out; `run` goes over `lanes` lanes of every row.
template <class T>
struct Decoded {
  void (*run)(const Decoded&, size_t lanes);
  int32_t n_outer, n_inner;
  T* out;
  const T* operand[3];
  ptrdiff_t out_outer, out_inner, outer[3], inner[3];
};

/// A decoded section; the first `split` instructions run before the stop test.
template <class T>
struct Code {
  const Decoded<T>* instructions;
  size_t n, split;
};

template <class T>
struct Kernels {
  Decoded<T> (*decode)(const Instruction&, T* rows, size_t stride, const T* uniform);
  void (*advance)(Tile<T>*);  ///< the interpreter's kernel; Tile::program is a Code<T>
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
