#include "engine/model/memory_budget.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace lapidary {
namespace {

thread_local std::shared_ptr<MemoryBudget> current_budget;

}  // namespace

std::string memory_text(std::int64_t bytes) {
  constexpr std::array units = {"bytes", "kB", "MB", "GB", "TB", "PB", "EB"};
  if (bytes < 1000) return std::to_string(bytes) + " bytes";
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1000 && unit + 1 < units.size(); value /= 1000) ++unit;
  char text[32];
  std::snprintf(text, sizeof text, "%.3g %s", value, units[unit]);
  return text;
}

bool MemoryBudget::take(std::int64_t bytes) {
  std::int64_t used = used_bytes();
  do {
    if (bytes > limit_bytes_ - used) return false;
  } while (!used_bytes_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  return true;
}

Error MemoryBudget::refusal(std::int64_t bytes, const std::string& what) const {
  const std::int64_t left = std::max<std::int64_t>(0, limit_bytes_ - used_bytes());
  Error error(what + " needs " + memory_text(bytes) + ", and of the limit of " + memory_text(limit_bytes_) +
                  " only " + memory_text(left) + " are left",
              Error::Kind::Machine);
  error.advice("Use smaller inputs, or allow more with --memory-limit");
  return error;
}

const std::shared_ptr<MemoryBudget>& MemoryBudget::current() { return current_budget; }

MemoryBudget::Scope::Scope(std::shared_ptr<MemoryBudget> budget)
    : outer_(std::exchange(current_budget, std::move(budget))) {}

MemoryBudget::Scope::~Scope() { current_budget = std::move(outer_); }

void require_memory(std::int64_t bytes, const std::string& what) {
  const auto& budget = MemoryBudget::current();
  if (!budget) return;
  if (!budget->take(bytes)) throw budget->refusal(bytes, what);
  budget->give_back(bytes);
}

}  // namespace lapidary
