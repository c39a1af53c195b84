// The interpreter's instructions that draw random numbers, and that read rows of data which they choose.
#pragma once

#include "handlers.hpp"

namespace fastdescent::FD_ISA {

/// Numbers of one vector of doubles, in rows of T.
template <class T>
using Part __attribute__((vector_size(vector_bytes * sizeof(T) / sizeof(double)), may_alias)) = T;

template <class T>
FD_INLINE VD widened(const T* p) {
  if constexpr (sizeof(T) == 8) return load(p);
  else return __builtin_convertvector(*reinterpret_cast<const Part<T>*>(p), VD);
}

template <class T>
FD_INLINE void store_rounded(T* p, VD v) {
  if constexpr (sizeof(T) == 8) store(p, v);
  else *reinterpret_cast<Part<T>*>(p) = __builtin_convertvector(v, Part<T>);
}

template <Op op, class T, int mask>
FD_APART void write_draws(const Decoded* d, T* rows, const T* uniform) {
  constexpr int n_parts_of_block = block_lanes<T> / simd<double>::width;
  const auto part_of = [&](int k, int j, int u) {
    const Source source = (mask >> k) & 1 ? Source::uniform : Source::row;
    const ptrdiff_t at = d->operand[k] + distance<T>(d->strides[k], 0, 0, j, source);
    return source == Source::uniform ? splat<double>(uniform[at]) : widened(rows + at + u * simd<double>::width);
  };
  for (int u = 0; u < n_parts_of_block; ++u) {
    VD counter[n_parts], key[n_parts];
    for (int j = 0; j < n_parts; ++j) counter[j] = part_of(0, j, u), key[j] = part_of(1, j, u);
    for (int32_t i = 0; i < d->n_outer; ++i) {
      const Numbers numbers = Draw<op>::of(counter, key, isplat<double>(i));
      for (int32_t h = 0; h < d->n_middle; ++h)
        store_rounded(rows + d->out + distance<T>(d->out_strides, i, h) + u * simd<double>::width, numbers.v[h]);
    }
  }
}

template <Op op, class T, int mask, class V = Vec<T>>
static void draws(const Decoded* d, T* rows, const T* uniform, V, V, V, V, V, V, V, V) noexcept {
  write_draws<op, T, mask>(d, rows, uniform);
  const Results<T> none{};
  FD_NEXT(T, d, rows, uniform, none);
}

/// Reads uniform numbers, each lane in a row of data of its own; there are operand[2] rows, strides[2].outer
/// apart.
template <class T, class V = Vec<T>>
static void gather(const Decoded* d, T* rows, const T* uniform, V, V, V, V, V, V, V, V) noexcept {
  const T most = static_cast<T>(d->operand[2] - 1);
  const ptrdiff_t apart = d->strides[2].outer;
  T* out = rows + d->out;
  for (int32_t ih = 0; ih < d->n_outer * d->n_middle; ++ih) {
    const int32_t i = ih / d->n_middle, h = ih % d->n_middle;
    for (int32_t j = 0; j < d->n_inner; ++j) {
      const T* which = rows + d->operand[0] + distance<T>(d->strides[0], i, h, j);
      const T* first = uniform + d->operand[1] + distance<T>(d->strides[1], i, h, j, Source::uniform);
      out = rows + d->out + distance<T>(d->out_strides, i, h, j);
      for (int lane = 0; lane < block_lanes<T>; ++lane) {
        const T row = which[lane] > 0 ? which[lane] : T(0);  // so that no number can lead outside
        out[lane] = first[static_cast<ptrdiff_t>(row < most ? row : most) * apart];
      }
    }
  }
  Results<T> r;
#pragma GCC unroll 8
  for (int u = 0; u < n_vectors; ++u) r.v[u] = load(out + u * simd<T>::width);
  FD_NEXT(T, d, rows, uniform, r);
}

}  // namespace fastdescent::FD_ISA
