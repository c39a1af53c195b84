#include "fastdescent/program.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "fastdescent/fields.hpp"
#include "fastdescent/opcodes.hpp"

namespace fastdescent {
namespace {

Instruction moved(Instruction in, const int32_t* by, int32_t strip) {
  in.out.offset += strip * by[0];
  for (int k = 0; k < 3; ++k) in.operand[k].offset += strip * by[1 + k];
  return in;
}

/// Checks one instruction, in all its strips.
class InstructionCheck {
 public:
  InstructionCheck(size_t number, const Instruction& in, int32_t n_strips, const int32_t* moves)
      : in_(in), n_strips_(n_strips), moves_(moves), what_("instruction " + std::to_string(number)) {}

  void run(size_t n_rows, size_t n_uniform) const {
    check(in_.op >= 0 && in_.op < static_cast<int32_t>(Op::count), "has an unknown opcode");
    const Opcode& op = opcode(static_cast<Op>(in_.op));
    check(std::min({in_.n_outer, in_.n_middle, in_.n_inner}) >= 1, "has a loop without turns");
    check(in_.uniform >= 0 && in_.uniform < 1 << op.arity, "has uniform operands that do not exist");
    if (op.nature == Nature::draw)
      check(in_.n_middle == op.n_drawn && in_.n_inner == n_parts, "draws other numbers than those of a block");
    const bool inward = op.nature != Nature::elementwise && op.nature != Nature::gather;
    check(!inward || in_.out.inner == 0, "strides its result in the inner loop");
    check_place(in_.out, 0, n_rows);
    for (int k = 0; k < op.arity; ++k) check_place(in_.operand[k], 1 + k, in_.uniform >> k & 1 ? n_uniform : n_rows);
    if (op.nature == Nature::gather) check_gather(n_uniform);
  }

 private:
  void check(bool holds, const char* fault) const { require(holds, holds ? std::string() : what_ + " " + fault); }

  void check_place(const Operand& place, int which, size_t n, int64_t beyond = 0) const {
    int64_t low = place.offset, high = low + beyond;
    for (const int64_t span :
         {(int64_t{in_.n_outer} - 1) * place.outer, (int64_t{in_.n_middle} - 1) * place.middle,
          (int64_t{in_.n_inner} - 1) * place.inner, moves_ ? (int64_t{n_strips_} - 1) * moves_[which] : 0})
      (span < 0 ? low : high) += span;
    check(low >= 0 && high < static_cast<int64_t>(n), "reads or writes what does not exist");
  }

  /// The last sample must exist; the opcode itself limits indices to it.
  void check_gather(size_t n_uniform) const {
    const Operand& samples = in_.operand[2];
    check(in_.uniform == 2, "must gather uniform numbers by rows");
    check(samples.offset >= 1 && samples.outer >= 0, "gathers from no samples");
    check_place(in_.operand[1], 2, n_uniform, (int64_t{samples.offset} - 1) * samples.outer);
  }

  const Instruction& in_;
  int32_t n_strips_;
  const int32_t* moves_;  ///< null: not in strips
  std::string what_;
};

void check_slots(const char* what, std::span<const Slot> slots, size_t n_rows) {
  for (const Slot& s : slots)
    require(s.offset <= n_rows && s.size <= n_rows - s.offset, std::string(what) + " are not rows");
}

}  // namespace

CheckedSection::CheckedSection(std::vector<Instruction> instructions, std::vector<Strips> strips, size_t n_rows,
                               size_t n_uniform, size_t split, std::vector<Slot> inputs, std::vector<Slot> outputs)
    : instructions_(std::move(instructions)),
      strips_(std::move(strips)),
      n_rows_(n_rows),
      n_uniform_(n_uniform),
      split_(split),
      inputs_(std::move(inputs)),
      outputs_(std::move(outputs)) {
  constexpr size_t most_rows = size_t{1} << 27;  // as in program/verify, which says why
  require(n_rows <= most_rows && n_uniform <= INT32_MAX, "a section has too many rows or uniform numbers");
  require(split <= instructions_.size(), "split is beyond the last instruction");
  check_slots("inputs", inputs_, n_rows);
  check_slots("outputs", outputs_, n_rows);
  size_t number = 0;
  const auto check_until = [&](size_t stop, const Strips* s) {
    for (; number < stop; ++number)
      InstructionCheck(number, instructions_[number], s ? s->n_strips : 1,
                       s ? &s->moves[4 * (number - s->first)] : nullptr)
          .run(n_rows, n_uniform);
  };
  for (const Strips& s : strips_) {
    const bool in_order = number <= s.first && s.first < s.stop && s.stop <= instructions_.size();
    require(in_order && !(s.first < split && split < s.stop), "strips are out of place");
    require(s.n_strips >= 1 && s.moves.size() == 4 * (s.stop - s.first), "strips need four moves per instruction");
    check_until(s.first, nullptr);
    check_until(s.stop, &s);
  }
  check_until(instructions_.size(), nullptr);
}

size_t n_numbers(const Section& section) {
  size_t n = 1;
  for (const Instruction& in : section.instructions) n += size_t(in.n_outer) * in.n_middle * in.n_inner;
  return n;
}

Section CheckedSection::unrolled() const {
  Section out{{}, n_rows_, split_};
  size_t done = 0;
  for (const Strips& s : strips_) {
    out.instructions.insert(out.instructions.end(), instructions_.begin() + done, instructions_.begin() + s.first);
    for (int32_t strip = 0; strip < s.n_strips; ++strip)
      for (size_t k = s.first; k < s.stop; ++k)
        out.instructions.push_back(moved(instructions_[k], &s.moves[4 * (k - s.first)], strip));
    if (s.stop <= split_) out.split += (s.n_strips - 1) * (s.stop - s.first);
    done = s.stop;
  }
  out.instructions.insert(out.instructions.end(), instructions_.begin() + done, instructions_.end());
  return out;
}

}  // namespace fastdescent
