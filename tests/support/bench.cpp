#include "tests/support/bench.h"

#include <fcntl.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <thread>

#include "engine/runtime/backend.h"

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
  std::vector<char*> arguments;
  for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);

  ProcessResult result;
  const std::int64_t begin_ns = now_ns();
  // Not posix_spawn, whose child shares this process's memory until it begins: its peak would begin with
  // ours.
  const pid_t process = fork();
  if (process == 0) {
    dup2(out[1], STDOUT_FILENO);
    dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
    close(out[0]);
    close(out[1]);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  close(out[1]);
  if (process > 0) {
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
