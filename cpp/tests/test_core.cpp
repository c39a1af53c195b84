// What Python cannot reach: the scheduler under the sanitizers, and fma without hardware against the C library's.
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <new>
#include <stdexcept>
#include <vector>

#include "check.hpp"
#include "fastdescent/descend.hpp"
#include "fastdescent/status.hpp"
#include "replay.hpp"

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
  size_t most_recorded = 0;
  std::vector<int32_t> path_rows;  // none: nothing is recorded
  std::vector<T> path_values;
  std::vector<int64_t> path_offsets;

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
                         .stop = -1,
                         .alarm = 0,
                         .gtol2 = T(1e-8),
                         .escape2 = T(1e9),
                         .xtol2 = -1,
                         .ftol = -1,
                         .center = center.data(),
                         .low = nullptr,
                         .high = nullptr};
    const uint32_t steps[] = {0, 3};
    Paths<T> paths(2, n_threads, most_recorded);
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
                         .t_last = nullptr,
                         .tests = tests,
                         .may_speculate = false,
                         .compiled = {},
                         .n_lanes = n_lanes,
                         .n_threads = n_threads,
                         .record = {steps, 2, 2, path_rows.data()},
                         .paths = path_rows.empty() ? nullptr : &paths,
                         .x = x.data(),
                         .nit = nit.data(),
                         .status = status.data(),
                         .state_after = in_place ? x.data() : nullptr};
    fastdescent::descend(job, poll);
    path_offsets = paths.offsets(path_rows.size());
    path_values.resize(2 * static_cast<size_t>(path_offsets.back()));
    paths.move_to(path_values.data(), path_offsets, poll);
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

/// Recorded are steps 0, 3, 5, 7 ..., in rows that stand in another order than the trajectories.
template <class T>
Run<T> recorded(size_t n, size_t most) {
  Run<T> run(n);
  run.most_recorded = most;
  run.path_rows.resize(n);
  for (size_t i = 0; i < n; ++i) run.path_rows[i] = static_cast<int32_t>(n - 1 - i);
  return run;
}

template <class T>
void same_paths_for_all_threads_and_widths(const Isa& isa) {
  constexpr size_t n = 20'000;  // more points than a block of memory holds
  const Poll go_on = [](size_t) { return true; };
  Run<T> alone = recorded<T>(n, n * 100);
  alone.descend(isa, 1, 0, 100, go_on);
  bool right = true;
  for (size_t i = 0; i < n; ++i) {
    const auto row = static_cast<size_t>(alone.path_rows[i]);
    const int64_t first = alone.path_offsets[row], last = alone.path_offsets[row + 1] - 1;
    const int32_t nit = alone.nit[i], wanted = nit == 0 ? 0 : nit <= 3 ? 1 : 1 + (nit - 2) / 2;
    right &= last - first == wanted;
    right &= alone.path_values[static_cast<size_t>(2 * first)] == alone.starts[2 * i];
    right &= alone.path_values[static_cast<size_t>(2 * last)] == alone.x[2 * i];
  }
  check(right, "paths from start to end");
  for (const unsigned n_threads : {2u, 5u}) {
    for (const size_t n_lanes : {size_t(0), size_t(3), size_t(300)}) {
      Run<T> other = recorded<T>(n, static_cast<size_t>(alone.path_offsets.back()));
      other.descend(isa, n_threads, n_lanes, 100, go_on);
      check(other.path_values == alone.path_values && other.path_offsets == alone.path_offsets, "same paths");
    }
  }
}

/// Whether a run ends because of its paths: at its end, or in its midst.
bool outgrows(Run<double>& run, const Isa& isa, uint32_t max_steps) {
  try {
    run.descend(isa, 3, 0, max_steps, [](size_t) { return true; });
  } catch (const std::bad_alloc&) {
    return true;
  }
  return false;
}

void paths_that_outgrow_what_they_may_take(const Isa& isa) {
  Run<double> enough = recorded<double>(1000, 1 << 20);
  check(!outgrows(enough, isa, 100), "enough");
  const auto n_points = static_cast<size_t>(enough.path_offsets.back());
  Run<double> just_enough = recorded<double>(1000, n_points), too_few = recorded<double>(1000, n_points - 1);
  check(!outgrows(just_enough, isa, 100), "just enough");
  check(outgrows(too_few, isa, 100), "one point too many");
  Run<double> endless = recorded<double>(1000, 1 << 20);
  endless.uniform[1] = 0.0;
  check(outgrows(endless, isa, 1u << 30), "endless");
}

/// Trajectories that were never begun have their starts.
void paths_of_a_cancelled_run(const Isa& isa) {
  Run<double> run = recorded<double>(100'000, size_t{1} << 40);
  run.uniform[1] = 0.0;
  run.descend(isa, 2, 0, 1u << 30, [](size_t) { return false; });
  bool right = true;
  for (size_t i = 0; i < run.nit.size(); ++i) {
    const auto first = static_cast<size_t>(run.path_offsets[static_cast<size_t>(run.path_rows[i])]);
    right &= run.path_values[2 * first] == run.starts[2 * i];
    if (run.nit[i] == 0)
      right &= static_cast<size_t>(run.path_offsets[static_cast<size_t>(run.path_rows[i]) + 1]) == first + 1;
  }
  check(right, "paths of a cancelled run");
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
      if (until == 0 || s == static_cast<int8_t>(Status::max_steps)) s = static_cast<int8_t>(Status::running);
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
    run.status[i] = static_cast<int8_t>(i % 2 ? Status::running : Status::stalled);
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

int main(int n_arguments, char** arguments) {
  for (auto isa = available_isas(); *isa; ++isa) {
    same_for_all_threads_and_widths<double>(**isa);
    same_for_all_threads_and_widths<float>(**isa);
    same_in_parts<double>(**isa);
    same_in_parts<float>(**isa);
    same_paths_for_all_threads_and_widths<double>(**isa);
    same_paths_for_all_threads_and_widths<float>(**isa);
    tests::test_instructions(**isa);
    tests::test_far_rows(**isa);
  }
  cancelling(**available_isas());
  cancelling_in_place(**available_isas());
  paths_that_outgrow_what_they_may_take(**available_isas());
  paths_of_a_cancelled_run(**available_isas());
  if (n_arguments > 1) tests::replay_folder(arguments[1]);
  if (tests::n_failed == 0) std::puts("all passed");
  return tests::n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
