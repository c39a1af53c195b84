// What the elementary functions need to know about the bits of double and float.
#pragma once

namespace fastdescent::FD_ISA {

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
  static constexpr double min_normal = 0x1p-1022;
  /// Adding it rounds to an integer, which is then the lowest bits of the sum.
  static constexpr double round_shift = 0x1.8p52;
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
  static constexpr float min_normal = 0x1p-126f;
  static constexpr float round_shift = 0x1.8p23f;
};

/// magnitude, its sign flipped where that of sign_source is set.
template <class T>
FD_INLINE Vec<T> flip_sign(Vec<T> magnitude, Vec<T> sign_source) {
  return reals(bits(magnitude) ^ (bits(sign_source) & Format<T>::sign));
}

}  // namespace fastdescent::FD_ISA
