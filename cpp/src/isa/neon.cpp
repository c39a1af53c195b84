#define FD_ISA neon
#include "interpreter.hpp"

namespace fastdescent {
extern const Isa isa_neon;
const Isa isa_neon{"neon", {neon::decode<double>, neon::advance<double>}, {neon::decode<float>, neon::advance<float>}};
}  // namespace fastdescent
