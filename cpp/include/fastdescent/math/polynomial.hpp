// Polynomials.
#pragma once

namespace fastdescent::FD_ISA {

/// c[0] + c[1] x + ... + c[N-1] x^(N-1), given x2 = x*x.
/// Pairs of terms side by side, then Horner in x^2: half the latency of Horner, and the product x2 more.
template <class T, int N>
FD_INLINE Vec<T> polynomial(Vec<T> x, Vec<T> x2, const T (&c)[N]) {
  Vec<T> sum = N % 2 ? splat<T>(c[N - 1]) : fma(splat<T>(c[N - 1]), x, splat<T>(c[N - 2]));
#pragma GCC unroll 16
  for (int i = N % 2 ? N - 3 : N - 4; i >= 0; i -= 2) {
    sum = fma(sum, x2, fma(splat<T>(c[i + 1]), x, splat<T>(c[i])));
  }
  return sum;
}

/// c[0] + c[1] x + ... + c[N-1] x^(N-1), where operations count and their latency does not.
template <class T, int N>
FD_INLINE Vec<T> horner(Vec<T> x, const T (&c)[N]) {
  Vec<T> sum = splat<T>(c[N - 1]);
#pragma GCC unroll 16
  for (int i = N - 2; i >= 0; --i) sum = fma(sum, x, splat<T>(c[i]));
  return sum;
}

}  // namespace fastdescent::FD_ISA
