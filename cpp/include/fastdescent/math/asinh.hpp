// asinh, acosh and atanh, as logarithms of 1 + u, where u is known in two numbers.
#pragma once

#include "fastdescent/math/log1p.hpp"

namespace fastdescent::FD_ISA {

template <class T>
inline constexpr T asinh_huge = static_cast<T>(0x1p30);  // beyond, asinh(x) and acosh(x) round to log(2x)

/// log(1 + u + low); where huge, log(2x).
template <class T>
FD_INLINE Vec<T> log_of_one_plus_pair(Vec<T> u, Vec<T> low, IVec<T> huge, Vec<T> x) {
  const Vec<T> sum = 1 + u;
  const Vec<T> lost = lost_by_one_plus<T>(u, sum) + low;
  const Vec<T> doublings = select(huge, splat<T>(1), splat<T>(0));
  return log_of_pair<T>(select(huge, x, sum), select(huge, splat<T>(0), lost), doublings);
}

/// u = a + a^2 / (1 + sqrt(1 + a^2)), which has no difference in it.
template <class T>
FD_INLINE Vec<T> asinh(Vec<T> x) {
  const Vec<T> size = abs(x);
  const IVec<T> huge = size > asinh_huge<T>;
  const Vec<T> a = select(huge, splat<T>(1), size);
  const Vec<T> height = 1 + sqrt(fma(a, a, splat<T>(1)));
  const Vec<T> more = a * (a / height);
  const Vec<T> u = a + more;
  const Vec<T> low = (a - u) + more;
  return flip_sign<T>(log_of_one_plus_pair<T>(u, low, huge, size), x);
}

/// u = t + sqrt(t^2 + 2t), t = x - 1.
template <class T>
FD_INLINE Vec<T> acosh(Vec<T> x) {
  const IVec<T> huge = x > asinh_huge<T>;
  const Vec<T> t = select(huge, splat<T>(1), x - 1);
  const Vec<T> root = sqrt(fma(t, t, t + t));
  const IVec<T> steep = t > root;
  const Vec<T> bigger = select(steep, t, root), smaller = select(steep, root, t);
  const Vec<T> u = bigger + smaller;
  const Vec<T> low = (bigger - u) + smaller;
  return select(x < 1, splat<T>(Format<T>::nan), log_of_one_plus_pair<T>(u, low, huge, x));
}

/// Half of log(1 + u), u = 2a / (1 - a).
template <class T>
FD_INLINE Vec<T> atanh(Vec<T> x) {
  const Vec<T> a = abs(x);
  const Vec<T> bottom = 1 - a;
  const Vec<T> bottom_low = (1 - bottom) - a;
  const Vec<T> top = a + a;
  const Vec<T> u = top / bottom;
  const Vec<T> low = fma(-u, bottom_low, fma(-u, bottom, top)) / bottom;
  const Vec<T> sum = 1 + u;
  const Vec<T> lost = lost_by_one_plus<T>(u, sum) + low;
  return flip_sign<T>(splat<T>(0.5) * log_of_pair<T>(sum, lost, splat<T>(0)), x);
}

}  // namespace fastdescent::FD_ISA
