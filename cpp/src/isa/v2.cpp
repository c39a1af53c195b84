#define FD_ISA v2
#include "interpreter.hpp"

namespace fastdescent {
extern const Isa isa_v2;
const Isa isa_v2{"x86-64-v2", v2::kernels<double>, v2::kernels<float>};
}  // namespace fastdescent
