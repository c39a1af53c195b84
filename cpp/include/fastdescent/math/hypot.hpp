// hypot(x, y) = sqrt(x^2 + y^2), scaled so that no square overflows or vanishes.
#pragma once

#include "fastdescent/math/format.hpp"

namespace fastdescent::FD_ISA {

template <class T>
struct HypotConstants;

template <>
struct HypotConstants<double> {
  static constexpr double small = 0x1p-500, large = 0x1p500, up = 0x1p600, down = 0x1p-600;
};

template <>
struct HypotConstants<float> {
  static constexpr float small = 0x1p-50f, large = 0x1p60f, up = 0x1p90f, down = 0x1p-90f;
};

template <class T>
FD_INLINE Vec<T> hypot(Vec<T> x, Vec<T> y) {
  using C = HypotConstants<T>;
  constexpr T infinity = Format<T>::infinity;
  const Vec<T> ax = abs(x), ay = abs(y);
  const auto swapped = ay > ax;
  const Vec<T> high = select(swapped, ay, ax), low = select(swapped, ax, ay);
  const auto small = high<C::small, large = high> C::large;
  const Vec<T> scale = select(small, splat<T>(C::up), select(large, splat<T>(C::down), splat<T>(1)));
  const Vec<T> back = select(small, splat<T>(C::down), select(large, splat<T>(C::up), splat<T>(1)));
  const Vec<T> a = high * scale, b = low * scale;
  const Vec<T> length = sqrt(fma(a, a, b * b)) * back;
  return select((ax == infinity) | (ay == infinity), splat<T>(infinity), length);
}

}  // namespace fastdescent::FD_ISA
