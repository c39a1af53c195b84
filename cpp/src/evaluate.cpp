#include "fastdescent/evaluate.hpp"

#include <algorithm>
#include <limits>

#include "fastdescent/aligned.hpp"
#include "fastdescent/float_control.hpp"

namespace fastdescent {
namespace {

template <class T>
class Evaluator {
 public:
  explicit Evaluator(const Evaluation<T>& e) : e_(e), rows_(e.section.n_rows * e.n_lanes) {
    code_.reserve(e.section.code.size());
    for (const Instruction& in : e.section.code) {
      code_.push_back(e.isa->template kernels<T>().decode(in, rows_.get(), e.n_lanes, e.uniform));
    }
  }

  void run(size_t first, size_t n) {
    for (const auto& in : e_.inputs) fill(in, first, n);
    const size_t padded = (n + lane_block - 1) / lane_block * lane_block;
    for (const Decoded<T>& d : code_) d.run(d, padded);
    for (const auto& out : e_.outputs) write(out, first, n);
  }

 private:
  void fill(const Block<const T>& in, size_t first, size_t n) {
    for (size_t d = 0; d < in.size; ++d) {
      T* row = rows_.get() + (in.offset + d) * e_.n_lanes;
      for (size_t i = 0; i < n; ++i) row[i] = in.data[(first + i) * in.size + d];
    }
  }

  void write(const Block<T>& out, size_t first, size_t n) {
    for (size_t d = 0; d < out.size; ++d) {
      const T* row = rows_.get() + (out.offset + d) * e_.n_lanes;
      for (size_t i = 0; i < n; ++i) {
        out.data[(first + i) * out.size + d] = row[i] == row[i] ? row[i] : std::numeric_limits<T>::quiet_NaN();
      }
    }
  }

  const Evaluation<T>& e_;
  AlignedArray<T> rows_;
  std::vector<Decoded<T>> code_;
};

}  // namespace

template <class T>
bool evaluate(const Evaluation<T>& e, const Poll& poll) {
  const size_t n_tiles = (e.n_points + e.n_lanes - 1) / e.n_lanes;
  Shared shared;
  const auto work = [&](unsigned) {
    Evaluator<T> evaluator(e);
    for (size_t tile; !shared.cancelled && (tile = shared.next++) < n_tiles;) {
      const size_t first = tile * e.n_lanes;
      evaluator.run(first, std::min(e.n_lanes, e.n_points - first));
      ++shared.done;
    }
  };
  const auto n_threads = static_cast<unsigned>(std::min<size_t>(e.n_threads, n_tiles / 4));
  if (n_threads < 2 && e.section.code.size() * e.n_points < 10'000'000) {
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
