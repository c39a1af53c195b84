// The stop tests between the two halves of a step: a vectorized question that is rarely answered with yes, and the
// exact answer for one lane.
#pragma once

#include "fastdescent/isa.hpp"
#include "fastdescent/status.hpp"
#include "fastdescent/vec.hpp"

namespace fastdescent::FD_ISA {

template <class T>
inline constexpr T largest = sizeof(T) == 8 ? static_cast<T>(__DBL_MAX__) : static_cast<T>(__FLT_MAX__);

/// Sum over d of (a_d - b_d)^2, fma in row order.
template <class T>
FD_INLINE Vec<T> distance2(const T* a, const T* b, size_t stride, int32_t dim) {
  Vec<T> total = load(a) - load(b);
  total = total * total;
  for (int32_t d = 1; d < dim; ++d) {
    const Vec<T> delta = load(a + d * stride) - load(b + d * stride);
    total = fma(delta, delta, total);
  }
  return total;
}

/// Whether any running lane may have to stop. May say yes in vain, where squares overflow; never no in vain.
template <class T>
FD_INLINE bool any_may_stop(const Tile<T>& tile, size_t lanes) {
  const Tests<T>& tests = *tile.tests;
  const size_t stride = tile.stride;
  const Vec<T> top = splat<T>(largest<T>);
  const Vec<T> radius2 = splat<T>(tests.escape2 < largest<T> ? tests.escape2 : largest<T>);
  const auto row = [&](int32_t r) { return tile.rows + r * stride; };
  IVec<T> flagged{};
  for (size_t lane = 0; lane < lanes; lane += simd<T>::width) {
    const T *x = row(tests.x) + lane, *g = row(tests.gradient) + lane;
    Vec<T> g2 = load(g) * load(g);
    Vec<T> delta = load(x) - splat<T>(tests.center[0]);
    Vec<T> r2 = delta * delta;
    for (int32_t d = 1; d < tests.dim; ++d) {
      const Vec<T> slope = load(g + d * stride);
      g2 = fma(slope, slope, g2);
      delta = load(x + d * stride) - splat<T>(tests.center[d]);
      r2 = fma(delta, delta, r2);
    }
    IVec<T> going = (g2 > splat<T>(tests.gtol2)) & (g2 <= top) & (r2 <= radius2);
    if (tests.fun >= 0) {
      const Vec<T> f = load(row(tests.fun) + lane);
      going &= abs(f) <= top;
      if (tests.ftol >= 0) {
        const Vec<T> change = abs(f - load(row(tests.previous_fun) + lane));
        going &= (change > splat<T>(tests.ftol)) | (load(row(tests.moved) + lane) == 0);
      }
    }
    if (tests.xtol2 >= 0) {
      const Vec<T> moved2 = distance2(x, row(tests.previous_x) + lane, stride, tests.dim);
      going &= (moved2 > splat<T>(tests.xtol2)) | (load(row(tests.moved) + lane) == 0);
    }
    flagged |= ~going & *reinterpret_cast<const IVec<T>*>(static_cast<const typename simd<T>::Int*>(tile.live) + lane);
  }
  return any(flagged);
}

template <class T>
FD_INLINE bool is_finite(T v) {
  return __builtin_fabs(static_cast<double>(v)) <= static_cast<double>(largest<T>);
}

template <class T>
FD_INLINE T scalar_fma(T a, T b, T c) {
  if constexpr (sizeof(T) == 8) return __builtin_fma(a, b, c);
  else return __builtin_fmaf(a, b, c);
}

/// The status of one lane at this step, `live` if nothing ends it. The tests come in the pinned order.
template <class T>
FD_COLD Status status_of(const Tile<T>& tile, size_t lane) {
  const Tests<T>& tests = *tile.tests;
  const auto at = [&](int32_t r) { return tile.rows[r * tile.stride + lane]; };
  bool x_finite = true, slope_finite = tests.fun < 0 || is_finite(at(tests.fun));
  T g2 = 0, r2 = 0, moved2 = 0;
  for (int32_t d = 0; d < tests.dim; ++d) {
    const T x = at(tests.x + d), g = at(tests.gradient + d), delta = x - tests.center[d];
    x_finite &= is_finite(x);
    slope_finite &= is_finite(g);
    g2 = d ? scalar_fma(g, g, g2) : g * g;
    r2 = d ? scalar_fma(delta, delta, r2) : delta * delta;
    if (tests.xtol2 >= 0) {
      const T step = x - at(tests.previous_x + d);
      moved2 = d ? scalar_fma(step, step, moved2) : step * step;
    }
  }
  const bool outside = !x_finite || r2 > tests.escape2;
  if (tests.alarm && outside) return Status::alarm;
  if (x_finite && !slope_finite) return Status::undefined;
  if (outside) return Status::diverged;
  if (g2 <= tests.gtol2) return Status::converged;
  const bool stepped = tests.moved >= 0 && at(tests.moved) != 0;
  if (stepped && tests.xtol2 >= 0 && moved2 <= tests.xtol2) return Status::stalled;
  if (stepped && tests.ftol >= 0) {
    const T change = at(tests.fun) - at(tests.previous_fun);
    if ((change < 0 ? -change : change) <= tests.ftol) return Status::stalled;
  }
  return Status::live;
}

}  // namespace fastdescent::FD_ISA
