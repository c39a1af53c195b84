// Starts and endpoints: random points, gathering endpoints into cells.
#include <algorithm>
#include <array>
#include <span>
#include <string>

#include "fastdescent/cells.hpp"
#include "fastdescent/fields.hpp"
#include "fastdescent/philox.hpp"
#include "fastdescent/starts.hpp"
#include "run.hpp"

namespace fastdescent::python {
namespace {

using Doubles = Array<double>;
using Bytes = Array<int8_t>;

/// A new array of the same numbers.
template <class T>
Array<T> array_of(const std::vector<T>& values) {
  return Array<T>(static_cast<py::ssize_t>(values.size()), values.data());
}

template <class T>
std::span<const T> span_of(const Array<T>& a) {
  return {a.data(), static_cast<size_t>(a.size())};
}

/// An array of n numbers, one axis.
template <class T>
std::span<const T> column(const char* name, const Array<T>& a, size_t n) {
  require(a.ndim() == 1 && static_cast<size_t>(a.size()) == n,
          std::string(name) + " must have shape (" + std::to_string(n) + ",)");
  return span_of(a);
}

template <class T>
void require_points(const char* name, const Array<T>& a, size_t n, size_t dim) {
  require(a.ndim() == 2 && static_cast<size_t>(a.shape(0)) == n && static_cast<size_t>(a.shape(1)) == dim,
          std::string(name) + " must have shape (" + std::to_string(n) + ", " + std::to_string(dim) + ")");
}

/// Points (n, dim). Statuses are numbers of bits of `eligible`.
template <class T>
EndpointSet<T> endpoints(const Array<T>& x, const double* grad_norm, const Bytes* status, uint32_t eligible) {
  require(x.ndim() == 2 && x.shape(1) > 0, "x must have shape (n, dim)");
  const auto n = static_cast<size_t>(x.shape(0)), dim = static_cast<size_t>(x.shape(1));
  if (status) require_range("status", column("status", *status, n), 0, 31);
  return {x.data(), grad_norm, nullptr, status ? status->data() : nullptr, n, dim, eligible};
}

/// A thread for every so many points: starting one costs as much as some thousand points.
unsigned threads_for(size_t n, unsigned n_threads) {
  require(n_threads >= 1, "n_threads must be at least 1");
  constexpr size_t points_per_thread = 1 << 14;
  return static_cast<unsigned>(std::clamp<size_t>(n / points_per_thread, 1, std::max(n_threads, 1u)));
}

Doubles uniform(const Doubles& window, size_t n, uint64_t seed, uint64_t first, unsigned n_threads) {
  require(window.ndim() == 2 && window.shape(0) > 0 && window.shape(1) == 2, "window must have shape (dim, 2)");
  const auto dim = static_cast<size_t>(window.shape(0));
  Doubles x(std::vector<size_t>{n, dim});
  const Poll poll = poll_with(py::none());
  double* const out = x.mutable_data();
  {
    const py::gil_scoped_release release;
    uniform_starts(window.data(), dim, first, n, seed, out, threads_for(n, n_threads), poll);
  }
  return x;
}

template <class T>
py::tuple gather(const Array<T>& x, const Doubles& grad_norm, const Bytes& status, uint32_t eligible,
                 const Doubles& origin, const Doubles& per_unit, unsigned n_threads) {
  const EndpointSet<T> ends = endpoints(x, grad_norm.data(), &status, eligible);
  column("grad_norm", grad_norm, ends.n);
  column("origin", origin, ends.dim);
  column("per_unit", per_unit, ends.dim);
  Array<int32_t> cell(x.shape(0));
  const Poll poll = poll_with(py::none());
  int32_t* const out = cell.mutable_data();
  Cells cells;
  {
    const py::gil_scoped_release release;
    cells = gather_cells(ends, {origin.data(), per_unit.data()}, out, threads_for(ends.n, n_threads), poll);
  }
  return py::make_tuple(cell, array_of(cells.count), array_of(cells.representative));
}

template <class T>
py::tuple assign(const Array<T>& x, const Doubles& grad_norm, const Doubles& fun, Array<int32_t>& cell,
                 const Array<int32_t>& candidate_of_cell, const Doubles& points, const Doubles& fun_at_points,
                 const Doubles& per_gradient, const Doubles& radius, const Doubles& certain_radius,
                 const Doubles& set_radius, double slack, const Doubles& inverse_width, unsigned n_threads) {
  EndpointSet<T> ends = endpoints(x, grad_norm.data(), nullptr, 0);
  const size_t k = static_cast<size_t>(per_gradient.size());
  column("grad_norm", grad_norm, ends.n);
  ends.fun = column("fun", fun, ends.n).data();
  require(cell.writeable(), "cell is written to, but it is read-only");
  require_range("cell", column("cell", cell, ends.n), -1, candidate_of_cell.size() - 1);
  require_range("candidate_of_cell", column("candidate_of_cell", candidate_of_cell, candidate_of_cell.size()), -1,
                static_cast<int64_t>(k) - 1);
  require_points("points", points, k, ends.dim);
  column("per_gradient", per_gradient, k);
  column("radius", radius, k);
  column("certain_radius", certain_radius, k);
  column("fun_at_points", fun_at_points, k);
  column("set_radius", set_radius, k);
  column("inverse_width", inverse_width, ends.dim);
  const Candidates candidates{.candidate_of_cell = candidate_of_cell.data(),
                              .x = points.data(),
                              .per_gradient = per_gradient.data(),
                              .radius = radius.data(),
                              .certain_radius = certain_radius.data(),
                              .fun = fun_at_points.data(),
                              .set_radius = set_radius.data(),
                              .slack = slack,
                              .n = k,
                              .inverse_width = inverse_width.data()};
  const Poll poll = poll_with(py::none());
  int32_t* const out = cell.mutable_data();
  Members members;
  {
    const py::gil_scoped_release release;
    members = assign_members(ends, candidates, out, threads_for(ends.n, n_threads), poll);
  }
  return py::make_tuple(array_of(members.count), array_of(members.undecided));
}

template <class T>
py::tuple label(const Array<T>& x, const Array<int32_t>& candidate, const Array<int32_t>& nit, size_t n_bins,
                const Array<int32_t>& row_of_candidate, const Doubles& points, unsigned n_threads) {
  const EndpointSet<T> ends = endpoints(x, nullptr, nullptr, 0);
  require(points.ndim() == 2, "points must have shape (n_rows, dim)");
  const auto n_rows = static_cast<size_t>(points.shape(0));
  require_points("points", points, n_rows, ends.dim);
  require_range("candidate", column("candidate", candidate, ends.n), -1, row_of_candidate.size() - 1);
  column("nit", nit, ends.n);
  if (n_bins) require_range("nit", span_of(nit), 0, static_cast<int64_t>(n_bins) - 1);
  require_range("row_of_candidate", column("row_of_candidate", row_of_candidate, row_of_candidate.size()), -1,
                static_cast<int64_t>(n_rows) - 1);
  const TableRows rows{row_of_candidate.data(), points.data(), n_rows};
  Array<int32_t> labels(x.shape(0));
  Doubles moved(x.shape(0));
  const Labels out{labels.mutable_data(), moved.mutable_data()};
  const Poll poll = poll_with(py::none());
  RowTotals totals;
  {
    const py::gil_scoped_release release;
    totals =
        label_endpoints(ends, candidate.data(), nit.data(), n_bins, rows, out, threads_for(ends.n, n_threads), poll);
  }
  return py::make_tuple(labels, moved, array_of(totals.count), array_of(totals.nit), array_of(totals.histogram));
}

}  // namespace

void define_geometry(py::module_& m) {
  m.def("philox", [](PhiloxCounter counter, PhiloxKey key) { return philox(counter, key); });
  m.def("uniform", &uniform, py::arg("window"), py::arg("n"), py::arg("seed"), py::arg("first") = 0,
        py::arg("n_threads") = 1);
  const auto both = [&m]<class T>(T) {
    m.def("gather_cells", &gather<T>, py::kw_only(), py::arg("x").noconvert(), py::arg("grad_norm"), py::arg("status"),
          py::arg("eligible"), py::arg("origin"), py::arg("per_unit"), py::arg("n_threads"));
    m.def("assign_members", &assign<T>, py::kw_only(), py::arg("x").noconvert(), py::arg("grad_norm"), py::arg("fun"),
          py::arg("cell").noconvert(), py::arg("candidate_of_cell"), py::arg("points"), py::arg("fun_at_points"),
          py::arg("per_gradient"), py::arg("radius"), py::arg("certain_radius"), py::arg("set_radius"),
          py::arg("slack"), py::arg("inverse_width"), py::arg("n_threads"));
    m.def("label_endpoints", &label<T>, py::kw_only(), py::arg("x").noconvert(), py::arg("candidate"), py::arg("nit"),
          py::arg("n_bins"), py::arg("row_of_candidate"), py::arg("points"), py::arg("n_threads"));
  };
  both(double{});
  both(float{});
}

}  // namespace fastdescent::python
