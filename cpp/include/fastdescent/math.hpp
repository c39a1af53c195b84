// The elementary functions: at most 2 ulp from the true value over the whole range, the same bits on every
// instruction set. Included once per instruction set, after vec.hpp. python/fastdescent/program/elementary
// mirrors every function, operation by operation; change both or neither.
#pragma once

#include "fastdescent/vec.hpp"
//
#include "fastdescent/math/asin.hpp"
#include "fastdescent/math/asinh.hpp"
#include "fastdescent/math/atan.hpp"
#include "fastdescent/math/cbrt.hpp"
#include "fastdescent/math/draws.hpp"
#include "fastdescent/math/erf.hpp"
#include "fastdescent/math/exp.hpp"
#include "fastdescent/math/expm1.hpp"
#include "fastdescent/math/hypot.hpp"
#include "fastdescent/math/log.hpp"
#include "fastdescent/math/log1p.hpp"
#include "fastdescent/math/log2.hpp"
#include "fastdescent/math/pow.hpp"
#include "fastdescent/math/rounding.hpp"
#include "fastdescent/math/sigmoid.hpp"
#include "fastdescent/math/tanh.hpp"
#include "fastdescent/math/trig.hpp"
