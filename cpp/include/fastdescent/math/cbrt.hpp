// cbrt: a polynomial for the significand, one step of Halley's and one of Newton's with the exact residual.
#pragma once

#include "fastdescent/math/format.hpp"
#include "fastdescent/math/log.hpp"
#include "fastdescent/math/polynomial.hpp"

namespace fastdescent::FD_ISA {

template <class T>
struct CbrtConstants {
  static constexpr T third = static_cast<T>(1.0 / 3.0);
  static constexpr T up = static_cast<T>(1.2599210498948732), down = static_cast<T>(0.7937005259840998);
  /// cbrt on [sqrt(1/2), sqrt(2)], to 6 digits.
  static constexpr T seed[] = {static_cast<T>(0.42330778), static_cast<T>(1.0479307),   static_cast<T>(-0.8201573),
                               static_cast<T>(0.49553904), static_cast<T>(-0.17218692), static_cast<T>(0.025566082)};
};

template <class T>
FD_INLINE Vec<T> cbrt(Vec<T> x) {
  using C = CbrtConstants<T>;
  using F = Format<T>;
  constexpr T shift = F::round_shift + F::bias;
  const Vec<T> size = abs(x);
  const auto [k, significand] = split<T>(size);
  const Vec<T> shifted = fma(k, splat<T>(C::third), splat<T>(shift));
  const Vec<T> rest = fma(splat<T>(-3), shifted - shift, k);  // -1, 0 or 1
  const auto up = rest > 0, down = rest < 0;
  const Vec<T> a = significand * select(up, splat<T>(2), select(down, splat<T>(0.5), splat<T>(1)));
  const Vec<T> seed = polynomial<T>(significand, significand * significand, C::seed);
  Vec<T> y = seed * select(up, splat<T>(C::up), select(down, splat<T>(C::down), splat<T>(1)));

  const Vec<T> cube = y * y * y;
  y = y * fma(splat<T>(2), a, cube) / fma(splat<T>(2), cube, a);
  const Vec<T> square = y * y;
  const Vec<T> square_low = fma(y, y, -square);
  const Vec<T> residual = fma(square_low, y, fma(square, y, -a));
  y = y - residual / (3 * square);

  const Vec<T> root = y * reals(bits(shifted) << F::fraction_bits);
  return select((size > 0) & (size < F::infinity), flip_sign<T>(root, x), x);
}

}  // namespace fastdescent::FD_ISA
