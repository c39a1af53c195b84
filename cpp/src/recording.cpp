#include "fastdescent/recording.hpp"

#include <algorithm>
#include <new>
#include <numeric>

namespace fastdescent {
namespace {

// A short record needs little. The C library takes blocks of 32 MiB from the system and gives each back at once;
// smaller ones it may keep.
constexpr size_t first_block_bytes = size_t{1} << 20, block_bytes = size_t{1} << 25;

}  // namespace

void Allowance::take(size_t n_points) {
  if ((taken += n_points) > most) throw std::bad_alloc();
}

template <class T>
PathStore<T>::PathStore(size_t dim, Allowance& allowance) : dim_(dim), allowance_(&allowance) {}

/// Full blocks alone count: what is refused here would be refused at the end.
template <class T>
void PathStore<T>::begin_block() {
  if (!blocks_.empty()) allowance_->take(blocks_.back().most);
  const size_t n_bytes = blocks_.empty() ? first_block_bytes : block_bytes;
  const size_t point_bytes = dim_ * sizeof(T) + sizeof(int32_t), most = n_bytes / point_bytes + 1;
  blocks_.push_back({std::make_unique_for_overwrite<std::byte[]>(most * point_bytes), most, 0});
}

template <class T>
void PathStore<T>::count(int64_t* lengths) const {
  for (const Block& block : blocks_)
    for (size_t k = 0; k < block.n; ++k) ++lengths[rows(block)[k]];
}

template <class T>
void PathStore<T>::move_to(T* values, int64_t* next_place) {
  for (Block& block : blocks_) {
    for (size_t k = 0; k < block.n; ++k)
      std::copy_n(points(block) + k * dim_, dim_, values + next_place[rows(block)[k]]++ * dim_);
    block.memory.reset();
  }
  blocks_.clear();
}

template <class T>
Paths<T>::Paths(size_t dim, unsigned n_threads, size_t most_points) : allowance_{most_points} {
  for (unsigned k = 0; k < n_threads; ++k) stores_.emplace_back(dim, allowance_);
}

template <class T>
std::vector<int64_t> Paths<T>::offsets(size_t n_rows) const {
  std::vector<int64_t> found(n_rows + 1, 0);
  for (const PathStore<T>& store : stores_) store.count(found.data() + 1);
  std::partial_sum(found.begin(), found.end(), found.begin());
  if (static_cast<size_t>(found.back()) > allowance_.most) throw std::bad_alloc();
  return found;
}

template <class T>
void Paths<T>::move_to(T* values, const std::vector<int64_t>& offsets, const Poll& poll) {
  std::vector<int64_t> next_place(offsets);
  Shared shared;
  const auto n_threads = static_cast<unsigned>(stores_.size());
  run_threads(n_threads, shared, poll, [&](unsigned k) { stores_[k].move_to(values, next_place.data()); });
}

template class PathStore<double>;
template class PathStore<float>;
template class Paths<double>;
template class Paths<float>;

}  // namespace fastdescent
