#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/analysis/model_names.h"
#include "engine/opsets/convert_opset.h"

namespace lapidary {

/// What is remembered from step to step.
class ConversionHistory {
 public:
  std::vector<OpsetBlocker> blockers;

  /// The label, in the model that conversion started from, of the node that `node` was made from.
  std::string origin(const Node& node) const;
  std::string origin(const std::string& label) const;
  void note_origin(const std::shared_ptr<const Node>& node, const std::string& origin);
  /// The node stays as it is from now on.
  void block(const std::shared_ptr<const Node>& node, const std::string& origin, std::string reason);
  bool is_blocked(const Node& node) const { return blocked_.contains(&node); }
  void replace_blocked(const std::shared_ptr<const Node>& node) { keep(node), blocked_.insert(node.get()); }

 private:
  void keep(const std::shared_ptr<const Node>& node) { kept_.push_back(node); }
  std::unordered_map<const Node*, std::string> origins_;
  std::unordered_map<std::string, std::string> origins_by_label_;
  std::unordered_set<const Node*> blocked_;
  std::vector<std::shared_ptr<const Node>> kept_;  ///< so that no other node takes their address
};

/// The model one version of ai.onnx nearer to `target`: the main graph and every function whose version is
/// not `target` yet.
ModelPointer convert_one_step(const ModelPointer& model, std::int64_t target, ModelNames& names,
                              ConversionHistory& history);

}  // namespace lapidary
