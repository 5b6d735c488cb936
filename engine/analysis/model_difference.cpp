#include "engine/analysis/model_difference.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>

#include "engine/analysis/attribute_equality.h"
#include "engine/analysis/node_matching.h"
#include "engine/model/graph_index.h"

namespace lapidary {
namespace {

std::string changed(const std::string& what, const std::string& before, const std::string& after) {
  return what + ": " + (before.empty() ? "none" : before) + " → " + (after.empty() ? "none" : after);
}

bool has_numbers(const Tensor& tensor) {
  return tensor.type() != DataType::String && tensor.type() != DataType::Complex64 &&
         tensor.type() != DataType::Complex128;
}

std::string described(const Tensor& tensor) {
  std::string text(name_of(tensor.type()));
  for (std::size_t i = 0; i < tensor.dims().size(); ++i)
    text += (i ? " × " : " ") + std::to_string(tensor.dims()[i]);
  return text;
}

NodePlace place_of(const Graph& graph, std::size_t position) {
  const Node& node = *graph.nodes[position];
  return {static_cast<int>(position), node.label(), node.op_type};
}

/// The tensor that a value is known to be: an initializer's, or a Constant node's; nullptr otherwise.
const Tensor* constant_of(const Graph& graph, const GraphIndex& index, const std::string& value) {
  if (const NamedTensor* weight = index.initializer(value); weight && !index.is_input(value))
    return &weight->tensor;
  const int producer = index.producer(value).node;
  if (producer < 0) return nullptr;
  const Node& node = *graph.nodes[static_cast<std::size_t>(producer)];
  if (node.op_type == "Identity" && node.inputs.size() == 1) return constant_of(graph, index, node.inputs[0]);
  const Attribute* held = node.op_type == "Constant" ? node.find_attribute("value") : nullptr;
  const auto* tensor = held ? std::get_if<std::shared_ptr<const NamedTensor>>(&held->value) : nullptr;
  return tensor && *tensor ? &(*tensor)->tensor : nullptr;
}

/// Compares two models part by part.
class Comparison {
 public:
  ModelDifference compare(const Model& before, const Model& after) {
    compare_properties(before, after);
    compare_functions(before, after);
    difference_.graphs.emplace_back();
    compare_graphs(*before.graph, *after.graph, 0);
    return std::move(difference_);
  }

 private:
  void property(const std::string& what, const std::string& before, const std::string& after) {
    if (before != after) difference_.properties.push_back(changed(what, before, after));
  }

  void compare_properties(const Model& before, const Model& after) {
    property("IR version", std::to_string(before.ir_version), std::to_string(after.ir_version));
    property("producer", before.producer_name, after.producer_name);
    property("producer's version", before.producer_version, after.producer_version);
    property("domain", before.domain, after.domain);
    property("model version", std::to_string(before.model_version), std::to_string(after.model_version));
    if (before.doc_string != after.doc_string) difference_.properties.push_back("documentation differs");
    const auto versions = [](const Model& model) {
      std::map<std::string, std::string> texts;
      for (const auto& import : model.opset_imports)
        texts[std::string(normalized_domain(import.domain))] = std::to_string(import.version);
      return texts;
    };
    compare_texts("operator set", versions(before), versions(after));
    compare_texts("metadata", {before.metadata.begin(), before.metadata.end()},
                  {after.metadata.begin(), after.metadata.end()});
  }

  void compare_texts(const std::string& what, const std::map<std::string, std::string>& before,
                     const std::map<std::string, std::string>& after) {
    const auto at = [](const auto& texts, const std::string& key) {
      const auto found = texts.find(key);
      return found == texts.end() ? std::string() : found->second;
    };
    std::map<std::string, std::string> all = before;
    all.insert(after.begin(), after.end());
    for (const auto& [key, value] : all)
      property(what + " " + (key.empty() ? "ai.onnx" : key), at(before, key), at(after, key));
  }

  void compare_functions(const Model& before, const Model& after) {
    const auto by_name = [](const Model& model) {
      std::map<std::string, const Function*> functions;
      for (const auto& function : model.functions)
        functions[function->domain + "." + function->name + (function->overload.empty() ? "" : ":") +
                  function->overload] = function.get();
      return functions;
    };
    const auto old_functions = by_name(before), new_functions = by_name(after);
    for (const auto& [name, function] : old_functions) {
      const auto found = new_functions.find(name);
      if (found == new_functions.end())
        difference_.properties.push_back("function " + name + ": removed");
      else if (function != found->second && !is_same_function(*function, *found->second))
        difference_.properties.push_back("function " + name + ": changed");
    }
    for (const auto& [name, function] : new_functions)
      if (!old_functions.contains(name)) difference_.properties.push_back("function " + name + ": added");
  }

  static bool is_same_function(const Function& a, const Function& b) {
    if (a.inputs != b.inputs || a.outputs != b.outputs || a.attributes != b.attributes ||
        a.nodes.size() != b.nodes.size())
      return false;
    for (std::size_t i = 0; i < a.nodes.size(); ++i)
      if (a.nodes[i] != b.nodes[i] &&
          (a.nodes[i]->inputs != b.nodes[i]->inputs || a.nodes[i]->outputs != b.nodes[i]->outputs ||
           !node_differences(*a.nodes[i], *b.nodes[i]).empty()))
        return false;
    return true;
  }

  /// Operator and attributes.
  static std::vector<std::string> node_differences(const Node& before, const Node& after) {
    std::vector<std::string> differences;
    const auto compare = [&](const std::string& what, const std::string& was, const std::string& is) {
      if (was != is) differences.push_back(changed(what, was, is));
    };
    const auto called = [](const Node& node) {
      const std::string domain(normalized_domain(node.domain));
      return (domain.empty() ? "" : domain + ".") + node.op_type;
    };
    compare("operator", called(before), called(after));
    compare("overload", before.overload, after.overload);
    // What differs in bodies is a difference of its own.
    const auto any_bodies = [](auto, auto) { return true; };
    for (const Attribute& attribute : before.attributes) {
      const Attribute* other = after.find_attribute(attribute.name);
      if (!other)
        differences.push_back(changed(attribute.name, to_string(attribute.value), ""));
      else if (!is_same_value(attribute.value, other->value, any_bodies) ||
               attribute.reference != other->reference)
        differences.push_back(changed(attribute.name, to_string(attribute.value), to_string(other->value)));
    }
    for (const Attribute& attribute : after.attributes)
      if (!before.find_attribute(attribute.name))
        differences.push_back(changed(attribute.name, "", to_string(attribute.value)));
    return differences;
  }

  void compare_graphs(const Graph& before, const Graph& after, std::size_t at) {
    const NodeMatching matching = match_nodes(before, after);
    const GraphIndex before_index(before), after_index(after);
    compare_interface("input", before.inputs, after.inputs, at);
    compare_interface("output", before.outputs, after.outputs, at);
    for (std::size_t i = 0; i < matching.after_of.size(); ++i) {
      const int other = matching.after_of[i];
      if (other < 0) {
        difference_.graphs[at].removed.push_back(place_of(before, i));
        continue;
      }
      const Node &was = *before.nodes[i], &is = *after.nodes[static_cast<std::size_t>(other)];
      NodePair pair{
          place_of(before, i), place_of(after, static_cast<std::size_t>(other)), matching.reasons[i], {}};
      if (&was != &is) {
        pair.differences = node_differences(was, is);
        if (was.name != is.name) pair.differences.push_back(changed("name", was.name, is.name));
      }
      compare_inputs(was, is, before, after, before_index, after_index, matching, pair.differences);
      difference_.graphs[at].pairs.push_back(std::move(pair));
      compare_bodies(was, is, at);
    }
    for (std::size_t i = 0; i < matching.before_of.size(); ++i)
      if (matching.before_of[i] < 0) difference_.graphs[at].added.push_back(place_of(after, i));
    compare_weights(before, after, difference_.graphs[at].path);
  }

  /// An input is the same where the nodes that make it are matched, whatever the value is called, and where
  /// it is the same constant.
  static void compare_inputs(const Node& was, const Node& is, const Graph& before_graph,
                             const Graph& after_graph, const GraphIndex& before, const GraphIndex& after,
                             const NodeMatching& matching, std::vector<std::string>& differences) {
    const std::size_t count = std::max(was.inputs.size(), is.inputs.size());
    const auto at = [](const std::vector<std::string>& names, std::size_t i) {
      return i < names.size() ? names[i] : std::string();
    };
    for (std::size_t i = 0; i < count; ++i) {
      const std::string one = at(was.inputs, i), other = at(is.inputs, i);
      const auto made_before = before.producer(one), made_after = after.producer(other);
      const bool is_same =
          made_before.node < 0 || made_after.node < 0
              ? one == other && made_before.node == made_after.node
              : matching.after_of[static_cast<std::size_t>(made_before.node)] == made_after.node &&
                    made_before.slot == made_after.slot;
      if (is_same) continue;
      const Tensor* old_constant = constant_of(before_graph, before, one);
      const Tensor* new_constant = constant_of(after_graph, after, other);
      if (!old_constant || !new_constant || !identical(*old_constant, *new_constant))
        differences.push_back(changed("input " + std::to_string(i), one, other));
    }
    if (was.outputs.size() != is.outputs.size())
      differences.push_back(
          changed("outputs", std::to_string(was.outputs.size()), std::to_string(is.outputs.size())));
  }

  void compare_bodies(const Node& was, const Node& is, std::size_t at) {
    const auto bodies = subgraphs_of(is);
    for (const auto& [attribute, body] : subgraphs_of(was)) {
      const std::string& name = attribute;
      const auto found =
          std::find_if(bodies.begin(), bodies.end(), [&](const auto& other) { return other.first == name; });
      if (found == bodies.end() || found->second == body) continue;
      const std::string& outer = difference_.graphs[at].path;
      GraphDifference inner;
      inner.path = (outer.empty() ? "" : outer + ", ") + "node '" + was.label() + "', " + attribute;
      difference_.graphs.push_back(std::move(inner));
      compare_graphs(*body, *found->second, difference_.graphs.size() - 1);
    }
  }

  void compare_interface(const std::string& what, const std::vector<Value>& before,
                         const std::vector<Value>& after, std::size_t at) {
    auto& messages = difference_.graphs[at].interface;
    const auto named = [](const std::vector<Value>& values, const std::string& name) {
      return std::find_if(values.begin(), values.end(),
                          [&](const Value& value) { return value.name == name; });
    };
    for (const Value& value : before) {
      const auto found = named(after, value.name);
      if (found == after.end())
        messages.push_back(what + " '" + value.name + "': removed");
      else if (to_string(value.type) != to_string(found->type))
        messages.push_back(
            changed(what + " '" + value.name + "'", to_string(value.type), to_string(found->type)));
    }
    for (const Value& value : after)
      if (named(before, value.name) == before.end())
        messages.push_back(what + " '" + value.name + "': added");
  }

  void compare_weights(const Graph& before, const Graph& after, const std::string& path) {
    std::unordered_map<std::string_view, const NamedTensor*> old_weights;
    for (const auto& weight : before.initializers) old_weights.emplace(weight->name, weight.get());
    for (const auto& weight : after.initializers) {
      const auto found = old_weights.find(weight->name);
      if (found == old_weights.end()) {
        difference_.weights.push_back({weight->name, path, false, true, described(weight->tensor), 0});
        continue;
      }
      compare_weight(*found->second, *weight, path);
      old_weights.erase(found);
    }
    for (const auto& weight : before.initializers)
      if (old_weights.contains(weight->name))
        difference_.weights.push_back({weight->name, path, true, false, described(weight->tensor), 0});
  }

  void compare_weight(const NamedTensor& before, const NamedTensor& after, const std::string& path) {
    if (&before == &after || identical(before.tensor, after.tensor)) return;
    WeightDifference weight{after.name, path, true, true, {}, 0};
    if (before.tensor.dims() != after.tensor.dims() || !has_numbers(before.tensor) ||
        !has_numbers(after.tensor)) {
      weight.description = described(before.tensor) + " → " + described(after.tensor);
    } else {
      const std::vector<double> old_values = values_as<double>(before.tensor),
                                new_values = values_as<double>(after.tensor);
      std::size_t count = 0;
      for (std::size_t i = 0; i < old_values.size(); ++i) {
        if (old_values[i] == new_values[i] || (std::isnan(old_values[i]) && std::isnan(new_values[i])))
          continue;
        ++count;
        weight.max_absolute = std::max(weight.max_absolute, std::abs(old_values[i] - new_values[i]));
      }
      weight.description =
          before.tensor.type() == after.tensor.type()
              ? std::to_string(count) + " of " + std::to_string(old_values.size()) + " elements differ"
              : described(before.tensor) + " → " + described(after.tensor);
    }
    difference_.weights.push_back(std::move(weight));
  }

  ModelDifference difference_;
};

}  // namespace

bool ModelDifference::equal() const {
  const auto is_same = [](const GraphDifference& graph) {
    return graph.removed.empty() && graph.added.empty() && graph.interface.empty() &&
           std::all_of(graph.pairs.begin(), graph.pairs.end(),
                       [](const NodePair& pair) { return pair.differences.empty(); });
  };
  return properties.empty() && weights.empty() && std::all_of(graphs.begin(), graphs.end(), is_same);
}

ModelDifference difference_between(const Model& before, const Model& after) {
  return Comparison().compare(before, after);
}

}  // namespace lapidary
