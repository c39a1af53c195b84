// floor and ceil, from the rounding to nearest; signs of zeros are IEEE 754's.
#pragma once

#include "fastdescent/math/format.hpp"

namespace fastdescent::FD_ISA {

template <class T>
FD_INLINE Vec<T> floor(Vec<T> x) {
  const Vec<T> nearest = rint(x);
  return select(nearest > x, nearest - 1, nearest);
}

template <class T>
FD_INLINE Vec<T> ceil(Vec<T> x) {
  return -floor<T>(-x);
}

}  // namespace fastdescent::FD_ISA
