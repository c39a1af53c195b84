// The stop tests between the two halves of a step: a vectorized question that is rarely answered with yes, and the
// exact answer for one lane.
#pragma once

#include "fastdescent/isa.hpp"
#include "fastdescent/status.hpp"
#include "handlers.hpp"

namespace fastdescent::FD_ISA {

template <class T>
inline constexpr T largest = sizeof(T) == 8 ? static_cast<T>(__DBL_MAX__) : static_cast<T>(__FLT_MAX__);

/// Row r of vector u of a block.
template <class T>
FD_INLINE Vec<T> at_row(const Tile<T>& tile, int32_t r, int u) {
  return load(row_start(tile.rows, r, block_lanes<T>) + u * simd<T>::width);
}

template <class T>
FD_INLINE IVec<T> running(const Tile<T>& tile, int u) {
  return *reinterpret_cast<const IVec<T>*>(static_cast<const typename simd<T>::Int*>(tile.live) + u * simd<T>::width);
}

/// Lanes of vector u whose point is in the box.
template <class T>
FD_INLINE IVec<T> is_inside(const Tile<T>& tile, int u) {
  const Tests<T>& tests = *tile.tests;
  IVec<T> inside = isplat<T>(-1);
  for (int32_t d = 0; d < tests.dim; ++d) {
    const Vec<T> x = at_row(tile, tests.x + d, u);
    inside &= (x >= splat<T>(tests.low[d])) & (x <= splat<T>(tests.high[d]));
  }
  return inside;
}

/// Squares of the gradient's norm and of the distance from the centre of the escape radius, for a block.
template <class T>
struct Norms {
  Vec<T> slope[n_vectors], away[n_vectors];
};

template <bool centred, class T>
FD_INLINE Norms<T> norms(const Tile<T>& tile) {
  const Tests<T>& tests = *tile.tests;
  Norms<T> sums{};
  for (int32_t d = 0; d < tests.dim; ++d) {
    const Vec<T> center = splat<T>(tests.center[d]);
#pragma GCC unroll 8
    for (int u = 0; u < n_vectors; ++u) {
      const Vec<T> slope = at_row(tile, tests.gradient + d, u);
      Vec<T> delta = at_row(tile, tests.x + d, u);
      if constexpr (!centred) delta -= center;
      sums.slope[u] = fma(slope, slope, sums.slope[u]);
      sums.away[u] = fma(delta, delta, sums.away[u]);
    }
  }
  return sums;
}

/// Lanes of vector u that go on for certain. May leave out some in vain, where squares overflow.
template <class T>
FD_INLINE IVec<T> goes_on(const Tile<T>& tile, const Norms<T>& sums, int u) {
  const Tests<T>& tests = *tile.tests;
  const Vec<T> top = splat<T>(largest<T>);
  const T limit = tests.escape2 < largest<T> ? tests.escape2 : largest<T>;
  const Vec<T> g2 = sums.slope[u];
  IVec<T> going = (g2 > splat<T>(tests.gtol2)) & (g2 <= top) & (sums.away[u] <= splat<T>(limit));
  if (tests.low) going &= is_inside(tile, u);
  if ((tests.fun & tests.moved & tests.stop) < 0) return going;  // there is none of them
  if (tests.stop >= 0) going &= at_row(tile, tests.stop, u) == 0;
  Vec<T> f{};
  if (tests.fun >= 0) {
    f = at_row(tile, tests.fun, u);
    going &= abs(f) <= top;
  }
  if (tests.moved < 0) return going;
  const IVec<T> unmoved = at_row(tile, tests.moved, u) == 0;
  if (tests.ftol >= 0) going &= (abs(f - at_row(tile, tests.previous_fun, u)) > splat<T>(tests.ftol)) | unmoved;
  if (tests.xtol2 >= 0) {
    Vec<T> moved2{};
    for (int32_t d = 0; d < tests.dim; ++d) {
      const Vec<T> delta = at_row(tile, tests.x + d, u) - at_row(tile, tests.previous_x + d, u);
      moved2 = d ? fma(delta, delta, moved2) : delta * delta;
    }
    going &= (moved2 > splat<T>(tests.xtol2)) | unmoved;
  }
  return going;
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

/// The status of one lane at this step, `running` if nothing ends it. The tests come in the pinned order.
template <class T>
FD_COLD Status status_of(const Tile<T>& tile, size_t lane) {
  const Tests<T>& tests = *tile.tests;
  const auto at = [&](int32_t r) { return row_start(tile.rows, r, tile.block)[lane]; };
  bool x_finite = true, inside = true, slope_finite = tests.fun < 0 || is_finite(at(tests.fun));
  T g2 = 0, r2 = 0, moved2 = 0;
  for (int32_t d = 0; d < tests.dim; ++d) {
    const T x = at(tests.x + d), g = at(tests.gradient + d), delta = x - tests.center[d];
    x_finite &= is_finite(x);
    if (tests.low) inside &= x >= tests.low[d] && x <= tests.high[d];
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
  if (!inside) return Status::left_box;
  if (g2 <= tests.gtol2) return Status::converged;
  const bool stepped = tests.moved >= 0 && at(tests.moved) != 0;
  if (stepped && tests.xtol2 >= 0 && moved2 <= tests.xtol2) return Status::stalled;
  if (stepped && tests.ftol >= 0) {
    const T change = at(tests.fun) - at(tests.previous_fun);
    if ((change < 0 ? -change : change) <= tests.ftol) return Status::stalled;
  }
  if (tests.stop < 0) return Status::running;
  const T code = at(tests.stop);
  if (code > 0 && code <= INT8_MAX) return static_cast<Status>(static_cast<int8_t>(code));
  return Status::running;
}

}  // namespace fastdescent::FD_ISA
