#include "fastdescent/fields.hpp"

#include <algorithm>
#include <stdexcept>

namespace fastdescent {
namespace {

const char* name_of(Dtype dtype) {
  switch (dtype) {
    case Dtype::float64:
      return "float64";
    case Dtype::float32:
      return "float32";
    case Dtype::int8:
      return "int8";
    case Dtype::int32:
      return "int32";
    case Dtype::int64:
      return "int64";
    case Dtype::uint32:
      return "uint32";
    case Dtype::uint64:
      return "uint64";
    default:
      return "another dtype";
  }
}

std::string text_of(std::span<const size_t> shape) {
  std::string text = "(";
  for (size_t k = 0; k < shape.size(); ++k) text += (k ? ", " : "") + std::to_string(shape[k]);
  return text + (shape.size() == 1 ? ",)" : ")");
}

std::string found(const FoundArray& a) {
  return std::string("it is ") + name_of(a.dtype) + " of shape " + text_of(a.shape) +
         (a.contiguous ? "" : ", not C-contiguous");
}

}  // namespace

void require(bool holds, const std::string& what) {
  if (!holds) throw std::invalid_argument(what);
}

uint64_t Fields::natural(const char* name, uint64_t most) const {
  const auto [negative, magnitude] = integer(name);
  if (negative || magnitude > most)
    throw std::invalid_argument(std::string(name) + " must be from 0 to " + std::to_string(most) + "; it is " +
                                (negative ? "-" : "") + std::to_string(magnitude));
  return magnitude;
}

int64_t Fields::whole(const char* name, int64_t least, int64_t most) const {
  const auto [negative, magnitude] = integer(name);
  const bool fits = magnitude <= uint64_t{INT64_MAX};
  const int64_t value = (negative ? -1 : 1) * static_cast<int64_t>(fits ? magnitude : 0);
  if (!fits || value < least || value > most)
    throw std::invalid_argument(std::string(name) + " must be from " + std::to_string(least) + " to " +
                                std::to_string(most) + "; it is " + (negative ? "-" : "") + std::to_string(magnitude));
  return value;
}

size_t Fields::size_of(std::span<const size_t> shape) {
  size_t size = 1;
  for (const size_t n : shape) size *= n;
  return size;
}

void Fields::require_fit(const char* name, const FoundArray& a, Dtype dtype, std::initializer_list<size_t> shape,
                         bool written) {
  const std::span wanted(shape.begin(), shape.size());
  if (a.dtype != dtype || !a.contiguous || !std::equal(wanted.begin(), wanted.end(), a.shape.begin(), a.shape.end()))
    throw std::invalid_argument(std::string(name) + " must be a C-contiguous array of " + name_of(dtype) + ", shape " +
                                text_of(wanted) + "; " + found(a));
  if (written && !a.writable) throw std::invalid_argument(std::string(name) + " is written to, but it is read-only");
}

void Fields::require_axes(const char* name, const FoundArray& a, Dtype dtype, size_t n_axes) {
  if (a.dtype != dtype || !a.contiguous || a.shape.size() != n_axes)
    throw std::invalid_argument(std::string(name) + " must be a C-contiguous array of " + name_of(dtype) + " with " +
                                std::to_string(n_axes) + (n_axes == 1 ? " axis; " : " axes; ") + found(a));
}

}  // namespace fastdescent
