#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/precision/node_selection.h"

namespace lapidary {

struct PrecisionOptions {
  DataType target = DataType::Float16;  ///< Float16, BFloat16 or Float32
  bool keep_io = false;                 ///< inputs and outputs stay as they are
  NodeSelection blocked;                ///< these nodes stay as they are, what lies in their bodies included
  /// More nodes that stay, by label, with the reason.
  std::map<std::string, std::string> kept;
  std::set<std::string> kept_values;  ///< inputs and outputs that stay as they are
};

/// A node that keeps its types, and why.
struct KeptNode {
  std::string node, op_type, reason;
};

/// A model in other numbers.
struct PrecisionConversion {
  ModelPointer model;
  std::vector<std::string> changed;  ///< nodes of the main graph that compute in other numbers, by label
  std::vector<KeptNode> kept;        ///< in the order of the nodes
  std::vector<std::string> notes;
};

/// The model with float16, bfloat16 and float32 made one of them: weights, constants, declared types, what
/// nodes compute, in bodies of nodes too; functions are inlined before. Casts stand where a node keeps its
/// types, once for each value and type. A node keeps them where its operator has no such type in the model's
/// operator set, where a constant of it would be lost (see RoundingLoss), where it computes sizes and
/// indices, and where it is asked for. Throws Error for models that bring training graphs, and where no valid
/// model comes out.
PrecisionConversion convert_precision(const ModelPointer& model, const PrecisionOptions& options);

/// The model with its functions inlined, as convert_precision begins with: its nodes are those that KeptNode
/// and PrecisionOptions::kept name.
ModelPointer with_functions_inlined(const ModelPointer& model);

}  // namespace lapidary
