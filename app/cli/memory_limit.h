#pragma once

#include <memory>
#include <string>

#include "app/cli/command.h"
#include "engine/model/memory_budget.h"

namespace lapidary::cli {

/// --memory-limit, for every command that runs models.
struct MemoryLimitOption {
  std::string text = "80%";

  void declare(CLI::App& app);
  /// The limit in bytes; a share is one of what is free now. Throws Error (Kind::Usage).
  std::int64_t bytes() const;
};

/// Makes the process stay within `bytes` more than it holds now: tensors are counted as long as the scope
/// lives, and what else is allocated is refused by the system.
std::unique_ptr<MemoryBudget::Scope> limit_memory(std::int64_t bytes);

}  // namespace lapidary::cli
