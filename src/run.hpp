// What the parts of the boundary share.
#pragma once

#include <pybind11/functional.h>
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include "fastdescent/threads.hpp"

namespace fastdescent::python {

namespace py = pybind11;

template <class T>
using Array = py::array_t<T, py::array::c_style>;
using Counts = py::array_t<int32_t, py::array::c_style>;
using Statuses = py::array_t<int8_t, py::array::c_style>;
using Offsets = py::array_t<int64_t, py::array::c_style>;

/// Signals first, then callback(done), which returns whether to go on; None never cancels.
Poll poll_with(py::object callback);

void define_run(py::module_& m);
void define_geometry(py::module_& m);

}  // namespace fastdescent::python
