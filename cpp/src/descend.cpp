#include "fastdescent/descend.hpp"

#include <algorithm>
#include <chrono>

#include "fastdescent/float_control.hpp"
#include "lanes.hpp"

namespace fastdescent {
namespace {

/// Chooses how many steps a kernel call may take, so that it lasts a few milliseconds.
class Pace {
 public:
  uint32_t steps() const { return steps_; }

  /// To be called after each kernel call. Short ones take hardly longer than a look at the clock.
  void count() {
    if (++n_calls_ % calls_a_look) return;
    const auto now = std::chrono::steady_clock::now();
    const double seconds = std::chrono::duration<double>(now - last_).count() / calls_a_look;
    last_ = now;
    if (seconds < 1e-3 && steps_ < (1u << 20)) steps_ *= 2;
    if (seconds > 4e-3 && steps_ > 1) steps_ /= 2;
  }

 private:
  static constexpr uint32_t calls_a_look = 8;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
  uint32_t steps_ = 1, n_calls_ = 0;
};

template <class T>
class Worker {
 public:
  Worker(const Descent<T>& run, const DecodedStep<T>& step, Shared& shared, PathStore<T>* path)
      : run_(run), shared_(shared), path_(path) {
    const size_t block = run.block();
    const size_t n_lanes = std::max<size_t>(run.n_lanes ? run.n_lanes : block, 1);
    for (size_t left = n_lanes; left > 0; left -= std::min(left, block)) lanes_.emplace_back(run, step, path, left);
    batch_ = std::clamp<size_t>(run.n / run.n_threads / 4, 1, 128);
  }

  void run() {
    const auto claim = [this](size_t* to, size_t n) { return this->claim(to, n); };
    for (Lanes<T>& lanes : lanes_) lanes.fill(claim);
    for (bool running = true; running && !shared_.cancelled;) {
      running = false;
      for (Lanes<T>& lanes : lanes_) {
        if (lanes.n_running() == 0 || shared_.cancelled) continue;
        lanes.advance(pace_.steps());
        shared_.done += lanes.collect(claim);
        pace_.count();
        running = true;
      }
    }
    if (!shared_.cancelled) return;
    for (Lanes<T>& lanes : lanes_) lanes.interrupt();
    while (first_ < last_) leave(run_, first_++, path_);
  }

  /// The result of a trajectory that was never begun: its start.
  static void leave(const Descent<T>& run, size_t index, PathStore<T>* path) {
    if (!run.runs(index)) return;
    if (run.records(index)) std::copy_n(run.starts + index * run.dim, run.dim, path->add(run.record.row[index]));
    if (run.x != run.starts) std::copy_n(run.starts + index * run.dim, run.dim, run.x + index * run.dim);
    run.nit[index] = run.t_before ? run.t_before[index] : 0;
    if (run.state_after) {
      T* state = run.state_after + index * run.n_state;
      std::copy_n(run.state_before ? run.state_before + index * run.n_state : run.initial, run.n_state, state);
      std::copy_n(run.starts + index * run.dim, run.dim, state);
    }
    run.status[index] = static_cast<int8_t>(Status::interrupted);
  }

 private:
  /// Indices of n trajectories that nobody has begun, or of as many as there are; returns how many.
  size_t claim(size_t* to, size_t n) {
    size_t k = 0;
    while (k < n && !shared_.cancelled) {
      if (first_ == last_) {
        first_ = std::min(shared_.next.fetch_add(batch_), run_.n);
        last_ = std::min(first_ + batch_, run_.n);
        if (first_ == last_) break;
      }
      size_t index = first_;
      for (; index < last_ && k < n; ++index)
        if (run_.runs(index)) to[k++] = index;
      first_ = index;
    }
    return k;
  }

  const Descent<T>& run_;
  Shared& shared_;
  PathStore<T>* path_;
  std::vector<Lanes<T>> lanes_;
  Pace pace_;
  size_t batch_, first_ = 0, last_ = 0;
};

/// Numbers that all steps compute, if no trajectory stops before its last one; no more than `most` are counted.
template <class T>
size_t work_of(const Descent<T>& run, size_t most) {
  const size_t of_a_step = n_numbers(run.step);
  size_t work = 0;
  for (size_t k = 0; k < run.n && work < most; ++k)
    if (run.runs(k)) work += of_a_step * (run.last_step(k) - (run.t_before ? run.t_before[k] : 0) + size_t{1});
  return std::min(work, most);
}

}  // namespace

template <class T>
void descend(const Descent<T>& run, const Poll& poll) {
  if (run.n == 0) return;
  const DecodedStep<T> step(run);
  Shared shared;
  const auto path_of = [&](unsigned k) { return run.paths ? &run.paths->of_thread(k) : nullptr; };
  const auto work = [&](unsigned k) { Worker<T>(run, step, shared, path_of(k)).run(); };
  if (work_of(run, thread_work) < thread_work) {
    const FloatControl control;
    work(0);
    return;
  }
  run_threads(static_cast<unsigned>(std::min<size_t>(run.n_threads, run.n)), shared, poll, work);
  if (!shared.cancelled) return;
  for (size_t index = std::min<size_t>(shared.next, run.n); index < run.n; ++index)
    Worker<T>::leave(run, index, path_of(0));
}

template void descend<double>(const Descent<double>&, const Poll&);
template void descend<float>(const Descent<float>&, const Poll&);

}  // namespace fastdescent
