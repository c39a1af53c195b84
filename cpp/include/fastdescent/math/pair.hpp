// A number in two parts.
#pragma once

namespace fastdescent::FD_ISA {

/// An unevaluated sum.
template <class T>
struct Pair {
  Vec<T> high, low;
};

}  // namespace fastdescent::FD_ISA
