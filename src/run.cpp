// Evaluating and descending: a checked section, one described job, one call without the GIL, arrays out.
#include "run.hpp"

#include <array>
#include <tuple>
#include <utility>
#include <vector>

#include "fastdescent/descend.hpp"
#include "fastdescent/evaluate.hpp"
#include "fastdescent/job.hpp"
#include "fastdescent/recording.hpp"
#include "py_fields.hpp"

namespace fastdescent::python {
namespace {

/// First and last instruction, number of strips, and how far each instruction moves from strip to strip.
using StripsList = std::vector<std::tuple<size_t, size_t, int32_t, Counts>>;
using Slots = std::vector<std::pair<size_t, size_t>>;  ///< offsets and sizes

std::vector<Slot> slots_of(const Slots& slots) {
  std::vector<Slot> out;
  for (const auto& [offset, size] : slots) out.push_back({offset, size});
  return out;
}

/// Copies what it is given, so that nobody can change it after it was checked.
CheckedSection checked_section(const Counts& instructions, const StripsList& list, size_t n_rows, size_t n_uniform,
                               size_t split, const Slots& inputs, const Slots& outputs) {
  require(instructions.ndim() == 2 && instructions.shape(1) * sizeof(int32_t) == sizeof(Instruction),
          "instructions must have shape (n, 21)");
  const auto* first = reinterpret_cast<const Instruction*>(instructions.data());
  std::vector<Strips> strips;
  for (const auto& [begin, stop, n_strips, moves] : list)
    strips.push_back({begin, stop, n_strips, {moves.data(), moves.data() + moves.size()}});
  return {{first, first + instructions.shape(0)},
          std::move(strips),
          n_rows,
          n_uniform,
          split,
          slots_of(inputs),
          slots_of(outputs)};
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

/// Block and function of a section's machine code; zeros where there is none.
using SectionAddresses = std::array<uintptr_t, 2>;

template <class T>
std::vector<Array<T>> evaluate_section(const CheckedSection& section, const std::string& isa, const Array<T>& uniform,
                                       const std::vector<Array<T>>& inputs, size_t n_points,
                                       const SectionAddresses& compiled, unsigned n_threads) {
  const Isa& set = isa_named(isa);
  const auto most = static_cast<uintptr_t>(set.kernels<T>().block);
  require(n_threads >= 1, "n_threads must be at least 1");
  require(uniform.ndim() == 1 && static_cast<size_t>(uniform.size()) == section.n_uniform(),
          "uniform must hold the section's uniform numbers");
  require(inputs.size() == section.inputs().size(), "inputs must be as many as the section has");
  require(compiled[0] == 0 || (compiled[1] && compiled[0] <= most && compiled[0] % (most / 8) == 0),
          "compiled must be a number of lanes that fill vectors, and an address");
  Evaluation<T> e{.isa = &set,
                  .section = section.unrolled(),
                  .compiled = {reinterpret_cast<uint32_t (*)(KernelArguments<T>*, uint32_t) noexcept>(compiled[1]),
                               static_cast<uint32_t>(compiled[0])},
                  .uniform = uniform.data(),
                  .inputs = {},
                  .outputs = {},
                  .n_points = n_points,
                  .n_threads = n_threads};
  for (size_t k = 0; k < inputs.size(); ++k) {
    const auto [offset, size] = section.inputs()[k];
    const Array<T>& in = inputs[k];
    require(in.ndim() == 2 && static_cast<size_t>(in.shape(0)) == n_points && static_cast<size_t>(in.shape(1)) == size,
            "inputs must have shape (n_points, size), of the sizes that the section has");
    e.inputs.push_back({in.data(), offset, size});
  }
  std::vector<Array<T>> results;
  for (const auto& [offset, size] : section.outputs()) {
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

template <class T>
py::tuple descend_job(const PyFields& fields, const CheckedSection& section) {
  Job<T> job = job_of<T>(fields, section);
  Descent<T>& run = job.run;
  Array<T> x =
      job.in_place || job.overwrite ? fields.taken<T>("starts") : Array<T>(std::vector<size_t>{run.n, run.dim});
  Counts nit = job.in_place ? fields.taken<int32_t>("t_before") : Counts(run.n);
  Statuses status = job.in_place ? fields.taken<int8_t>("status_before") : Statuses(run.n);
  Array<T> state = job.in_place ? fields.taken<T>("state_before")
                                : Array<T>(std::vector<size_t>{job.keep_state ? run.n : 0, run.n_state});
  Paths<T> paths(run.dim, job.records ? run.n_threads : 0, job.most_recorded);
  run.paths = job.records ? &paths : nullptr;
  run.x = x.mutable_data(), run.nit = nit.mutable_data(), run.status = status.mutable_data();
  run.state_after = job.keep_state ? state.mutable_data() : nullptr;
  const py::object callback = fields.get("poll");
  require(callback.is_none() || PyCallable_Check(callback.ptr()), "poll must be callable, or None");
  const Poll poll = poll_with(callback);
  {
    const py::gil_scoped_release release;
    descend(run, poll);
  }
  const auto [values, offsets] = in_order(paths, job.n_recorded, run.dim);
  return py::make_tuple(x, nit, status, state, values, offsets);
}

/// x, nit, status, state, values and offsets of the paths. With `status_before` the run is made in place: starts,
/// state, t and status are written to. `overwrite` writes only the ends over the starts.
py::tuple descend_all(py::object job) {
  const PyFields fields(job);
  const py::object section = fields.get("section");
  require(py::isinstance<CheckedSection>(section), "section must be a Section of this module");
  const auto& checked = section.cast<const CheckedSection&>();
  if (py::isinstance<py::array_t<float>>(fields.get("starts"))) return descend_job<float>(fields, checked);
  return descend_job<double>(fields, checked);
}

}  // namespace

Poll poll_with(py::object callback) {
  return [callback](size_t done) {
    const py::gil_scoped_acquire gil;
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
    return callback.is_none() || callback(done).cast<bool>();
  };
}

void define_run(py::module_& m) {
  py::class_<CheckedSection>(m, "Section")
      .def(py::init(&checked_section), py::kw_only(), py::arg("instructions").noconvert(), py::arg("strips"),
           py::arg("n_rows"), py::arg("n_uniform"), py::arg("split"), py::arg("inputs"), py::arg("outputs"));
  m.def("descend", &descend_all, py::arg("job"));
  const auto both = [&m]<class T>(T) {
    m.def("evaluate", &evaluate_section<T>, py::arg("section"), py::kw_only(), py::arg("isa"),
          py::arg("uniform").noconvert(), py::arg("inputs"), py::arg("n_points"), py::arg("compiled"),
          py::arg("n_threads"));
  };
  both(double{});
  both(float{});
}

}  // namespace fastdescent::python
