// expm1(x) = exp(x) - 1, and sinh and cosh.
#pragma once

#include "fastdescent/math/exp.hpp"
#include "fastdescent/math/format.hpp"
#include "fastdescent/math/pair.hpp"

namespace fastdescent::FD_ISA {

template <class T>
struct Expm1Constants;

template <>
struct Expm1Constants<double> {
  static constexpr double highest = 710.6, lowest = -40.0;  // beyond: infinity, -1
  static constexpr double tiny = 0x1p-54;                   // below: expm1(x) and sinh(x) round to x
};

template <>
struct Expm1Constants<float> {
  static constexpr float highest = 89.6f, lowest = -20.0f;
  static constexpr float tiny = 0x1p-25f;
};

/// (exp(x) - 1) / 4, for x in [lowest, highest]; the quarter keeps 2^k finite where exp(x) / 2 is.
template <class T>
FD_INLINE Pair<T> expm1_quarter(Vec<T> x) {
  using C = ExpConstants<T>;
  constexpr T shift = Format<T>::round_shift + Format<T>::bias - 2;
  const Vec<T> shifted = fma(x, splat<T>(C::log2_e), splat<T>(shift));
  const Vec<T> k = shifted - shift;
  const Vec<T> first = fma(k, splat<T>(-C::ln2), x);
  const Vec<T> r = fma(k, splat<T>(-C::ln2_low), first);
  const Vec<T> r_low = fma(k, splat<T>(-C::ln2_low), first - r);
  const Vec<T> tail = exp_tail<T>(r);
  const Vec<T> p = r + tail;
  const Vec<T> p_low = (r - p) + (tail + r_low);
  const Vec<T> s = reals(bits(shifted) << Format<T>::fraction_bits);
  const Vec<T> base = s - splat<T>(0.25);
  const Vec<T> high = fma(s, p, base);
  return {high, fma(s, p_low, fma(s, p, base - high))};
}

template <class T>
FD_INLINE Vec<T> expm1(Vec<T> x) {
  using C = Expm1Constants<T>;
  Vec<T> a = select(x > C::highest, splat<T>(C::highest), x);
  a = select(a < C::lowest, splat<T>(C::lowest), a);
  const auto [high, low] = expm1_quarter<T>(a);
  return select(abs(x) < C::tiny, x, 4 * (high + low));
}

/// With u = expm1(|x|) / 2: sinh|x| = u + u / (2u + 1), its quotient written so that it stays finite. By its
/// derivative, 1 + 1 / (2u + 1)^2, the low part of u comes in.
template <class T>
FD_INLINE Vec<T> sinh(Vec<T> x) {
  using C = Expm1Constants<T>;
  const Vec<T> size = abs(x);
  const auto beyond = size > C::highest;
  const auto [quarter, quarter_low] = expm1_quarter<T>(select(beyond, splat<T>(1), size));
  const Vec<T> u = 2 * quarter, u_low = 2 * quarter_low;
  const Vec<T> quotient = quarter / (u + splat<T>(0.5));
  const Vec<T> inverse = 1 - 2 * quotient;
  const Vec<T> result = u + fma(u_low, fma(inverse, inverse, splat<T>(1)), quotient);
  const Vec<T> bounded = select(beyond, splat<T>(Format<T>::infinity), result);
  return flip_sign<T>(select(size < C::tiny, size, bounded), x);
}

/// With u = exp(|x|) / 2: cosh(x) = u + 1 / (4u).
template <class T>
FD_INLINE Vec<T> cosh(Vec<T> x) {
  using C = Expm1Constants<T>;
  const Vec<T> size = abs(x);
  const auto beyond = size > C::highest;
  const auto [quarter, quarter_low] = expm1_quarter<T>(select(beyond, splat<T>(1), size));
  const Vec<T> u = 2 * (quarter + splat<T>(0.25)), u_low = 2 * quarter_low;
  const Vec<T> result = u + (splat<T>(0.25) / u + u_low);
  return select(beyond, splat<T>(Format<T>::infinity), result);
}

}  // namespace fastdescent::FD_ISA
