#define FD_ISA v2
#include "interpreter.hpp"

namespace fastdescent {
extern const Isa isa_v2;
const Isa isa_v2{"x86-64-v2", {v2::decode<double>, v2::advance<double>}, {v2::decode<float>, v2::advance<float>}};
}  // namespace fastdescent
