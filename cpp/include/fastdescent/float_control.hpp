// While alive: round to nearest, subnormals kept, no traps, on this thread. Then what the caller had.
#pragma once

#include <cstdint>

#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#endif

namespace fastdescent {

class FloatControl {
 public:
#if defined(__x86_64__) || defined(_M_X64)
  FloatControl() : saved_(_mm_getcsr()) { _mm_setcsr(0x1F80); }
  ~FloatControl() { _mm_setcsr(saved_); }

 private:
  unsigned saved_;
#else
  FloatControl() {
    asm volatile("mrs %0, fpcr" : "=r"(saved_));
    asm volatile("msr fpcr, %0" : : "r"(uint64_t{0}));
  }
  ~FloatControl() { asm volatile("msr fpcr, %0" : : "r"(saved_)); }

 private:
  uint64_t saved_;
#endif
 public:
  FloatControl(const FloatControl&) = delete;
  FloatControl& operator=(const FloatControl&) = delete;
};

}  // namespace fastdescent
