#include "app/cli/memory_limit.h"

#include <sys/resource.h>

#include <cmath>
#include <fstream>

#include "engine/runtime/free_memory.h"

namespace lapidary::cli {
namespace {

/// What the process's own data takes: heap, stacks, private maps.
std::int64_t data_bytes() {
  std::ifstream file("/proc/self/status");
  for (std::string word; file >> word;)
    if (std::int64_t kib = 0; word == "VmData:" && file >> kib) return kib * 1024;
  return 0;
}

}  // namespace

void MemoryLimitOption::declare(CLI::App& app) {
  app.add_option("--memory-limit", text,
                 "Most memory to use: bytes, with K, M, G or T behind, or a share of what is free (80%)")
      ->capture_default_str();
}

std::int64_t MemoryLimitOption::bytes() const {
  std::size_t used = 0;
  double value = -1;
  try {
    value = std::stod(text, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  const std::string unit = text.substr(used);
  const std::string units = "KMGT";
  if (unit == "%")
    value *= static_cast<double>(free_memory_bytes()) / 100;
  else if (unit.size() == 1 && units.find(unit) != std::string::npos)
    value *= std::pow(1024, static_cast<double>(units.find(unit) + 1));
  if (used == 0 || !(value > 0) || value > 0x1p62 || (unit.size() > 1) ||
      (unit.size() == 1 && unit != "%" && units.find(unit) == std::string::npos))
    throw Error("--memory-limit " + text + " is no amount of memory", Error::Kind::Usage)
        .advice("Say for example 4G, 512M or 50%");
  return static_cast<std::int64_t>(value);
}

std::unique_ptr<MemoryBudget::Scope> limit_memory(std::int64_t bytes) {
#ifndef LAPIDARY_SANITIZED
  const auto most = static_cast<rlim_t>(data_bytes() + bytes);
  rlimit limit{};
  if (getrlimit(RLIMIT_DATA, &limit) == 0 && most < limit.rlim_max) {
    limit.rlim_cur = most;
    setrlimit(RLIMIT_DATA, &limit);
  }
#endif
  return std::make_unique<MemoryBudget::Scope>(std::make_shared<MemoryBudget>(bytes));
}

}  // namespace lapidary::cli
