#define FD_ISA v3
#include "interpreter.hpp"

namespace fastdescent {
extern const Isa isa_v3;
const Isa isa_v3{"x86-64-v3", v3::kernels<double>, v3::kernels<float>};
}  // namespace fastdescent
