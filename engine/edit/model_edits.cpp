#include <algorithm>

#include "engine/edit/families.h"
#include "engine/edit/names.h"
#include "engine/model/error.h"
#include "engine/model/sequence.h"

namespace lapidary {
namespace {

ModelPointer set_opset(const EditArguments& arguments) {
  const std::string domain = arguments.text("domain", "");
  const std::int64_t version = arguments.integer("version");
  if (version < 0) throw arguments.wrong("version", "is negative");
  Model model = *arguments.model();
  const auto found = std::find_if(
      model.opset_imports.begin(), model.opset_imports.end(),
      [&](const OpsetImport& i) { return normalized_domain(i.domain) == normalized_domain(domain); });
  if (version == 0) {
    if (found == model.opset_imports.end()) throw Error("the domain '" + domain + "' is not imported");
    model.opset_imports.erase(found);
  } else if (found != model.opset_imports.end()) {
    found->version = version;
  } else {
    model.opset_imports.push_back({domain, version});
  }
  return std::make_shared<const Model>(std::move(model));
}

/// Calls `change` with the texts of what "node", "tensor" or "graph" name, or of the model.
ModelPointer with_described(
    const EditArguments& arguments,
    const std::function<void(std::string& documentation, Metadata& metadata)>& change) {
  const bool in_graph = arguments.has("node") || arguments.has("tensor") || arguments.has("graph");
  if (!in_graph) {
    Model model = *arguments.model();
    change(model.doc_string, model.metadata);
    return std::make_shared<const Model>(std::move(model));
  }
  return arguments.with_graph([&](Graph& graph) {
    if (arguments.has("node")) {
      const std::size_t position = arguments.node(graph, "node");
      Node node = *graph.nodes[position];
      change(node.doc_string, node.metadata);
      graph.nodes = graph.nodes.with(position, std::make_shared<const Node>(std::move(node)));
    } else if (arguments.has("tensor")) {
      const std::string name = arguments.text("tensor");
      bool found = false;
      for (auto* values : {&graph.inputs, &graph.outputs})
        for (auto& value : *values)
          if (value.name == name) {
            change(value.doc_string, value.metadata);
            found = true;
          }
      if (const auto place = initializer_of(graph, name); place && !found) {
        NamedTensor weight = *graph.initializers[*place];
        change(weight.doc_string, weight.metadata);
        graph.initializers =
            graph.initializers.with(*place, std::make_shared<const NamedTensor>(std::move(weight)));
        found = true;
      }
      if (!found) throw Error("is neither input, output nor weight").tensor(name);
    } else {
      change(graph.doc_string, graph.metadata);
    }
  });
}

ModelPointer set_metadata(const EditArguments& arguments) {
  const std::string key = arguments.text("key");
  return with_described(arguments, [&](std::string&, Metadata& metadata) {
    const auto found =
        std::find_if(metadata.begin(), metadata.end(), [&](const auto& e) { return e.first == key; });
    if (!arguments.has("value")) {
      if (found == metadata.end()) throw Error("there is no metadata '" + key + "'");
      metadata.erase(found);
    } else if (found != metadata.end()) {
      found->second = arguments.text("value");
    } else {
      metadata.emplace_back(key, arguments.text("value"));
    }
  });
}

ModelPointer set_documentation(const EditArguments& arguments) {
  return with_described(arguments, [&](std::string& text, Metadata&) { text = arguments.text("text"); });
}

}  // namespace

std::vector<Edit> model_edits() {
  using Kind = ParameterKind;
  const EditParameter node = {"node", Kind::Node, "of this node"};
  const EditParameter tensor = {"tensor", Kind::Tensor, "of this input, output or weight"};
  const EditParameter graph = {"graph", Kind::Graph,
                               "of this graph, [] for the main one; nothing given: of the model"};
  return {
      {"set_opset",
       "Say which version of a domain's operators holds; the nodes stay as they are",
       {{"domain", Kind::Text, "the domain; left out: ONNX's own"},
        {"version", Kind::Integer, "the version; 0 removes the import", true}},
       set_opset},
      {"set_metadata",
       "Set or remove an entry of metadata",
       {graph,
        node,
        tensor,
        {"key", Kind::Text, "its key", true},
        {"value", Kind::Text, "its text; left out: remove it"}},
       set_metadata},
      {"set_documentation",
       "Set the documentation",
       {graph, node, tensor, {"text", Kind::Text, "the text", true}},
       set_documentation},
  };
}

}  // namespace lapidary
