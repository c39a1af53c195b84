#include "fastdescent/isa.hpp"

namespace fastdescent {

#if defined(__x86_64__) || defined(_M_X64)
extern const Isa isa_v2, isa_v3, isa_v4;

namespace {
bool has_v3() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
         __builtin_cpu_supports("bmi2");
}
bool has_v4() {
  return has_v3() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
}  // namespace

const Isa* const* available_isas() {
  static const Isa* const all[] = {&isa_v4, &isa_v3, &isa_v2, nullptr};
  return all + (has_v4() ? 0 : has_v3() ? 1 : 2);
}
#else
extern const Isa isa_neon;

const Isa* const* available_isas() {
  static const Isa* const all[] = {&isa_neon, nullptr};
  return all;
}
#endif

}  // namespace fastdescent
