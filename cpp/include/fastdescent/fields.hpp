// A described object, read by name: a job of Python's, or one that was written to a file. Every field is checked
// where it is read, so that nothing behind the boundary meets an array of another dtype, shape or order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace fastdescent {

enum class Dtype { float64, float32, int8, int32, int64, uint32, uint64, other };

template <class T>
constexpr Dtype dtype_of() {
  constexpr bool real = T(0.5) != T(0), is_signed = T(-1) < T(0);
  if constexpr (real) return sizeof(T) == 8 ? Dtype::float64 : Dtype::float32;
  else if constexpr (sizeof(T) == 1) return Dtype::int8;
  else if constexpr (sizeof(T) == 4) return is_signed ? Dtype::int32 : Dtype::uint32;
  else return is_signed ? Dtype::int64 : Dtype::uint64;
}

/// An array as it was found.
struct FoundArray {
  void* data = nullptr;
  Dtype dtype = Dtype::other;
  std::vector<size_t> shape;
  bool contiguous = false, writable = false;
};

class Fields {
 public:
  virtual ~Fields() = default;
  virtual std::string text(const char* name) const = 0;
  /// A whole number from 0 to `most`. Throws std::invalid_argument, as all below.
  uint64_t natural(const char* name, uint64_t most) const;
  /// A whole number from `least` to `most`.
  int64_t whole(const char* name, int64_t least, int64_t most) const;
  bool flag(const char* name) const { return whole(name, 0, 1) != 0; }

  /// C-contiguous, of this dtype and shape.
  template <class T>
  std::span<T> array(const char* name, std::initializer_list<size_t> shape, bool written = false) const {
    const FoundArray a = find(name);
    require_fit(name, a, dtype_of<T>(), shape, written);
    return {static_cast<T*>(a.data), size_of(shape)};
  }

  /// The same, or no numbers at all: then the span's data is null.
  template <class T>
  std::span<T> optional(const char* name, std::initializer_list<size_t> shape, bool written = false) const {
    const FoundArray a = find(name);
    if (a.dtype == dtype_of<T>() && size_of(a.shape) == 0 && size_of(shape) != 0) return {};
    return array<T>(name, shape, written);
  }

  /// The shape of an array of this dtype and number of axes.
  template <class T>
  std::vector<size_t> shape(const char* name, size_t n_axes) const {
    const FoundArray a = find(name);
    require_axes(name, a, dtype_of<T>(), n_axes);
    return a.shape;
  }

 protected:
  virtual FoundArray find(const char* name) const = 0;
  /// A whole number as sign and magnitude.
  virtual std::pair<bool, uint64_t> integer(const char* name) const = 0;

 private:
  static size_t size_of(std::span<const size_t> shape);
  static size_t size_of(std::initializer_list<size_t> shape) { return size_of(std::span(shape.begin(), shape.size())); }
  static void require_fit(const char* name, const FoundArray& a, Dtype dtype, std::initializer_list<size_t> shape,
                          bool written);
  static void require_axes(const char* name, const FoundArray& a, Dtype dtype, size_t n_axes);
};

/// Throws std::invalid_argument unless it holds.
void require(bool holds, const std::string& what);

/// Throws unless all numbers are in `least` ... `most`. Without branches, since Swarm comes here at every step.
template <class T>
void require_range(const char* name, std::span<T> values, int64_t least, int64_t most) {
  if (values.empty()) return;
  auto low = values[0], high = values[0];
  for (const auto value : values) low = value < low ? value : low, high = value > high ? value : high;
  if (static_cast<int64_t>(low) < least || static_cast<int64_t>(high) > most)
    require(false, std::string(name) + " must be from " + std::to_string(least) + " to " + std::to_string(most) +
                       "; it holds " + std::to_string(static_cast<int64_t>(low) < least ? low : high));
}

}  // namespace fastdescent
