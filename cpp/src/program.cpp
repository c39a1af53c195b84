#include "fastdescent/program.hpp"

namespace fastdescent {
namespace {

Instruction moved(Instruction in, const int32_t* by, int32_t strip) {
  in.out.offset += strip * by[0];
  for (int k = 0; k < 3; ++k) in.operand[k].offset += strip * by[1 + k];
  return in;
}

}  // namespace

Section unrolled(std::span<const Instruction> instructions, std::span<const Strips> strips, size_t n_rows,
                 size_t split) {
  Section out{{}, n_rows, split};
  size_t done = 0;
  for (const Strips& s : strips) {
    out.instructions.insert(out.instructions.end(), instructions.begin() + done, instructions.begin() + s.first);
    for (int32_t strip = 0; strip < s.n_strips; ++strip)
      for (size_t k = s.first; k < s.stop; ++k)
        out.instructions.push_back(moved(instructions[k], &s.moves[4 * (k - s.first)], strip));
    if (s.stop <= split) out.split += (s.n_strips - 1) * (s.stop - s.first);
    done = s.stop;
  }
  out.instructions.insert(out.instructions.end(), instructions.begin() + done, instructions.end());
  return out;
}

}  // namespace fastdescent
