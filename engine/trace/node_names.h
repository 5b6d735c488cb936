#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/model/model.h"

namespace lapidary {

/// Which node of a model another runtime's name means.
class NodeNames {
 public:
  explicit NodeNames(const Model& model);

  struct Found {
    int node = -1;    ///< position in the main graph, or -1
    std::string how;  ///< "node name", "makes tensor 'y'", "inside node 'loop'"
  };
  /// Tried as the name of a node, then of a tensor; then without the endings that optimizers put behind
  /// names.
  Found find(std::string_view name) const;

 private:
  Found find_exactly(const std::string& name) const;
  std::unordered_map<std::string, int> nodes_;   ///< by name and label; -1 where two have it
  std::unordered_map<std::string, int> makers_;  ///< by tensor
  std::unordered_map<std::string, int> around_;  ///< by name or tensor in a body: the node that holds it
  std::vector<std::string> labels_;
};

/// ONNX's operators that an operator of another framework may stand for, in lower case without underscores:
/// "aten::conv2d" → "conv"; "FusedMatMul" → "matmul".
std::vector<std::string> operator_names(std::string_view op_type);

}  // namespace lapidary
