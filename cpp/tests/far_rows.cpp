// The kernels on rows as far from the first one as a Program may have them.
#include <algorithm>
#include <cstring>
#include <vector>

#include "check.hpp"
#include "fastdescent/aligned.hpp"
#include "fastdescent/decode.hpp"
#include "fastdescent/status.hpp"
#include "reserved.hpp"

namespace fastdescent::tests {
namespace {

constexpr int32_t dim = 2, most_rows = 1 << 27;  // of a Program, as the verifier has it
constexpr uint32_t steps = 40, max_steps = 30;

/// Where the rows of a step stand: x in 0..1, a learning rate, and the gradient in two rows.
struct Rows {
  int32_t lr, gradient, n;
};
constexpr Rows near{2, 3, 5}, far{most_rows / 2 + 1, most_rows - 2, most_rows};

/// Gradient descent on sum(x^2): uniform = {2}, the table holds -lr for each t.
std::vector<Instruction> program(const Rows& rows) {
  const Operand none{}, x{0, 1, 0, 0}, gradient{rows.gradient, 1, 0, 0}, lr{rows.lr, 0, 0, 0};
  return {{static_cast<int32_t>(Op::mul), 1, dim, 1, 1, gradient, {none, x, none}},
          {static_cast<int32_t>(Op::fma), 0, dim, 1, 1, x, {lr, gradient, x}}};
}

template <class T>
struct Found {
  std::vector<T> x;
  std::vector<uint32_t> t;
  std::vector<int8_t> status;
  bool operator==(const Found&) const = default;
};

/// The interpreter's kernel on one block. `memory` gives a row, for use. Lanes start at different t where they differ.
template <class T, class Memory>
Found<T> advanced(const Isa& isa, const Rows& rows, Memory memory, T* first, bool may_speculate, bool differ) {
  const auto& kernels = isa.kernels<T>();
  const auto block = static_cast<size_t>(kernels.block);
  for (const int32_t row : {0, 1, rows.lr, rows.gradient, rows.gradient + 1, rows.n}) memory(row);
  for (size_t i = 0; i < dim * block; ++i) first[i] = static_cast<T>(1 + i % 7) / (i % 5 ? 1 : 16);
  const std::vector<Instruction> code = program(rows);
  const std::span<const Instruction> all(code);
  RowSet live(static_cast<size_t>(rows.n), true);
  const auto head = decode(all.first(1), kernels, live), tail = decode(all.subspan(1), kernels, live);
  auto whole = decode(all, kernels, live);
  const bool notes = note_sizes(whole, kernels, 0, dim, rows.n);
  check(notes, "the squares of coordinates are noted");
  const StepReadings read{head.data(), tail.data(), whole.data(), may_speculate, rows.n, notes};
  const std::vector<T> uniform{T(2)}, center(dim);
  std::vector<T> table(max_steps + 1);
  for (size_t t = 0; t < table.size(); ++t) table[t] = T(-0.125) - static_cast<T>(t) / 512;
  const Tests<T> tests{.dim = dim,
                       .x = 0,
                       .gradient = rows.gradient,
                       .fun = rows.gradient,
                       .previous_fun = -1,
                       .previous_x = -1,
                       .moved = -1,
                       .stop = -1,
                       .alarm = 0,
                       .gtol2 = may_speculate ? T(-1) : T(1e-3),
                       .escape2 = T(1e6),
                       .xtol2 = -1,
                       .ftol = -1,
                       .center = center.data(),
                       .low = nullptr,
                       .high = nullptr};
  std::vector<uint32_t> until(block, max_steps);
  Found<T> found{{}, std::vector<uint32_t>(block), std::vector<int8_t>(block, static_cast<int8_t>(Status::running))};
  for (size_t i = 0; differ && i < block; ++i) found.t[i] = static_cast<uint32_t>(i % 3);
  const AlignedArray<T> frozen(dim * block), saved(dim * block);
  const AlignedArray<std::conditional_t<sizeof(T) == 8, int64_t, int32_t>> runs(block);
  std::fill_n(runs.get(), block, -1);
  Tile<T> tile{.steps = steps,
               .max_stopped = static_cast<uint32_t>(block),
               .n_state = dim,
               .block = static_cast<uint32_t>(block),
               .rows = first,
               .uniform = uniform.data(),
               .table = table.data(),
               .n_table = 1,
               .table_row = static_cast<uint32_t>(rows.lr),
               .until = until.data(),
               .t = found.t.data(),
               .status = found.status.data(),
               .live = runs.get(),
               .frozen = frozen.get(),
               .saved = saved.get(),
               .n_speculated = 0,
               .tests = &tests,
               .program = &read};
  kernels.advance(&tile);
  found.x.assign(first, first + dim * block);
  return found;
}

template <class T>
void the_interpreter_reaches_far_rows(const Isa& isa) {
  const auto block = static_cast<size_t>(isa.kernels<T>().block);
  for (const bool may_speculate : {false, true}) {
    for (const bool differ : {false, true}) {
      const AlignedArray<T> memory((near.n + 1) * block);
      const Reserved<T> reserved(static_cast<size_t>(far.n) + 1, block);
      const auto open = [&](int32_t row) { reserved.open(static_cast<size_t>(row)); };
      const Found<T> here = advanced<T>(isa, near, [](int32_t) {}, memory.get(), may_speculate, differ);
      const Found<T> there = advanced<T>(isa, far, open, reserved.get(), may_speculate, differ);
      const auto stopped = std::ranges::count(here.status, static_cast<int8_t>(Status::running)) == 0;
      check(stopped && here.x[0] != 0, "each lane stops");
      check(here == there, "the interpreter reaches far rows");
    }
  }
}

/// More rows of state than fit into 32 bits of numbers are not copied in a test; whatever copies them asks this.
void rows_start_where_they_should() {
  const Reserved<char> reserved(most_rows, 128);
  check(row_start(reserved.get(), uint32_t{most_rows}, 128) - reserved.get() == ptrdiff_t{1} << 34, "far rows start");
}

}  // namespace

void test_far_rows(const Isa& isa) {
  the_interpreter_reaches_far_rows<double>(isa);
  the_interpreter_reaches_far_rows<float>(isa);
  rows_start_where_they_should();
}

}  // namespace fastdescent::tests
