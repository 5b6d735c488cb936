#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "engine/model/error.h"

namespace lapidary {

/// How many bytes tensors and working memory may hold at a time. What would go beyond is refused before the
/// system is asked for it. Several threads may use one.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::int64_t limit_bytes) : limit_bytes_(limit_bytes) {}

  std::int64_t limit_bytes() const { return limit_bytes_; }
  std::int64_t used_bytes() const { return used_bytes_.load(std::memory_order_relaxed); }
  /// Counts `bytes` as used; false, and counts nothing, if they do not fit.
  bool take(std::int64_t bytes);
  /// What to throw then (Kind::Machine); `what` asked for them.
  Error refusal(std::int64_t bytes, const std::string& what) const;
  void give_back(std::int64_t bytes) { used_bytes_.fetch_sub(bytes, std::memory_order_relaxed); }

  /// The budget that holds on this thread, or nullptr.
  static const std::shared_ptr<MemoryBudget>& current();
  /// Makes a budget hold on this thread as long as it lives.
  class Scope {
   public:
    explicit Scope(std::shared_ptr<MemoryBudget> budget);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    std::shared_ptr<MemoryBudget> outer_;
  };

 private:
  std::int64_t limit_bytes_;
  std::atomic<std::int64_t> used_bytes_ = 0;
};

/// Throws Error where the current budget has no room for `bytes` that `what` asks for; counts nothing.
void require_memory(std::int64_t bytes, const std::string& what);

/// "512 bytes", "3.2 GB".
std::string memory_text(std::int64_t bytes);

}  // namespace lapidary
