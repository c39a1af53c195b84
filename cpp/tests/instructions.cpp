// Every instruction in every form: rows may stand as far from each other as a Program may have them, and a long chain
// of instructions needs no more of the stack than a short one.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <span>
#include <tuple>
#include <vector>

#include "check.hpp"
#include "fastdescent/aligned.hpp"
#include "fastdescent/decode.hpp"
#include "reserved.hpp"

namespace fastdescent::tests {
namespace {

constexpr size_t most_rows = size_t{1} << 27;  // of a Program, as the verifier has it
constexpr int n_rows = 64, n_uniform = 64;     // of the instructions here
constexpr int out_row = 48, n_parts = 7, n_data = 3, apart = 12;
constexpr int32_t farther = (most_rows - 1) / (n_rows - 1);

struct Loops {
  int32_t outer, middle, inner;
};
constexpr Loops one{1, 1, 1}, few{3, 1, 1}, many{2, 3, 2};

Operand in_order(int32_t offset, Loops n) { return {offset, n.middle * n.inner, n.inner, 1}; }

/// Operand k stands in rows 16 * k and up, or begins with that uniform number.
Instruction elementwise(Op op, int mask, Loops n) {
  const Operand a = in_order(0, n), b = in_order(16, n), c = in_order(32, n);
  return {static_cast<int32_t>(op), mask, n.outer, n.middle, n.inner, in_order(out_row, n), {a, b, c}};
}

Instruction reduction(Op op, int mask, Loops n) {
  Instruction in = elementwise(op, mask, n);
  in.out = {out_row, n.middle, 1, 0};
  const int arity = opcode(op).arity;
  if (opcode(op).nature == Nature::ongoing) in.operand[arity - 1] = {16 * (arity - 1), n.middle, 1, 0};
  return in;
}

Instruction draw(Op op, int mask, int32_t n_numbers) {
  const Operand counter{0, 0, 0, 1}, key{16, 0, 0, 1};
  return {static_cast<int32_t>(op), mask, 2, n_numbers, n_parts, {out_row, n_numbers, 1, 0}, {counter, key, {}}};
}

Instruction gathering(Loops n) {
  Instruction in = elementwise(Op::gather, 2, n);
  in.operand[2] = {n_data, apart, 0, 0};
  return in;
}

std::vector<Instruction> all_forms() {
  std::vector<Instruction> forms;
  for (int number = 0; number < static_cast<int>(Op::count); ++number) {
    const Op op = static_cast<Op>(number);
    const auto [name, arity, nature, is_long, needs_memory, n_drawn] = opcode(op);
    for (int mask = 0; mask < 1 << arity; ++mask) {
      if (nature == Nature::draw) forms.push_back(draw(op, mask, n_drawn));
      for (const Loops n : {one, few, many}) {
        if (nature == Nature::elementwise) forms.push_back(elementwise(op, mask, n));
        if (nature == Nature::reduction || nature == Nature::ongoing) forms.push_back(reduction(op, mask, n));
        if (nature == Nature::gather && mask == 0) forms.push_back(gathering(n));
      }
    }
  }
  return forms;
}

/// The same instruction on rows that are `by` times as far from the first row.
Instruction spread(Instruction in, int32_t by) {
  const auto spread_out = [by](Operand& o) { o.offset *= by, o.outer *= by, o.middle *= by, o.inner *= by; };
  spread_out(in.out);
  for (int k = 0; k < 3; ++k)
    if (!((in.uniform >> k) & 1) && !(static_cast<Op>(in.op) == Op::gather && k == 2)) spread_out(in.operand[k]);
  return in;
}

/// Small whole numbers: indices of rows of data, parts of counters, and most functions' domains among them.
template <class T>
std::vector<T> numbers(size_t n) {
  std::vector<T> found(n);
  for (size_t i = 0; i < n; ++i) found[i] = static_cast<T>(i * i % 11);
  return found;
}

template <class T>
std::vector<T> found_in(const std::vector<T*>& rows, size_t block) {
  std::vector<T> found;
  for (const T* row : rows) found.insert(found.end(), row, row + block);
  return found;
}

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

template <class T>
void far_rows_are_as_good_as_near_ones(const Isa& isa) {
  const auto& kernels = isa.kernels<T>();
  const auto block = static_cast<size_t>(kernels.block);
  const AlignedArray<T> near(n_rows * block);
  const Reserved<T> far(most_rows, block);
  std::vector<T*> near_rows, far_rows;
  for (size_t r = 0; r < n_rows; ++r) near_rows.push_back(near.get() + r * block);
  for (size_t r = 0; r < n_rows; ++r) far_rows.push_back(far.open(r * farther));
  const std::vector<T> uniform = numbers<T>(n_uniform), given = numbers<T>(n_rows * block);
  RowSet live(most_rows, true);
  bool same = true;
  for (const Instruction& in : all_forms()) {
    for (const auto& [rows, first, by] : {std::tuple{&near_rows, near.get(), 1}, {&far_rows, far.get(), farther}}) {
      for (size_t r = 0; r < n_rows; ++r) std::copy_n(given.data() + r * block, block, (*rows)[r]);
      const Instruction placed = spread(in, by);
      for (size_t r = out_row; r < n_rows; ++r) live[r * by] = true;
      kernels.execute(decode(std::span(&placed, 1), kernels, live).data(), first, uniform.data());
    }
    const auto found = found_in(near_rows, block);
    check(!same_bits(found, given), "an instruction writes something");
    same &= same_bits(found, found_in(far_rows, block));
  }
  check(same, "far rows are as good as near ones");
}

void* stack = nullptr;

/// Stands after the last instruction of a chain.
void note_stack() { stack = __builtin_frame_address(0); }

template <class T>
void chains_do_not_deepen_the_stack(const Isa& isa) {
  const auto& kernels = isa.kernels<T>();
  const AlignedArray<T> rows(n_rows * static_cast<size_t>(kernels.block));
  const std::vector<T> uniform = numbers<T>(n_uniform);
  bool same = true;
  for (const Instruction& in : all_forms()) {
    void* found[2];
    for (const size_t n : {1, 3}) {
      RowSet live(n_rows, true);
      const std::vector<Instruction> chain(n, in);
      std::vector<Decoded> code = decode<T>(chain, kernels, live);
      code.back().run = reinterpret_cast<void*>(&note_stack);
      kernels.execute(code.data(), rows.get(), uniform.data());
      found[n > 1] = stack;
    }
    if (found[0] != found[1])
      std::fprintf(stderr, "%s: %s %d\n", isa.name, opcode(static_cast<Op>(in.op)).name, in.uniform);
    same &= found[0] == found[1];
  }
  check(same, "each instruction ends by a jump to the next one");
}

template <class T>
void places_are_exact(const Isa& isa) {
  const auto& kernels = isa.kernels<T>();
  const ptrdiff_t block = kernels.block;
  constexpr int32_t last = most_rows - 1;
  RowSet live(most_rows, true);
  const Instruction add{
      static_cast<int32_t>(Op::add), 2, 1, 1, 1, {last, 0, 0, 0}, {{last - 1, 0, 0, 0}, {INT32_MAX, 0, 0, 0}, {}}};
  const Decoded d = decode<T>(std::span(&add, 1), kernels, live)[0];
  check(d.out == last * block && d.operand[0] == (last - 1) * block && d.operand[1] == INT32_MAX, "far places");
  // 641 * 6700417 is 2^32 + 1.
  const Instruction sums{static_cast<int32_t>(Op::sum), 1, 641, 1, 6700417, {0, 1, 0, 0}, {{0, 1, 0, 1}, {}, {}}};
  std::vector<Decoded> code = decode<T>(std::span(&sums, 1), kernels, live);
  check(!note_sizes<T>(code, kernels, 0, 1, 5), "many turns are not one");
}

}  // namespace

void test_instructions(const Isa& isa) {
  far_rows_are_as_good_as_near_ones<double>(isa);
  far_rows_are_as_good_as_near_ones<float>(isa);
  chains_do_not_deepen_the_stack<double>(isa);
  chains_do_not_deepen_the_stack<float>(isa);
  places_are_exact<double>(isa);
  places_are_exact<float>(isa);
}

}  // namespace fastdescent::tests
