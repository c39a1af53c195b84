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
    std::vector<std::pair<std::string, int>> table;
    for (const auto& opcode : fastdescent::opcodes) table.emplace_back(opcode.name, opcode.arity);
    return table;
  });
  fastdescent::python::define_run(m);
  fastdescent::python::define_geometry(m);
}
