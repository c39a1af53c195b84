// tanh(x), from exp(-2|x|) = 2^k exp(-2r), |r| <= log(2)/4, with the sign of x.
#pragma once

#include "fastdescent/math/exp.hpp"
#include "fastdescent/math/format.hpp"
#include "fastdescent/math/polynomial.hpp"

namespace fastdescent::FD_ISA {

template <class T>
struct TanhConstants;

/// p is the minimax polynomial of (r coth(r) - 1) / r^2 in r^2, for the relative error of r coth(r).
template <>
struct TanhConstants<double> {
  static constexpr double saturated = 22;  // from here on tanh rounds to 1
  static constexpr double p[] = {0.33333333333333204, -0.022222222221614064, 0.0021164020230430873,
                                 -0.0002116339560351619, 2.1187372392149583e-05};
};

template <>
struct TanhConstants<float> {
  static constexpr float saturated = 11;
  static constexpr float p[] = {0.3333325f, -0.02213411f};
};

/// With w = 2^k and d = r coth(r): tanh|x| = ((1-w) d + (1+w) r) / ((1+w) d + (1-w) r).
/// (1-w)^2 is within 0.25 of that, and is split off before the division: what is left to divide is small, and so are
/// its rounding errors. Near zero w = 1, nothing is split off, and r / d is left, where r = |x| has no error.
/// The largest error, 1.83 ulp, is where w is half an ulp of 1 and 1 + w rounds to 1.
template <class T>
FD_INLINE Vec<T> tanh(Vec<T> x) {
  using E = ExpConstants<T>;
  using C = TanhConstants<T>;
  constexpr T shift = Format<T>::round_shift + Format<T>::bias;
  const Vec<T> size = abs(x);
  const Vec<T> a = select(size > C::saturated, splat<T>(C::saturated), size);
  const Vec<T> shifted = fma(a, splat<T>(-2 * E::log2_e), splat<T>(shift));
  const Vec<T> k = shifted - shift;
  // What ln2 lacks moves the result by 0.41 ulp at most: tanh is flat where k is large.
  const Vec<T> r = fma(k, splat<T>(E::ln2 / 2), a);
  const Vec<T> w = reals(bits(shifted) << Format<T>::fraction_bits);

  const Vec<T> r2 = r * r;
  const Vec<T> d_less_one = r2 * horner<T>(r2, C::p);
  const Vec<T> less = 1 - w, more = 1 + w;
  const Vec<T> near = less * less;
  const Vec<T> by_d = fma(-near, more, less), by_r = fma(-near, less, more);
  const Vec<T> top = fma(by_d, d_less_one, fma(by_r, r, by_d));
  const Vec<T> bottom = more + fma(more, d_less_one, less * r);
  return flip_sign<T>(near + top / bottom, x);
}

}  // namespace fastdescent::FD_ISA
