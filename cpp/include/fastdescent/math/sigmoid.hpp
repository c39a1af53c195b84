// expit, the logistic function, and logaddexp(a, b) = log(exp(a) + exp(b)), for arguments of any size.
#pragma once

#include "fastdescent/math/log1p.hpp"

namespace fastdescent::FD_ISA {

/// 1 / (1 + exp(-x)); for negative x, exp(x) / (1 + exp(x)).
template <class T>
FD_INLINE Vec<T> expit(Vec<T> x) {
  const Vec<T> power = exp<T>(-abs(x));
  return select(x < 0, power, splat<T>(1)) / (1 + power);
}

/// The larger one, and log1p(exp(-distance)), which is log(2) for equal ones, infinite ones too.
template <class T>
FD_INLINE Vec<T> logaddexp(Vec<T> x, Vec<T> y) {
  const IVec<T> less = x < y;
  const Vec<T> high = select(less, y, x), low = select(less, x, y);
  const Vec<T> more = log1p<T>(exp<T>(low - high));
  return high + select(x == y, splat<T>(ExpConstants<T>::ln2), more);
}

}  // namespace fastdescent::FD_ISA
