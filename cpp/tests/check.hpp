// What the tests of the core share: a check that counts what fails, and the tests of each file.
#pragma once

#include <cstdio>

#include "fastdescent/isa.hpp"

namespace fastdescent::tests {

inline int n_failed = 0;

/// Says at once what does not hold: the next check may never come.
inline void check(bool holds, const char* what) {
  if (holds) return;
  std::printf("failed: %s\n", what);
  std::fflush(stdout);
  ++n_failed;
}

void test_instructions(const Isa& isa);
void test_far_rows(const Isa& isa);

}  // namespace fastdescent::tests
