#include "fastdescent/decode.hpp"

#include <algorithm>

namespace fastdescent {
namespace {

constexpr int longest_unrolled = 4;

bool is_elementwise(Op op) { return opcode(op).nature == Nature::elementwise; }

/// Whether the inner loop runs over operands, not results.
bool is_inward(Op op) { return !is_elementwise(op) && opcode(op).nature != Nature::gather; }

/// Of an instruction, decoded or not.
template <class Loops>
int64_t loop_size(const Loops& in) {
  return int64_t{in.n_outer} * in.n_middle * in.n_inner;
}
int64_t rows_written(const Instruction& in) {
  return is_inward(static_cast<Op>(in.op)) ? int64_t{in.n_outer} * in.n_middle : loop_size(in);
}
bool is_uniform(const Instruction& in, int k) { return (in.uniform >> k) & 1; }

/// One row of an instruction, as an instruction of one row.
Instruction row_of(const Instruction& in, int turn) {
  const int j = turn % in.n_inner, h = turn / in.n_inner % in.n_middle, i = turn / in.n_inner / in.n_middle;
  const auto moved = [&](Operand o) { return Operand{o.offset + i * o.outer + h * o.middle + j * o.inner, 0, 0, 0}; };
  const Operand a = moved(in.operand[0]), b = moved(in.operand[1]), c = moved(in.operand[2]);
  return {in.op, in.uniform, 1, 1, 1, moved(in.out), {a, b, c}};
}

bool reads(const Instruction& in, int32_t row) {
  for (int k = 0; k < opcode(static_cast<Op>(in.op)).arity; ++k)
    if (!is_uniform(in, k) && in.operand[k].offset == row) return true;
  return false;
}

/// Unrolls short loops; their rows are turned round where the last one wants the result of the instruction before.
std::vector<Instruction> unrolled(std::span<const Instruction> instructions) {
  std::vector<Instruction> out;
  for (const Instruction& in : instructions) {
    const int64_t n = loop_size(in);
    if (!is_elementwise(static_cast<Op>(in.op)) || n > longest_unrolled) {
      out.push_back(in);
      continue;
    }
    std::vector<Instruction> rows;
    for (int k = 0; k < n; ++k) rows.push_back(row_of(in, k));
    bool independent = true;
    for (int k = 0; k < n; ++k)
      for (int l = 0; l < n; ++l) independent &= k == l || !reads(rows[l], rows[k].out.offset);
    if (n > 1 && independent && !out.empty() && reads(rows.back(), out.back().out.offset))
      std::reverse(rows.begin(), rows.end());
    out.insert(out.end(), rows.begin(), rows.end());
  }
  return out;
}

bool single_row(const Instruction& in) { return loop_size(in) == 1; }

/// Moves instructions of one row up to right behind the one whose result they read, where nothing in between minds:
/// the result is then still in registers.
void gather_uses(std::vector<Instruction>& code) {
  constexpr size_t farthest = 32;
  for (size_t at = 2; at < code.size(); ++at) {
    if (!single_row(code[at])) continue;
    const Instruction moving = code[at];
    if (reads(moving, code[at - 1].out.offset)) continue;
    for (size_t to = at; to-- > 0 && at - to <= farthest;) {
      const Instruction& other = code[to];
      if (!single_row(other) || other.out.offset == moving.out.offset) break;
      if (reads(moving, other.out.offset)) {
        const bool wanted = reads(code[to + 1], other.out.offset);
        if (!wanted && to + 1 < at) std::rotate(code.begin() + to + 1, code.begin() + at, code.begin() + at + 1);
        break;
      }
      if (reads(other, moving.out.offset)) break;
    }
  }
}

template <class Visit>
void for_rows(const Instruction& in, const Operand& o, Visit visit) {
  const auto length = [](int n, int32_t stride) { return stride == 0 ? 1 : n; };  // what stays is visited once
  for (int i = 0; i < length(in.n_outer, o.outer); ++i)
    for (int h = 0; h < length(in.n_middle, o.middle); ++h)
      for (int j = 0; j < length(in.n_inner, o.inner); ++j) visit(o.offset + i * o.outer + h * o.middle + j * o.inner);
}

Decoded placed(const Instruction& in, int block) {
  const auto strides = [](const Operand& o) { return Strides{o.outer, o.middle, o.inner}; };
  const auto [a, b, c] = in.operand;
  Decoded d{.run = nullptr,
            .out = ptrdiff_t{in.out.offset} * block,
            .operand = {a.offset, b.offset, c.offset},
            .n_outer = in.n_outer,
            .n_middle = in.n_middle,
            .n_inner = in.n_inner,
            .out_strides = strides(in.out),
            .strides = {strides(a), strides(b), strides(c)}};
  for (int k = 0; k < opcode(static_cast<Op>(in.op)).arity; ++k)
    if (!is_uniform(in, k)) d.operand[k] *= block;
  return d;
}

}  // namespace

template <class T>
std::vector<Decoded> decode(std::span<const Instruction> instructions, const Kernels<T>& kernels, RowSet& live) {
  std::vector<Instruction> list = unrolled(instructions);
  gather_uses(list);
  std::vector<Decoded> out(list.size() + 1);
  out.back().run = kernels.stop();
  for (size_t at = list.size(); at-- > 0;) {
    const Instruction& in = list[at];
    const auto op = static_cast<Op>(in.op);
    const bool one_row = rows_written(in) == 1;
    const int32_t previous = at > 0 && rows_written(list[at - 1]) == 1 ? list[at - 1].out.offset : -1;
    Source sources[3] = {Source::first, Source::first, Source::first};
    for (int k = 0; k < opcode(op).arity; ++k) {
      const int32_t row = in.operand[k].offset;
      if (is_uniform(in, k)) sources[k] = Source::uniform;
      else if (k == 1 && !is_uniform(in, 0) && row == in.operand[0].offset) sources[k] = Source::first;
      else sources[k] = row == previous ? Source::previous : Source::row;
    }
    const bool keep = live[in.out.offset];
    out[at] = placed(in, kernels.block);
    if (one_row) out[at].run = kernels.single(op, sources, keep);
    const bool single = out[at].run != nullptr;
    if (!single) out[at].run = kernels.general(op, in.uniform);
    if (one_row) live[in.out.offset] = false;
    else if (!is_inward(op)) for_rows(in, in.out, [&](int row) { live[row] = false; });
    for (int k = 0; k < opcode(op).arity; ++k) {
      if (is_uniform(in, k) || (single && sources[k] != Source::row)) continue;
      for_rows(in, in.operand[k], [&](int row) { live[row] = true; });
    }
  }
  return out;
}

template <class T>
bool note_sizes(std::vector<Decoded>& code, const Kernels<T>& kernels, int32_t first, int32_t dim, int32_t sizes) {
  std::vector<Decoded> out;
  int32_t n_noted = 0;
  for (const Decoded& d : code) {
    out.push_back(d);
    const ptrdiff_t row = d.out / kernels.block;
    if (loop_size(d) != 1 || row < first || row >= first + dim) continue;
    Decoded note{};
    note.run = kernels.note();
    note.out = ptrdiff_t{sizes} * kernels.block;
    out.push_back(note);
    ++n_noted;
  }
  if (n_noted != dim) return false;
  code = std::move(out);
  return true;
}

template bool note_sizes<double>(std::vector<Decoded>&, const Kernels<double>&, int32_t, int32_t, int32_t);
template bool note_sizes<float>(std::vector<Decoded>&, const Kernels<float>&, int32_t, int32_t, int32_t);
template std::vector<Decoded> decode<double>(std::span<const Instruction>, const Kernels<double>&, RowSet&);
template std::vector<Decoded> decode<float>(std::span<const Instruction>, const Kernels<float>&, RowSet&);

}  // namespace fastdescent
