// erf and erfc: below 1 by a series of erf, beyond by erfc(a) = exp(-a^2) g(q) / (1 + 2a), q = (a - 4) / (a + 4).
#pragma once

#include "fastdescent/math/exp.hpp"
#include "fastdescent/math/format.hpp"
#include "fastdescent/math/polynomial.hpp"

namespace fastdescent::FD_ISA {

template <class T>
struct ErfConstants;

/// series is (erf(x) - x) / x in x^2; g = g0 + q * tail in q, where g0 is in two numbers. At Chebyshev's points.
/// Beyond zero, erfc is 0.
template <>
struct ErfConstants<double> {
  static constexpr double zero = 27.5;
  static constexpr double series[] = {0.12837916709551256,     -0.3761263890318354,     0.1128379167094491,
                                      -0.026866170643221454,   0.005223977606976882,    -0.0008548325968458515,
                                      0.00012055294691019695,  -1.4924732685547572e-05, 1.6447371314258486e-06,
                                      -1.6208065704722215e-07, 1.3718218762051456e-08,  -7.792387776980085e-10};
  static constexpr double g0 = 1.2329951186255526, g0_low = -5.604357820282531e-17;
  static constexpr double tail[] = {
      -0.139621116840562,      0.015379652102624448,    0.06809705425461506,     -0.10103906603664083,
      0.09373283500174671,     -0.06633036580320253,    0.03716751546880665,     -0.01619773417506496,
      0.005031970743129515,    -0.0007577724702624864,  -0.00019926179729150154, 0.00015061861044191337,
      -2.4378184967277364e-05, -1.1216904690613191e-05, 5.656600033611126e-06,   2.952831340141454e-07,
      -7.476308354314884e-07,  5.74294771434099e-08,    5.302923848772057e-08};
};

template <>
struct ErfConstants<float> {
  static constexpr float zero = 10.5f;
  static constexpr float series[] = {0.12837917f,  -0.37612626f,   0.112835936f,  -0.026854169f,
                                     0.005188994f, -0.0008015956f, 7.8725825e-05f};
  static constexpr float g0 = 1.2329952f, g0_low = -3.4077107e-08f;
  static constexpr float tail[] = {-0.1396211f,  0.015379719f, 0.06809534f,   -0.101042256f, 0.09375989f,
                                   -0.06627871f, 0.03701346f,  -0.016530281f, 0.005280715f};
};

/// erf(x) - x, for |x| < 1.
template <class T>
FD_INLINE Vec<T> erf_series_part(Vec<T> x) {
  const Vec<T> z = x * x;
  return x * polynomial<T>(z, z * z, ErfConstants<T>::series);
}

/// erfc(a), a >= 1. What rounding takes from a^2, from exp and from 1 + 2a is carried along.
template <class T>
FD_INLINE Vec<T> erfc_tail(Vec<T> size) {
  using C = ErfConstants<T>;
  using E = ExpConstants<T>;
  constexpr T shift = exp_shift<T>;
  const Vec<T> a = select(size > C::zero, splat<T>(C::zero), size);
  const Vec<T> square = a * a;
  const Vec<T> square_low = fma(a, a, -square);
  const Vec<T> shifted = fma(-square, splat<T>(E::log2_e), splat<T>(shift));
  const Vec<T> k = shifted - shift;
  const Vec<T> first = fma(k, splat<T>(-E::ln2), -square);
  const Vec<T> r = fma(k, splat<T>(-E::ln2_low), first);
  const Vec<T> r_low = fma(k, splat<T>(-E::ln2_low), first - r) - square_low;
  const Vec<T> tail = exp_tail<T>(r);
  const Vec<T> rise = tail + fma(r + tail, r_low, r_low);
  const Vec<T> p = r + rise;
  const Vec<T> power = 1 + p;
  const Vec<T> power_low = ((1 - power) + p) + ((r - p) + rise);

  const Vec<T> q = (a - 4) / (a + 4);
  const Vec<T> slope = q * polynomial<T>(q, q * q, C::tail);
  const Vec<T> g = C::g0 + slope;
  const Vec<T> g_low = ((C::g0 - g) + slope) + C::g0_low;
  const Vec<T> top = g * power;
  const Vec<T> top_low = fma(g_low, power, fma(g, power_low, fma(g, power, -top)));
  const Vec<T> bottom = fma(splat<T>(2), a, splat<T>(1));
  const Vec<T> bottom_low = 1 - (bottom - 2 * a);
  const Vec<T> inverse = 1 / bottom;
  const Vec<T> y = top * inverse;
  const Vec<T> rest = fma(-y, bottom_low, fma(-y, bottom, top)) + top_low;
  return scale_by_power<T>(fma(rest, inverse, y), bits(shifted));
}

template <class T>
FD_INLINE Vec<T> erf(Vec<T> x) {
  const Vec<T> size = abs(x);
  const Vec<T> near = size + erf_series_part<T>(size);
  const Vec<T> far = 1 - erfc_tail<T>(select(size < 1, splat<T>(1), size));
  return flip_sign<T>(select(size < 1, near, far), x);
}

template <class T>
FD_INLINE Vec<T> erfc(Vec<T> x) {
  const Vec<T> size = abs(x);
  const Vec<T> high = 1 - x;
  const Vec<T> low = (1 - high) - x;
  const Vec<T> near = high + (low - erf_series_part<T>(x));
  const Vec<T> tail = erfc_tail<T>(select(size < 1, splat<T>(1), size));
  const Vec<T> far = select(x < 0, 2 - tail, tail);
  return select(size < 1, near, far);
}

}  // namespace fastdescent::FD_ISA
