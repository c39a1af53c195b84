// The interpreter's instructions: one loop over lanes for each opcode and each choice of uniform operands.
#pragma once

#include "fastdescent/isa.hpp"
#include "fastdescent/math.hpp"
#include "fastdescent/opcodes.hpp"

namespace fastdescent::FD_ISA {

template <class T>
FD_INLINE Vec<T> truth(IVec<T> mask) {
  return select(mask, splat<T>(1), splat<T>(0));
}

template <Op op, class T>
FD_INLINE Vec<T> meaning(Vec<T> a, Vec<T> b, Vec<T> c) {
  if constexpr (op == Op::copy) return a;
  else if constexpr (op == Op::neg) return -a;
  else if constexpr (op == Op::abs) return abs(a);
  else if constexpr (op == Op::sign) {
    const Vec<T> one = select(a > 0, splat<T>(1), splat<T>(-1));
    return select(a != a, a, select(a == 0, splat<T>(0), one));
  } else if constexpr (op == Op::sqrt) return sqrt(a);
  else if constexpr (op == Op::exp) return exp<T>(a);
  else if constexpr (op == Op::log) return log<T>(a);
  else if constexpr (op == Op::sin) return sin<T>(a);
  else if constexpr (op == Op::cos) return cos<T>(a);
  else if constexpr (op == Op::tan) return tan<T>(a);
  else if constexpr (op == Op::tanh) return tanh<T>(a);
  else if constexpr (op == Op::atan) return atan<T>(a);
  else if constexpr (op == Op::add) return a + b;
  else if constexpr (op == Op::sub) return a - b;
  else if constexpr (op == Op::mul) return a * b;
  else if constexpr (op == Op::div) return a / b;
  else if constexpr (op == Op::max) return select((b <= a) | (a != a), a, b);
  else if constexpr (op == Op::min) return select((a <= b) | (a != a), a, b);
  else if constexpr (op == Op::lt) return truth<T>(a < b);
  else if constexpr (op == Op::le) return truth<T>(a <= b);
  else if constexpr (op == Op::eq) return truth<T>(a == b);
  else if constexpr (op == Op::ne) return truth<T>(a != b);
  else if constexpr (op == Op::atan2) return atan2<T>(a, b);
  else if constexpr (op == Op::pow) return pow<T>(a, b);
  else if constexpr (op == Op::hypot) return hypot<T>(a, b);
  else if constexpr (op == Op::fma) return fma(a, b, c);
  else if constexpr (op == Op::fms) return fma(a, b, -c);
  else if constexpr (op == Op::fnma) return fma(-a, b, c);
  else return select(a != 0, b, c);
}

/// Cheap opcodes keep four vectors in flight; the long ones have enough to overlap within one.
template <Op op>
inline constexpr int in_flight = (op >= Op::exp && op <= Op::atan) || (op >= Op::atan2 && op <= Op::hypot) ? 1 : 4;

template <bool uniform, class T>
FD_INLINE Vec<T> read(const T* p, size_t lane) {
  if constexpr (uniform) return splat<T>(*p);
  else return load(p + lane);
}

template <Op op, int arity, int uniform, class T>
static void elementwise(const Decoded<T>& s, size_t lanes) {
  constexpr int n = in_flight<op>;
  constexpr size_t width = simd<T>::width;
  for (int32_t i = 0; i < s.n_outer; ++i) {
    for (int32_t j = 0; j < s.n_inner; ++j) {
      T* out = s.out + i * s.out_outer + j * s.out_inner;
      const T* p[arity];
      for (int k = 0; k < arity; ++k) p[k] = s.operand[k] + i * s.outer[k] + j * s.inner[k];
      for (size_t lane = 0; lane < lanes; lane += n * width) {
        Vec<T> result[n];
#pragma GCC unroll 4
        for (int u = 0; u < n; ++u) {
          const size_t at = lane + u * width;
          const Vec<T> a = read<(uniform & 1) != 0>(p[0], at);
          Vec<T> b = a, c = a;
          if constexpr (arity > 1) b = read<(uniform & 2) != 0>(p[1], at);
          if constexpr (arity > 2) c = read<(uniform & 4) != 0>(p[2], at);
          result[u] = meaning<op, T>(a, b, c);
        }
#pragma GCC unroll 4
        for (int u = 0; u < n; ++u) store(out + lane + u * width, result[u]);
      }
    }
  }
}

/// The inner loop is summed in order, from its first term on; a product enters by fma.
template <Op op, int arity, int uniform, class T>
static void reduction(const Decoded<T>& s, size_t lanes) {
  constexpr int n = 4;
  constexpr size_t width = simd<T>::width;
  for (int32_t i = 0; i < s.n_outer; ++i) {
    T* out = s.out + i * s.out_outer;
    for (size_t lane = 0; lane < lanes; lane += n * width) {
      Vec<T> total[n];
      const T *p = s.operand[0] + i * s.outer[0], *q = s.operand[arity - 1] + i * s.outer[arity - 1];
      for (int32_t j = 0; j < s.n_inner; ++j, p += s.inner[0], q += s.inner[arity - 1]) {
#pragma GCC unroll 4
        for (int u = 0; u < n; ++u) {
          const size_t at = lane + u * width;
          const Vec<T> a = read<(uniform & 1) != 0>(p, at);
          if constexpr (op == Op::sum) {
            total[u] = j ? total[u] + a : a;
          } else {
            const Vec<T> b = read<(uniform & 2) != 0>(q, at);
            total[u] = j ? fma(a, b, total[u]) : a * b;
          }
        }
      }
#pragma GCC unroll 4
      for (int u = 0; u < n; ++u) store(out + lane + u * width, total[u]);
    }
  }
}

template <class T>
using Run = void (*)(const Decoded<T>&, size_t);

/// The loop for an opcode whose operands are uniform as the bits of `mask` say.
template <Op op, int arity, class T, int mask = (1 << arity) - 1>
Run<T> choose(int wanted) {
  if constexpr (mask > 0) {
    if (wanted != mask) return choose<op, arity, T, mask - 1>(wanted);
  }
  if constexpr (op >= Op::sum) return reduction<op, arity, mask, T>;
  else return elementwise<op, arity, mask, T>;
}

template <class T>
static Decoded<T> decode(const Instruction& in, T* rows, size_t stride, const T* uniform) {
  Decoded<T> d{};
  int arity = 0;
  switch (static_cast<Op>(in.op)) {
#define FD_CASE(name, n)                        \
  case Op::name:                                \
    d.run = choose<Op::name, n, T>(in.uniform); \
    arity = n;                                  \
    break;
    FD_ELEMENTWISE(FD_CASE)
    FD_REDUCTIONS(FD_CASE)
#undef FD_CASE
    case Op::count:
      break;
  }
  const auto step = static_cast<ptrdiff_t>(stride);
  d.n_outer = in.n_outer;
  d.n_inner = in.n_inner;
  d.out = rows + in.out.offset * step;
  d.out_outer = in.out.outer * step;
  d.out_inner = in.out.inner * step;
  for (int k = 0; k < arity; ++k) {
    const bool is_uniform = (in.uniform >> k) & 1;
    const ptrdiff_t unit = is_uniform ? 1 : step;
    d.operand[k] = (is_uniform ? uniform : rows) + in.operand[k].offset * unit;
    d.outer[k] = in.operand[k].outer * unit;
    d.inner[k] = in.operand[k].inner * unit;
  }
  return d;
}

}  // namespace fastdescent::FD_ISA
