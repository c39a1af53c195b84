// asin and acos: the angle of the point (sqrt(1 - x^2), x) of the unit circle.
#pragma once

#include "fastdescent/math/atan.hpp"

namespace fastdescent::FD_ISA {

/// sqrt(1 - x^2), NaN past 1.
template <class T>
FD_INLINE Vec<T> circle_height(Vec<T> x) {
  return sqrt((1 - x) * (1 + x));
}

template <class T>
FD_INLINE Vec<T> asin(Vec<T> x) {
  const Vec<T> size = abs(x), other = circle_height<T>(size);
  const auto steep = size > other;
  const Vec<T> low = select(steep, other, size), high = select(steep, size, other);
  const Vec<T> eighths = select(steep, splat<T>(2), splat<T>(0));
  const Vec<T> sign = select(steep, splat<T>(-1), splat<T>(1));
  return flip_sign<T>(octant_angle<T>(low, high, eighths, sign), x);
}

template <class T>
FD_INLINE Vec<T> acos(Vec<T> x) {
  const Vec<T> size = abs(x), other = circle_height<T>(size);
  const auto steep = other > size;
  const Vec<T> low = select(steep, size, other), high = select(steep, other, size);
  const auto left = x < 0;
  Vec<T> eighths = select(steep, splat<T>(2), splat<T>(0));
  Vec<T> sign = select(steep, splat<T>(-1), splat<T>(1));
  eighths = select(left, 4 - eighths, eighths);
  sign = select(left, -sign, sign);
  return octant_angle<T>(low, high, eighths, sign);
}

}  // namespace fastdescent::FD_ISA
