#include "engine/compare/alignment.h"

#include <algorithm>

#include "engine/model/nodes.h"

namespace lapidary {
namespace {

std::vector<TensorPair> align_inputs(const std::vector<Value>& a, const std::vector<Value>& b) {
  std::vector<TensorPair> pairs;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const bool is_named =
        std::any_of(b.begin(), b.end(), [&](const Value& v) { return v.name == a[i].name; });
    if (is_named)
      pairs.push_back({a[i].name, a[i].name, "same name"});
    else if (a.size() == b.size() &&
             std::none_of(a.begin(), a.end(), [&](const Value& v) { return v.name == b[i].name; }))
      pairs.push_back({a[i].name, b[i].name, "same position"});
  }
  return pairs;
}

}  // namespace

ValuePairs Alignment::names() const {
  ValuePairs pairs;
  for (const auto* list : {&inputs, &tensors})
    for (const auto& pair : *list) pairs[pair.a] = pair.b;
  return pairs;
}

std::pair<Values, Values> Alignment::given(const Values& values) const {
  Values a, b;
  for (const auto& pair : inputs)
    if (const auto value = values.find(pair.a); value != values.end()) a[pair.a] = b[pair.b] = value->second;
  return {std::move(a), std::move(b)};
}

Alignment align_by_name(const SectionedGraph& a, const SectionedGraph& b) {
  Alignment alignment;
  alignment.inputs = align_inputs(a.model().graph->inputs, b.model().graph->inputs);
  for (const int position : a.index().topological_order())
    for (const auto& output : a.node(position).outputs) {
      if (output.empty() || a.is_weight(output) || b.is_weight(output)) continue;
      if (b.index().producer(output).node >= 0) alignment.tensors.push_back({output, output, "same name"});
    }
  return alignment;
}

}  // namespace lapidary
