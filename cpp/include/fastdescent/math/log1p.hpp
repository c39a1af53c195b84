// log1p(x) = log(1 + x): the logarithm of the rounded sum, with what the sum lost put back into its fraction.
#pragma once

#include "fastdescent/math/log.hpp"

namespace fastdescent::FD_ISA {

/// (1 + x) - sum, where sum is the rounded sum.
template <class T>
FD_INLINE Vec<T> lost_by_one_plus(Vec<T> x, Vec<T> sum) {
  return select(x > 1, 1 - (sum - x), x - (sum - 1));
}

/// log(2^doublings * (sum + lost)), for a sum of at least 1/2 where lost matters.
template <class T>
FD_INLINE Vec<T> log_of_pair(Vec<T> sum, Vec<T> lost, Vec<T> doublings) {
  using F = Format<T>;
  constexpr T limit = static_cast<T>(0x1p60);  // the one is lost in x, and what the sum lost matters no more
  const auto [k, significand] = split<T>(sum);
  const auto large = sum > limit;
  const Vec<T> exponent = select(large, splat<T>(0), k);
  const IVec<T> shifted = bits(F::round_shift + F::bias - exponent);
  const Vec<T> scale = reals(shifted << F::fraction_bits);  // 2^-k
  const Vec<T> f = fma(select(large, splat<T>(0), lost), scale, significand - 1);
  return log_edges<T>(sum, log_sum<T>(k + doublings, f));
}

template <class T>
FD_INLINE Vec<T> log1p(Vec<T> x) {
  const Vec<T> sum = 1 + x;
  return select(x == 0, x, log_of_pair<T>(sum, lost_by_one_plus<T>(x, sum), splat<T>(0)));
}

}  // namespace fastdescent::FD_ISA
