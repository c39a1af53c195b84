// fma(a, b, c) = a*b + c with one rounding: one instruction where the hardware has it, else error-free
// transforms that give the same bits (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums:
// proved algorithms using rounding to odd", IEEE Trans. Computers 57(4), 2008).
#pragma once

namespace fastdescent::FD_ISA {

#if defined(__AVX512F__)
FD_INLINE VD fma(VD a, VD b, VD c) { return (VD)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c); }
FD_INLINE VF fma(VF a, VF b, VF c) { return (VF)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
#elif defined(__FMA__)
FD_INLINE VD fma(VD a, VD b, VD c) { return (VD)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c); }
FD_INLINE VF fma(VF a, VF b, VF c) { return (VF)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
#elif defined(__aarch64__)
FD_INLINE VD fma(VD a, VD b, VD c) { return (VD)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b); }
FD_INLINE VF fma(VF a, VF b, VF c) { return (VF)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b); }
#else

/// Sum and rounding error of a + b, exact for every finite sum (Knuth).
template <class V>
FD_INLINE V two_sum(V a, V b, V& error) {
  const V sum = a + b;
  const V bb = sum - a;
  error = (a - (sum - bb)) + (b - bb);
  return sum;
}

/// a + b rounded to odd: where inexact, the neighbour whose last bit is 1.
FD_INLINE VD add_to_odd(VD a, VD b) {
  VD error;
  const VD sum = two_sum(a, b, error);
  const ID up = (error > 0.0) == (sum > 0.0);
  const ID moved = bits(sum) + (up ? isplat<double>(1) : isplat<double>(-1));
  const ID move = (error != 0.0) & ((bits(sum) & 1) == 0);
  return reals(move ? moved : bits(sum));
}

FD_INLINE VD upper_half(VD a) {  // Veltkamp's splitting: the upper 26 bits
  const VD scaled = a * 134217729.0;
  return scaled - (scaled - a);
}

FD_COLD void fma_lanes(const double* a, const double* b, const double* c, double* out) {
  for (int i = 0; i < simd<double>::width; ++i) out[i] = __builtin_fma(a[i], b[i], c[i]);
}

FD_INLINE VD fma(VD a, VD b, VD c) {
  const VD product = a * b;
  const VD ah = upper_half(a), bh = upper_half(b);
  const VD al = a - ah, bl = b - bh;
  const VD low = ((ah * bh - product) + ah * bl + al * bh) + al * bl;
  VD sum_low, top_low;
  const VD sum = two_sum(c, low, sum_low);
  const VD top = two_sum(product, sum, top_low);
  VD result = top + add_to_odd(top_low, sum_low);
  // A factor that is zero makes the sum exact, signs of zero included.
  const ID zero = (a == 0.0) | (b == 0.0);
  result = select(zero, product + c, result);
  // Exponents at which the transforms above overflow or lose bits (written so that NaN counts too).
  const ID safe = (abs(a) < 0x1p990) & (abs(b) < 0x1p990) & (abs(c) < 0x1p1000) & (abs(product) < 0x1p1000) &
                  (zero | (abs(product) > 0x1p-960));
  if (__builtin_expect(any(~safe), 0)) {
    double la[simd<double>::width], lb[simd<double>::width], lc[simd<double>::width], out[simd<double>::width];
    for (int i = 0; i < simd<double>::width; ++i) la[i] = a[i], lb[i] = b[i], lc[i] = c[i];
    fma_lanes(la, lb, lc, out);
    for (int i = 0; i < simd<double>::width; ++i) result[i] = out[i];
  }
  return result;
}

/// The product of two floats is exact in double; a sum rounded to odd there survives the second rounding.
FD_INLINE __m128 fma_half(VF a, VF b, VF c) {
  const VD product = (VD)_mm_cvtps_pd((__m128)a) * (VD)_mm_cvtps_pd((__m128)b);
  const VD addend = (VD)_mm_cvtps_pd((__m128)c);
  const VD plain = product + addend;
  const ID inexact = (abs(plain) < __builtin_inf()) & (plain != 0.0);
  return _mm_cvtpd_ps((__m128d)select(inexact, add_to_odd(product, addend), plain));
}

FD_INLINE VF upper_lanes(VF a) { return (VF)_mm_movehl_ps((__m128)a, (__m128)a); }

// Conversions by intrinsic: written lane by lane, GCC 12 drops the rounding to float between two nested calls.
FD_INLINE VF fma(VF a, VF b, VF c) {
  return (VF)_mm_movelh_ps(fma_half(a, b, c), fma_half(upper_lanes(a), upper_lanes(b), upper_lanes(c)));
}
#endif

}  // namespace fastdescent::FD_ISA
