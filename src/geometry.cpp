// Starts and endpoints: random points, gathering endpoints into cells.
#include "run.hpp"

namespace fastdescent::python {

void define_geometry(py::module_&) {}

}  // namespace fastdescent::python
