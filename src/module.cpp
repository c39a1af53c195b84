// The extension module fastdescent._core: a table of contents.
#include <pybind11/pybind11.h>

#include "fastdescent/isa.hpp"
#include "fastdescent/opcodes.hpp"
#include "run.hpp"

namespace py = pybind11;

PYBIND11_MODULE(_core, m) {
  m.doc() = "The C++ core: kernels for each instruction set, the scheduler, geometry of endpoints.";
  m.def("isas", [] {
    std::vector<std::string> names;
    for (auto isa = fastdescent::available_isas(); *isa; ++isa) names.emplace_back((*isa)->name);
    return names;
  });
  m.def("opcodes", [] {
    return std::vector<std::pair<std::string, int>>{
#define FD_PAIR(name, arity, ...) {#name, arity},
        FD_ELEMENTWISE(FD_PAIR) FD_REDUCTIONS(FD_PAIR) FD_DRAWS(FD_PAIR){"gather", 2},
#undef FD_PAIR
    };
  });
  fastdescent::python::define_run(m);
  fastdescent::python::define_geometry(m);
}
