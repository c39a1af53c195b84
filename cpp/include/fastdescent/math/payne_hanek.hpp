// The angle of huge arguments (Payne and Hanek, "Radian reduction for trigonometric functions", SIGNUM 18, 1983):
// only the bits of 2/pi that matter are multiplied, in integers, one lane at a time.
#pragma once

#include "fastdescent/math/format.hpp"

namespace fastdescent::FD_ISA {

/// x = quadrant * pi/2 + (r - tail), |r| <= pi/4, for one lane.
template <class T>
struct LaneAngle {
  typename simd<T>::Int quadrant;
  T r, tail;
};

/// 2/pi, after 64 zero bits.
inline constexpr uint64_t two_over_pi_bits[] = {
    0x0000000000000000, 0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041, 0xfe5163abdebbc561,
    0xb7246e3a424dd2e0, 0x06492eea09d1921c, 0xfe1deb1cb129a73e, 0xe88235f52ebb4484, 0xe99c7026b45f7e41,
    0x3991d639835339f4, 0x9c845f8bbdf9283b, 0x1ff897ffde05980f, 0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7,
    0x4f463f669e5fea2d, 0x7527bac7ebe5f17b, 0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab};
inline constexpr uint64_t half_pi_bits = 0xc90fdaa22168c235;  // pi/2 * 2^63

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

}  // namespace fastdescent::FD_ISA
