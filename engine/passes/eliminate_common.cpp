#include <algorithm>
#include <cstring>
#include <map>
#include <unordered_map>

#include "engine/passes/all_passes.h"
#include "engine/passes/graph_rewriter.h"

namespace lapidary {
namespace {

constexpr std::size_t most_sampled_bytes = 256;

/// Type, sizes, and some of the bytes: equal for equal tensors.
std::string sketch(const Tensor& tensor) {
  std::string text = std::to_string(static_cast<int>(tensor.type())) + to_string(tensor.dims()) + ":";
  if (tensor.is_string()) {
    for (const auto& word : tensor.strings()) text += word + '\n';
    return text;
  }
  const auto bytes = tensor.bytes();
  const auto* data = reinterpret_cast<const char*>(bytes.data());
  if (bytes.size() <= most_sampled_bytes) return text + std::string(data, bytes.size());
  const std::size_t half = most_sampled_bytes / 2;
  return text + std::string(data + bytes.size() / 2, half) + std::string(data + bytes.size() - half, half);
}

template <class T>
void append_raw(std::string& text, const T& value) {
  text.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// An attribute's value as a text that differs for different values; nothing for what holds graphs, types or
/// large tensors.
std::optional<std::string> text_of(const AttributeValue& value) {
  std::string text = std::to_string(value.index()) + ":";
  if (const auto* f = std::get_if<float>(&value))
    append_raw(text, *f);
  else if (const auto* i = std::get_if<std::int64_t>(&value))
    append_raw(text, *i);
  else if (const auto* s = std::get_if<std::string>(&value))
    text += *s;
  else if (const auto* floats = std::get_if<std::vector<float>>(&value))
    for (const float number : *floats) append_raw(text, number);
  else if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&value))
    for (const std::int64_t number : *integers) append_raw(text, number);
  else if (const auto* strings = std::get_if<std::vector<std::string>>(&value))
    for (const auto& word : *strings) text += std::to_string(word.size()) + ":" + word;
  else if (const auto* tensor = std::get_if<std::shared_ptr<const NamedTensor>>(&value);
           tensor && *tensor && (*tensor)->tensor.size_bytes() <= most_sampled_bytes)
    text += sketch((*tensor)->tensor);
  else
    return std::nullopt;
  return text;
}

/// What two nodes that do the same share; nothing for nodes that may not be merged.
std::optional<std::string> key_of(const GraphRewriter& graph, const Node& node) {
  const Operator* record = graph.record(node);
  if (!record || !record->is_deterministic) return std::nullopt;
  std::string key = node.op_type + '\1' + std::string(normalized_domain(node.domain)) + '\1';
  for (const auto& input : node.inputs) key += input + '\1';
  std::map<std::string, std::string> attributes;
  for (const auto& attribute : node.attributes) {
    auto text = text_of(attribute.value);
    if (!text || !attribute.reference.empty()) return std::nullopt;
    attributes[attribute.name] = std::move(*text);
  }
  for (const auto& [name, text] : attributes) key += name + '=' + text + '\2';
  return key;
}

/// Everything that reads an output of `second` can read one of `first`.
bool can_merge(const GraphRewriter& graph, const Node& first, const Node& second) {
  for (std::size_t i = 0; i < second.outputs.size(); ++i) {
    const std::string& name = second.outputs[i];
    if (name.empty() || graph.use_count(name) == 0) continue;
    if (i >= first.outputs.size() || first.outputs[i].empty() || graph.is_output(name) ||
        !graph.can_bypass(name, first.outputs[i]))
      return false;
  }
  return true;
}

void merge_nodes(GraphRewriter& graph) {
  std::unordered_map<std::string, std::size_t> first_of;
  for (std::size_t i = 0; i < graph.size(); ++i) {
    const Node* node = graph.node(i);
    if (!node || node->outputs.empty()) continue;
    const auto key = key_of(graph, *node);
    if (!key) continue;
    const auto [found, is_new] = first_of.emplace(*key, i);
    if (is_new) continue;
    const Node* first = graph.node(found->second);
    if (!first || !can_merge(graph, *first, *node) || !graph.admit(*node)) continue;
    graph.erase(i);
    for (std::size_t output = 0; output < node->outputs.size(); ++output)
      if (!node->outputs[output].empty() && graph.use_count(node->outputs[output]) > 0)
        graph.redirect(node->outputs[output], first->outputs[output]);
  }
}

void merge_initializers(GraphRewriter& graph) {
  std::unordered_map<std::string, std::vector<std::shared_ptr<const NamedTensor>>> groups;
  for (const auto& tensor : std::vector(graph.initializers())) {
    if (graph.is_input(tensor->name) || graph.is_output(tensor->name)) continue;
    auto& group = groups[sketch(tensor->tensor)];
    const auto same = std::find_if(group.begin(), group.end(), [&](const auto& other) {
      return identical(other->tensor, tensor->tensor);
    });
    if (same == group.end())
      group.push_back(tensor);
    else if (graph.can_bypass(tensor->name, (*same)->name) && graph.admit(tensor->name))
      graph.redirect(tensor->name, (*same)->name);
  }
}

void rewrite(GraphRewriter& graph) {
  merge_initializers(graph);
  merge_nodes(graph);
}

}  // namespace

/// Initializers with the same contents → one of them; nodes of the same operator, attributes and inputs → the
/// first of them. Not what is random, runs a graph, or makes an output of the graph.
PassResult eliminate_common(const ModelPointer& model, const PassContext& context) {
  return rewrite_graphs(model, context, rewrite);
}

}  // namespace lapidary
