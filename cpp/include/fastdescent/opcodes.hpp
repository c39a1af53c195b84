// The one table of opcodes: X(name, number of operands). The order is that of fastdescent/program/opcodes.py,
// which gives every opcode's meaning in bits; a test compares the two.
#pragma once

#define FD_ELEMENTWISE(X) \
  X(copy, 1)              \
  X(neg, 1)               \
  X(abs, 1)               \
  X(sign, 1)              \
  X(floor, 1)             \
  X(ceil, 1)              \
  X(rint, 1)              \
  X(sqrt, 1)              \
  X(exp, 1)               \
  X(log, 1)               \
  X(sin, 1)               \
  X(cos, 1)               \
  X(tan, 1)               \
  X(tanh, 1)              \
  X(atan, 1)              \
  X(expm1, 1)             \
  X(log1p, 1)             \
  X(log2, 1)              \
  X(log10, 1)             \
  X(asin, 1)              \
  X(acos, 1)              \
  X(sinh, 1)              \
  X(cosh, 1)              \
  X(asinh, 1)             \
  X(acosh, 1)             \
  X(atanh, 1)             \
  X(cbrt, 1)              \
  X(erf, 1)               \
  X(erfc, 1)              \
  X(expit, 1)             \
  X(add, 2)               \
  X(sub, 2)               \
  X(mul, 2)               \
  X(div, 2)               \
  X(max, 2)               \
  X(min, 2)               \
  X(lt, 2)                \
  X(le, 2)                \
  X(eq, 2)                \
  X(ne, 2)                \
  X(atan2, 2)             \
  X(pow, 2)               \
  X(hypot, 2)             \
  X(logaddexp, 2)         \
  X(fma, 3)               \
  X(fms, 3)               \
  X(fnma, 3)              \
  X(select, 3)

#define FD_REDUCTIONS(X) \
  X(sum, 1)              \
  X(dot, 2)              \
  X(sum_on, 2)           \
  X(dot_on, 3)

/// X(name, number of operands, numbers of a block)
#define FD_DRAWS(X)     \
  X(draw_uniform, 2, 2) \
  X(draw_normal, 2, 2)  \
  X(draw_integer, 2, 4) \
  X(draw_shuffled, 2, 1)

namespace fastdescent {

enum class Op : int {
#define FD_NAME(name, ...) name,
  FD_ELEMENTWISE(FD_NAME) FD_REDUCTIONS(FD_NAME) FD_DRAWS(FD_NAME) gather,
#undef FD_NAME
  count
};

constexpr bool is_elementwise(Op op) { return op < Op::sum; }
/// Whether the inner loop runs over operands, not results.
constexpr bool is_inward(Op op) { return op >= Op::sum && op < Op::gather; }

}  // namespace fastdescent
