// pow(x, y) = 2^(y log2|x|), with the logarithm in two numbers (their sum is good to about 66 bits, float 36).
#pragma once

#include "fastdescent/math/exp.hpp"
#include "fastdescent/math/log.hpp"
#include "fastdescent/math/pair.hpp"

namespace fastdescent::FD_ISA {

template <class T>
struct PowConstants;

/// log2(m) = s (c1 + c3 s^2 + s^4 p(s^2)), s = (m - 1) / (m + 1).
template <>
struct PowConstants<double> {
  static constexpr double huge_exponent = 0x1p70;  // overflows or underflows for every base but 1
  static constexpr double limit = 1100;            // so does 2^limit
  static constexpr double c1 = 2.8853900817779268, c1_low = 4.0710547481862066e-17;
  static constexpr double c3 = 0.9617966939259756, c3_low = 5.0577616648125907e-17;
  static constexpr double p[] = {0.5770780163555851,  0.4121985831113461,  0.32059889791262347, 0.2623081986836817,
                                 0.22195226827830558, 0.19240141236173666, 0.16844951424008178, 0.17283517093948508};
};

template <>
struct PowConstants<float> {
  static constexpr float huge_exponent = 0x1p40f;
  static constexpr float limit = 200;
  static constexpr float c1 = 2.88539f, c1_low = 3.851926e-08f;
  static constexpr float c3 = 0.9617967f, c3_low = -7.028462e-09f;
  static constexpr float p[] = {0.5770802f, 0.41184977f, 0.337827f};
};

/// log2(x) for finite x > 0.
template <class T>
FD_INLINE Pair<T> log2_pair(Vec<T> x) {
  using C = PowConstants<T>;
  const auto [k, significand] = split<T>(x);
  const Vec<T> f = significand - 1;
  const Vec<T> bottom = 2 + f, bottom_low = f - (bottom - 2);
  const Vec<T> inverse = 1 / bottom;
  const Vec<T> s = f * inverse;
  const Vec<T> s_low = fma(-s, bottom_low, fma(-s, bottom, f)) * inverse;

  const Vec<T> z = s * s;
  const Vec<T> z_low = fma(s + s, s_low, fma(s, s, -z));
  const Vec<T> tail = z * polynomial<T>(z, z * z, C::p);
  const Vec<T> w = C::c3 + tail;
  const Vec<T> w_low = ((C::c3 - w) + tail) + C::c3_low;
  const Vec<T> v = z * w;
  const Vec<T> v_low = fma(z_low, w, fma(z, w_low, fma(z, w, -v)));
  const Vec<T> u = C::c1 + v;
  const Vec<T> u_low = ((C::c1 - u) + v) + (C::c1_low + v_low);

  const Vec<T> part = s * u;
  const Vec<T> part_low = fma(s_low, u, fma(s, u_low, fma(s, u, -part)));
  const Vec<T> sum = k + part;
  return {sum, ((k - sum) + part) + part_low};
}

/// 2^(e + e_low), |e_low| a few units in the last place of e.
template <class T>
FD_INLINE Vec<T> exp2_pair(Vec<T> e, Vec<T> e_low) {
  using C = ExpConstants<T>;
  const Vec<T> shifted = e + exp_shift<T>;
  const Vec<T> rest = e - (shifted - exp_shift<T>);
  const Vec<T> f = rest + e_low;
  const Vec<T> f_low = (rest - f) + e_low;
  const Vec<T> r = f * C::ln2;
  const Vec<T> r_low = fma(f_low, splat<T>(C::ln2), fma(f, splat<T>(C::ln2_low), fma(f, splat<T>(C::ln2), -r)));
  const Vec<T> power = 1 + (r + (exp_tail<T>(r) + r_low));
  return scale_by_power<T>(power, bits(shifted));
}

template <class T>
FD_INLINE Vec<T> pow(Vec<T> x, Vec<T> y) {
  using C = PowConstants<T>;
  using F = Format<T>;
  const Vec<T> size = abs(x);
  const auto [log, log_low] = log2_pair<T>(size);
  Vec<T> b = select(y > C::huge_exponent, splat<T>(C::huge_exponent), y);
  b = select(b < -C::huge_exponent, splat<T>(-C::huge_exponent), b);
  Vec<T> e = b * log;
  Vec<T> e_low = fma(b, log_low, fma(b, log, -e));
  e_low = select(abs(e) > C::limit, splat<T>(0), e_low);
  e = select(e > C::limit, splat<T>(C::limit), e);
  e = select(e < -C::limit, splat<T>(-C::limit), e);
  Vec<T> result = exp2_pair<T>(e, e_low);

  const auto zero = size == 0;
  const Vec<T> reciprocal = select(zero, splat<T>(F::infinity), splat<T>(0));
  result = select(zero | (size == F::infinity), select(y > 0, size, reciprocal), result);

  const auto fractional = rint(y) != y;
  const Vec<T> half = y * splat<T>(0.5);
  const auto odd = (rint(half) != half) & ~fractional;
  result = select(odd & (bits(x) < 0), -result, result);
  const auto invalid = (fractional & (x < 0) & (size < F::infinity)) | (x != x) | (y != y);
  result = select(invalid, splat<T>(F::nan), result);
  return select((y == 0) | (x == 1), splat<T>(1), result);
}

}  // namespace fastdescent::FD_ISA
