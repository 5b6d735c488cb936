#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/cpu/elementwise.h"
#include "engine/model/model.h"
#include "engine/ops/operator_table.h"

namespace lapidary::cpu {

/// Position in LoweredGraph::values; -1 for an optional input or output that is left out.
using ValueId = int;

/// A value during lowering. Names are only for messages: scopes are resolved.
struct LoweredValue {
  std::string name;
  DataType element = DataType::Undefined;
  Dims dims;
  bool is_static = false;  ///< a tensor whose element type and sizes are known
  bool is_input = false, is_output = false;
  Tensor constant;  ///< present if the value is known before any run
  int producer = -1;
  std::vector<int> consumers;  ///< a node stands here once for each input slot that reads the value

  bool is_constant() const { return constant.is_present(); }
  std::int64_t size() const { return element_count(dims); }
};

/// Arithmetic done on a result before it is stored.
struct PostOp {
  ElementStep step;  ///< unary codes, or Add / Mul with `input`
  int input = -1;    ///< position in the node's inputs of the second operand
};

/// A node of the graph being lowered; rewrites change it in place or mark it dead.
struct LoweredNode {
  std::string op;  ///< operator, or a fused form that only this backend knows: "Elementwise"
  std::shared_ptr<const Node> node;  ///< attributes; of a fused pattern, made up by the rewrite
  const Operator* record = nullptr;  ///< the reference kernel; nullptr for fused forms
  std::vector<ValueId> inputs, outputs;
  std::vector<int> origins;         ///< positions in the main graph of the nodes that it stands for
  std::vector<std::string> labels;  ///< and what they are called
  std::string shown;                ///< "Conv + Relu"
  std::vector<PostOp> post_ops;
  ElementProgram program;  ///< of an "Elementwise"
  /// Values from around that the node's subgraphs read, by name; they stand behind the node's own inputs.
  std::vector<std::string> captures;
  std::vector<OpsetImport> imports;  ///< in force where the node stands; kept for nodes with subgraphs
  bool widened = false;  ///< computes in float32 what the model has in 16 bits; large constants stay narrow
  bool dead = false;
};

/// A graph with all sizes known as far as they can be, constants folded, functions and decided branches
/// inlined.
struct LoweredGraph {
  std::vector<LoweredValue> values;
  std::vector<LoweredNode> nodes;  ///< in an order in which they can run
  std::vector<ValueId> inputs, outputs;

  ValueId add_value(std::string name);
  ValueId add_constant(std::string name, Tensor tensor);
  const LoweredValue& input(const LoweredNode& node, std::size_t slot) const {
    return values[node.inputs[slot]];
  }
  bool has_input(const LoweredNode& node, std::size_t slot) const {
    return slot < node.inputs.size() && node.inputs[slot] >= 0;
  }
  const LoweredValue& output(const LoweredNode& node) const { return values[node.outputs[0]]; }
  /// The constant at input `slot`, or nullptr.
  const Tensor* constant(const LoweredNode& node, std::size_t slot) const;
  /// The one number at input `slot` if it is a floating constant with one element.
  std::optional<float> scalar(const LoweredNode& node, std::size_t slot) const;
  bool is_float(ValueId value) const {
    return value >= 0 && values[value].is_static && values[value].element == DataType::Float32;
  }

  /// The only reader of the node's first output, or -1 if there are several or the value must stay visible.
  int only_consumer(const LoweredNode& node) const;
  /// The node that makes `value` if nobody but one reads the value, or nullptr.
  LoweredNode* private_producer(ValueId value);
  LoweredNode* producer(ValueId value);

  void connect(int node);     ///< enters the node into its values' producer and consumers
  void disconnect(int node);  ///< marks it dead and takes it out again
  void set_input(int node, std::size_t slot, ValueId value);
  int append_input(int node, ValueId value);
  /// Everything that read `from` reads `to` instead; graph outputs too.
  void replace(ValueId from, ValueId to);
  /// `into` takes over what `from` stood for (origins, labels).
  static void absorb(LoweredNode& into, const LoweredNode& from);
  /// Takes other nodes in place of all, and connects them.
  void replace_nodes(std::vector<LoweredNode> others);
  /// Drops nodes that nobody reads.
  void remove_dead();
};

/// Type of an input when lowering; a tensor if it is present, anything else is only known at run time.
struct InputType {
  bool is_static = false;
  bool is_absent = false;  ///< left out; its initializer stands for it
  DataType element = DataType::Undefined;
  Dims dims;
  Tensor value;  ///< present where the graph is made for this one value
};

struct LoweringRequest {
  ModelPointer model;
  std::vector<std::string> input_names;
  std::vector<InputType> input_types;
  std::vector<std::string> output_names;
  CancelToken cancel;
};

/// Lowers the main graph of a model, which has passed check_runnable(), for inputs of the given types. Throws
/// Error for what cannot run, and Cancelled.
LoweredGraph lower(const LoweringRequest& request);

/// What a node's outputs are by its operator's inference; as if 16-bit floats were float32 if `widened`.
std::vector<Type> infer_outputs(const LoweredGraph& graph, const LoweredNode& node, bool widened);

/// Rewrites into fused forms, in the order that the table in fusion.cpp explains.
void fuse(LoweredGraph& graph);

}  // namespace lapidary::cpu
