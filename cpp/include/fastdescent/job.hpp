// From a described job to a `Descent`: every field is read by name and checked. Python's jobs and those that were
// written to a file have the same fields; `engines/core_job.py` lists them.
#pragma once

#include "fastdescent/descend.hpp"
#include "fastdescent/fields.hpp"
#include "fastdescent/program.hpp"

namespace fastdescent {

/// A job that has been checked, but for its results.
template <class T>
struct Job {
  Descent<T> run;
  size_t n_recorded;     ///< paths
  size_t most_recorded;  ///< points of all of them
  bool records, in_place, overwrite, keep_state;
};

/// Throws std::invalid_argument where a field is missing, or does not fit.
template <class T>
Job<T> job_of(const Fields& fields, const CheckedSection& section);

/// The instruction set of this name. Throws std::invalid_argument.
const Isa& isa_named(const std::string& name);

}  // namespace fastdescent
