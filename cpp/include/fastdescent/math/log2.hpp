// log2 and log10, from the logarithm in two numbers; powers of 2 and of 10 give integers.
#pragma once

#include "fastdescent/math/pow.hpp"

namespace fastdescent::FD_ISA {

template <class T>
struct Log10Constants;

template <>
struct Log10Constants<double> {
  static constexpr double log10_2 = 0.3010299956639812, log10_2_low = -2.8037281277851704e-18;
};

template <>
struct Log10Constants<float> {
  static constexpr float log10_2 = 0.30103f, log10_2_low = -1.4320989e-08f;
};

template <class T>
FD_INLINE Vec<T> log2(Vec<T> x) {
  const auto [high, low] = log2_pair<T>(x);
  return log_edges<T>(x, high + low);
}

template <class T>
FD_INLINE Vec<T> log10(Vec<T> x) {
  using C = Log10Constants<T>;
  const auto [high, low] = log2_pair<T>(x);
  const Vec<T> product = high * C::log10_2;
  const Vec<T> rest = fma(high, splat<T>(C::log10_2), -product);
  const Vec<T> product_low = fma(low, splat<T>(C::log10_2), fma(high, splat<T>(C::log10_2_low), rest));
  return log_edges<T>(x, product + product_low);
}

}  // namespace fastdescent::FD_ISA
