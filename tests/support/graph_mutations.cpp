#include <algorithm>

#include "tests/support/mutations.h"

namespace lapidary::test {
namespace {

QString text(const std::string& name) { return QString::fromStdString(name); }

/// A mutation that changes the graph alone.
Mutation of_graph(const char* name, const std::function<QStringList(Graph&, Random&)>& change) {
  return {name, [change](Model& model, Random& random) {
            QStringList names;
            change_graph(model, [&](Graph& graph) { names = change(graph, random); });
            return names;
          }};
}

/// A mutation that changes an output whose shape is known.
Mutation of_output(const char* name, const std::function<void(Type&)>& change) {
  return of_graph(name, [change](Graph& graph, Random& random) -> QStringList {
    std::vector<Value*> fitting;
    for (auto& output : graph.outputs)
      if (output.type.is_tensor() && output.type.shape && !output.type.shape->empty() &&
          output.type.shape->back().is_constant())
        fitting.push_back(&output);
    if (fitting.empty()) return {};
    Value& output = *fitting[draw(random, fitting.size())];
    output.type.wire_bytes.clear();
    change(output.type);
    return {text(output.name)};
  });
}

Mutation of_input(const char* name, const std::function<void(Value&)>& change) {
  return of_graph(name, [change](Graph& graph, Random& random) -> QStringList {
    if (graph.inputs.empty()) return {};
    Value& input = graph.inputs[draw(random, graph.inputs.size())];
    const QString before = text(input.name);
    change(input);
    return {before, "an input of the graph has no name"};
  });
}

/// A mutation that changes an initializer of two or more elements.
Mutation of_initializer(const char* name, const std::function<QStringList(Graph&, NamedTensor&)>& change) {
  return of_graph(name, [change](Graph& graph, Random& random) -> QStringList {
    std::vector<std::size_t> fitting;
    for (std::size_t i = 0; i < graph.initializers.size(); ++i)
      if (graph.initializers[i]->tensor.rank() > 1 &&
          graph.initializers[i]->tensor.type() == DataType::Float32)
        fitting.push_back(i);
    if (fitting.empty()) return {};
    const std::size_t position = fitting[draw(random, fitting.size())];
    NamedTensor tensor = *graph.initializers[position];
    QStringList names = change(graph, tensor);
    names << text(graph.initializers[position]->name);
    for (const auto& node : graph.nodes)
      if (std::count(node->inputs.begin(), node->inputs.end(), graph.initializers[position]->name))
        names << names_of(*node);
    graph.initializers =
        graph.initializers.with(position, std::make_shared<const NamedTensor>(std::move(tensor)));
    return names;
  });
}

Mutation of_model(const char* name, const char* complaint, const std::function<void(Model&)>& change) {
  return {name, [change, complaint](Model& model, Random&) -> QStringList {
            change(model);
            return {complaint};
          }};
}

std::vector<Mutation> version_mutations() {
  return {
      of_model("no IR version", "IR version", [](Model& model) { model.ir_version = 0; }),
      of_model("IR version of the future", "IR version", [](Model& model) { model.ir_version = 99; }),
      of_model("opset newer than the IR version allows", "IR version",
               [](Model& model) { model.ir_version = 3; }),
      of_model("no operator sets", "operator set", [](Model& model) { model.opset_imports.clear(); }),
      of_model("operator set of version 0", "imports version 0",
               [](Model& model) { model.opset_imports[0].version = 0; }),
      of_model("operator set of the future", "operator set 99",
               [](Model& model) { model.opset_imports[0].version = 99; }),
      of_model("operator set twice", "twice",
               [](Model& model) { model.opset_imports.push_back(model.opset_imports[0]); }),
      of_model("operator set of another domain only", "not imported",
               [](Model& model) { model.opset_imports[0].domain = "elsewhere"; }),
      of_model("metadata twice", "'key'",
               [](Model& model) {
                 model.metadata = {{"key", "a"}, {"key", "b"}};
               }),
      of_model("no graph", "no graph", [](Model& model) { model.graph = nullptr; }),
      of_model("graph without name", "no name",
               [](Model& model) { change_graph(model, [](Graph& graph) { graph.name.clear(); }); }),
  };
}

std::vector<Mutation> value_mutations() {
  return {
      of_output("output of another element type", [](Type& type) { type.element = DataType::String; }),
      of_output("output of another rank", [](Type& type) { type.shape->push_back(7); }),
      of_output("output of another size",
                [](Type& type) { type.shape->back() = type.shape->back().value() + 3; }),
      of_output("output declared as a sequence", [](Type& type) { type = Type::sequence(type); }),
      of_output("output without element type", [](Type& type) { type.element = DataType::Undefined; }),
      of_output("output without type", [](Type& type) { type = {}; }),
      of_input("input without type", [](Value& value) { value.type = {}; }),
      of_input("input without name", [](Value& value) { value.name.clear(); }),
      of_graph("output that nobody makes",
               [](Graph& graph, Random&) -> QStringList {
                 graph.outputs[0].name = "nobody";
                 return {"nobody"};
               }),
      of_graph("output twice",
               [](Graph& graph, Random&) -> QStringList {
                 graph.outputs.push_back(graph.outputs[0]);
                 return {text(graph.outputs[0].name)};
               }),
      of_graph("input twice",
               [](Graph& graph, Random& random) -> QStringList {
                 if (graph.inputs.empty()) return {};
                 graph.inputs.push_back(graph.inputs[draw(random, graph.inputs.size())]);
                 return {text(graph.inputs.back().name)};
               }),
      of_graph("input gone",
               [](Graph& graph, Random&) -> QStringList {
                 if (graph.inputs.empty() || graph.nodes.size() == 0) return {};
                 const std::string name = graph.inputs[0].name;
                 graph.inputs.erase(graph.inputs.begin());
                 return {text(name)};
               }),
      of_graph("intermediate value declared otherwise",
               [](Graph& graph, Random& random) -> QStringList {
                 const Node& node = *graph.nodes[draw(random, graph.nodes.size())];
                 if (node.outputs.empty() || node.outputs[0] == graph.outputs[0].name) return {};
                 Value value;
                 value.name = node.outputs[0];
                 value.type = Type::tensor(DataType::String, Shape{1, 2, 3, 4, 5, 6, 7});
                 graph.value_infos = PersistentVector(std::vector<Value>{value});
                 return names_of(node);
               }),
  };
}

std::vector<Mutation> initializer_mutations() {
  return {
      of_initializer("initializer of another element type",
                     [](Graph&, NamedTensor& tensor) -> QStringList {
                       tensor.tensor = Tensor(DataType::Int32, tensor.tensor.dims());
                       return {};
                     }),
      of_initializer("initializer of another rank",
                     [](Graph&, NamedTensor& tensor) -> QStringList {
                       tensor.tensor = Tensor(DataType::Float32, {tensor.tensor.size()});
                       return {};
                     }),
      of_initializer("initializer of another size",
                     [](Graph&, NamedTensor& tensor) -> QStringList {
                       Dims dims = tensor.tensor.dims();
                       dims[1] += 3;
                       tensor.tensor = Tensor(DataType::Float32, dims);
                       return {};
                     }),
      of_initializer("initializer without name",
                     [](Graph&, NamedTensor& tensor) -> QStringList {
                       tensor.name.clear();
                       return {};
                     }),
      of_initializer("initializer twice",
                     [](Graph& graph, NamedTensor& tensor) -> QStringList {
                       graph.initializers =
                           graph.initializers.inserted(0, std::make_shared<const NamedTensor>(tensor));
                       return {text(tensor.name)};
                     }),
  };
}

/// An initializer whose data is said to lie in a file, as it should be but for `change`.
Mutation of_external_data(const char* name, const std::function<void(Metadata&)>& change) {
  return of_initializer(name, [change](Graph&, NamedTensor& tensor) -> QStringList {
    tensor.external_data = {{"location", "weights.bin"},
                            {"offset", "4096"},
                            {"length", std::to_string(tensor.tensor.size_bytes())},
                            {"checksum", std::string(40, 'a')}};
    change(tensor.external_data);
    return {"external data"};
  });
}

std::vector<Mutation> external_data_mutations() {
  return {
      of_external_data("external data without location",
                       [](Metadata& entries) { entries.erase(entries.begin()); }),
      of_external_data("external data nowhere", [](Metadata& entries) { entries[0].second.clear(); }),
      of_external_data("external data at an absolute path",
                       [](Metadata& entries) { entries[0].second = "/weights.bin"; }),
      of_external_data("external data above the folder",
                       [](Metadata& entries) { entries[0].second = "parts/../../weights.bin"; }),
      of_external_data("external data at a negative offset",
                       [](Metadata& entries) { entries[1].second = "-1"; }),
      of_external_data("external data at no number", [](Metadata& entries) { entries[1].second = "0x10"; }),
      of_external_data("external data of another length", [](Metadata& entries) { entries[2].second = "7"; }),
      of_external_data("external data with half a checksum",
                       [](Metadata& entries) { entries[3].second = "abc"; }),
      of_external_data("external data located twice",
                       [](Metadata& entries) { entries.push_back(entries[0]); }),
      of_external_data("external data with an unknown entry",
                       [](Metadata& entries) { entries.emplace_back("lenght", "1"); }),
  };
}

}  // namespace

std::vector<Mutation> graph_mutations() {
  std::vector<Mutation> all;
  for (auto& family :
       {version_mutations(), value_mutations(), initializer_mutations(), external_data_mutations()})
    all.insert(all.end(), family.begin(), family.end());
  return all;
}

}  // namespace lapidary::test
