// Evaluating and descending: arrays in, one call without the GIL, arrays out.
#include "run.hpp"

#include <array>
#include <tuple>
#include <utility>
#include <vector>

#include "fastdescent/descend.hpp"
#include "fastdescent/evaluate.hpp"
#include "fastdescent/recording.hpp"

namespace fastdescent::python {
namespace {

/// First and last instruction, number of strips, and how far each instruction moves from strip to strip.
using StripsList = std::vector<std::tuple<size_t, size_t, int32_t, Instructions>>;

Section section_of(const Instructions& instructions, const StripsList& list, size_t n_rows, size_t split) {
  if (instructions.ndim() != 2 || instructions.shape(1) * sizeof(int32_t) != sizeof(Instruction))
    throw py::value_error("instructions must have shape (n, 21)");
  std::vector<Strips> strips;
  for (const auto& [first, stop, n_strips, moves] : list)
    strips.push_back({first, stop, n_strips, {moves.data(), static_cast<size_t>(moves.size())}});
  return unrolled(
      {reinterpret_cast<const Instruction*>(instructions.data()), static_cast<size_t>(instructions.shape(0))}, strips,
      n_rows, split);
}

const Isa& isa_named(const std::string& name) {
  for (auto isa = available_isas(); *isa; ++isa)
    if (name == (*isa)->name) return **isa;
  throw py::value_error("no instruction set " + name + " on this machine");
}

/// Block, exact and fast of a step's machine code; zeros where there is none.
using Addresses = std::array<uintptr_t, 3>;
/// Block and function of a section's machine code, likewise.
using SectionAddresses = std::array<uintptr_t, 2>;

template <class T>
Compiled<T> compiled_at(const Addresses& at, bool may_speculate) {
  using Function = uint32_t (*)(KernelArguments<T>*, uint32_t);
  return {reinterpret_cast<Function>(at[1]), reinterpret_cast<Function>(at[2]), static_cast<uint32_t>(at[0]),
          may_speculate};
}

/// Values and offsets of what was recorded. Signals interrupt; what is done is no longer counted.
template <class T>
std::pair<Array<T>, Offsets> in_order(Paths<T>& paths, size_t n_rows, size_t dim) {
  std::vector<int64_t> offsets;
  {
    const py::gil_scoped_release release;
    offsets = paths.offsets(n_rows);
  }
  Array<T> values(std::vector<size_t>{static_cast<size_t>(offsets.back()), dim});
  T* const begin = values.mutable_data();
  const Poll poll = poll_with(py::none());
  {
    const py::gil_scoped_release release;
    paths.move_to(begin, offsets, poll);
  }
  return {values, Offsets(offsets.size(), offsets.data())};
}

}  // namespace

Poll poll_with(py::object callback) {
  return [callback](size_t done) {
    const py::gil_scoped_acquire gil;
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
    return callback.is_none() || callback(done).cast<bool>();
  };
}

template <class T>
std::vector<Array<T>> evaluate_section(const std::string& isa, const Instructions& instructions,
                                       const StripsList& strips, size_t n_rows, const Array<T>& uniform,
                                       const std::vector<Array<T>>& inputs, const std::vector<size_t>& input_offsets,
                                       const std::vector<std::pair<size_t, size_t>>& outputs, size_t n_points,
                                       const SectionAddresses& compiled, unsigned n_threads) {
  Evaluation<T> e{.isa = &isa_named(isa),
                  .section = section_of(instructions, strips, n_rows, 0),
                  .compiled = {reinterpret_cast<uint32_t (*)(KernelArguments<T>*, uint32_t)>(compiled[1]),
                               static_cast<uint32_t>(compiled[0])},
                  .uniform = uniform.data(),
                  .inputs = {},
                  .outputs = {},
                  .n_points = n_points,
                  .n_threads = n_threads};
  for (size_t k = 0; k < inputs.size(); ++k)
    e.inputs.push_back({inputs[k].data(), input_offsets[k], static_cast<size_t>(inputs[k].shape(1))});
  std::vector<Array<T>> results;
  for (const auto& [offset, size] : outputs) {
    results.emplace_back(std::vector<size_t>{n_points, size});
    e.outputs.push_back({results.back().mutable_data(), offset, size});
  }
  const Poll poll = poll_with(py::none());
  {
    const py::gil_scoped_release release;
    evaluate(e, poll);
  }
  return results;
}

/// With `status_before` the run is made in place: starts, state, t and status are written to. `overwrite` writes only
/// the ends over the starts.
template <class T>
py::tuple descend_all(const std::string& isa, const Instructions& instructions, const StripsList& strips, size_t n_rows,
                      size_t split, const Array<T>& uniform, const Array<T>& table, const Array<T>& initial,
                      const Array<T>& starts, bool overwrite, const Array<T>& lane_values, const StepRows& rows,
                      const std::vector<double>& limits, const Array<T>& center, const Array<T>& box,
                      bool may_speculate, const Array<T>& state_before, const Counts& t_before,
                      const Statuses& status_before, const Array<uint32_t>& record_steps, uint32_t record_every,
                      const Counts& record_rows, size_t n_recorded, size_t most_recorded, bool keep_state,
                      uint64_t first_index, const Array<uint64_t>& indices, uint32_t max_steps, const Counts& t_last,
                      const Addresses& compiled, size_t n_lanes, unsigned n_threads, py::object poll) {
  const auto n = static_cast<size_t>(starts.shape(0)), dim = static_cast<size_t>(starts.shape(1));
  const Tests<T> tests{.dim = static_cast<int32_t>(dim),
                       .x = rows.x,
                       .gradient = rows.gradient,
                       .fun = rows.fun,
                       .previous_fun = rows.previous_fun,
                       .previous_x = rows.previous_x,
                       .moved = rows.moved,
                       .stop = rows.stop,
                       .alarm = rows.alarm,
                       .gtol2 = static_cast<T>(limits.at(0)),
                       .escape2 = static_cast<T>(limits.at(1)),
                       .xtol2 = static_cast<T>(limits.at(2)),
                       .ftol = static_cast<T>(limits.at(3)),
                       .center = center.data(),
                       .low = box.size() ? box.data() : nullptr,
                       .high = box.size() ? box.data() + dim : nullptr};
  const auto n_state = static_cast<size_t>(initial.size());
  const bool in_place = status_before.size() > 0;
  Array<T> state_after = in_place ? state_before : Array<T>(std::vector<size_t>{keep_state ? n : 0, n_state});
  const bool recorded = record_steps.size() > 0;
  Paths<T> paths(dim, recorded ? n_threads : 0, most_recorded);
  const Recording record{.steps = record_steps.data(),
                         .n_steps = static_cast<size_t>(record_steps.size()),
                         .every = record_every,
                         .row = record_rows.data()};
  Array<T> x = in_place || overwrite ? starts : Array<T>(std::vector<size_t>{n, dim});
  Counts nit = in_place ? t_before : Counts(n);
  Statuses status = in_place ? status_before : Statuses(n);
  const Descent<T> run{.isa = &isa_named(isa),
                       .step = section_of(instructions, compiled[0] ? StripsList{} : strips, n_rows, split),
                       .uniform = uniform.data(),
                       .table = table.data(),
                       .initial = initial.data(),
                       .starts = starts.data(),
                       .lane_values = lane_values.data(),
                       .state_before = state_before.size() ? state_before.data() : nullptr,
                       .t_before = t_before.size() ? t_before.data() : nullptr,
                       .status_before = in_place ? status_before.data() : nullptr,
                       .first_index = first_index,
                       .indices = indices.size() ? indices.data() : nullptr,
                       .n = n,
                       .dim = dim,
                       .n_state = n_state,
                       .n_lane = static_cast<size_t>(lane_values.shape(1)),
                       .lane_row = rows.lane_row,
                       .n_table = static_cast<size_t>(table.shape(1)),
                       .table_row = rows.table_row,
                       .n_index = rows.n_index,
                       .max_steps = max_steps,
                       .t_last = t_last.size() ? t_last.data() : nullptr,
                       .tests = tests,
                       .may_speculate = may_speculate,
                       .compiled = compiled_at<T>(compiled, may_speculate),
                       .n_lanes = n_lanes,
                       .n_threads = n_threads,
                       .record = record,
                       .paths = recorded ? &paths : nullptr,
                       .x = x.mutable_data(),
                       .nit = nit.mutable_data(),
                       .status = status.mutable_data(),
                       .state_after = keep_state ? state_after.mutable_data() : nullptr};
  const Poll polled = poll_with(std::move(poll));
  {
    const py::gil_scoped_release release;
    descend(run, polled);
  }
  const auto [values, offsets] = in_order(paths, n_recorded, dim);
  return py::make_tuple(x, nit, status, state_after, values, offsets);
}

void define_run(py::module_& m) {
  py::class_<StepRows>(m, "StepRows")
      .def(py::init<int32_t, int32_t, int32_t, int32_t, int32_t, int32_t, int32_t, int32_t, size_t, size_t, size_t>(),
           py::kw_only(), py::arg("x"), py::arg("gradient"), py::arg("fun"), py::arg("previous_fun"),
           py::arg("previous_x"), py::arg("moved"), py::arg("stop"), py::arg("alarm"), py::arg("lane_row"),
           py::arg("n_index"), py::arg("table_row"));
  const auto both = [&m]<class T>(T) {
    m.def("evaluate", &evaluate_section<T>, py::kw_only(), py::arg("isa"), py::arg("instructions"), py::arg("strips"),
          py::arg("n_rows"), py::arg("uniform").noconvert(), py::arg("inputs"), py::arg("input_offsets"),
          py::arg("outputs"), py::arg("n_points"), py::arg("compiled"), py::arg("n_threads"));
    m.def("descend", &descend_all<T>, py::kw_only(), py::arg("isa"), py::arg("instructions"), py::arg("strips"),
          py::arg("n_rows"), py::arg("split"), py::arg("uniform").noconvert(), py::arg("table").noconvert(),
          py::arg("initial").noconvert(), py::arg("starts").noconvert(), py::arg("overwrite"),
          py::arg("lane_values").noconvert(), py::arg("rows"), py::arg("limits"), py::arg("center").noconvert(),
          py::arg("box").noconvert(), py::arg("may_speculate"), py::arg("state_before").noconvert(),
          py::arg("t_before").noconvert(), py::arg("status_before").noconvert(), py::arg("record_steps"),
          py::arg("record_every"), py::arg("record_rows"), py::arg("n_recorded"), py::arg("most_recorded"),
          py::arg("keep_state"), py::arg("first_index"), py::arg("indices").noconvert(), py::arg("max_steps"),
          py::arg("t_last").noconvert(), py::arg("compiled"), py::arg("n_lanes"), py::arg("n_threads"),
          py::arg("poll"));
  };
  both(double{});
  both(float{});
}

}  // namespace fastdescent::python
