// atan and atan2: the angle of (low, high), 0 <= low <= high, by one division and a series on [-1/3, 1/2].
#pragma once

#include "fastdescent/math/format.hpp"
#include "fastdescent/math/polynomial.hpp"

namespace fastdescent::FD_ISA {

template <class T>
struct AtanConstants;

/// p is the minimax polynomial of (t - atan t) / t^3 in t^2.
template <>
struct AtanConstants<double> {
  static constexpr double eighth = 0.7853981633974483, eighth_low = 3.061616997868383e-17;  // pi/4
  static constexpr double infinite = 0x1p60;                                                // atan rounds to pi/2
  static constexpr double small = 0x1p-700, up = 0x1p300, large = 0x1p1000, down = 0x1p-100;
  static constexpr double p[] = {0.33333333333332976,   -0.1999999999990157,   0.14285714276244302,
                                 -0.11111110653309637,  0.0909089608331743,    -0.07692071356819156,
                                 0.06663784382455297,   -0.058581213391823726, 0.051212191617947524,
                                 -0.041843112179224554, 0.027400049050272532,  -0.010092680475082728};
};

template <>
struct AtanConstants<float> {
  static constexpr float eighth = 0.7853982f, eighth_low = -2.1855694e-08f;
  static constexpr float infinite = 0x1p30f;
  static constexpr float small = 0x1p-80f, up = 0x1p60f, large = 0x1p100f, down = 0x1p-28f;
  static constexpr float p[] = {0.33333233f, -0.19994168f, 0.1417423f, -0.10156272f, 0.05126655f};
};

/// eighths * pi/4 + sign * atan(low / high), for 0 <= low <= high; sign is 1 or -1.
/// Past 1/2 it is atan(l/h) = pi/4 + atan((l - h) / (h + l)). The quotient t carries its own rounding error along.
template <class T>
FD_INLINE Vec<T> octant_angle(Vec<T> low, Vec<T> high, Vec<T> eighths, Vec<T> sign) {
  using C = AtanConstants<T>;
  const auto steep = low > high * splat<T>(0.5);
  const Vec<T> top = low - select(steep, high, splat<T>(0));
  const Vec<T> addend = select(steep, low, splat<T>(0));
  const Vec<T> bottom = high + addend;
  const Vec<T> bottom_low = addend - (bottom - high);
  const Vec<T> inverse = 1 / bottom;
  const Vec<T> t = top * inverse;
  const Vec<T> t_low = fma(-t, bottom_low, fma(-t, bottom, top)) * inverse;

  const Vec<T> z = t * t;
  const Vec<T> loss = t * z * polynomial<T>(z, z * z, C::p);
  const Vec<T> turned = eighths + select(steep, sign, splat<T>(0));
  const Vec<T> base = turned * C::eighth;
  const Vec<T> base_low = fma(turned, splat<T>(C::eighth_low), fma(turned, splat<T>(C::eighth), -base));
  const Vec<T> part = t * sign;
  const Vec<T> sum = base + part;
  const Vec<T> sum_low = (base - sum) + part;
  return sum + (sum_low + fma(sign, t_low - loss, base_low));
}

template <class T>
FD_INLINE Vec<T> atan(Vec<T> x) {
  using C = AtanConstants<T>;
  const Vec<T> size = abs(x);
  const Vec<T> a = select(size > C::infinite, splat<T>(C::infinite), size);
  const auto swapped = a > 1;
  const Vec<T> low = select(swapped, splat<T>(1), a), high = select(swapped, a, splat<T>(1));
  const Vec<T> eighths = select(swapped, splat<T>(2), splat<T>(0));
  const Vec<T> sign = select(swapped, splat<T>(-1), splat<T>(1));
  return flip_sign<T>(octant_angle<T>(low, high, eighths, sign), x);
}

template <class T>
FD_INLINE Vec<T> atan2(Vec<T> y, Vec<T> x) {
  using C = AtanConstants<T>;
  const Vec<T> ax = abs(x), ay = abs(y);
  const auto swapped = ay > ax;
  Vec<T> low = select(swapped, ax, ay), high = select(swapped, ay, ax);

  // Infinite: (inf, inf) is a diagonal, else an axis; low * 0 lets NaN through. (0, 0) lies on an axis.
  const auto infinite = high == Format<T>::infinity;
  low = select(infinite, select(low == high, splat<T>(1), low * 0), low);
  high = select(infinite, splat<T>(1), select(high == 0, splat<T>(1), high));

  const Vec<T> scale =
      select(high < C::small, splat<T>(C::up), select(high > C::large, splat<T>(C::down), splat<T>(1)));
  low = low * scale;
  high = high * scale;

  const auto left = bits(x) < 0;
  Vec<T> eighths = select(swapped, splat<T>(2), splat<T>(0));
  Vec<T> sign = select(swapped, splat<T>(-1), splat<T>(1));
  eighths = select(left, 4 - eighths, eighths);
  sign = select(left, -sign, sign);
  return flip_sign<T>(octant_angle<T>(low, high, eighths, sign), y);
}

}  // namespace fastdescent::FD_ISA
