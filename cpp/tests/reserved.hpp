// Rows of a block that is larger than memory, of which few are used.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <new>

#include "fastdescent/kernel.hpp"

namespace fastdescent::tests {

/// Address space alone; rows that were opened are memory, of zeros. To touch another page ends the process.
template <class T>
class Reserved {
 public:
  Reserved(size_t n_rows, size_t block) : block_(block), n_bytes_(n_rows * block * sizeof(T)) {
    void* const found = mmap(nullptr, n_bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (found == MAP_FAILED) throw std::bad_alloc();
    begin_ = static_cast<char*>(found);
  }
  ~Reserved() { munmap(begin_, n_bytes_); }
  Reserved(const Reserved&) = delete;
  Reserved& operator=(const Reserved&) = delete;

  T* get() const { return reinterpret_cast<T*>(begin_); }

  /// The row, for use.
  T* open(size_t row) const {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t first = row * block_ * sizeof(T), last = first + block_ * sizeof(T);
    const size_t begin = first - first % page;
    if (mprotect(begin_ + begin, last - begin, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
    return get() + row * block_;
  }

 private:
  size_t block_, n_bytes_;
  char* begin_;
};

}  // namespace fastdescent::tests
