// What every elementwise opcode does to vectors.
#pragma once

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
  } else if constexpr (op == Op::floor) return floor<T>(a);
  else if constexpr (op == Op::ceil) return ceil<T>(a);
  else if constexpr (op == Op::rint) return rint(a);
  else if constexpr (op == Op::sqrt) return sqrt(a);
  else if constexpr (op == Op::exp) return exp<T>(a);
  else if constexpr (op == Op::log) return log<T>(a);
  else if constexpr (op == Op::sin) return sin<T>(a);
  else if constexpr (op == Op::cos) return cos<T>(a);
  else if constexpr (op == Op::tan) return tan<T>(a);
  else if constexpr (op == Op::tanh) return tanh<T>(a);
  else if constexpr (op == Op::atan) return atan<T>(a);
  else if constexpr (op == Op::expm1) return expm1<T>(a);
  else if constexpr (op == Op::log1p) return log1p<T>(a);
  else if constexpr (op == Op::log2) return log2<T>(a);
  else if constexpr (op == Op::log10) return log10<T>(a);
  else if constexpr (op == Op::asin) return asin<T>(a);
  else if constexpr (op == Op::acos) return acos<T>(a);
  else if constexpr (op == Op::sinh) return sinh<T>(a);
  else if constexpr (op == Op::cosh) return cosh<T>(a);
  else if constexpr (op == Op::asinh) return asinh<T>(a);
  else if constexpr (op == Op::acosh) return acosh<T>(a);
  else if constexpr (op == Op::atanh) return atanh<T>(a);
  else if constexpr (op == Op::cbrt) return cbrt<T>(a);
  else if constexpr (op == Op::erf) return erf<T>(a);
  else if constexpr (op == Op::erfc) return erfc<T>(a);
  else if constexpr (op == Op::expit) return expit<T>(a);
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
  else if constexpr (op == Op::logaddexp) return logaddexp<T>(a, b);
  else if constexpr (op == Op::fma) return fma(a, b, c);
  else if constexpr (op == Op::fms) return fma(a, b, -c);
  else if constexpr (op == Op::fnma) return fma(-a, b, c);
  else return select(a != 0, b, c);
}

/// Opcodes whose own work is so long that reading and writing rows does not matter.
template <Op op>
inline constexpr bool is_long =
    (op >= Op::sqrt && op <= Op::expit) || op == Op::div || (op >= Op::atan2 && op <= Op::logaddexp);

/// Opcodes that put vectors into memory: huge angles are worked out lane by lane.
template <Op op>
inline constexpr bool needs_memory = op == Op::sin || op == Op::cos || op == Op::tan;

}  // namespace fastdescent::FD_ISA
