// The angle of huge arguments (Payne and Hanek, "Radian reduction for trigonometric functions", SIGNUM 18, 1983):
// only the bits of 2/pi that matter are multiplied, in integers, one lane at a time. The twin of
// python/fastdescent/program/elementary/payne_hanek.py, and of engines/numba/angles.py.
#pragma once

#include "fastdescent/angles.hpp"
#include "fastdescent/vec.hpp"

namespace fastdescent::FD_ISA {

/// The bits of a number.
template <class T>
struct Format;

template <>
struct Format<double> {
  static constexpr int digits = 53;  // of the significand, the implicit one included
  static constexpr int fraction_bits = 52;
  static constexpr int64_t bias = 1023;
  static constexpr int64_t sign = INT64_MIN;
  static constexpr int64_t fraction_mask = 0xfffffffffffff;
  static constexpr double infinity = __builtin_inf();
  static constexpr double nan = __builtin_nan("");
};

template <>
struct Format<float> {
  static constexpr int digits = 24;
  static constexpr int fraction_bits = 23;
  static constexpr int32_t bias = 127;
  static constexpr int32_t sign = INT32_MIN;
  static constexpr int32_t fraction_mask = 0x7fffff;
  static constexpr float infinity = __builtin_inff();
  static constexpr float nan = __builtin_nanf("");
};

/// x = quadrant * pi/2 + (r - tail), |r| <= pi/4, for one lane.
template <class T>
struct LaneAngle {
  typename simd<T>::Int quadrant;
  T r, tail;
};

/// 2^n, for a normal result.
template <class T>
FD_INLINE T power_of_two(int n) {
  const auto exponent = static_cast<typename simd<T>::Int>(n + Format<T>::bias);
  return __builtin_bit_cast(T, static_cast<typename simd<T>::Int>(exponent << Format<T>::fraction_bits));
}

/// For finite |x| >= 2^-31 * 2^(fraction_bits); no such x is within 2^-61 quadrants of a multiple of pi/2.
template <class T>
FD_INLINE LaneAngle<T> payne_hanek(T x) {
  using F = Format<T>;
  using Int = typename simd<T>::Int;
  using Wide = unsigned __int128;
  const Int encoding = __builtin_bit_cast(Int, x);
  const uint64_t significand = static_cast<uint64_t>((encoding & F::fraction_mask) | (Int{1} << F::fraction_bits));
  const int exponent =
      static_cast<int>((encoding & ~F::sign) >> F::fraction_bits) - static_cast<int>(F::bias + F::fraction_bits);

  // The 192 bits of 2/pi from the first that does not only count full turns.
  const int position = exponent + 62, word = position / 64, shift = position % 64;
  uint64_t w[3];
  for (int i = 0; i < 3; ++i) {
    const uint64_t high = two_over_pi_bits[word + i], low = two_over_pi_bits[word + i + 1];
    w[i] = (high << shift) | ((low >> 1) >> (63 - shift));
  }
  const Wide quarters = (static_cast<Wide>(significand * w[0]) << 64) + static_cast<Wide>(significand) * w[1] +
                        ((static_cast<Wide>(significand) * w[2]) >> 64);  // 2 bits before the point, 126 after

  const Wide signed_fraction = quarters << 2;
  const bool below = (signed_fraction >> 127) != 0;
  const Wide fraction = below ? -signed_fraction : signed_fraction;
  const int zeros = __builtin_clzll(static_cast<uint64_t>(fraction >> 64));
  const Wide product = static_cast<Wide>(static_cast<uint64_t>((fraction << zeros) >> 64)) * half_pi_bits;
  const uint64_t high = (static_cast<uint64_t>(product >> (127 - F::digits)) + 1) >> 1;  // rounded, half up
  const auto low = static_cast<int64_t>(static_cast<uint64_t>(product >> (128 - 2 * F::digits)) - (high << F::digits));

  const bool negative = encoding < 0;
  const T sign = below != negative ? T{-1} : T{1};
  const auto quadrant = static_cast<Int>(quarters >> 126) + Int{below};
  return {negative ? -quadrant : quadrant,
          sign * static_cast<T>(static_cast<int64_t>(high)) * power_of_two<T>(1 - F::digits - zeros),
          -sign * static_cast<T>(low) * power_of_two<T>(1 - 2 * F::digits - zeros)};
}

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
    if (!(magnitude > moderate_angle<T> && magnitude < Format<T>::infinity)) continue;
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

}  // namespace fastdescent::FD_ISA
