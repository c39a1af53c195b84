// exp(x) = 2^k exp(r), |r| <= log(2)/2, and the two pieces that other functions share with it.
#pragma once

#include "fastdescent/math/format.hpp"
#include "fastdescent/math/polynomial.hpp"

namespace fastdescent::FD_ISA {

template <class T>
struct ExpConstants;

/// p is the minimax polynomial of (exp(r) - 1 - r) / r^2 for the relative error of exp(r) - 1.
template <>
struct ExpConstants<double> {
  static constexpr double highest = 710.0, lowest = -746.0;  // beyond: infinity, zero
  static constexpr double log2_e = 1.4426950408889634;
  static constexpr double ln2 = 0.6931471805599453, ln2_low = 2.3190468138462996e-17;
  static constexpr double p[] = {0.5000000000000006,    0.16666666666666588,    0.041666666666574655,
                                 0.008333333333390872,  0.001388888893231061,   0.0001984126971684846,
                                 2.480150431991563e-05, 2.7557408590619188e-06, 2.762643666463239e-07,
                                 2.5053777896415553e-08};
};

template <>
struct ExpConstants<float> {
  static constexpr float highest = 89.0f, lowest = -104.0f;
  static constexpr float log2_e = 1.442695f;
  static constexpr float ln2 = 0.6931472f, ln2_low = -1.9046542e-09f;
  static constexpr float p[] = {0.49999997f, 0.16666542f, 0.041667204f, 0.008366713f, 0.001388248f};
};

/// exp(r) - 1 - r.
template <class T>
FD_INLINE Vec<T> exp_tail(Vec<T> r) {
  const Vec<T> r2 = r * r;
  return r2 * polynomial<T>(r, r2, ExpConstants<T>::p);
}

/// The shift for scale_by_power: leaves k + 2*bias in the lowest bits, so that halving makes two exponents.
template <class T>
inline constexpr T exp_shift = Format<T>::round_shift + 2 * Format<T>::bias;

/// v * 2^k, where shifted = bits(k + exp_shift). Two factors: 2^k may be subnormal, or not fit, where the product does.
template <class T>
FD_INLINE Vec<T> scale_by_power(Vec<T> v, IVec<T> shifted) {
  const IVec<T> half = ushr(shifted, 1);
  const Vec<T> first = reals(half << Format<T>::fraction_bits);
  const Vec<T> second = reals((shifted - half) << Format<T>::fraction_bits);
  return v * first * second;
}

template <class T>
FD_INLINE Vec<T> exp(Vec<T> x) {
  using C = ExpConstants<T>;
  Vec<T> a = select(x > C::highest, splat<T>(C::highest), x);
  a = select(a < C::lowest, splat<T>(C::lowest), a);
  const Vec<T> shifted = fma(a, splat<T>(C::log2_e), splat<T>(exp_shift<T>));
  const Vec<T> k = shifted - exp_shift<T>;
  Vec<T> r = fma(k, splat<T>(-C::ln2), a);
  r = fma(k, splat<T>(-C::ln2_low), r);
  const Vec<T> e = 1 + (r + exp_tail<T>(r));
  return scale_by_power<T>(e, bits(shifted));
}

}  // namespace fastdescent::FD_ISA
