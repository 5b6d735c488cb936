#include "tests/support/bench.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <thread>

#include "engine/runtime/backend.h"

extern char** environ;

namespace lapidary::test {

Spread spread_of(std::vector<double> measurements) {
  if (measurements.empty()) return {};
  std::sort(measurements.begin(), measurements.end());
  const std::size_t count = measurements.size();
  return {(measurements[(count - 1) / 2] + measurements[count / 2]) / 2, measurements.front(),
          measurements.back()};
}

ProcessResult run_process(const std::vector<std::string>& command) {
  int out[2];
  if (pipe(out) != 0) return {};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  posix_spawn_file_actions_addclose(&actions, out[0]);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  std::vector<char*> arguments;
  for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);

  ProcessResult result;
  const std::int64_t begin_ns = now_ns();
  pid_t process = -1;
  const int failed = posix_spawnp(&process, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(out[1]);
  if (failed == 0) {
    char buffer[4096];
    for (ssize_t got; (got = read(out[0], buffer, sizeof buffer)) > 0;)
      result.output.append(buffer, static_cast<std::size_t>(got));
    int status = 0;
    rusage usage{};
    wait4(process, &status, 0, &usage);
    result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    result.peak_rss_bytes = static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
  }
  result.wall_ms = static_cast<double>(now_ns() - begin_ns) * 1e-6;
  close(out[0]);
  return result;
}

nlohmann::ordered_json machine_json() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  std::string model = "unknown";
  bool avx2 = false, avx512 = false;
  for (std::string line; std::getline(cpuinfo, line);) {
    if (line.starts_with("model name")) model = line.substr(line.find(':') + 2);
    if (line.starts_with("flags")) {
      avx2 = line.find(" avx2") != std::string::npos;
      avx512 = line.find(" avx512f") != std::string::npos;
    }
  }
  return {{"processor", model},
          {"instructions", avx512 ? "AVX-512"
                           : avx2 ? "AVX2"
                                  : "baseline"},
          {"cores", std::thread::hardware_concurrency()}};
}

void report(const nlohmann::ordered_json& document, int argc, char** argv) {
  for (int i = 1; i + 1 < argc; ++i)
    if (std::string(argv[i]) == "--json") std::ofstream(argv[i + 1]) << document.dump(2) << '\n';
}

}  // namespace lapidary::test
