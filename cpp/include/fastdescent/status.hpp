// How a trajectory ended. The numbers are public (fastdescent.Status). Tests that are part of a step's Program give any
// number above zero, and it is passed on.
#pragma once

#include <cstdint>

namespace fastdescent {

enum class Status : int8_t {
  alarm = -2,  ///< left the region in which the step program may do without f: run it again with f
  running = -1,
  converged = 0,
  undefined = 1,
  diverged = 2,
  left_box = 3,
  stalled = 4,
  max_steps = 5,
  interrupted = 6,
  stopped = 7,
};

}  // namespace fastdescent
