#pragma once

#include <cstdint>
#include <memory>
#include <mutex>

namespace lapidary::cpu {

/// How long OpenMP's threads spin before they sleep while they wait for each other.
///
/// Spinning is best on an idle machine: the next step finds its helpers awake. Where other programs want the
/// processors too, a spinning thread burns the very time that the thread it waits for needs; runs were seen
/// to take 18 times as long. GCC's OpenMP fixes its spin count when it is loaded, except that it all but
/// stops spinning while the program has more OpenMP threads than processors. So this holds idle threads
/// (asleep, in a team of their own) while the machine looks busy, and lets them go while it does not.
///
/// It starts careful. It goes over to spinning when this program was hardly ever put off a processor, and
/// back when its threads got far less processor time than their spinning would have used.
class Waiting {
 public:
  /// The one of this process, since there is one OpenMP in it.
  static Waiting& instance();

  /// Measures from construction to destruction one stretch of work on `threads` threads.
  class Stretch {
   public:
    explicit Stretch(int threads);
    ~Stretch();
    Stretch(const Stretch&) = delete;
    Stretch& operator=(const Stretch&) = delete;

   private:
    int threads_;
    std::int64_t wall_ns_ = 0, processor_ns_ = 0;
    long switches_ = 0;
  };

 private:
  Waiting() = default;
  void begin(int threads);
  void end(int threads, std::int64_t wall_ns, std::int64_t processor_ns, long switches);
  void judge_spinning(int threads, std::int64_t wall_ns, std::int64_t processor_ns);
  void hold_threads(int count);
  void release_threads();

  struct Hold;
  std::mutex mutex_;
  std::shared_ptr<Hold>
      hold_;  ///< there while idle threads are held; their thread keeps it too, and ends by itself
  bool started_ = false, spins_ = false;
  std::int64_t observed_ns_ = 0, patience_ns_ = 0;                           ///< while threads are held
  std::int64_t spun_ns_ = 0, window_wall_ns_ = 0, window_processor_ns_ = 0;  ///< while they spin
  long observed_switches_ = 0;
};

}  // namespace lapidary::cpu
