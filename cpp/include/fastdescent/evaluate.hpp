// A section evaluated at many points: values, gradients, Hessian-vector products, tables.
#pragma once

#include <cstddef>
#include <vector>

#include "fastdescent/isa.hpp"
#include "fastdescent/program.hpp"
#include "fastdescent/threads.hpp"

namespace fastdescent {

/// Columns [0, size) of an (n, size) array, standing in rows [offset, offset + size) of the section.
template <class P>
struct Block {
  P* data;
  size_t offset, size;
};

template <class T>
struct Evaluation {
  const Isa* isa;
  Section section;
  CompiledSection<T> compiled;  ///< runs the section where its block is not 0, else the interpreter does
  const T* uniform;
  std::vector<Block<const T>> inputs;
  std::vector<Block<T>> outputs;
  size_t n_points;
  unsigned n_threads;

  size_t block() const { return compiled.block ? compiled.block : isa->template kernels<T>().block; }
};

/// Returns false if `poll` cancelled.
template <class T>
bool evaluate(const Evaluation<T>& evaluation, const Poll& poll);

}  // namespace fastdescent
