// The attributes of a Python object as fields.
#pragma once

#include <utility>
#include <vector>

#include "fastdescent/fields.hpp"
#include "run.hpp"

namespace fastdescent::python {

/// Throws ValueError where an attribute is missing or of the wrong kind. Arrays live as long as this object.
class PyFields final : public Fields {
 public:
  explicit PyFields(py::object object) : object_(std::move(object)) {}

  std::string text(const char* name) const override {
    const py::object value = get(name);
    require(py::isinstance<py::str>(value), std::string(name) + " must be text");
    return value.cast<std::string>();
  }

  /// The object itself, for what is no array or number.
  py::object get(const char* name) const {
    require(py::hasattr(object_, name), std::string("a job needs ") + name);
    kept_.push_back(object_.attr(name));
    return kept_.back();
  }

  /// An array, to be handed back to Python.
  template <class T>
  Array<T> taken(const char* name) const {
    return py::reinterpret_borrow<Array<T>>(get(name));
  }

 protected:
  FoundArray find(const char* name) const override { return found(name, get(name)); }

  std::pair<bool, uint64_t> integer(const char* name) const override {
    const auto index = py::reinterpret_steal<py::object>(PyNumber_Index(get(name).ptr()));
    if (!index) wrong_kind(name, "a whole number");
    const bool negative = py::int_(0).attr("__gt__")(index).cast<bool>();
    const auto magnitude = py::reinterpret_steal<py::object>(PyNumber_Absolute(index.ptr()));
    const unsigned long long value = PyLong_AsUnsignedLongLong(magnitude.ptr());
    if (PyErr_Occurred()) wrong_kind(name, "a whole number below 2**64");
    return {negative, value};
  }

 private:
  [[noreturn]] static void wrong_kind(const char* name, const char* wanted) {
    PyErr_Clear();
    throw py::value_error(std::string(name) + " must be " + wanted);
  }

  static FoundArray found(const char* name, const py::object& value) {
    require(py::isinstance<py::array>(value), std::string(name) + " must be a NumPy array");
    const auto a = py::reinterpret_borrow<py::array>(value);
    FoundArray out;
    out.data = const_cast<void*>(a.data());
    out.dtype = dtype_of_array(value);
    out.shape.assign(a.shape(), a.shape() + a.ndim());
    constexpr int wanted = int{py::array::c_style} | int{py::detail::npy_api::NPY_ARRAY_ALIGNED_};
    out.contiguous = (a.flags() & wanted) == wanted;
    out.writable = a.writeable();
    return out;
  }

  static Dtype dtype_of_array(const py::object& value) {
    Dtype dtype = Dtype::other;
    const auto look = [&]<class... T>(std::tuple<T...>) {
      (..., (py::isinstance<py::array_t<T>>(value) ? void(dtype = fastdescent::dtype_of<T>()) : void()));
    };
    look(std::tuple<double, float, int8_t, int32_t, int64_t, uint32_t, uint64_t>{});
    return dtype;
  }

  py::object object_;
  mutable std::vector<py::object> kept_;
};

}  // namespace fastdescent::python
