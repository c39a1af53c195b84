// Endpoints gathered into the cells of a fine grid, so that work can be done once a cell instead of once a point.
//
// Three passes, each linear in the number of points: gather the points into cells; decide which points truly belong
// to the critical point that their cell's representative led to; write what is known of each point.
// The twin is python/fastdescent/engines/numba/geometry.py.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "fastdescent/threads.hpp"

namespace fastdescent {

/// n endpoints of dim coordinates. T is float or double.
template <class T>
struct EndpointSet {
  const T* x;
  const double* grad_norm;
  const double* fun;
  const int8_t* status;
  size_t n, dim;
  uint32_t eligible;  ///< bit s: points of status s take part
};

/// Coordinate k of a cell is floor((x[k] - origin[k]) * per_unit[k]).
struct CellGrid {
  const double* origin;
  const double* per_unit;
};

/// For each cell, numbered by first occurrence in index order.
struct Cells {
  std::vector<int64_t> count;
  std::vector<int64_t> representative;  ///< the point of least gradient norm, of equals the first
};

/// Writes each point's cell, -1 for a point that is not eligible, not finite, or 2^31 cells away from the origin.
template <class T>
Cells gather_cells(const EndpointSet<T>& ends, const CellGrid& grid, int32_t* cell, unsigned n_threads,
                   const Poll& poll);

/// What is known of critical points to which representatives led. Distances marked "scaled" are in window widths.
/// f at a member of a set is higher than at the candidate by no more than slack * its gradient norm * its distance.
struct Candidates {
  const int32_t* candidate_of_cell;  ///< a cell's candidate, -1 where none was looked for
  const double* x;                   ///< n rows of dim
  const double* per_gradient;        ///< a member is at most this times its gradient norm away
  const double* radius;              ///< ... and at most this, scaled
  const double* certain_radius;      ///< scaled; points nearer than this are members without further proof
  const double* fun;
  const double* set_radius;  ///< scaled; a member of a connected set is at most so far away; 0: no set
  double slack;              ///< infinite: f is not asked
  size_t n;
  const double* inverse_width;  ///< of dim
};

struct Members {
  std::vector<int64_t> count;      ///< of each candidate
  std::vector<int64_t> undecided;  ///< points, ascending, that have a cell and belong to no candidate
};

/// Replaces each point's cell by its candidate, -1 where the point is not shown to belong to it.
template <class T>
Members assign_members(const EndpointSet<T>& ends, const Candidates& candidates, int32_t* cell, unsigned n_threads,
                       const Poll& poll);

/// Rows of a table of critical points.
struct TableRows {
  const int32_t* row_of_candidate;  ///< -1: none
  const double* x;                  ///< n rows of dim
  size_t n;
};

struct Labels {
  int32_t* label;  ///< row or -1
  double* moved;   ///< distance to the row's point, NaN without one
};

struct RowTotals {
  std::vector<int64_t> count, nit;
  std::vector<int64_t> histogram;  ///< (rows, n_bins): points of a row that made 0, 1, ... steps
};

/// Writes label and distance of each point; returns how many points a row has and the sum of their steps. All steps
/// are fewer than `n_bins`; if that is 0, no histogram is made.
template <class T>
RowTotals label_endpoints(const EndpointSet<T>& ends, const int32_t* candidate, const int32_t* nit, size_t n_bins,
                          const TableRows& rows, const Labels& labels, unsigned n_threads, const Poll& poll);

}  // namespace fastdescent
