// An array on a cache-line boundary, zeroed, owned.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>

namespace fastdescent {

template <class T>
class AlignedArray {
 public:
  explicit AlignedArray(size_t n) : data_(static_cast<T*>(::operator new(n * sizeof(T) + 1, alignment))) {
    std::fill_n(data_.get(), n, T(0));
  }
  T* get() const { return data_.get(); }
  T& operator[](size_t i) const { return data_.get()[i]; }

 private:
  static constexpr std::align_val_t alignment{64};
  struct Free {
    void operator()(T* p) const { ::operator delete(p, alignment); }
  };
  std::unique_ptr<T, Free> data_;
};

}  // namespace fastdescent
