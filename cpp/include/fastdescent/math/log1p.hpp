// log1p(x) = log(1 + x): the logarithm of the rounded sum, with what the sum lost put back into its fraction.
#pragma once

#include "fastdescent/math/log.hpp"

namespace fastdescent::FD_ISA {

template <class T>
FD_INLINE Vec<T> log1p(Vec<T> x) {
  using F = Format<T>;
  constexpr T large = static_cast<T>(0x1p60);  // the one is lost in x, and what the sum lost matters no more
  const Vec<T> sum = 1 + x;
  const Vec<T> lost = select(x > 1, 1 - (sum - x), x - (sum - 1));
  const auto [k, significand] = split<T>(sum);
  const Vec<T> exponent = select(x > large, splat<T>(0), k);
  const IVec<T> shifted = bits(F::round_shift + F::bias - exponent);
  const Vec<T> scale = reals(shifted << F::fraction_bits);  // 2^-k
  const Vec<T> f = fma(select(x > large, splat<T>(0), lost), scale, significand - 1);
  return select(x == 0, x, log_edges<T>(sum, log_sum<T>(k, f)));
}

}  // namespace fastdescent::FD_ISA
