#include "fastdescent/cells.hpp"

#include <cmath>
#include <limits>

#include "cell_table.hpp"

namespace fastdescent {
namespace {

struct Part {
  size_t begin, end;
};

/// One contiguous part a thread, in index order.
Part part_of(size_t n, unsigned k, unsigned n_threads) { return {n * k / n_threads, n * (k + 1) / n_threads}; }

/// Adds the second vector to the first, element by element.
void accumulate(std::vector<int64_t>& sum, const std::vector<int64_t>& more) {
  for (size_t k = 0; k < sum.size(); ++k) sum[k] += more[k];
}

template <class T>
bool is_eligible(const EndpointSet<T>& ends, size_t i) noexcept {
  return ends.eligible >> ends.status[i] & 1u;
}

/// Writes the cell's coordinates; false where they do not fit in 32 bits, as for infinity and NaN.
template <class T>
bool cell_of(const T* x, size_t dim, const CellGrid& grid, int32_t* key) noexcept {
  for (size_t k = 0; k < dim; ++k) {
    const double at = (static_cast<double>(x[k]) - grid.origin[k]) * grid.per_unit[k];
    if (!(std::abs(at) < 0x1p31 - 1)) return false;
    const auto down = static_cast<int32_t>(at);  // towards zero; std::floor is a call without SSE4.1
    key[k] = down - (at < down);
  }
  return true;
}

template <class T>
void gather_part(const EndpointSet<T>& ends, const CellGrid& grid, Part part, CellTable& table, int32_t* cell,
                 const Shared& shared) {
  std::vector<int32_t> key(ends.dim);
  int32_t last = -1;  // neighbours in a grid of starts mostly end together
  for (size_t i = part.begin; i < part.end; ++i) {
    if ((i & 0xFFFF) == 0 && shared.cancelled) return;
    cell[i] = -1;
    if (!is_eligible(ends, i) || !cell_of(ends.x + i * ends.dim, ends.dim, grid, key.data())) continue;
    if (last < 0 || !table.is(last, key.data())) last = table.find_or_add(key.data());
    cell[i] = last;
    table.add(last, 1, static_cast<int64_t>(i), ends.grad_norm[i]);
  }
}

/// Adds the cells of a later part to those of the earlier ones; returns their numbers there.
std::vector<int32_t> append(CellTable& all, const CellTable& part) {
  std::vector<int32_t> number(part.size());
  for (size_t c = 0; c < part.size(); ++c) {
    number[c] = all.find_or_add(part.key(c));
    all.add(number[c], part.count[c], part.representative[c], part.least_norm[c]);
  }
  return number;
}

}  // namespace

template <class T>
Cells gather_cells(const EndpointSet<T>& ends, const CellGrid& grid, int32_t* cell, unsigned n_threads,
                   const Poll& poll) {
  std::vector<CellTable> tables(n_threads, CellTable(ends.dim));
  Shared gathering;
  run_threads(n_threads, gathering, poll, [&](unsigned k) {
    CellTable table(ends.dim);  // on the thread's own stack: neighbours in `tables` would share cache lines
    gather_part(ends, grid, part_of(ends.n, k, n_threads), table, cell, gathering);
    tables[k] = std::move(table);
  });
  std::vector<std::vector<int32_t>> number(n_threads);
  for (unsigned k = 1; k < n_threads; ++k) number[k] = append(tables[0], tables[k]);
  if (n_threads > 1) {  // the first part has its final numbers
    Shared renumbering;
    run_threads(n_threads - 1, renumbering, poll, [&](unsigned k) {
      const Part part = part_of(ends.n, k + 1, n_threads);
      for (size_t i = part.begin; i < part.end; ++i)
        if (cell[i] >= 0) cell[i] = number[k + 1][cell[i]];
    });
  }
  return {std::move(tables[0].count), std::move(tables[0].representative)};
}

template <class T>
Members assign_members(const EndpointSet<T>& ends, const Candidates& candidates, int32_t* cell, unsigned n_threads,
                       const Poll& poll) {
  const size_t dim = ends.dim;
  const auto belongs = [&](size_t i, size_t candidate) {
    const T* x = ends.x + i * dim;
    const double* to = candidates.x + candidate * dim;
    double distance2 = 0, scaled2 = 0;
    for (size_t k = 0; k < dim; ++k) {
      const double d = x[k] - to[k], s = d * candidates.inverse_width[k];
      distance2 += d * d;
      scaled2 += s * s;
    }
    const double certain_radius = candidates.certain_radius[candidate];
    if (scaled2 <= certain_radius * certain_radius) return true;
    const double most = candidates.per_gradient[candidate] * ends.grad_norm[i], radius = candidates.radius[candidate];
    return scaled2 <= radius * radius && distance2 <= most * most;
  };
  std::vector<Members> parts(n_threads);
  Shared shared;
  run_threads(n_threads, shared, poll, [&](unsigned thread) {
    Members members{std::vector<int64_t>(candidates.n), {}};
    const Part part = part_of(ends.n, thread, n_threads);
    for (size_t i = part.begin; i < part.end; ++i) {
      if (cell[i] < 0) continue;
      const int32_t candidate = candidates.candidate_of_cell[cell[i]];
      cell[i] = -1;
      if (candidate >= 0 && candidates.is_degenerate[candidate]) continue;
      if (candidate >= 0 && belongs(i, candidate)) {
        cell[i] = candidate;
        ++members.count[candidate];
      } else {
        members.undecided.push_back(static_cast<int64_t>(i));
      }
    }
    parts[thread] = std::move(members);
  });
  Members all = std::move(parts[0]);
  for (unsigned k = 1; k < n_threads; ++k) {
    accumulate(all.count, parts[k].count);
    all.undecided.insert(all.undecided.end(), parts[k].undecided.begin(), parts[k].undecided.end());
  }
  return all;
}

template <class T>
RowTotals label_endpoints(const EndpointSet<T>& ends, const int32_t* candidate, const int32_t* nit,
                          const TableRows& rows, const Labels& labels, unsigned n_threads, const Poll& poll) {
  const auto distance = [&](size_t i, size_t row) {
    double sum = 0;
    for (size_t k = 0; k < ends.dim; ++k) {
      const double d = ends.x[i * ends.dim + k] - rows.x[row * ends.dim + k];
      sum += d * d;
    }
    return std::sqrt(sum);
  };
  std::vector<RowTotals> parts(n_threads);
  Shared shared;
  run_threads(n_threads, shared, poll, [&](unsigned thread) {
    RowTotals totals{std::vector<int64_t>(rows.n), std::vector<int64_t>(rows.n)};
    const Part part = part_of(ends.n, thread, n_threads);
    for (size_t i = part.begin; i < part.end; ++i) {
      const int32_t row = candidate[i] < 0 ? -1 : rows.row_of_candidate[candidate[i]];
      labels.label[i] = row;
      labels.moved[i] = row >= 0 ? distance(i, row) : std::numeric_limits<double>::quiet_NaN();
      if (row < 0) continue;
      ++totals.count[row];
      totals.nit[row] += nit[i];
    }
    parts[thread] = std::move(totals);
  });
  RowTotals all = std::move(parts[0]);
  for (unsigned k = 1; k < n_threads; ++k) {
    accumulate(all.count, parts[k].count);
    accumulate(all.nit, parts[k].nit);
  }
  return all;
}

#define FD_FOR(T)                                                                                             \
  template Cells gather_cells(const EndpointSet<T>&, const CellGrid&, int32_t*, unsigned, const Poll&);       \
  template Members assign_members(const EndpointSet<T>&, const Candidates&, int32_t*, unsigned, const Poll&); \
  template RowTotals label_endpoints(const EndpointSet<T>&, const int32_t*, const int32_t*, const TableRows&, \
                                     const Labels&, unsigned, const Poll&);
FD_FOR(float)
FD_FOR(double)
#undef FD_FOR

}  // namespace fastdescent
