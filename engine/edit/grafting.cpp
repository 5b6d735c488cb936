#include "engine/edit/grafting.h"

#include <algorithm>

#include "engine/edit/operators.h"
#include "engine/model/error.h"
#include "engine/model/sequence.h"

namespace lapidary {
namespace {

bool is_same_function(const Function& a, const Function& b) {
  if (a.nodes.size() != b.nodes.size() || a.inputs != b.inputs || a.outputs != b.outputs) return false;
  for (std::size_t i = 0; i < a.nodes.size(); ++i)
    if (a.nodes[i] != b.nodes[i] &&
        (a.nodes[i]->op_type != b.nodes[i]->op_type || a.nodes[i]->inputs != b.nodes[i]->inputs ||
         a.nodes[i]->outputs != b.nodes[i]->outputs))
      return false;
  return true;
}

void add_functions(Model& model, const Model& guest) {
  for (const auto& function : guest.functions) {
    const auto found = std::find_if(model.functions.begin(), model.functions.end(), [&](const auto& own) {
      return own->name == function->name && own->domain == function->domain &&
             own->overload == function->overload;
    });
    if (found == model.functions.end())
      model.functions.push_back(function);
    else if (!is_same_function(**found, *function))
      throw Error("both models have a function '" + function->name + "', and they are not the same")
          .advice("Rename one of them, or inline it, first");
  }
}

/// The names that graphs inside nodes define.
void collect_body_names(const Graph& graph, std::vector<std::string>& names) {
  for (const auto& node : graph.nodes)
    for (const auto& [attribute, body] : subgraphs_of(*node)) {
      for (const Value& input : body->inputs) names.push_back(input.name);
      for (const auto& weight : body->initializers) names.push_back(weight->name);
      for (const auto& inner : body->nodes)
        names.insert(names.end(), inner->outputs.begin(), inner->outputs.end());
      collect_body_names(*body, names);
    }
}

}  // namespace

ModelPointer with_surroundings_of(const ModelPointer& model, const Model& guest, const GraphPath& path) {
  Model result = *model;
  add_functions(result, guest);
  ModelPointer made = std::make_shared<const Model>(std::move(result));
  for (const OpsetImport& import : guest.opset_imports) {
    const std::int64_t own = model->opset(import.domain);
    if (own == 0) {
      Model more = *made;
      more.opset_imports.push_back(import);
      made = std::make_shared<const Model>(std::move(more));
    } else if (own != import.version) {
      const std::string domain(normalized_domain(import.domain));
      throw Error("operator set " + std::to_string(import.version) + " of " +
                  (domain.empty() ? "ai.onnx" : domain) + " meets " + std::to_string(own) + " of this model")
          .advice("Convert one of the two first: lapidary convert MODEL -o OUT --opset N");
    }
    if (path.function) made = with_import_for(made, import.domain, path);
  }
  return made;
}

Grafting graft(Graph& host, const Graph& guest, const Renames& connected, TakenNames& taken,
               const std::string& prefix) {
  Grafting grafting;
  grafting.renames = connected;
  std::vector<std::shared_ptr<const NamedTensor>> weights;
  for (const auto& weight : guest.initializers) {
    if (connected.contains(weight->name)) continue;
    const auto own = initializer_of(host, weight->name);
    if (prefix.empty() && own && identical(host.initializers[*own]->tensor, weight->tensor)) continue;
    NamedTensor copy = *weight;
    copy.name = taken.fresh_value(prefix + weight->name);
    grafting.renames[weight->name] = copy.name;
    weights.push_back(std::make_shared<const NamedTensor>(std::move(copy)));
  }
  std::vector<std::string> made;
  for (const auto& node : guest.nodes) made.insert(made.end(), node->outputs.begin(), node->outputs.end());
  collect_body_names(guest, made);
  for (const std::string& name : made)
    if (!name.empty() && !grafting.renames.contains(name))
      grafting.renames[name] = taken.fresh_value(prefix + name);

  Graph renamed = guest;
  rename_values(renamed, grafting.renames, true);
  std::vector<std::shared_ptr<const Node>> nodes;
  std::vector<std::string> read;
  for (const auto& node : renamed.nodes) {
    for_each_read(*node, [&](const std::string& name) { read.push_back(name); });
    if (node->name.empty()) {
      nodes.push_back(node);
      continue;
    }
    Node copy = *node;
    copy.name = taken.fresh_node(prefix + node->name);
    nodes.push_back(std::make_shared<const Node>(std::move(copy)));
  }
  grafting.place = place_behind(host, read);
  grafting.count = nodes.size();
  host.nodes = with_inserted(host.nodes, grafting.place, std::move(nodes));
  for (auto& weight : weights) host.initializers = appended(host.initializers, std::move(weight));
  for (const auto& sparse : renamed.sparse_initializers) host.sparse_initializers.push_back(sparse);
  for (const Value& value : renamed.value_infos) host.value_infos = appended(host.value_infos, value);
  return grafting;
}

}  // namespace lapidary
