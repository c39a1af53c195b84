// A vector of the widest registers that one instruction set has, for double and float.
//
// Included once per instruction set, inside its own namespace FD_ISA. Everything is static inline and
// written with compiler vector extensions; intrinsics appear only for fma, sqrt, rint and any(), which the
// extensions lack. Nothing of the standard library may be included here: a shared inline function compiled
// for AVX-512 could be the copy that the linker keeps for everybody.
#pragma once

#include <cstdint>

#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#else
#error "fastdescent needs x86-64 or AArch64"
#endif

#ifndef FD_ISA
#error "define FD_ISA, the namespace of this instruction set, before including vec.hpp"
#endif

#define FD_INLINE static inline __attribute__((always_inline))
#define FD_COLD static __attribute__((noinline, cold))

namespace fastdescent::FD_ISA {

#if defined(__AVX512F__)
inline constexpr int vector_bytes = 64;
#elif defined(__AVX2__)
inline constexpr int vector_bytes = 32;
#else
inline constexpr int vector_bytes = 16;
#endif

/// V: vector of reals. I: vector of integers of the same width, also the type of masks (0 or -1 a lane).
template <class T>
struct simd;

template <>
struct simd<double> {
  typedef double V __attribute__((vector_size(vector_bytes), may_alias));
  typedef int64_t I __attribute__((vector_size(vector_bytes), may_alias));
  typedef double unaligned __attribute__((vector_size(vector_bytes), may_alias, aligned(8)));
  using Int = int64_t;
  static constexpr int width = vector_bytes / 8;
};

template <>
struct simd<float> {
  typedef float V __attribute__((vector_size(vector_bytes), may_alias));
  typedef int32_t I __attribute__((vector_size(vector_bytes), may_alias));
  typedef float unaligned __attribute__((vector_size(vector_bytes), may_alias, aligned(4)));
  using Int = int32_t;
  static constexpr int width = vector_bytes / 4;
};

template <class T>
using Vec = typename simd<T>::V;
template <class T>
using IVec = typename simd<T>::I;

using VD = Vec<double>;
using VF = Vec<float>;
using ID = IVec<double>;
using IF = IVec<float>;

template <class T>
FD_INLINE Vec<T> load(const T* p) {
  return *reinterpret_cast<const Vec<T>*>(p);
}
template <class T>
FD_INLINE void store(T* p, Vec<T> v) {
  *reinterpret_cast<Vec<T>*>(p) = v;
}
template <class T>
FD_INLINE Vec<T> splat(T value) {
  return value - Vec<T>{};  // value - (+0) is value, for -0 too
}
template <class T>
FD_INLINE IVec<T> isplat(typename simd<T>::Int value) {
  return value + IVec<T>{};
}

FD_INLINE ID bits(VD v) { return reinterpret_cast<ID>(v); }
FD_INLINE IF bits(VF v) { return reinterpret_cast<IF>(v); }
FD_INLINE VD reals(ID v) { return reinterpret_cast<VD>(v); }
FD_INLINE VF reals(IF v) { return reinterpret_cast<VF>(v); }

/// mask ? a : b, a lane at a time.
FD_INLINE VD select(ID mask, VD a, VD b) { return mask ? a : b; }
FD_INLINE VF select(IF mask, VF a, VF b) { return mask ? a : b; }

#if defined(__AVX512F__)
FD_INLINE VD sqrt(VD a) { return (VD)_mm512_sqrt_pd((__m512d)a); }
FD_INLINE VF sqrt(VF a) { return (VF)_mm512_sqrt_ps((__m512)a); }
FD_INLINE VD rint(VD a) { return (VD)_mm512_roundscale_pd((__m512d)a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
FD_INLINE VF rint(VF a) { return (VF)_mm512_roundscale_ps((__m512)a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
FD_INLINE bool any(ID m) { return _mm512_test_epi64_mask((__m512i)m, (__m512i)m) != 0; }
FD_INLINE bool any(IF m) { return _mm512_test_epi64_mask((__m512i)m, (__m512i)m) != 0; }
/// Bit i is set where lane i of a mask is.
FD_INLINE uint32_t mask_bits(ID m) { return _mm512_movepi64_mask((__m512i)m); }
FD_INLINE uint32_t mask_bits(IF m) { return _mm512_movepi32_mask((__m512i)m); }
#elif defined(__AVX2__)
FD_INLINE uint32_t mask_bits(ID m) { return static_cast<uint32_t>(_mm256_movemask_pd((__m256d)m)); }
FD_INLINE uint32_t mask_bits(IF m) { return static_cast<uint32_t>(_mm256_movemask_ps((__m256)m)); }
FD_INLINE VD sqrt(VD a) { return (VD)_mm256_sqrt_pd((__m256d)a); }
FD_INLINE VF sqrt(VF a) { return (VF)_mm256_sqrt_ps((__m256)a); }
FD_INLINE VD rint(VD a) { return (VD)_mm256_round_pd((__m256d)a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
FD_INLINE VF rint(VF a) { return (VF)_mm256_round_ps((__m256)a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
FD_INLINE bool any(ID m) { return !_mm256_testz_si256((__m256i)m, (__m256i)m); }
FD_INLINE bool any(IF m) { return !_mm256_testz_si256((__m256i)m, (__m256i)m); }
#elif defined(__x86_64__) || defined(_M_X64)
FD_INLINE uint32_t mask_bits(ID m) { return static_cast<uint32_t>(_mm_movemask_pd((__m128d)m)); }
FD_INLINE uint32_t mask_bits(IF m) { return static_cast<uint32_t>(_mm_movemask_ps((__m128)m)); }
FD_INLINE VD sqrt(VD a) { return (VD)_mm_sqrt_pd((__m128d)a); }
FD_INLINE VF sqrt(VF a) { return (VF)_mm_sqrt_ps((__m128)a); }
FD_INLINE VD rint(VD a) { return (VD)_mm_round_pd((__m128d)a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
FD_INLINE VF rint(VF a) { return (VF)_mm_round_ps((__m128)a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
FD_INLINE bool any(ID m) { return !_mm_testz_si128((__m128i)m, (__m128i)m); }
FD_INLINE bool any(IF m) { return !_mm_testz_si128((__m128i)m, (__m128i)m); }
#else
FD_INLINE uint32_t mask_bits(ID m) { return (m[0] & 1) | (m[1] & 2); }
FD_INLINE uint32_t mask_bits(IF m) { return (m[0] & 1) | (m[1] & 2) | (m[2] & 4) | (m[3] & 8); }
FD_INLINE VD sqrt(VD a) { return (VD)vsqrtq_f64((float64x2_t)a); }
FD_INLINE VF sqrt(VF a) { return (VF)vsqrtq_f32((float32x4_t)a); }
FD_INLINE VD rint(VD a) { return (VD)vrndnq_f64((float64x2_t)a); }
FD_INLINE VF rint(VF a) { return (VF)vrndnq_f32((float32x4_t)a); }
FD_INLINE bool any(ID m) { return vmaxvq_u32((uint32x4_t)m) != 0; }
FD_INLINE bool any(IF m) { return vmaxvq_u32((uint32x4_t)m) != 0; }
#endif

/// The products of the lower 32 bits, in 64 bits.
#if defined(__AVX512F__)
FD_INLINE ID mul32(ID a, ID b) { return (ID)_mm512_mul_epu32((__m512i)a, (__m512i)b); }
#elif defined(__AVX2__)
FD_INLINE ID mul32(ID a, ID b) { return (ID)_mm256_mul_epu32((__m256i)a, (__m256i)b); }
#elif defined(__x86_64__) || defined(_M_X64)
FD_INLINE ID mul32(ID a, ID b) { return (ID)_mm_mul_epu32((__m128i)a, (__m128i)b); }
#else
FD_INLINE ID mul32(ID a, ID b) { return (ID)vmull_u32(vmovn_u64((uint64x2_t)a), vmovn_u64((uint64x2_t)b)); }
#endif

FD_INLINE VD abs(VD a) { return reals(bits(a) & INT64_MAX); }
FD_INLINE VF abs(VF a) { return reals(bits(a) & INT32_MAX); }

/// The shift that brings in zeros; >> on integers brings in the sign.
FD_INLINE ID ushr(ID a, int n) {
  typedef uint64_t U __attribute__((vector_size(vector_bytes)));
  return (ID)((U)a >> n);
}
FD_INLINE IF ushr(IF a, int n) {
  typedef uint32_t U __attribute__((vector_size(vector_bytes)));
  return (IF)((U)a >> n);
}

}  // namespace fastdescent::FD_ISA

#include "fastdescent/fma.hpp"
