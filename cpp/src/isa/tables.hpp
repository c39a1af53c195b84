// Finding the function for an opcode and the sources of its operands.
#pragma once

#include "random_handlers.hpp"

namespace fastdescent::FD_ISA {

template <Op op, class T, bool keep, Source sa, Source sb, Source sc>
void* address() {
  return reinterpret_cast<void*>(&single<op, T, keep, sa, sb, sc>);
}

template <Op op, int arity, class T, bool keep, Source sa, Source sb>
void* choose_third(Source c) {
  if constexpr (arity < 3) return address<op, T, keep, sa, sb, Source::first>();
  else if (c == Source::row) return address<op, T, keep, sa, sb, Source::row>();
  else if (c == Source::uniform) return address<op, T, keep, sa, sb, Source::uniform>();
  else return address<op, T, keep, sa, sb, Source::previous>();
}

template <Op op, int arity, class T, bool keep, Source sa>
void* choose_second(const Source* s) {
  if constexpr (arity < 2) return choose_third<op, arity, T, keep, sa, Source::first>(s[2]);
  else if (s[1] == Source::row) return choose_third<op, arity, T, keep, sa, Source::row>(s[2]);
  else if (s[1] == Source::uniform) return choose_third<op, arity, T, keep, sa, Source::uniform>(s[2]);
  else if (s[1] == Source::first) return choose_third<op, arity, T, keep, sa, Source::first>(s[2]);
  else return choose_third<op, arity, T, keep, sa, Source::previous>(s[2]);
}

template <Op op, int arity, class T, bool keep>
void* choose_first(const Source* s) {
  if (s[0] == Source::row) return choose_second<op, arity, T, keep, Source::row>(s);
  if (s[0] == Source::uniform) return choose_second<op, arity, T, keep, Source::uniform>(s);
  return choose_second<op, arity, T, keep, Source::previous>(s);
}

/// Null where an opcode has no form for one row: it is long, or not elementwise.
template <Op op, class T>
void* single_of(const Source* sources, bool keep) {
  constexpr Opcode info = opcode(op);
  if constexpr (info.nature != Nature::elementwise || info.is_long) return nullptr;
  else return keep ? choose_first<op, info.arity, T, true>(sources) : choose_first<op, info.arity, T, false>(sources);
}

template <class T>
static void* single_handler(Op op, const Source* sources, bool keep) noexcept {
  switch (op) {
#define FD_CASE(name) \
  case Op::name:      \
    return single_of<Op::name, T>(sources, keep);
    FD_OPCODES(FD_CASE)
#undef FD_CASE
    default:
      return nullptr;
  }
}

template <Op op, class T, int mask>
void* choose_mask(int wanted) {
  if constexpr (mask > 0) {
    if (wanted != mask) return choose_mask<op, T, mask - 1>(wanted);
  }
  constexpr Nature nature = opcode(op).nature;
  if constexpr (nature == Nature::elementwise) return reinterpret_cast<void*>(&loops<op, T, mask>);
  else if constexpr (nature == Nature::gather) return reinterpret_cast<void*>(&gather<T>);
  else if constexpr (nature == Nature::draw) return reinterpret_cast<void*>(&draws<op, T, mask>);
  else return reinterpret_cast<void*>(&reduction<op, T, mask>);
}

/// All operands uniform. A gather has one form: which of its operands are uniform is part of its meaning.
constexpr int most_uniform(Op op) { return opcode(op).nature == Nature::gather ? 0 : (1 << opcode(op).arity) - 1; }

template <class T>
static void* general_handler(Op op, int uniform) noexcept {
  switch (op) {
#define FD_CASE(name) \
  case Op::name:      \
    return choose_mask<Op::name, T, most_uniform(Op::name)>(uniform & most_uniform(Op::name));
    FD_OPCODES(FD_CASE)
#undef FD_CASE
    default:
      return nullptr;
  }
}

}  // namespace fastdescent::FD_ISA
