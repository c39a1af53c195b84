// A hash table from the integer coordinates of a cell to its number.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace fastdescent {

/// What is known of a cell.
struct CellTotals {
  int64_t count = 0, representative = -1;
  double least_norm = std::numeric_limits<double>::infinity();

  /// Points come in index order, so of equals the first stays.
  void add(const CellTotals& more) noexcept {
    count += more.count;
    if (representative >= 0 && !(more.least_norm < least_norm)) return;
    representative = more.representative;
    least_norm = more.least_norm;
  }
};

/// Cells in order of insertion. Open addressing; a slot keeps half of the hash, so that keys are seldom compared in
/// vain.
class CellTable {
 public:
  explicit CellTable(size_t dim) : dim_(dim), slots_(64) {}

  size_t size() const noexcept { return count.size(); }
  const int32_t* key(size_t cell) const noexcept { return keys_.data() + cell * dim_; }
  bool is(size_t cell, const int32_t* wanted) const noexcept { return std::equal(wanted, wanted + dim_, key(cell)); }

  /// The number of the cell, made if there is none.
  int32_t find_or_add(const int32_t* wanted) {
    const uint64_t hash = hash_of(wanted);
    size_t slot = first_slot(hash);
    for (; slots_[slot].cell >= 0; slot = next(slot))
      if (slots_[slot].tag == tag_of(hash) && is(slots_[slot].cell, wanted)) return slots_[slot].cell;
    const auto cell = static_cast<int32_t>(size());
    slots_[slot] = {tag_of(hash), cell};
    keys_.insert(keys_.end(), wanted, wanted + dim_);
    count.push_back(0);
    representative.push_back(-1);
    least_norm_.push_back(std::numeric_limits<double>::infinity());
    if (2 * size() > slots_.size()) grow();
    return cell;
  }

  CellTotals totals(size_t cell) const noexcept { return {count[cell], representative[cell], least_norm_[cell]}; }
  void put(size_t cell, const CellTotals& totals) noexcept {
    count[cell] = totals.count;
    representative[cell] = totals.representative;
    least_norm_[cell] = totals.least_norm;
  }

  std::vector<int64_t> count, representative;

 private:
  struct Slot {
    uint32_t tag = 0;
    int32_t cell = -1;
  };

  uint64_t hash_of(const int32_t* wanted) const noexcept {
    uint64_t hash = 0;
    for (size_t k = 0; k < dim_; ++k) {
      hash = (hash ^ static_cast<uint32_t>(wanted[k])) * 0x9E3779B97F4A7C15;
      hash ^= hash >> 32;
    }
    return hash;
  }
  static uint32_t tag_of(uint64_t hash) noexcept { return static_cast<uint32_t>(hash >> 32); }
  size_t first_slot(uint64_t hash) const noexcept { return hash & (slots_.size() - 1); }
  size_t next(size_t slot) const noexcept { return (slot + 1) & (slots_.size() - 1); }

  void grow() {
    slots_.assign(2 * slots_.size(), {});
    for (size_t cell = 0; cell < size(); ++cell) {
      const uint64_t hash = hash_of(key(cell));
      size_t slot = first_slot(hash);
      while (slots_[slot].cell >= 0) slot = next(slot);
      slots_[slot] = {tag_of(hash), static_cast<int32_t>(cell)};
    }
  }

  size_t dim_;
  std::vector<double> least_norm_;
  std::vector<int32_t> keys_;
  std::vector<Slot> slots_;
};

}  // namespace fastdescent
