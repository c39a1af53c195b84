#include "replay.hpp"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "check.hpp"
#include "fastdescent/aligned.hpp"
#include "fastdescent/job.hpp"

namespace fastdescent::tests {
namespace {

struct Field {
  std::string value;  ///< of text and numbers
  Dtype dtype = Dtype::other;
  std::vector<size_t> shape;
  AlignedArray<char> bytes{0};
};

Dtype dtype_named(const std::string& name, size_t& size) {
  static const std::map<std::string, std::pair<Dtype, size_t>> dtypes = {
      {"float64", {Dtype::float64, 8}}, {"float32", {Dtype::float32, 4}}, {"int8", {Dtype::int8, 1}},
      {"int32", {Dtype::int32, 4}},     {"int64", {Dtype::int64, 8}},     {"uint32", {Dtype::uint32, 4}},
      {"uint64", {Dtype::uint64, 8}}};
  const auto& [dtype, bytes] = dtypes.at(name);
  size = bytes;
  return dtype;
}

/// A file: a line `name value` for text and numbers; for an array a line `name : dtype lengths`, its bytes, a newline.
class FileFields final : public Fields {
 public:
  explicit FileFields(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    for (std::string line; std::getline(in, line);) {
      std::istringstream words(line);
      std::string name, second;
      words >> name >> second;
      Field& field = fields_[name];
      if (second != ":") {
        field.value = second;
        continue;
      }
      std::string dtype;
      words >> dtype;
      size_t n = 0;
      field.dtype = dtype_named(dtype, n);
      for (size_t length; words >> length; n *= length) field.shape.push_back(length);
      field.bytes = AlignedArray<char>(n);
      in.read(field.bytes.get(), static_cast<std::streamsize>(n));
      in.get();
    }
  }

  std::string text(const char* name) const override { return at(name).value; }
  void set(const char* name, const std::string& value) { fields_[name].value = value; }

  CheckedSection section() const {
    const size_t n = shape<int32_t>("instructions", 2)[0], n_strips = shape<int64_t>("strips", 2)[0];
    const auto* first = reinterpret_cast<const Instruction*>(array<int32_t>("instructions", {n, 21}).data());
    const auto list = array<int64_t>("strips", {n_strips, 3});
    const auto moves = array<int32_t>("moves", shape<int32_t>("moves", 1)[0]);
    std::vector<Strips> strips;
    size_t at = 0;
    for (size_t k = 0; k < n_strips; ++k) {
      const auto begin = static_cast<size_t>(list[3 * k]), stop = static_cast<size_t>(list[3 * k + 1]);
      const size_t end = at + 4 * (stop - begin);
      strips.push_back({begin, stop, static_cast<int32_t>(list[3 * k + 2]), {&moves[at], &moves[at] + (end - at)}});
      at = end;
    }
    const size_t n_inputs = shape<int64_t>("inputs", 2)[0];
    const auto slots = array<int64_t>("inputs", {n_inputs, 2});
    std::vector<Slot> inputs;
    for (size_t k = 0; k < n_inputs; ++k)
      inputs.push_back({static_cast<size_t>(slots[2 * k]), static_cast<size_t>(slots[2 * k + 1])});
    const auto limit = [this](const char* name) { return natural(name, INT32_MAX); };
    return {{first, first + n},
            std::move(strips),
            limit("n_rows"),
            limit("n_uniform"),
            limit("split"),
            std::move(inputs),
            {}};
  }

  template <class T>
  std::span<T> array(const char* name, std::initializer_list<size_t> shape) const {
    return Fields::array<T>(name, shape);
  }
  template <class T>
  std::span<T> array(const char* name, size_t n) const {
    return Fields::array<T>(name, {n});
  }

 protected:
  FoundArray find(const char* name) const override {
    const Field& field = at(name);
    return {const_cast<char*>(field.bytes.get()), field.dtype, field.shape, true, true};
  }
  std::pair<bool, uint64_t> integer(const char* name) const override {
    const std::string& value = at(name).value;
    const bool negative = value.starts_with('-');
    return {negative, std::stoull(value.substr(negative))};
  }

 private:
  const Field& at(const char* name) const {
    const auto found = fields_.find(name);
    if (found == fields_.end()) throw std::invalid_argument(std::string("the file lacks ") + name);
    return found->second;
  }
  std::map<std::string, Field> fields_;
};

template <class T>
bool same(const FileFields& file, const char* name, const std::vector<T>& found, std::initializer_list<size_t> shape) {
  const auto wanted = file.array<T>(name, shape);
  return wanted.size() == found.size() && std::memcmp(wanted.data(), found.data(), found.size() * sizeof(T)) == 0;
}

template <class T>
void replay(const FileFields& file, const std::string& what) {
  const CheckedSection section = file.section();
  Job<T> job = job_of<T>(file, section);
  Descent<T>& run = job.run;
  std::vector<T> x(run.n * run.dim), state(job.keep_state ? run.n * run.n_state : 0);
  std::vector<int32_t> nit(run.n);
  std::vector<int8_t> status(run.n);
  run.x = x.data(), run.nit = nit.data(), run.status = status.data();
  run.state_after = job.keep_state ? state.data() : nullptr;
  descend(run, [](size_t) { return true; });
  check(same(file, "expected.x", x, {run.n, run.dim}) && same(file, "expected.nit", nit, {run.n}) &&
            same(file, "expected.status", status, {run.n}) &&
            (!job.keep_state || same(file, "expected.state", state, {run.n, run.n_state})),
        what.c_str());
}

}  // namespace

void replay_folder(const std::string& folder) {
  size_t n = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    FileFields file(entry.path());
    for (auto isa = available_isas(); *isa; ++isa) {
      for (const char* n_threads : {"1", "3"}) {
        file.set("isa", (*isa)->name), file.set("n_threads", n_threads);
        const std::string what = entry.path().filename().string() + " on " + (*isa)->name + " is as it was";
        if (file.text("dtype") == "float64") replay<double>(file, what);
        else replay<float>(file, what);
        ++n;
      }
    }
  }
  check(n > 0, "there are jobs to replay");
}

}  // namespace fastdescent::tests
