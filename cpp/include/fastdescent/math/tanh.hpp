// tanh(x) = -expm1(-2|x|) / (2 + expm1(-2|x|)), with the sign of x.
#pragma once

#include "fastdescent/math/exp.hpp"
#include "fastdescent/math/format.hpp"

namespace fastdescent::FD_ISA {

template <class T>
inline constexpr T tanh_saturated = 22;  // from here on tanh rounds to 1
template <>
inline constexpr float tanh_saturated<float> = 11;

/// With exp(-2|x|) = s (1 + p), s = 2^k: numerator (1 - s) - s p, denominator (1 + s) + s p, neither cancels.
/// One Newton step on their quotient brings in what p and both of them lost to rounding.
template <class T>
FD_INLINE Vec<T> tanh(Vec<T> x) {
  using C = ExpConstants<T>;
  constexpr T shift = Format<T>::round_shift + Format<T>::bias;
  const Vec<T> size = abs(x);
  const Vec<T> a = select(size > tanh_saturated<T>, splat<T>(tanh_saturated<T>), size) * -2;
  const Vec<T> shifted = fma(a, splat<T>(C::log2_e), splat<T>(shift));
  const Vec<T> k = shifted - shift;
  Vec<T> r = fma(k, splat<T>(-C::ln2), a);
  r = fma(k, splat<T>(-C::ln2_low), r);
  const Vec<T> tail = exp_tail<T>(r);
  const Vec<T> p = r + tail;
  const Vec<T> p_low = (r - p) + tail;

  const Vec<T> s = reals(bits(shifted) << Format<T>::fraction_bits);
  const Vec<T> less = 1 - s;
  const Vec<T> top = fma(-s, p, less), bottom = fma(s, p, 1 + s);
  const Vec<T> top_low = fma(-s, p_low, fma(-s, p, less - top)), bottom_low = fma(s, p, s - (bottom - 1));
  const Vec<T> inverse = 1 / bottom;
  const Vec<T> q = top * inverse;
  const Vec<T> rest = fma(-q, bottom_low, fma(-q, bottom, top) + top_low);
  return flip_sign<T>(fma(rest, inverse, q), x);
}

}  // namespace fastdescent::FD_ISA
