#pragma once

#include <regex>
#include <string>
#include <vector>

#include "engine/model/model.h"

namespace lapidary {

/// Nodes that a person picks out: by operator type, or by name.
class NodeSelection {
 public:
  NodeSelection() = default;
  /// `operators`: types such as "Softmax", those of other domains as "com.microsoft.Gelu" or without the
  /// domain. `names`: labels of nodes (Node::label), or regular expressions that match a label as a whole.
  /// Throws Error (Usage) where no node of the model is meant by one of them.
  NodeSelection(const Model& model, std::vector<std::string> operators,
                const std::vector<std::string>& names);

  bool holds(const Node& node) const { return !reason(node).empty(); }
  /// "operator Softmax was named", "its name matches 'head.*'"; empty if the node is not selected.
  std::string reason(const Node& node) const;

 private:
  struct Name {
    std::string text;
    std::regex pattern;
    bool is_pattern;
    bool matches(const std::string& label) const {
      return label == text || (is_pattern && std::regex_match(label, pattern));
    }
  };
  std::vector<std::string> operators_;
  std::vector<Name> names_;
};

}  // namespace lapidary
