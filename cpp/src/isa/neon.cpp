#define FD_ISA neon
#include "interpreter.hpp"

namespace fastdescent {
extern const Isa isa_neon;
const Isa isa_neon{"neon", neon::kernels<double>, neon::kernels<float>};
}  // namespace fastdescent
