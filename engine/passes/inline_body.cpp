#include "engine/passes/inline_body.h"

#include <unordered_map>

namespace lapidary {
namespace {

using Names = std::unordered_map<std::string, std::string>;

/// Gives copies of nodes and graphs their new names.
class Copier {
 public:
  Copier(GraphRewriter& graph, std::string prefix) : graph_(graph), prefix_(std::move(prefix)) {}

  std::string fresh(const std::string& name) {
    return graph_.fresh_name(prefix_.empty() ? name : prefix_ + "/" + name);
  }

  Node copy(const Node& node, const Names& names) {
    Node result = node;
    if (!result.name.empty()) result.name = fresh(result.name);
    rename(result.inputs, names);
    rename(result.outputs, names);
    for (auto& attribute : result.attributes) {
      if (auto* body = std::get_if<GraphPointer>(&attribute.value)) *body = copy(**body, names);
      if (auto* bodies = std::get_if<std::vector<GraphPointer>>(&attribute.value))
        for (auto& body : *bodies) body = copy(*body, names);
    }
    return result;
  }

 private:
  static void rename(std::string& name, const Names& names) {
    if (const auto found = names.find(name); found != names.end()) name = found->second;
  }
  static void rename(std::vector<std::string>& list, const Names& names) {
    for (auto& name : list) rename(name, names);
  }
  /// A graph inside a node: what it defines gets fresh names too, so that nothing hides another value.
  GraphPointer copy(const Graph& graph, Names names) {
    for (const auto& input : graph.inputs) names[input.name] = fresh(input.name);
    for (const auto& tensor : graph.initializers) names[tensor->name] = fresh(tensor->name);
    for (const auto& tensor : graph.sparse_initializers) names[tensor->name] = fresh(tensor->name);
    for (const auto& node : graph.nodes)
      for (const auto& output : node->outputs)
        if (!output.empty()) names[output] = fresh(output);
    Graph result = graph;
    for (auto& input : result.inputs) rename(input.name, names);
    for (auto& output : result.outputs) rename(output.name, names);
    auto nodes = graph.nodes.to_vector();
    for (auto& node : nodes) node = std::make_shared<const Node>(copy(*node, names));
    result.nodes = PersistentVector(std::move(nodes));
    result.initializers = renamed_tensors(graph.initializers.to_vector(), names);
    for (auto& tensor : result.sparse_initializers) {
      NamedSparseTensor changed = *tensor;
      rename(changed.name, names);
      changed.wire_bytes.clear();
      tensor = std::make_shared<const NamedSparseTensor>(std::move(changed));
    }
    auto infos = graph.value_infos.to_vector();
    for (auto& info : infos) rename(info.name, names);
    result.value_infos = PersistentVector(std::move(infos));
    result.quantization_annotations.clear();
    return std::make_shared<const Graph>(std::move(result));
  }
  static PersistentVector<std::shared_ptr<const NamedTensor>> renamed_tensors(
      std::vector<std::shared_ptr<const NamedTensor>> tensors, const Names& names) {
    for (auto& tensor : tensors) {
      NamedTensor changed = *tensor;
      rename(changed.name, names);
      tensor = std::make_shared<const NamedTensor>(std::move(changed));
    }
    return PersistentVector(std::move(tensors));
  }

  GraphRewriter& graph_;
  std::string prefix_;
};

}  // namespace

bool can_inline(const Graph& body) { return body.sparse_initializers.empty(); }

std::vector<std::string> inline_body(GraphRewriter& graph, std::size_t position, const Graph& body,
                                     const std::vector<std::string>& inputs,
                                     const std::vector<std::string>& outputs, const std::string& prefix) {
  Copier copier(graph, prefix);
  Names names, wanted;
  for (std::size_t i = 0; i < body.outputs.size() && i < outputs.size(); ++i)
    if (!outputs[i].empty()) wanted.emplace(body.outputs[i].name, outputs[i]);
  for (std::size_t i = 0; i < body.inputs.size(); ++i)
    names[body.inputs[i].name] = i < inputs.size() ? inputs[i] : std::string();
  for (const auto& tensor : body.initializers) {
    NamedTensor copy = *tensor;
    copy.name = names[tensor->name] = copier.fresh(tensor->name);
    graph.add_initializer(std::move(copy));
  }
  for (const auto& node : body.nodes)
    for (const auto& output : node->outputs) {
      if (output.empty()) continue;
      const auto given = wanted.find(output);
      names[output] = given == wanted.end() ? copier.fresh(output) : given->second;
    }
  for (const auto& node : body.nodes) graph.insert_before(position, copier.copy(*node, names));

  std::vector<std::string> results;
  for (std::size_t i = 0; i < body.outputs.size(); ++i) {
    const auto found = names.find(body.outputs[i].name);
    const std::string source = found == names.end() ? body.outputs[i].name : found->second;
    const std::string name = i < outputs.size() ? outputs[i] : std::string();
    results.push_back(name.empty() ? source : name);
    // What no node of the body makes, or is given out twice, is handed on.
    if (name.empty() || name == source) continue;
    Node identity;
    identity.op_type = "Identity";
    identity.inputs = {source};
    identity.outputs = {name};
    graph.insert_before(position, std::move(identity));
  }
  return results;
}

}  // namespace lapidary
