// What Python cannot reach: the scheduler under the sanitizers, and fma without hardware against the C library's.
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <stdexcept>
#include <vector>

#include "check.hpp"
#include "fastdescent/descend.hpp"
#include "fastdescent/status.hpp"

using namespace fastdescent;
using tests::check;

namespace {

/// Gradient descent on sum(x^2): rows x = 0..1, gradient = 2..3; uniform = {2, -lr}.
const Instruction program[] = {
    {static_cast<int32_t>(Op::mul), 1, 2, 1, 1, {2, 1, 0, 0}, {{0, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 0, 0}}},
    {static_cast<int32_t>(Op::fma), 1, 2, 1, 1, {0, 1, 0, 0}, {{1, 0, 0, 0}, {2, 1, 0, 0}, {0, 1, 0, 0}}},
};

template <class T>
struct Run {
  std::vector<T> starts, x, uniform{T(2), T(-0.25)}, initial{T(0), T(0)}, center{T(0), T(0)};
  std::vector<int32_t> nit;
  std::vector<int8_t> status;
  bool in_place = false;  // x, nit and status are what was before, too

  explicit Run(size_t n) : starts(2 * n), x(2 * n), nit(n), status(n) {
    for (size_t i = 0; i < starts.size(); ++i) starts[i] = static_cast<T>(1 + i % 97);
  }

  void descend(const Isa& isa, unsigned n_threads, size_t n_lanes, uint32_t max_steps, const Poll& poll) {
    const Tests<T> tests{.dim = 2,
                         .x = 0,
                         .gradient = 2,
                         .fun = -1,
                         .previous_fun = -1,
                         .previous_x = -1,
                         .moved = -1,
                         .alarm = 0,
                         .gtol2 = T(1e-8),
                         .escape2 = T(1e9),
                         .xtol2 = -1,
                         .ftol = -1,
                         .center = center.data(),
                         .low = nullptr,
                         .high = nullptr};
    const Descent<T> job{.isa = &isa,
                         .step = {{std::begin(program), std::end(program)}, 4, 1},
                         .uniform = uniform.data(),
                         .table = nullptr,
                         .initial = initial.data(),
                         .starts = in_place ? x.data() : starts.data(),
                         .lane_values = nullptr,
                         .state_before = in_place ? x.data() : nullptr,
                         .t_before = in_place ? nit.data() : nullptr,
                         .status_before = in_place ? status.data() : nullptr,
                         .first_index = 0,
                         .indices = nullptr,
                         .n = nit.size(),
                         .dim = 2,
                         .n_state = 2,
                         .n_lane = 0,
                         .lane_row = 2,
                         .n_table = 0,
                         .table_row = 2,
                         .n_index = 0,
                         .max_steps = max_steps,
                         .tests = tests,
                         .plain = false,
                         .compiled = {},
                         .n_lanes = n_lanes,
                         .n_threads = n_threads,
                         .record = {},
                         .x = x.data(),
                         .nit = nit.data(),
                         .status = status.data(),
                         .state_after = in_place ? x.data() : nullptr};
    fastdescent::descend(job, poll);
  }
};

template <class T>
void same_for_all_threads_and_widths(const Isa& isa) {
  Run<T> alone(1000);
  const Poll go_on = [](size_t) { return true; };
  alone.descend(isa, 1, 0, 100, go_on);
  for (const int8_t s : alone.status) check(s == static_cast<int8_t>(Status::converged), "converges");
  for (const unsigned n_threads : {2u, 5u}) {
    for (const size_t n_lanes : {size_t(0), size_t(3), size_t(300)}) {
      Run<T> other(1000);
      other.descend(isa, n_threads, n_lanes, 100, go_on);
      check(other.x == alone.x && other.nit == alone.nit && other.status == alone.status, "same results");
    }
  }
}

/// Parts of a run made in place: those that have stopped are passed over, the others go on.
template <class T>
void same_in_parts(const Isa& isa) {
  Run<T> alone(1000), parts(1000);
  const Poll go_on = [](size_t) { return true; };
  alone.descend(isa, 1, 0, 40, go_on);
  parts.x = parts.starts;
  parts.in_place = true;
  for (const uint32_t until : {0u, 1u, 20u, 33u, 33u, 40u}) {
    for (int8_t& s : parts.status)
      if (until == 0 || s == static_cast<int8_t>(Status::max_steps)) s = static_cast<int8_t>(Status::live);
    parts.descend(isa, 3, 0, until, go_on);
  }
  check(parts.x == alone.x && parts.nit == alone.nit && parts.status == alone.status, "same results in parts");
}

/// Cancelled in place, trajectories that had stopped stay as they are, and the others can go on.
void cancelling_in_place(const Isa& isa) {
  Run<double> run(100'000);
  run.uniform[1] = 0.0;
  run.x = run.starts;
  run.in_place = true;
  for (size_t i = 0; i < run.status.size(); ++i)
    run.status[i] = static_cast<int8_t>(i % 2 ? Status::live : Status::stalled);
  run.descend(isa, 2, 0, 1u << 30, [](size_t) { return false; });
  bool kept = run.x == run.starts;
  for (size_t i = 0; i < run.status.size(); ++i)
    kept &= run.status[i] == static_cast<int8_t>(i % 2 ? Status::interrupted : Status::stalled);
  check(kept, "cancelled in place");
}

void cancelling(const Isa& isa) {
  Run<double> run(100'000);
  run.uniform[1] = 0.0;  // never arrives
  run.descend(isa, 2, 0, 1u << 30, [](size_t) { return false; });
  for (const int8_t s : run.status) check(s == static_cast<int8_t>(Status::interrupted), "cancelled");
  bool thrown = false;
  try {
    run.descend(isa, 2, 0, 1u << 30, [](size_t) -> bool { throw std::runtime_error("stop"); });
  } catch (const std::runtime_error&) {
    thrown = true;
  }
  check(thrown, "an exception in poll comes out");
}

}  // namespace

int main() {
  for (auto isa = available_isas(); *isa; ++isa) {
    same_for_all_threads_and_widths<double>(**isa);
    same_for_all_threads_and_widths<float>(**isa);
    same_in_parts<double>(**isa);
    same_in_parts<float>(**isa);
    tests::test_instructions(**isa);
    tests::test_far_rows(**isa);
  }
  cancelling(**available_isas());
  cancelling_in_place(**available_isas());
  if (tests::n_failed == 0) std::puts("all passed");
  return tests::n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
