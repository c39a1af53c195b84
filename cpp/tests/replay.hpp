// Jobs that were written to files, run again: `test_core FOLDER`. `tests/support/job_files.py` writes them, with what
// they gave, so that another processor or compiler can be held against the one that wrote them.
#pragma once

#include <string>

namespace fastdescent::tests {

/// Checks that each job of the folder gives the same bits on every instruction set and on several threads.
void replay_folder(const std::string& folder);

}  // namespace fastdescent::tests
