#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/passes/type_cache.h"

namespace lapidary {

/// One change that a pass made: the pass, and the label of the node that it started from.
struct Rewrite {
  std::string pass, node;
  auto operator<=>(const Rewrite&) const = default;
};

/// Lets rewrites through one by one, so that the first few, or all but some, can be made again: a proof that
/// fails bisects over them.
class RewriteGate {
 public:
  std::size_t limit = std::numeric_limits<std::size_t>::max();  ///< how many are let through
  std::set<Rewrite> left_out;                                   ///< never let through

  bool admits(const Rewrite& rewrite) {
    if (admitted_.size() >= limit || left_out.contains(rewrite)) return false;
    admitted_.push_back(rewrite);
    return true;
  }
  /// Those let through, in order.
  const std::vector<Rewrite>& admitted() const { return admitted_; }

 private:
  std::vector<Rewrite> admitted_;
};

/// What a pass may do, and what it can ask. Copies share the gate and the types.
struct PassContext {
  std::int64_t fold_limit_bytes = 1'000'000;  ///< the largest tensor that folding may put into the file
  /// The newest version of ai.onnx to write, where a fusion needs it; 0: the model's own.
  std::int64_t newest_opset = 0;
  std::set<std::string> domains;  ///< other domains that may be written: "com.microsoft"
  std::string pass;               ///< the name of the pass that runs

  std::shared_ptr<RewriteGate> gate = std::make_shared<RewriteGate>();
  std::shared_ptr<TypeCache> types = std::make_shared<TypeCache>();

  /// To be asked once, last, before each single rewrite; `node` is the label of the node that it starts from.
  bool admits(const std::string& node) const { return gate->admits({pass, node}); }
};

}  // namespace lapidary
