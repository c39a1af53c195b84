// The interpreter's instructions. Each works on the eight vectors of a block and ends by calling the next one, which
// the compiler turns into a jump; the eight results travel along in registers, so that a value that is used at once
// is neither stored nor loaded.
#pragma once

#include "fastdescent/isa.hpp"
#include "fastdescent/opcodes.hpp"
#include "huge_angle.hpp"
//
#include "fastdescent/meanings.hpp"

namespace fastdescent::FD_ISA {

/// What needs memory for vectors. Clang makes no jump of the call at the end of a function that has such memory.
#define FD_APART static __attribute__((noinline))

inline constexpr int n_vectors = 8;
template <class T>
inline constexpr int block_lanes = n_vectors * simd<T>::width;

template <class T, class V = Vec<T>>
using Handler = void (*)(const Decoded*, T*, const T*, V, V, V, V, V, V, V, V) noexcept;

template <class T>
struct Results {
  Vec<T> v[n_vectors];
};

// An instruction ends by calling the next one with the same arguments. That call must become a jump, or the stack would
// grow with the Program: compilers that can promise it do so; of others cpp/tests/instructions.cpp finds out. Kernels
// are always optimized (see CMakeLists.txt), without which there are no jumps.
#if defined(__has_cpp_attribute) && __has_cpp_attribute(clang::musttail)
#define FD_TAIL [[clang::musttail]]
#elif defined(__has_cpp_attribute) && __has_cpp_attribute(gnu::musttail)
#define FD_TAIL [[gnu::musttail]]
#else
#define FD_TAIL
#endif
#define FD_NEXT(T, d, rows, uniform, r)                                                                           \
  FD_TAIL return reinterpret_cast<Handler<T>>((d + 1)->run)(d + 1, rows, uniform, r.v[0], r.v[1], r.v[2], r.v[3], \
                                                            r.v[4], r.v[5], r.v[6], r.v[7])

template <Source source, class T>
FD_INLINE Vec<T> fetch(const T* p, int u, Vec<T> previous, Vec<T> first) {
  if constexpr (source == Source::row) return load(p + u * simd<T>::width);
  else if constexpr (source == Source::uniform) return splat<T>(*p);
  else if constexpr (source == Source::previous) return previous;
  else return first;
}

/// One row; the sources of the operands are known.
template <Op op, class T, bool keep, Source sa, Source sb, Source sc, class V = Vec<T>>
static void single(const Decoded* d, T* rows, const T* uniform, V a0, V a1, V a2, V a3, V a4, V a5, V a6,
                   V a7) noexcept {
  Results<T> r{{a0, a1, a2, a3, a4, a5, a6, a7}};
  const T* pa = (sa == Source::uniform ? uniform : rows) + d->operand[0];
  const T* pb = (sb == Source::uniform ? uniform : rows) + d->operand[1];
  const T* pc = (sc == Source::uniform ? uniform : rows) + d->operand[2];
#pragma GCC unroll 8
  for (int u = 0; u < n_vectors; ++u) {
    const V a = fetch<sa>(pa, u, r.v[u], r.v[u]);
    const V b = fetch<sb>(pb, u, r.v[u], a);
    const V c = fetch<sc>(pc, u, r.v[u], a);
    r.v[u] = Meaning<op>::of(a, b, c);
  }
  if constexpr (keep) {
    T* out = rows + d->out;
#pragma GCC unroll 8
    for (int u = 0; u < n_vectors; ++u) store(out + u * simd<T>::width, r.v[u]);
  }
  FD_NEXT(T, d, rows, uniform, r);
}

/// From one row to the next, or from one uniform number to the next, in numbers.
template <class T>
constexpr ptrdiff_t unit_of(Source source) {
  return source == Source::uniform ? 1 : block_lanes<T>;
}

/// From the first number of a result or operand to that of a turn of the loops.
template <class T>
FD_INLINE ptrdiff_t distance(const Strides& s, int32_t i, int32_t h, int32_t j = 0, Source source = Source::row) {
  return (ptrdiff_t(i) * s.outer + ptrdiff_t(h) * s.middle + ptrdiff_t(j) * s.inner) * unit_of<T>(source);
}

/// Any number of rows; returns the last one that was written.
template <Op op, class T, int mask, class V = Vec<T>>
FD_INLINE T* write_rows(const Decoded* d, T* rows, const T* uniform) {
  constexpr auto source = [](int k) { return (mask >> k) & 1 ? Source::uniform : Source::row; };
  ptrdiff_t step[3];
  for (int k = 0; k < 3; ++k) step[k] = d->strides[k].inner * unit_of<T>(source(k));
  const ptrdiff_t step_out = d->out_strides.inner * unit_of<T>(Source::row);
  T* out = rows + d->out;
  for (int32_t ih = 0; ih < d->n_outer * d->n_middle; ++ih) {
    const int32_t i = ih / d->n_middle, h = ih % d->n_middle;
    const T* first[3];
    for (int k = 0; k < 3; ++k)
      first[k] = (source(k) == Source::uniform ? uniform : rows) + d->operand[k] +
                 distance<T>(d->strides[k], i, h, 0, source(k));
    T* const first_out = rows + d->out + distance<T>(d->out_strides, i, h);
    for (int32_t j = 0; j < d->n_inner; ++j) {
      const T* p[3];
      for (int k = 0; k < 3; ++k) p[k] = first[k] + j * step[k];
      out = first_out + j * step_out;
      const auto one = [&](int u) __attribute__((always_inline)) {
        const V a = fetch<source(0), T>(p[0], u, V{}, V{});
        const V b = fetch<source(1), T>(p[1], u, V{}, V{});
        const V c = fetch<source(2), T>(p[2], u, V{}, V{});
        store(out + u * simd<T>::width, Meaning<op>::of(a, b, c));
      };
      if constexpr (opcode(op).is_long) {
#pragma GCC unroll 1
        for (int u = 0; u < n_vectors; ++u) one(u);
      } else {
#pragma GCC unroll 8
        for (int u = 0; u < n_vectors; ++u) one(u);
      }
    }
  }
  return out;
}

template <Op op, class T, int mask>
FD_APART T* write_rows_apart(const Decoded* d, T* rows, const T* uniform) {
  return write_rows<op, T, mask>(d, rows, uniform);
}

/// Any number of rows; the result of the last one travels along.
template <Op op, class T, int mask, class V = Vec<T>>
static void loops(const Decoded* d, T* rows, const T* uniform, V, V, V, V, V, V, V, V) noexcept {
  T* out;
  if constexpr (opcode(op).needs_memory) out = write_rows_apart<op, T, mask>(d, rows, uniform);
  else out = write_rows<op, T, mask>(d, rows, uniform);
  Results<T> r;
#pragma GCC unroll 8
  for (int u = 0; u < n_vectors; ++u) r.v[u] = load(out + u * simd<T>::width);
  FD_NEXT(T, d, rows, uniform, r);
}

/// The inner loop is summed in order, from its first term on, or from the last operand on; a product enters by fma.
template <Op op, class T, int mask, class V = Vec<T>>
static void reduction(const Decoded* d, T* rows, const T* uniform, V, V, V, V, V, V, V, V) noexcept {
  constexpr bool of_products = op == Op::dot || op == Op::dot_on, goes_on = opcode(op).nature == Nature::ongoing;
  constexpr int last = of_products ? 2 : 1;
  constexpr auto source = [](int k) { return (mask >> k) & 1 ? Source::uniform : Source::row; };
  constexpr Source sa = source(0), sb = source(1), s_last = source(last);
  const T* base[3];
  for (int k = 0; k < 3; ++k) base[k] = ((mask >> k) & 1 ? uniform : rows) + d->operand[k];
  const ptrdiff_t step_a = d->strides[0].inner * unit_of<T>(sa), step_b = d->strides[1].inner * unit_of<T>(sb);
  Results<T> r;
  for (int32_t ih = 0; ih < d->n_outer * d->n_middle; ++ih) {
    const int32_t i = ih / d->n_middle, h = ih % d->n_middle;
    const T *a = base[0] + distance<T>(d->strides[0], i, h, 0, sa),
            *b = base[1] + distance<T>(d->strides[1], i, h, 0, sb);
    const T* start = base[last] + distance<T>(d->strides[last], i, h, 0, s_last);
#pragma GCC unroll 8
    for (int u = 0; u < n_vectors; ++u) {
      if constexpr (goes_on) r.v[u] = fetch<s_last, T>(start, u, V{}, V{});
      else if constexpr (of_products) r.v[u] = fetch<sa, T>(a, u, V{}, V{}) * fetch<sb, T>(b, u, V{}, V{});
      else r.v[u] = fetch<sa, T>(a, u, V{}, V{});
    }
    for (int32_t j = goes_on ? 0 : 1; j < d->n_inner; ++j) {
      const T *aj = a + j * step_a, *bj = b + j * step_b;
#pragma GCC unroll 8
      for (int u = 0; u < n_vectors; ++u) {
        const V term = fetch<sa, T>(aj, u, V{}, V{});
        if constexpr (of_products) r.v[u] = fma(term, fetch<sb, T>(bj, u, V{}, V{}), r.v[u]);
        else r.v[u] = r.v[u] + term;
      }
    }
    T* out = rows + d->out + distance<T>(d->out_strides, i, h);
#pragma GCC unroll 8
    for (int u = 0; u < n_vectors; ++u) store(out + u * simd<T>::width, r.v[u]);
  }
  FD_NEXT(T, d, rows, uniform, r);
}

/// Adds the squares of the result before to the sizes, two vectors of sums; the result travels on.
template <class T, class V = Vec<T>>
static void note(const Decoded* d, T* rows, const T* uniform, V a0, V a1, V a2, V a3, V a4, V a5, V a6, V a7) noexcept {
  const Results<T> r{{a0, a1, a2, a3, a4, a5, a6, a7}};
  T* sizes = rows + d->out;
  V sums[2] = {load(sizes), load(sizes + simd<T>::width)};
#pragma GCC unroll 8
  for (int u = 0; u < n_vectors; ++u) sums[u % 2] = fma(r.v[u], r.v[u], sums[u % 2]);
  store(sizes, sums[0]);
  store(sizes + simd<T>::width, sums[1]);
  FD_NEXT(T, d, rows, uniform, r);
}

template <class T, class V = Vec<T>>
static void stop(const Decoded*, T*, const T*, V, V, V, V, V, V, V, V) noexcept {}

template <class T>
static void* note_handler() noexcept {
  return reinterpret_cast<void*>(&note<T>);
}

template <class T>
static void* stop_handler() noexcept {
  return reinterpret_cast<void*>(&stop<T>);
}

template <class T>
static void execute(const Decoded* code, T* rows, const T* uniform) noexcept {
  const Vec<T> none{};
  reinterpret_cast<Handler<T>>(code->run)(code, rows, uniform, none, none, none, none, none, none, none, none);
}

}  // namespace fastdescent::FD_ISA
