#include "app/cli/isolated_jobs.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include "app/cli/memory_limit.h"
#include "engine/runtime/backend.h"

namespace lapidary::cli {
namespace {

constexpr int out_of_memory_code = 112;

bool write_all(int descriptor, const void* data, std::size_t size) {
  const char* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = write(descriptor, at, size);
    if (written <= 0) return false;
    at += written;
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

bool read_all(int descriptor, void* data, std::size_t size) {
  char* at = static_cast<char*>(data);
  while (size > 0) {
    const ssize_t got = read(descriptor, at, size);
    if (got <= 0) return false;
    at += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

/// A child process that takes job numbers from one pipe and writes results to another.
class Worker {
 public:
  Worker(const std::function<std::string(std::size_t)>& job, const IsolationLimits& limits) {
    int commands[2], results[2];
    if (pipe(commands) != 0 || pipe(results) != 0) throw Error("no pipe can be made", Error::Kind::Machine);
    process_ = fork();
    if (process_ < 0) throw Error("no process can be started", Error::Kind::Machine);
    if (process_ == 0) {
      close(commands[1]);
      close(results[0]);
      serve(job, limits, commands[0], results[1]);
    }
    close(commands[0]);
    close(results[1]);
    commands_ = commands[1];
    results_ = results[0];
  }
  ~Worker() {
    close(commands_);
    close(results_);
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void start(std::uint64_t index) {
    index_ = index;
    begin_ns_ = now_ns();
    write_all(commands_, &index, sizeof index);
  }
  std::size_t index() const { return index_; }
  int descriptor() const { return results_; }
  double elapsed_ms() const { return static_cast<double>(now_ns() - begin_ns_) * 1e-6; }

  /// Reads a result that is ready; false if the process has ended instead.
  bool take(std::string& result) {
    std::uint64_t size = 0;
    if (!read_all(results_, &size, sizeof size)) return false;
    result.resize(size);
    return read_all(results_, result.data(), size);
  }
  /// Waits for the process to end and says how it did.
  JobEnd how_it_ended() {
    int status = 0;
    waitpid(process_, &status, 0);
    if (WIFSIGNALED(status))
      return {JobEnd::Kind::Crashed, std::string("crashed: ") + strsignal(WTERMSIG(status)), 0};
    if (WEXITSTATUS(status) == out_of_memory_code)
      return {JobEnd::Kind::OutOfMemory, "asked for more memory than it may have", 0};
    return {JobEnd::Kind::Crashed, "ended with exit code " + std::to_string(WEXITSTATUS(status)), 0};
  }

 private:
  [[noreturn]] static void serve(const std::function<std::string(std::size_t)>& job,
                                 const IsolationLimits& limits, int commands, int results) {
    const auto memory = limit_memory(limits.memory_bytes);
    // A crash ends the process; handlers of the program around are not meant for it.
    for (const int crash : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) std::signal(crash, SIG_DFL);
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    std::uint64_t index = 0;
    while (read_all(commands, &index, sizeof index)) {
      std::string result;
      try {
        result = job(index);
      } catch (const std::bad_alloc&) {
        _exit(out_of_memory_code);
      }
      const std::uint64_t size = result.size();
      if (!write_all(results, &size, sizeof size) || !write_all(results, result.data(), size)) break;
    }
    _exit(0);
  }

  pid_t process_ = -1;
  int commands_ = -1, results_ = -1;
  std::size_t index_ = 0;
  std::int64_t begin_ns_ = 0;
};

}  // namespace

void run_isolated(std::size_t count, const std::function<std::string(std::size_t)>& job,
                  const std::function<void(std::size_t, const JobEnd&)>& done,
                  const IsolationLimits& limits) {
  std::size_t next = 0;
  std::vector<std::unique_ptr<Worker>> workers;
  const auto employ = [&](std::unique_ptr<Worker>& worker) {
    if (next >= count) return worker.reset();
    if (!worker) worker = std::make_unique<Worker>(job, limits);
    worker->start(next++);
  };
  workers.resize(static_cast<std::size_t>(limits.processes));
  for (auto& worker : workers) employ(worker);

  for (;;) {
    std::vector<pollfd> waiting;
    for (const auto& worker : workers) waiting.push_back({worker ? worker->descriptor() : -1, POLLIN, 0});
    bool any = false;
    for (const auto& worker : workers) any = any || worker;
    if (!any) return;
    poll(waiting.data(), waiting.size(), 200);
    for (std::size_t i = 0; i < workers.size(); ++i) {
      auto& worker = workers[i];
      if (!worker) continue;
      JobEnd end;
      end.ms = worker->elapsed_ms();
      if (waiting[i].revents != 0) {
        if (!worker->take(end.result)) {
          const double ms = end.ms;
          end = worker->how_it_ended();
          end.ms = ms;
        }
      } else if (end.ms > limits.timeout_s * 1000.0) {
        end = {JobEnd::Kind::TimedOut, "took longer than " + std::to_string(limits.timeout_s) + " s", end.ms};
      } else {
        continue;
      }
      done(worker->index(), end);
      if (end.kind != JobEnd::Kind::Done) worker.reset();
      employ(worker);
    }
  }
}

}  // namespace lapidary::cli
