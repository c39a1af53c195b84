#include "fastdescent/evaluate.hpp"

#include <algorithm>
#include <limits>

#include "fastdescent/aligned.hpp"
#include "fastdescent/decode.hpp"
#include "fastdescent/float_control.hpp"

namespace fastdescent {
namespace {

template <class T>
class Evaluator {
 public:
  explicit Evaluator(const Evaluation<T>& e)
      : e_(e), kernels_(e.isa->template kernels<T>()), block_(e.block()), rows_(e.section.n_rows * block_) {
    if (e.compiled.block) return;
    RowSet live(e.section.n_rows);
    for (const auto& out : e.outputs) std::fill_n(live.begin() + out.offset, out.size, true);
    code_ = decode(e.section.instructions, kernels_, live);
  }

  /// Evaluates points [first, first + n), at most a block.
  void run(size_t first, size_t n) {
    for (const auto& in : e_.inputs) fill(in, first, n);
    if (e_.compiled.block) kernels_.call(e_.compiled, rows_.get(), e_.uniform);
    else kernels_.execute(code_.data(), rows_.get(), e_.uniform);
    for (const auto& out : e_.outputs) write(out, first, n);
  }

 private:
  void fill(const Block<const T>& in, size_t first, size_t n) {
    for (size_t d = 0; d < in.size; ++d) {
      T* row = rows_.get() + (in.offset + d) * block_;
      for (size_t i = 0; i < n; ++i) row[i] = in.data[(first + i) * in.size + d];
    }
  }

  void write(const Block<T>& out, size_t first, size_t n) {
    for (size_t d = 0; d < out.size; ++d) {
      const T* row = rows_.get() + (out.offset + d) * block_;
      for (size_t i = 0; i < n; ++i) {
        out.data[(first + i) * out.size + d] = row[i] == row[i] ? row[i] : std::numeric_limits<T>::quiet_NaN();
      }
    }
  }

  const Evaluation<T>& e_;
  const Kernels<T>& kernels_;
  size_t block_;
  AlignedArray<T> rows_;
  std::vector<Decoded> code_;
};

}  // namespace

template <class T>
bool evaluate(const Evaluation<T>& e, const Poll& poll) {
  constexpr size_t tile_work = 20'000;  // numbers of a tile
  const size_t block = e.block(), of_a_point = n_numbers(e.section), all = of_a_point * e.n_points;
  const size_t tile_points = block * std::clamp<size_t>(tile_work / (of_a_point * block), 1, 16);
  const size_t n_tiles = (e.n_points + tile_points - 1) / tile_points;
  Shared shared;
  const auto work = [&](unsigned) {
    Evaluator<T> evaluator(e);
    for (size_t tile; !shared.cancelled && (tile = shared.next++) < n_tiles;) {
      const size_t end = std::min((tile + 1) * tile_points, e.n_points);
      for (size_t at = tile * tile_points; at < end; at += block) evaluator.run(at, std::min(block, end - at));
      ++shared.done;
    }
  };
  const auto n_threads = static_cast<unsigned>(std::min({size_t(e.n_threads), n_tiles, all / thread_work}));
  if (n_threads < 2 && all < short_work) {
    const FloatControl control;
    work(0);
  } else {
    run_threads(std::max(n_threads, 1u), shared, poll, work);
  }
  return !shared.cancelled;
}

template bool evaluate<double>(const Evaluation<double>&, const Poll&);
template bool evaluate<float>(const Evaluation<float>&, const Poll&);

}  // namespace fastdescent
