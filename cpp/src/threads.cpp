#include "fastdescent/threads.hpp"

#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "fastdescent/float_control.hpp"

namespace fastdescent {

void run_threads(unsigned n_threads, Shared& shared, const Poll& poll, const std::function<void(unsigned)>& work) {
  std::mutex mutex;
  std::condition_variable ended;
  unsigned n_running = n_threads;
  std::exception_ptr failure;
  const auto body = [&](unsigned k) {
    std::exception_ptr caught;
    try {
      const FloatControl control;
      work(k);
    } catch (...) {
      caught = std::current_exception();
      shared.cancelled = true;
    }
    const std::lock_guard lock(mutex);
    if (caught && !failure) failure = caught;
    --n_running;
    ended.notify_one();
  };

  std::vector<std::jthread> threads;
  try {
    for (unsigned k = 0; k < n_threads; ++k) threads.emplace_back(body, k);
    std::unique_lock lock(mutex);
    while (!ended.wait_for(lock, std::chrono::milliseconds(50), [&] { return n_running == 0; })) {
      lock.unlock();
      if (!shared.cancelled && !poll(shared.done)) shared.cancelled = true;
      lock.lock();
    }
  } catch (...) {
    shared.cancelled = true;
    throw;  // jthread joins
  }
  threads.clear();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace fastdescent
