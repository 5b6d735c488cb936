#include "engine/edit/repairs.h"

#include <algorithm>
#include <functional>

#include "engine/analysis/problem_texts.h"
#include "engine/edit/address.h"
#include "engine/edit/names.h"
#include "engine/edit/operators.h"
#include "engine/edit/type_text.h"

namespace lapidary {
namespace {

/// A graph of the model outside of functions, and how edits name it.
struct Place {
  const Graph* graph;
  GraphPath path;
};

/// The first graph, from the outside, that meets the condition.
std::optional<Place> find_place(const Place& from, const std::function<bool(const Graph&)>& meets) {
  if (meets(*from.graph)) return from;
  std::size_t position = 0;
  for (const auto& node : from.graph->nodes) {
    for (const auto& [attribute, inner] : subgraphs_of(*node)) {
      if (!inner) continue;
      Place inside{inner.get(), from.path};
      inside.path.steps.push_back({address_of(*from.graph, position), attribute});
      if (auto found = find_place(inside, meets)) return found;
    }
    ++position;
  }
  return std::nullopt;
}

struct NodePlace : Place {
  std::size_t position;
};

/// The `occurrence`-th node of that label in one graph.
std::optional<NodePlace> node_called(const Model& model, const std::string& label, int occurrence = 1) {
  std::size_t position = 0;
  const auto has_node = [&](const Graph& graph) {
    int left = occurrence;
    position = 0;
    for (const auto& node : graph.nodes) {
      if (node->label() == label && --left == 0) return true;
      ++position;
    }
    return false;
  };
  const auto place = find_place({model.graph.get(), {}}, has_node);
  return place ? std::optional(NodePlace{*place, position}) : std::nullopt;
}

EditStep step_in(const Place& place, const char* edit) {
  EditStep step{edit};
  if (!place.path.steps.empty()) step.parameters["graph"] = to_json(place.path);
  return step;
}

std::optional<Repair> remove_unread(const Problem&, const Model&, const InferredTypes&) {
  return Repair{"Remove weights that nobody reads", {"prune_constants"}};
}

std::optional<Repair> remove_output(const Problem& problem, const Model& model, const InferredTypes&) {
  if (!is_output(*model.graph, problem.tensor)) return std::nullopt;
  Repair repair{"Remove the output", {"remove_output"}};
  repair.step.parameters["tensor"] = problem.tensor;
  return repair;
}

std::optional<Repair> rename_second(const Problem& problem, const Model& model, const InferredTypes&) {
  const auto second = node_called(model, problem.node, 2);
  if (!second) return std::nullopt;
  TakenNames taken(model, second->path);
  Repair repair{"Rename the second", step_in(*second, "rename_node")};
  repair.step.parameters["node"] = to_json(address_of(*second->graph, second->position));
  repair.step.parameters["to"] = taken.fresh_node(problem.node);
  repair.title += " to " + repair.step.parameters["to"].get<std::string>();
  return repair;
}

std::optional<Repair> sort_nodes(const Problem& problem, const Model& model, const InferredTypes&) {
  const auto is_unsorted = [&](const Graph& graph) {
    const auto producer = producer_of(graph, problem.tensor);
    std::size_t position = 0;
    for (const auto& node : graph.nodes) {
      if (node->label() == problem.node) return producer && *producer >= position;
      ++position;
    }
    return false;
  };
  const auto place = find_place({model.graph.get(), {}}, is_unsorted);
  return place ? std::optional(Repair{"Sort the nodes", step_in(*place, "sort_nodes")}) : std::nullopt;
}

std::optional<Repair> import_operators(const Problem& problem, const Model& model, const InferredTypes&) {
  const auto place = node_called(model, problem.node);
  if (!place) return std::nullopt;
  const std::string& domain = place->graph->nodes[place->position]->domain;
  if (model.opset(domain) != 0) return std::nullopt;
  const std::int64_t version = newest_version(domain);
  Repair repair{"Import version " + std::to_string(version) + " of " + (domain.empty() ? "ai.onnx" : domain),
                {"set_opset"}};
  repair.step.parameters["domain"] = domain;
  repair.step.parameters["version"] = version;
  return repair;
}

std::optional<Repair> remove_attribute(const Problem& problem, const Model& model, const InferredTypes&) {
  const auto place = node_called(model, problem.node);
  const std::size_t begin = problem.message.find(no_attribute_text) + no_attribute_text.size();
  const std::string name = problem.message.substr(begin, problem.message.size() - begin - 1);
  if (!place || !place->graph->nodes[place->position]->find_attribute(name)) return std::nullopt;
  Repair repair{"Remove the attribute", step_in(*place, "remove_attribute")};
  repair.step.parameters["nodes"] = EditJson::array({to_json(address_of(*place->graph, place->position))});
  repair.step.parameters["name"] = name;
  return repair;
}

std::optional<Repair> set_output_type(const Problem& problem, const Model&, const InferredTypes& types) {
  const Type& type = types.type_of(problem.tensor);
  if (!type.is_known()) return std::nullopt;
  Repair repair{"Declare it as " + type_text(type), {"set_type"}};
  repair.step.parameters["tensor"] = problem.tensor;
  repair.step.parameters["type"] = type_text(type);
  return repair;
}

struct Rule {
  std::string_view text;  ///< the message holds it
  std::optional<Repair> (*repair)(const Problem&, const Model&, const InferredTypes&);
};

constexpr Rule rules[] = {
    {unread_weight_text, remove_unread},    {unmade_output_text, remove_output},
    {same_name_text, rename_second},        {wrong_order_text, sort_nodes},
    {not_imported_text, import_operators},  {no_attribute_text, remove_attribute},
    {untyped_output_text, set_output_type},
};

}  // namespace

std::optional<Repair> repair_for(const Problem& problem, const Model& model, const InferredTypes& types) {
  // Functions are for all their calls, and a problem says no more of them than their names.
  if (!model.graph || problem.message.starts_with("in function ")) return std::nullopt;
  for (const Rule& rule : rules)
    if (problem.message.find(rule.text) != std::string::npos) return rule.repair(problem, model, types);
  return std::nullopt;
}

}  // namespace lapidary
