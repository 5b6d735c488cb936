#include "engine/analysis/check_parts.h"

namespace lapidary {
namespace {

std::string count_text(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

/// The graphs that a node runs, against the values that it has for them.
class BodyCheck {
 public:
  explicit BodyCheck(const Node& node) : node_(node) {}

  std::vector<std::string> take() { return std::move(messages_); }

  void check_presence() {
    for (const auto& attribute : node_.attributes)
      if (const auto* graph = std::get_if<GraphPointer>(&attribute.value); graph && is_empty(*graph))
        messages_.push_back("the graph of attribute '" + attribute.name + "' is empty");
  }

  void check_signatures(std::int64_t opset) {
    if (node_.op_type == "If") return check_if();
    if (node_.op_type == "Loop") return check_loop();
    if (node_.op_type == "Scan") return check_scan(opset);
    if (node_.op_type == "SequenceMap")
      if (const Graph* body = graph_of("body"))
        check_counts("body", *body, node_.inputs.size(), node_.outputs.size());
  }

 private:
  static bool is_empty(const GraphPointer& graph) {
    return !graph || (graph->nodes.empty() && graph->outputs.empty());
  }

  const Graph* graph_of(std::string_view name) const {
    const GraphPointer graph = node_.attribute_or(name, GraphPointer());
    return is_empty(graph) ? nullptr : graph.get();
  }

  /// At least `outputs` outputs, since trailing ones may be left out by the node.
  void check_counts(const std::string& name, const Graph& graph, std::size_t inputs, std::size_t outputs) {
    if (graph.inputs.size() != inputs)
      messages_.push_back("the graph of '" + name + "' has " + count_text(graph.inputs.size(), "input") +
                          ", but is given " + std::to_string(inputs));
    if (graph.outputs.size() < outputs)
      messages_.push_back("the graph of '" + name + "' has " + count_text(graph.outputs.size(), "output") +
                          ", but must have " + std::to_string(outputs));
  }

  void check_if() {
    const Graph* branches[] = {graph_of("then_branch"), graph_of("else_branch")};
    for (const auto* branch : branches)
      if (branch)
        check_counts(branch == branches[0] ? "then_branch" : "else_branch", *branch, 0, node_.outputs.size());
    if (branches[0] && branches[1] && branches[0]->outputs.size() != branches[1]->outputs.size())
      messages_.push_back("its branches have " + std::to_string(branches[0]->outputs.size()) + " and " +
                          count_text(branches[1]->outputs.size(), "output"));
  }

  void check_loop() {
    const Graph* body = graph_of("body");
    const std::size_t carried = node_.inputs.size() < 2 ? 0 : node_.inputs.size() - 2;
    if (body) check_counts("body", *body, carried + 2, std::max(carried, node_.outputs.size()) + 1);
  }

  void check_scan(std::int64_t opset) {
    const Graph* body = graph_of("body");
    // The first version has the lengths of its sequences ahead.
    const std::size_t lengths = opset == 8 ? 1 : 0;
    if (!body || node_.inputs.size() < lengths) return;
    const std::size_t inputs = node_.inputs.size() - lengths;
    check_counts("body", *body, inputs, node_.outputs.size());
    const auto scanned = node_.attribute_or("num_scan_inputs", std::int64_t{0});
    if (scanned < 1 || scanned > static_cast<std::int64_t>(inputs))
      messages_.push_back("num_scan_inputs is " + std::to_string(scanned) + ", with " +
                          count_text(inputs, "input"));
  }

  const Node& node_;
  std::vector<std::string> messages_;
};

}  // namespace

std::vector<std::string> body_problems(const Node& node, std::int64_t opset) {
  const bool is_standard = normalized_domain(node.domain).empty();
  if (is_standard && node.op_type == "Constant" && node.attributes.size() != 1)
    return {"a Constant must have one value, not " + std::to_string(node.attributes.size())};
  BodyCheck check(node);
  check.check_presence();
  if (is_standard) check.check_signatures(opset);
  return check.take();
}

std::vector<std::string> sparse_tensor_problems(const SparseTensor& tensor) {
  std::vector<std::string> messages;
  std::int64_t elements = 1;
  for (const std::int64_t size : tensor.dims) {
    if (size <= 0) return {"a sparse tensor has a size of " + std::to_string(size)};
    elements *= size;
  }
  if (!tensor.values.is_present() || !tensor.indices.is_present())
    return {"a sparse tensor lacks its values or indices"};
  const std::int64_t count = tensor.values.size();
  const Dims& dims = tensor.indices.dims();
  const auto rank = static_cast<std::int64_t>(tensor.dims.size());
  const bool is_flat = dims.size() == 1 && dims[0] == count;
  const bool is_by_axis = dims.size() == 2 && dims[0] == count && dims[1] == rank;
  if (tensor.indices.type() != DataType::Int64 || (!is_flat && !is_by_axis))
    return {"the indices of a sparse tensor of " + std::to_string(count) + " values must be int64 [" +
            std::to_string(count) + "] or [" + std::to_string(count) + ", " + std::to_string(rank) + "]"};
  const auto indices = values_as<std::int64_t>(tensor.indices);
  std::int64_t before = -1;
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t place = is_flat ? indices[static_cast<std::size_t>(i)] : 0;
    bool fits = is_flat ? place >= 0 && place < elements : true;
    for (std::int64_t axis = 0; !is_flat && axis < rank; ++axis) {
      const std::int64_t index = indices[static_cast<std::size_t>(i * rank + axis)];
      const std::int64_t size = tensor.dims[static_cast<std::size_t>(axis)];
      fits = fits && index >= 0 && index < size;
      place = place * size + index;
    }
    if (!fits) return {"index " + std::to_string(i) + " of a sparse tensor is outside of it"};
    if (place <= before) return {"the indices of a sparse tensor are not in ascending order"};
    before = place;
  }
  return messages;
}

}  // namespace lapidary
