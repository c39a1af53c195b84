#define FD_ISA v4
#include "interpreter.hpp"

namespace fastdescent {
extern const Isa isa_v4;
const Isa isa_v4{"x86-64-v4", v4::kernels<double>, v4::kernels<float>};
}  // namespace fastdescent
