#include "engine/cpu/waiting.h"

#include <omp.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <ctime>
#include <thread>

namespace lapidary::cpu {
namespace {

constexpr std::int64_t first_patience_ns = 15'000'000;  ///< of quiet before threads may spin
constexpr std::int64_t longest_patience_ns = 4'000'000'000;
constexpr double quiet_switches_a_second = 50;  ///< of being put off a processor
constexpr double starved_share = 0.7;           ///< of the processor time that spinning threads would use
constexpr std::int64_t judged_ns =
    40'000'000;  ///< of spinning before its share is judged: one bad run says little
constexpr std::int64_t trusted_ns = 1'000'000'000;  ///< of good spinning after which patience is as at first

std::int64_t clock_ns(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

long involuntary_switches() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_nivcsw;
}

}  // namespace

Waiting& Waiting::instance() {
  static Waiting only;
  return only;
}

struct Waiting::Hold {
  std::mutex mutex;
  std::condition_variable released;
  bool is_over = false;
};

Waiting::Stretch::Stretch(int threads) : threads_(threads) {
  if (threads < 2) return;
  instance().begin(threads);
  switches_ = involuntary_switches();
  processor_ns_ = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
  wall_ns_ = clock_ns(CLOCK_MONOTONIC);
}

Waiting::Stretch::~Stretch() {
  if (threads_ < 2) return;
  const std::int64_t wall_ns = clock_ns(CLOCK_MONOTONIC) - wall_ns_;
  instance().end(threads_, wall_ns, clock_ns(CLOCK_PROCESS_CPUTIME_ID) - processor_ns_,
                 involuntary_switches() - switches_);
}

void Waiting::begin(int threads) {
  const std::scoped_lock lock(mutex_);
  if (started_) return;
  started_ = true;
  patience_ns_ = first_patience_ns;
  hold_threads(threads);
}

void Waiting::end(int threads, std::int64_t wall_ns, std::int64_t processor_ns, long switches) {
  const std::scoped_lock lock(mutex_);
  if (spins_) {
    judge_spinning(threads, wall_ns, processor_ns);
    return;
  }
  observed_ns_ += wall_ns;
  observed_switches_ += switches;
  if (observed_ns_ < patience_ns_) return;
  const double a_second = static_cast<double>(observed_switches_) * 1e9 / static_cast<double>(observed_ns_);
  observed_ns_ = 0;
  observed_switches_ = 0;
  if (a_second > quiet_switches_a_second) return;
  spins_ = true;
  spun_ns_ = window_wall_ns_ = window_processor_ns_ = 0;
  release_threads();
}

void Waiting::judge_spinning(int threads, std::int64_t wall_ns, std::int64_t processor_ns) {
  window_wall_ns_ += wall_ns;
  window_processor_ns_ += processor_ns;
  if (window_wall_ns_ < judged_ns) return;
  const double share =
      static_cast<double>(window_processor_ns_) / (static_cast<double>(window_wall_ns_) * threads);
  spun_ns_ += window_wall_ns_;
  window_wall_ns_ = window_processor_ns_ = 0;
  if (spun_ns_ >= trusted_ns) patience_ns_ = first_patience_ns;
  if (share >= starved_share) return;
  spins_ = false;
  patience_ns_ = std::min(2 * patience_ns_, longest_patience_ns);
  hold_threads(threads);
}

void Waiting::hold_threads(int threads) {
  hold_ = std::make_shared<Hold>();
  const int count = std::max(2, omp_get_num_procs() - threads + 2);
  std::thread([hold = hold_, count] {
    std::atomic<int> started = 0;  // a region without any work would be left out by the compiler
#pragma omp parallel num_threads(count)
    ++started;
    std::unique_lock lock(hold->mutex);
    hold->released.wait(lock, [&] { return hold->is_over; });
  }).detach();
}

void Waiting::release_threads() {
  {
    const std::scoped_lock lock(hold_->mutex);
    hold_->is_over = true;
  }
  hold_->released.notify_all();
  hold_.reset();
}

}  // namespace lapidary::cpu
