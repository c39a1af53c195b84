#include "fastdescent/job.hpp"

#include <string>

#include "fastdescent/status.hpp"

namespace fastdescent {
namespace {

constexpr int64_t most_steps = INT32_MAX - 1;
constexpr uint64_t most_paths = uint64_t{1} << 27;

/// A row, or the first of n rows, of the section; -1: there is none.
int32_t row_of(const Fields& fields, const char* name, size_t n, size_t n_rows, bool may_be_missing = true) {
  const auto last = static_cast<int64_t>(n_rows) - static_cast<int64_t>(n);
  return static_cast<int32_t>(fields.whole(name, may_be_missing ? -1 : 0, last));
}

template <class T>
Tests<T> tests_of(const Fields& fields, size_t dim, size_t n_rows) {
  const auto limits = fields.array<double>("limits", {4});
  for (const double limit : limits) require(limit == limit, "limits must be numbers");
  const std::vector<size_t> box = fields.shape<T>("box", 2);
  const T* const low = box[0] ? fields.array<T>("box", {2, dim}).data() : nullptr;
  const Tests<T> tests{.dim = static_cast<int32_t>(dim),
                       .x = row_of(fields, "x_row", dim, n_rows, false),
                       .gradient = row_of(fields, "gradient_row", dim, n_rows, false),
                       .fun = row_of(fields, "fun_row", 1, n_rows),
                       .previous_fun = row_of(fields, "previous_fun_row", 1, n_rows),
                       .previous_x = row_of(fields, "previous_x_row", dim, n_rows),
                       .moved = row_of(fields, "moved_row", 1, n_rows),
                       .stop = row_of(fields, "stop_row", 1, n_rows),
                       .alarm = fields.flag("alarm"),
                       .gtol2 = static_cast<T>(limits[0]),
                       .escape2 = static_cast<T>(limits[1]),
                       .xtol2 = static_cast<T>(limits[2]),
                       .ftol = static_cast<T>(limits[3]),
                       .center = fields.array<T>("center", {dim}).data(),
                       .low = low,
                       .high = low ? low + dim : nullptr};
  require(tests.x == 0, "x_row must be 0: the state begins with the point");
  if (tests.moved >= 0) {
    require(tests.xtol2 < 0 || tests.previous_x >= 0, "xtol needs previous_x_row");
    require(tests.ftol < 0 || (tests.fun >= 0 && tests.previous_fun >= 0), "ftol needs fun_row and previous_fun_row");
  }
  return tests;
}

Recording recording_of(const Fields& fields, size_t n, size_t n_recorded) {
  const std::vector<size_t> n_steps = fields.shape<uint32_t>("record_steps", 1);
  const auto steps = fields.array<uint32_t>("record_steps", {n_steps[0]});
  if (steps.empty()) return {nullptr, 0, 0, nullptr};
  require(steps[0] == 0, "record_steps must begin with 0");
  for (size_t k = 1; k < steps.size(); ++k) require(steps[k - 1] < steps[k], "record_steps must ascend");
  const auto rows = fields.array<int32_t>("record_rows", {n});
  require_range("record_rows", rows, -1, static_cast<int64_t>(n_recorded) - 1);
  std::vector<bool> taken(n_recorded);
  for (const int32_t row : rows) {
    require(row < 0 || !taken[row], "record_rows must give each trajectory a row of its own");
    if (row >= 0) taken[row] = true;
  }
  return {steps.data(), steps.size(), static_cast<uint32_t>(fields.natural("record_every", UINT32_MAX)), rows.data()};
}

template <class T>
Compiled<T> compiled_of(const Fields& fields, const Isa& isa, bool may_speculate) {
  const auto at = fields.array<uint64_t>("compiled", {3});
  if (at[0] == 0) return {};
  const auto most = static_cast<uint64_t>(isa.template kernels<T>().block);
  require(at[0] <= most && at[0] % (most / 8) == 0, "compiled must begin with a number of lanes that fill vectors");
  require(at[1] && at[2], "compiled needs two addresses");
  using Function = uint32_t (*)(KernelArguments<T>*, uint32_t) noexcept;
  return {reinterpret_cast<Function>(at[1]), reinterpret_cast<Function>(at[2]), static_cast<uint32_t>(at[0]),
          may_speculate};
}

}  // namespace

const Isa& isa_named(const std::string& name) {
  for (auto isa = available_isas(); *isa; ++isa)
    if (name == (*isa)->name) return **isa;
  require(false, "no instruction set " + name + " on this machine");
  __builtin_unreachable();
}

template <class T>
Job<T> job_of(const Fields& fields, const CheckedSection& section) {
  const size_t n_rows = section.n_rows();
  const std::vector<size_t> starts_shape = fields.shape<T>("starts", 2);
  const size_t n = starts_shape[0], dim = starts_shape[1];
  require(dim >= 1 && dim <= n_rows, "starts must have shape (n, dim), dim from 1 to the rows of the section");
  const size_t n_state = fields.shape<T>("initial", 1)[0], n_lane = fields.shape<T>("lane_values", 2)[1];
  const std::vector<size_t> table = fields.shape<T>("table", 2);
  const size_t n_index = fields.natural("n_index", 4), n_table = table[1];
  require(dim <= n_state, "initial must have at least dim numbers");
  require(n_state <= n_rows && n_lane <= n_rows && n_table <= n_rows && n_state + n_lane + n_index + n_table <= n_rows,
          "the section has fewer rows than initial, lane_values, n_index and table need");
  const auto max_steps = static_cast<uint32_t>(fields.natural("max_steps", most_steps));
  size_t n_inputs = 0;
  for (const Slot& input : section.inputs()) n_inputs += input.size;
  require(n_inputs == n_state + n_lane + n_index + n_table,
          "initial, lane_values, n_index and table must fill the inputs of the section");
  require(n_table == 0 || table[0] > max_steps, "table must have max_steps + 1 rows");

  Job<T> job{};
  job.in_place = fields.shape<int8_t>("status_before", 1)[0] > 0;
  job.overwrite = fields.flag("overwrite");
  job.keep_state = fields.flag("keep_state");
  job.n_recorded = fields.natural("n_recorded", most_paths);
  job.most_recorded = fields.natural("most_recorded", UINT64_MAX);
  const auto starts = fields.array<T>("starts", {n, dim}, job.in_place || job.overwrite);
  const auto state = fields.optional<T>("state_before", {n, n_state}, job.in_place);
  const auto t = fields.optional<int32_t>("t_before", {n}, job.in_place);
  const auto status = fields.optional<int8_t>("status_before", {n}, job.in_place);
  const auto last = fields.optional<int32_t>("t_last", {n});
  require(!job.in_place || n == 0 || (state.data() && t.data()), "status_before needs state_before and t_before");
  require(!state.data() == !t.data() || n == 0, "state_before and t_before come together");
  require_range("t_before", t, 0, max_steps);
  require_range("t_last", last, 0, max_steps);
  require_range("status_before", status, static_cast<int>(Status::running), INT8_MAX);
  for (size_t k = 0; k < last.size() && t.data(); ++k)
    require(t[k] <= last[k], "t_last must not be less than t_before");
  const Recording record = recording_of(fields, n, job.n_recorded);
  job.records = record.n_steps > 0;
  const Isa& isa = isa_named(fields.text("isa"));
  const bool may_speculate = fields.flag("may_speculate");
  job.run = {.isa = &isa,
             .step = {},
             .uniform = fields.array<T>("uniform", {section.n_uniform()}).data(),
             .table = fields.array<T>("table", {table[0], n_table}).data(),
             .initial = fields.array<T>("initial", {n_state}).data(),
             .starts = starts.data(),
             .lane_values = fields.array<T>("lane_values", {n, n_lane}).data(),
             .state_before = state.data(),
             .t_before = t.data(),
             .status_before = status.data(),
             .first_index = fields.natural("first_index", UINT64_MAX),
             .indices = fields.optional<uint64_t>("indices", {n}).data(),
             .n = n,
             .dim = dim,
             .n_state = n_state,
             .n_lane = n_lane,
             .lane_row = n_state,
             .n_table = n_table,
             .table_row = n_state + n_lane + n_index,
             .n_index = n_index,
             .max_steps = max_steps,
             .t_last = last.data(),
             .tests = tests_of<T>(fields, dim, n_rows),
             .may_speculate = may_speculate,
             .compiled = compiled_of<T>(fields, isa, may_speculate),
             .n_lanes = fields.natural("n_lanes", 1u << 20),
             .n_threads = static_cast<unsigned>(fields.whole("n_threads", 1, INT32_MAX)),
             .record = record,
             .paths = nullptr,
             .x = nullptr,
             .nit = nullptr,
             .status = nullptr,
             .state_after = nullptr};
  job.run.step = job.run.compiled.block ? Section{{}, n_rows, 0} : section.unrolled();
  return job;
}

template Job<double> job_of<double>(const Fields&, const CheckedSection&);
template Job<float> job_of<float>(const Fields&, const CheckedSection&);

}  // namespace fastdescent
