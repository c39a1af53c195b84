#include "fastdescent/program.hpp"

namespace fastdescent {
namespace {

Instruction moved(Instruction in, const int32_t* by, int32_t turn) {
  in.out.offset += turn * by[0];
  for (int k = 0; k < 3; ++k) in.operand[k].offset += turn * by[1 + k];
  return in;
}

}  // namespace

Section unrolled(std::span<const Instruction> code, std::span<const Strips> strips, size_t n_rows, size_t split) {
  Section out{{}, n_rows, split};
  size_t done = 0;
  for (const Strips& s : strips) {
    out.code.insert(out.code.end(), code.begin() + done, code.begin() + s.first);
    for (int32_t turn = 0; turn < s.turns; ++turn)
      for (size_t k = s.first; k < s.stop; ++k) out.code.push_back(moved(code[k], &s.moves[4 * (k - s.first)], turn));
    if (s.stop <= split) out.split += (s.turns - 1) * (s.stop - s.first);
    done = s.stop;
  }
  out.code.insert(out.code.end(), code.begin() + done, code.end());
  return out;
}

}  // namespace fastdescent
