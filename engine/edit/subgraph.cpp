#include "engine/edit/subgraph.h"

#include <algorithm>
#include <set>
#include <unordered_set>

#include "engine/analysis/every_node.h"
#include "engine/analysis/inferred_types.h"
#include "engine/edit/names.h"
#include "engine/model/edit.h"
#include "engine/model/error.h"
#include "engine/model/graph_index.h"
#include "engine/model/names.h"

namespace lapidary {
namespace {

/// A graph, and those around it from the inside out: a body sees their values too.
class Place {
 public:
  Place(const Model& model, const GraphPath& path)
      : model_(model), is_function_(path.function.has_value()), types_(infer_types(model)) {
    GraphPath around = path;
    graphs_.push_back(graph_at(model, around));
    while (!around.steps.empty()) {
      around.steps.pop_back();
      graphs_.push_back(graph_at(model, around));
    }
  }

  const Graph& graph() const { return *graphs_.front(); }
  /// The weight of that name here or around; nullptr if there is none.
  std::shared_ptr<const NamedTensor> weight(const std::string& name) const {
    for (const GraphPointer& graph : graphs_) {
      if (const auto place = initializer_of(*graph, name)) return graph->initializers[*place];
      if (defines(*graph, name)) return nullptr;
    }
    return nullptr;
  }
  std::shared_ptr<const NamedSparseTensor> sparse_weight(const std::string& name) const {
    for (const GraphPointer& graph : graphs_)
      for (const auto& sparse : graph->sparse_initializers)
        if (sparse->name == name) return sparse;
    return nullptr;
  }
  /// The value as it is declared here or around, with its type as inferred where it is not.
  Value value(const std::string& name) const {
    for (const GraphPointer& graph : graphs_)
      for (const auto* values : {&graph->inputs, &graph->outputs})
        for (const Value& value : *values)
          if (value.name == name) return typed(value);
    for (const Value& value : graph().value_infos)
      if (value.name == name) return typed(value);
    return typed({name, {}, {}, {}, {}});
  }

 private:
  Value typed(Value value) const {
    if (!value.type.is_known() && !is_function_) {
      const bool is_main = graphs_.size() == 1;
      value.type = types_.type_in(is_main ? nullptr : graphs_.front().get(), value.name);
    }
    return value;
  }

  const Model& model_;
  bool is_function_;
  InferredTypes types_;
  std::vector<GraphPointer> graphs_;
};

/// Functions that nodes of the part call, by themselves or through other functions; and the domains in use.
void keep_used(Model& part) {
  std::set<std::string> domains;
  std::unordered_set<const Function*> used;
  const Model whole = part;
  std::vector<const Function*> open;
  const auto visit = [&](const Node& node) {
    domains.insert(std::string(normalized_domain(node.domain)));
    const Function* function = whole.find_function(node);
    if (function && used.insert(function).second) open.push_back(function);
  };
  part.functions.clear();
  for_each_node(part, [&](const Node& node, const Function*) { visit(node); });
  while (!open.empty()) {
    Model body = whole;
    body.functions.clear();
    body.graph = std::make_shared<const Graph>(body_graph(*open.back()));
    open.pop_back();
    for_each_node(body, [&](const Node& node, const Function*) { visit(node); });
  }
  for (const auto& function : whole.functions)
    if (used.contains(function.get())) part.functions.push_back(function);
  std::erase_if(part.opset_imports, [&](const OpsetImport& import) {
    const std::string domain(normalized_domain(import.domain));
    return !domain.empty() && !domains.contains(domain);
  });
}

/// A model of some of a graph's nodes.
class Part {
 public:
  Part(const Model& model, const GraphPath& path, const Place& place)
      : model_(model), path_(path), place_(place), is_included_(place.graph().nodes.size()) {}

  void include(std::size_t node) { is_included_[node] = true; }
  bool includes(std::size_t node) const { return is_included_[node]; }

  ModelPointer finish(const std::vector<std::string>& inputs, const std::vector<std::string>& outputs) const {
    const Graph& graph = place_.graph();
    Graph part = graph;
    part.inputs.clear();
    part.outputs.clear();
    part.nodes = {};
    part.initializers = {};
    part.sparse_initializers.clear();
    std::unordered_set<std::string> inside(inputs.begin(), inputs.end());
    std::vector<std::shared_ptr<const Node>> nodes;
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
      if (!is_included_[i]) continue;
      nodes.push_back(graph.nodes[i]);
      inside.insert(graph.nodes[i]->outputs.begin(), graph.nodes[i]->outputs.end());
    }
    for (const std::string& name : inputs) part.inputs.push_back(place_.value(name));
    take_weights(part, nodes, outputs, inside);
    part.nodes = PersistentVector<std::shared_ptr<const Node>>(std::move(nodes));
    for (const std::string& name : outputs) part.outputs.push_back(place_.value(name));
    keep_declarations(part, inside);
    return model_of(std::move(part));
  }

 private:
  /// Those that nodes or outputs read; a graph's input that has a default stays one.
  void take_weights(Graph& part, const std::vector<std::shared_ptr<const Node>>& nodes,
                    const std::vector<std::string>& outputs, std::unordered_set<std::string>& inside) const {
    std::vector<std::shared_ptr<const NamedTensor>> weights;
    const auto take = [&](const std::string& name) {
      if (name.empty() || inside.contains(name)) return;
      if (const auto weight = place_.weight(name)) {
        weights.push_back(weight);
        if (is_input(place_.graph(), name)) part.inputs.push_back(place_.value(name));
      } else if (const auto sparse = place_.sparse_weight(name)) {
        part.sparse_initializers.push_back(sparse);
      } else {
        return;
      }
      inside.insert(name);
    };
    for (const auto& node : nodes) for_each_read(*node, take);
    for (const std::string& output : outputs) take(output);
    part.initializers = PersistentVector<std::shared_ptr<const NamedTensor>>(std::move(weights));
  }

  void keep_declarations(Graph& part, const std::unordered_set<std::string>& inside) const {
    std::vector<Value> declared;
    for (const Value& value : part.value_infos)
      if (inside.contains(value.name) && !is_input(part, value.name) && !is_output(part, value.name))
        declared.push_back(value);
    part.value_infos = PersistentVector<Value>(std::move(declared));
    std::erase_if(part.quantization_annotations, [&](const QuantizationAnnotation& annotation) {
      return !inside.contains(annotation.tensor_name);
    });
  }

  ModelPointer model_of(Graph part) const {
    Model model = model_;
    if (path_.function)
      for (const auto& function : model_.functions)
        if (GraphPath::FunctionKey{function->name, function->domain, function->overload} == *path_.function)
          model.opset_imports = function->opset_imports;
    model.training_infos.clear();
    model.graph = std::make_shared<const Graph>(std::move(part));
    keep_used(model);
    return std::make_shared<const Model>(std::move(model));
  }

  const Model& model_;
  const GraphPath& path_;
  const Place& place_;
  std::vector<bool> is_included_;
};

/// Walks back from values to what makes them.
class Cut {
 public:
  Cut(const Model& model, const GraphPath& path, const std::optional<std::vector<std::string>>& inputs)
      : place_(model, path), index_(place_.graph()), part_(model, path, place_), are_given_(inputs) {
    if (inputs) inputs_ = *inputs;
    for (const std::string& name : inputs_) {
      if (!is_defined(name)) throw Error("there is no such tensor in this graph").tensor(name);
      is_seen_.insert(name);
    }
  }

  ModelPointer make(const std::vector<std::string>& outputs) {
    for (const std::string& name : outputs) {
      if (!is_defined(name)) throw Error("there is no such tensor in this graph").tensor(name);
      if (are_given_ && std::find(inputs_.begin(), inputs_.end(), name) != inputs_.end())
        throw Error("is asked for as input and as output").tensor(name);
      open_.push_back(name);
    }
    while (!open_.empty()) {
      const std::string name = open_.back();
      open_.pop_back();
      if (!name.empty() && is_seen_.insert(name).second) reach(name);
    }
    if (!missing_.empty()) {
      std::string names;
      for (const std::string& name : missing_) names += (names.empty() ? "'" : ", '") + name + "'";
      throw Error("the outputs also depend on " + names).advice("Give it as an input, too");
    }
    if (!are_given_) sort_inputs();
    return part_.finish(inputs_, outputs);
  }

 private:
  bool is_defined(const std::string& name) const {
    return defines(place_.graph(), name) || place_.weight(name) || place_.sparse_weight(name);
  }

  void reach(const std::string& name) {
    const int producer = index_.producer(name).node;
    if (producer >= 0) {
      const auto position = static_cast<std::size_t>(producer);
      if (part_.includes(position)) return;
      part_.include(position);
      for_each_read(*place_.graph().nodes[position], [&](const std::string& read) { open_.push_back(read); });
    } else if (!place_.weight(name) && !place_.sparse_weight(name)) {
      (are_given_ ? missing_ : inputs_).push_back(name);
    }
  }

  /// As the graph has them, those from the graphs around behind.
  void sort_inputs() {
    const auto& own = place_.graph().inputs;
    const auto position = [&](const std::string& name) {
      return std::find_if(own.begin(), own.end(), [&](const Value& value) { return value.name == name; });
    };
    std::stable_sort(inputs_.begin(), inputs_.end(),
                     [&](const std::string& a, const std::string& b) { return position(a) < position(b); });
  }

  Place place_;
  GraphIndex index_;
  Part part_;
  bool are_given_;
  std::vector<std::string> inputs_, missing_, open_;
  std::unordered_set<std::string> is_seen_;
};

}  // namespace

ModelPointer subgraph_between(const Model& model, const GraphPath& path,
                              const std::optional<std::vector<std::string>>& inputs,
                              const std::vector<std::string>& outputs) {
  return Cut(model, path, inputs).make(outputs);
}

ModelPointer subgraph_of_nodes(const Model& model, const GraphPath& path,
                               const std::vector<std::size_t>& nodes) {
  const Place place(model, path);
  const Graph& graph = place.graph();
  const GraphIndex index(graph);
  Part part(model, path, place);
  for (const std::size_t node : nodes) part.include(node);
  std::vector<std::string> inputs, outputs;
  std::unordered_set<std::string> is_seen;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!part.includes(i)) continue;
    for_each_read(*graph.nodes[i], [&](const std::string& name) {
      if (name.empty() || !is_seen.insert(name).second || place.weight(name) || place.sparse_weight(name))
        return;
      const int producer = index.producer(name).node;
      if (producer >= 0 && graph.nodes[static_cast<std::size_t>(producer)]->op_type == "Constant")
        part.include(static_cast<std::size_t>(producer));
      else if (producer < 0 || !part.includes(static_cast<std::size_t>(producer)))
        inputs.push_back(name);
    });
  }
  std::unordered_set<std::string> read_inside, read_outside;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    for_each_read(*graph.nodes[i], [&](const std::string& name) {
      (part.includes(i) ? read_inside : read_outside).insert(name);
    });
  for (const std::size_t node : nodes)
    for (const std::string& output : graph.nodes[node]->outputs)
      if (!output.empty() &&
          (read_outside.contains(output) || is_output(graph, output) || !read_inside.contains(output)))
        outputs.push_back(output);
  return part.finish(inputs, outputs);
}

}  // namespace lapidary
