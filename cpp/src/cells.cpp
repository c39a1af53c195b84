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

/// The number of coordinates: known to the compiler if D is not 0.
template <size_t D>
struct Dim {
  size_t n;
  constexpr operator size_t() const noexcept { return D ? D : n; }
};

/// Calls f with the number of coordinates. Two and three are common, and loops over them are unrolled.
template <class F>
auto with_dim(size_t dim, F f) {
  if (dim == 2) return f(Dim<2>{2});
  if (dim == 3) return f(Dim<3>{3});
  return f(Dim<0>{dim});
}

template <class T>
bool is_eligible(const EndpointSet<T>& ends, size_t i) noexcept {
  return ends.eligible >> ends.status[i] & 1u;
}

/// Writes the cell's coordinates; false where they do not fit in 32 bits, as for infinity and NaN.
template <class T, size_t D>
bool cell_of(const T* x, Dim<D> dim, const CellGrid& grid, int32_t* key) noexcept {
  for (size_t k = 0; k < dim; ++k) {
    const double at = (static_cast<double>(x[k]) - grid.origin[k]) * grid.per_unit[k];
    if (!(std::abs(at) < 0x1p31 - 1)) return false;
    const auto down = static_cast<int32_t>(at);  // towards zero; std::floor is a call without SSE4.1
    key[k] = down - (at < down);
  }
  return true;
}

template <class T, size_t D>
void gather_part(const EndpointSet<T>& ends, Dim<D> dim, const CellGrid& grid, Part part, CellTable& table,
                 int32_t* cell, const Shared& shared) {
  std::vector<int32_t> room(2 * dim);
  int32_t *const key = room.data(), *const key_of_last = key + dim;
  int32_t last = -1;  // neighbours in a grid of starts mostly end together
  CellTotals of_last{};
  for (size_t i = part.begin; i < part.end; ++i) {
    if ((i & 0xFFFF) == 0 && shared.cancelled) return;
    cell[i] = -1;
    if (!is_eligible(ends, i) || !cell_of(ends.x + i * dim, dim, grid, key)) continue;
    if (last < 0 || !std::equal(key, key + dim, key_of_last)) {
      if (last >= 0) table.put(last, of_last);
      last = table.find_or_add(key);
      std::copy_n(key, dim, key_of_last);
      of_last = table.totals(last);
    }
    cell[i] = last;
    of_last.add({1, static_cast<int64_t>(i), ends.grad_norm[i]});
  }
  if (last >= 0) table.put(last, of_last);
}

/// Adds the cells of a later part to those of the earlier ones; returns their numbers there.
std::vector<int32_t> append(CellTable& all, const CellTable& part) {
  std::vector<int32_t> number(part.size());
  for (size_t c = 0; c < part.size(); ++c) {
    number[c] = all.find_or_add(part.key(c));
    CellTotals both = all.totals(number[c]);
    both.add(part.totals(c));
    all.put(number[c], both);
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
    with_dim(ends.dim,
             [&](auto dim) { gather_part(ends, dim, grid, part_of(ends.n, k, n_threads), table, cell, gathering); });
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

namespace {

/// Whether a point is shown to belong to the candidate of its cell.
template <class T, size_t D>
bool belongs(const EndpointSet<T>& ends, Dim<D> dim, const Candidates& candidates, size_t i, size_t candidate) {
  const T* x = ends.x + i * dim;
  const double* to = candidates.x + candidate * dim;
  double distance2 = 0, scaled2 = 0;
  for (size_t k = 0; k < dim; ++k) {
    const double d = x[k] - to[k], s = d * candidates.inverse_width[k];
    distance2 += d * d;
    scaled2 += s * s;
  }
  const auto within = [scaled2](double radius) { return scaled2 <= radius * radius; };
  if (within(candidates.certain_radius[candidate])) return true;
  const double slope = ends.grad_norm[i], most = candidates.per_gradient[candidate] * slope;
  if (within(candidates.radius[candidate]) && distance2 <= most * most) return true;
  if (!(candidates.set_radius[candidate] > 0 && within(candidates.set_radius[candidate]))) return false;
  return std::isinf(candidates.slack) ||
         ends.fun[i] - candidates.fun[candidate] <= candidates.slack * slope * std::sqrt(distance2);
}

template <class T, size_t D>
Members assign_part(const EndpointSet<T>& ends, Dim<D> dim, const Candidates& candidates, int32_t* cell, Part part) {
  Members members{std::vector<int64_t>(candidates.n), {}};
  for (size_t i = part.begin; i < part.end; ++i) {
    if (cell[i] < 0) continue;
    const int32_t candidate = candidates.candidate_of_cell[cell[i]];
    if (candidate >= 0 && belongs(ends, dim, candidates, i, candidate)) {
      cell[i] = candidate;
      ++members.count[candidate];
    } else {
      cell[i] = -1;
      members.undecided.push_back(static_cast<int64_t>(i));
    }
  }
  return members;
}

struct Labelled {
  const int32_t* candidate;
  const int32_t* nit;
  size_t n_bins;
};

template <class T, size_t D>
RowTotals label_part(const EndpointSet<T>& ends, Dim<D> dim, const Labelled& of, const TableRows& rows,
                     const Labels& labels, Part part) {
  RowTotals totals{std::vector<int64_t>(rows.n), std::vector<int64_t>(rows.n),
                   std::vector<int64_t>(rows.n * of.n_bins)};
  for (size_t i = part.begin; i < part.end; ++i) {
    const int32_t row = of.candidate[i] < 0 ? -1 : rows.row_of_candidate[of.candidate[i]];
    labels.label[i] = row;
    labels.moved[i] = std::numeric_limits<double>::quiet_NaN();
    if (row < 0) continue;
    double sum = 0;
    for (size_t k = 0; k < dim; ++k) {
      const double d = ends.x[i * dim + k] - rows.x[row * dim + k];
      sum += d * d;
    }
    labels.moved[i] = std::sqrt(sum);
    ++totals.count[row];
    totals.nit[row] += of.nit[i];
    if (of.n_bins) ++totals.histogram[row * of.n_bins + of.nit[i]];
  }
  return totals;
}

}  // namespace

template <class T>
Members assign_members(const EndpointSet<T>& ends, const Candidates& candidates, int32_t* cell, unsigned n_threads,
                       const Poll& poll) {
  std::vector<Members> parts(n_threads);
  Shared shared;
  run_threads(n_threads, shared, poll, [&](unsigned k) {
    parts[k] = with_dim(
        ends.dim, [&](auto dim) { return assign_part(ends, dim, candidates, cell, part_of(ends.n, k, n_threads)); });
  });
  Members all = std::move(parts[0]);
  for (unsigned k = 1; k < n_threads; ++k) {
    accumulate(all.count, parts[k].count);
    all.undecided.insert(all.undecided.end(), parts[k].undecided.begin(), parts[k].undecided.end());
  }
  return all;
}

template <class T>
RowTotals label_endpoints(const EndpointSet<T>& ends, const int32_t* candidate, const int32_t* nit, size_t n_bins,
                          const TableRows& rows, const Labels& labels, unsigned n_threads, const Poll& poll) {
  std::vector<RowTotals> parts(n_threads);
  const Labelled of{candidate, nit, n_bins};
  Shared shared;
  run_threads(n_threads, shared, poll, [&](unsigned k) {
    parts[k] = with_dim(
        ends.dim, [&](auto dim) { return label_part(ends, dim, of, rows, labels, part_of(ends.n, k, n_threads)); });
  });
  RowTotals all = std::move(parts[0]);
  for (unsigned k = 1; k < n_threads; ++k) {
    accumulate(all.count, parts[k].count);
    accumulate(all.nit, parts[k].nit);
    accumulate(all.histogram, parts[k].histogram);
  }
  return all;
}

#define FD_FOR(T)                                                                                                     \
  template Cells gather_cells(const EndpointSet<T>&, const CellGrid&, int32_t*, unsigned, const Poll&);               \
  template Members assign_members(const EndpointSet<T>&, const Candidates&, int32_t*, unsigned, const Poll&);         \
  template RowTotals label_endpoints(const EndpointSet<T>&, const int32_t*, const int32_t*, size_t, const TableRows&, \
                                     const Labels&, unsigned, const Poll&);
FD_FOR(float)
FD_FOR(double)
#undef FD_FOR

}  // namespace fastdescent
