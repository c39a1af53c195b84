// sin, cos and tan: reduction to |r| <= pi/4 with a tail, then the series of sine and of cosine.
#pragma once

#include "fastdescent/math/format.hpp"
#include "fastdescent/math/payne_hanek.hpp"
#include "fastdescent/math/polynomial.hpp"

namespace fastdescent::FD_ISA {

template <class T>
struct TrigConstants;

/// half_pi is the sum of its three parts; the middle one is short, so that its product with a quadrant is exact, and
/// not negative, so that reduction keeps -0. sine is minimax for (r - sin r) / r^3, cosine for (1 - r^2/2 - cos r) /
/// r^4, both in r^2.
template <>
struct TrigConstants<double> {
  static constexpr double moderate = 0x1p21;
  static constexpr double two_over_pi = 0.6366197723675814;
  static constexpr double half_pi[] = {1.5707963267948966, 6.12323399409214e-17, 1.6446256936324258e-26};
  static constexpr double sine[] = {0.1666666666666663,      -0.00833333333332184,   0.00019841269829358522,
                                    -2.7557313538512464e-06, 2.5050734389267155e-08, -1.5895433315151314e-10};
  static constexpr double cosine[] = {-0.04166666666666659,  0.0013888888888872186,  -2.48015872882954e-05,
                                      2.755731401512985e-07, -2.087567808648009e-09, 1.1357336841512711e-11};
};

template <>
struct TrigConstants<float> {
  static constexpr float moderate = 0x1p10f;
  static constexpr float two_over_pi = 0.63661975f;
  static constexpr float half_pi[] = {1.5707963f, 7.5495336e-08f, 2.563344e-12f};
  static constexpr float sine[] = {0.16666654f, -0.008332106f, 0.00019507883f};
  static constexpr float cosine[] = {-0.041666646f, 0.0013887308f, -2.4432102e-05f};
};

/// x = quadrant * pi/2 + (r - tail).
template <class T>
struct Angle {
  IVec<T> quadrant;
  Vec<T> r, tail;
};

template <class T>
FD_COLD void huge_angle_lanes(const T* x, typename simd<T>::Int* quadrant, T* r, T* tail) {
  for (int i = 0; i < simd<T>::width; ++i) {
    const T magnitude = x[i] < 0 ? -x[i] : x[i];
    if (!(magnitude > TrigConstants<T>::moderate && magnitude < Format<T>::infinity)) continue;
    const LaneAngle<T> lane = payne_hanek(x[i]);
    quadrant[i] = lane.quadrant, r[i] = lane.r, tail[i] = lane.tail;
  }
}

/// For compiled Programs.
template <class T>
static void huge_angle_vector(const T* x, void* quadrant, T* r, T* tail) {
  huge_angle_lanes<T>(x, static_cast<typename simd<T>::Int*>(quadrant), r, tail);
}

/// The angle, where x is huge by Payne and Hanek.
template <class T>
FD_INLINE Angle<T> huge_angle(IVec<T> huge, Vec<T> x, const Angle<T>& moderate) {
  if (__builtin_expect(!any(huge), 1)) return moderate;
  constexpr int width = simd<T>::width;
  alignas(vector_bytes) T xs[width], r[width], tail[width];
  alignas(vector_bytes) typename simd<T>::Int quadrant[width];
  store<T>(xs, x), store<T>(r, moderate.r), store<T>(tail, moderate.tail);
  *reinterpret_cast<IVec<T>*>(quadrant) = moderate.quadrant;
  huge_angle_lanes<T>(xs, quadrant, r, tail);
  return {*reinterpret_cast<IVec<T>*>(quadrant), load<T>(r), load<T>(tail)};
}

template <class T>
FD_INLINE Angle<T> reduce_angle(Vec<T> x) {
  using C = TrigConstants<T>;
  const Vec<T> shifted = fma(x, splat<T>(C::two_over_pi), splat<T>(Format<T>::round_shift));
  const Vec<T> n = shifted - Format<T>::round_shift;
  const Vec<T> first = fma(n, splat<T>(-C::half_pi[0]), x);
  const Vec<T> r = fma(n, splat<T>(-C::half_pi[1]), first);
  const Vec<T> tail = fma(n, splat<T>(C::half_pi[2]), fma(n, splat<T>(C::half_pi[1]), r - first));
  const Vec<T> size = abs(x);
  const IVec<T> huge = (size > C::moderate) & (size < Format<T>::infinity);
  return huge_angle<T>(huge, x, {bits(shifted), r, tail});
}

/// r - sin(r - tail). Subtracted from r last, which keeps the sign of a zero.
template <class T>
FD_INLINE Vec<T> sine_loss(Vec<T> r, Vec<T> z, Vec<T> tail) {
  return fma(r * z, polynomial<T>(z, z * z, TrigConstants<T>::sine), tail);
}

/// 1 - cos(r - tail).
template <class T>
FD_INLINE Vec<T> cosine_loss(Vec<T> r, Vec<T> z, Vec<T> tail) {
  const Vec<T> z2 = z * z;
  return fma(splat<T>(0.5), z, fma(z2, polynomial<T>(z, z2, TrigConstants<T>::cosine), -(r * tail)));
}

/// The sine of quadrant * pi/2 + r - tail.
template <class T>
FD_INLINE Vec<T> sine_of(IVec<T> quadrant, Vec<T> r, Vec<T> tail) {
  const Vec<T> z = r * r;
  const Vec<T> sine = r - sine_loss<T>(r, z, tail);
  const Vec<T> cosine = 1 - cosine_loss<T>(r, z, tail);
  const Vec<T> value = select((quadrant & 1) != 0, cosine, sine);
  return reals(bits(value) ^ ((quadrant & 2) << (8 * sizeof(T) - 2)));
}

template <class T>
FD_INLINE Vec<T> sin(Vec<T> x) {
  const Angle<T> a = reduce_angle<T>(x);
  return sine_of<T>(a.quadrant, a.r, a.tail);
}

template <class T>
FD_INLINE Vec<T> cos(Vec<T> x) {
  const Angle<T> a = reduce_angle<T>(x);
  return sine_of<T>(a.quadrant + 1, a.r, a.tail);
}

/// The quotient of sine and cosine with one Newton step, which also brings in what both lost to rounding.
template <class T>
FD_INLINE Vec<T> tan(Vec<T> x) {
  const Angle<T> a = reduce_angle<T>(x);
  const Vec<T> z = a.r * a.r;
  const Vec<T> sine_part = sine_loss<T>(a.r, z, a.tail);
  const Vec<T> cosine_part = cosine_loss<T>(a.r, z, a.tail);
  const Vec<T> sine = a.r - sine_part, sine_low = (a.r - sine) - sine_part;
  const Vec<T> cosine = 1 - cosine_part, cosine_low = (1 - cosine) - cosine_part;
  const auto odd = (a.quadrant & 1) != 0;
  const Vec<T> top = select(odd, -cosine, sine), top_low = select(odd, -cosine_low, sine_low);
  const Vec<T> bottom = select(odd, sine, cosine), bottom_low = select(odd, sine_low, cosine_low);
  const Vec<T> inverse = 1 / bottom;
  const Vec<T> q = top * inverse;
  const Vec<T> excess = fma(q, bottom_low, fma(q, bottom, -top) - top_low);
  return fma(-excess, inverse, q);
}

}  // namespace fastdescent::FD_ISA
