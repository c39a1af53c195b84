// A section of a Program as the core sees it: instructions over rows, with named ranges resolved to offsets.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "fastdescent/kernel.hpp"

namespace fastdescent {

/// Instructions that run `n_strips` times in order, on a strip of some rows of data each time. From strip to strip the
/// result and the operands of each move on by so many rows, or uniform numbers.
struct Strips {
  size_t first, stop;
  int32_t n_strips;
  std::vector<int32_t> moves;  ///< four for each instruction
};

/// A named range of rows, without its name.
struct Slot {
  size_t offset, size;
};

/// The first `split` instructions are those before the stop test.
struct Section {
  std::vector<Instruction> instructions;
  size_t n_rows, split;
};

/// Numbers that a section computes for a lane.
size_t n_numbers(const Section& section);

/// Work, in such numbers, that is worth a thread, and of a call so short that nobody will want to cancel it.
constexpr size_t thread_work = 80'000, short_work = 20'000'000;

/// A section that reads and writes nothing but its rows and its uniform numbers, however it is run: what an object of
/// this class holds has been checked. Whether its results mean anything is for the verifier in Python to say.
class CheckedSection {
 public:
  /// Throws std::invalid_argument.
  CheckedSection(std::vector<Instruction> instructions, std::vector<Strips> strips, size_t n_rows, size_t n_uniform,
                 size_t split, std::vector<Slot> inputs, std::vector<Slot> outputs);

  size_t n_rows() const { return n_rows_; }
  size_t n_uniform() const { return n_uniform_; }
  std::span<const Slot> inputs() const { return inputs_; }
  std::span<const Slot> outputs() const { return outputs_; }

  /// The instructions, each as often as it is run; `split` counts those.
  Section unrolled() const;

 private:
  std::vector<Instruction> instructions_;
  std::vector<Strips> strips_;
  size_t n_rows_, n_uniform_, split_;
  std::vector<Slot> inputs_, outputs_;
};

}  // namespace fastdescent
