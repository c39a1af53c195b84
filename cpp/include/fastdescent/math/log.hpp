// log(x) = k log(2) + log(1 + f), as in fdlibm's e_log.c (Sun Microsystems, 1993), with fma.
#pragma once

#include "fastdescent/math/exp.hpp"
#include "fastdescent/math/format.hpp"
#include "fastdescent/math/polynomial.hpp"

namespace fastdescent::FD_ISA {

template <class T>
struct LogConstants;

/// p is the minimax polynomial of (2 atanh(s) - 2 s) / s^3 in s^2.
template <>
struct LogConstants<double> {
  static constexpr double subnormal_scale = 0x1p54, subnormal_shift = 54;
  static constexpr int64_t sqrt_half = 0x3fe6a09e667f3bcd;
  static constexpr double integer_shift = 0x1p52;
  static constexpr double p[] = {0.6666666666666735,  0.3999999999940937,  0.28571428743681204, 0.22222198429627849,
                                 0.18183572316858235, 0.15313833229766766, 0.14798247338156145};
};

template <>
struct LogConstants<float> {
  static constexpr float subnormal_scale = 0x1p25f, subnormal_shift = 25;
  static constexpr int32_t sqrt_half = 0x3f3504f3;
  static constexpr float integer_shift = 0x1p23f;
  static constexpr float p[] = {0.66666776f, 0.39977568f, 0.2987146f};
};

/// x = significand * 2^exponent, sqrt(1/2) <= significand < sqrt(2), for finite x > 0.
template <class T>
struct Split {
  Vec<T> exponent, significand;
};

/// As `split`, with the bias and the shift still in the exponent. Subnormal numbers are not split so.
template <class T>
FD_INLINE Split<T> split_normal(Vec<T> x) {
  using C = LogConstants<T>;
  using F = Format<T>;
  const IVec<T> i = bits(x) + ((F::bias << F::fraction_bits) - C::sqrt_half);
  const Vec<T> biased = reals(ushr(i, F::fraction_bits) | bits(splat<T>(C::integer_shift)));
  return {biased, reals((i & F::fraction_mask) + C::sqrt_half)};
}

template <class T>
FD_INLINE Split<T> split(Vec<T> x) {
  using C = LogConstants<T>;
  using F = Format<T>;
  constexpr T offset = C::integer_shift + F::bias;
  const auto subnormal = x < F::min_normal;
  const auto [biased, significand] = split_normal<T>(select(subnormal, x * C::subnormal_scale, x));
  return {biased - select(subnormal, splat<T>(offset + C::subnormal_shift), splat<T>(offset)), significand};
}

/// k log(2) + log(1 + f), sqrt(1/2) <= 1 + f < sqrt(2).
template <class T>
FD_INLINE Vec<T> log_sum(Vec<T> k, Vec<T> f) {
  const Vec<T> s = f / (2 + f);
  const Vec<T> z = s * s;
  const Vec<T> tail = z * polynomial<T>(z, z * z, LogConstants<T>::p);
  const Vec<T> square = (f * f) * splat<T>(0.5);
  const Vec<T> low = fma(s, square + tail, k * ExpConstants<T>::ln2_low);
  return fma(k, splat<T>(ExpConstants<T>::ln2), f - (square - low));
}

/// result, a logarithm, where it is one; at the ends of the range of x and beyond: what it must be.
template <class T>
FD_INLINE Vec<T> log_edges(Vec<T> x, Vec<T> result) {
  using F = Format<T>;
  const Vec<T> bounded = select(x < F::infinity, result, x);
  return select(x > 0, bounded, select(x == 0, splat<T>(-F::infinity), splat<T>(F::nan)));
}

template <class T>
FD_INLINE Vec<T> log(Vec<T> x) {
  const auto [k, significand] = split<T>(x);
  return log_edges<T>(x, log_sum<T>(k, significand - 1));
}

/// log(x) for positive finite numbers that are not subnormal: the same bits with fewer operations.
template <class T>
FD_INLINE Vec<T> log_of_normal(Vec<T> x) {
  const auto [biased, significand] = split_normal<T>(x);
  return log_sum<T>(biased - (LogConstants<T>::integer_shift + Format<T>::bias), significand - 1);
}

}  // namespace fastdescent::FD_ISA
