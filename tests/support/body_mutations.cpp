#include "tests/support/mutations.h"

namespace lapidary::test {
namespace {

/// Breaks the first graph inside a node.
Mutation of_body(const char* name, const std::function<QStringList(Graph&)>& change) {
  return {name, [change](Model& model, Random& random) -> QStringList {
            const auto position =
                some_node(model, random, [](const Node& node) { return !subgraphs_of(node).empty(); });
            if (!position) return {};
            QStringList names;
            change_node(model, *position, [&](Node& node) {
              for (auto& attribute : node.attributes) {
                auto* body = std::get_if<GraphPointer>(&attribute.value);
                if (!body || !names.isEmpty()) continue;
                Graph graph = **body;
                names = change(graph);
                *body = std::make_shared<const Graph>(std::move(graph));
              }
              names << names_of(node);
            });
            return names;
          }};
}

Mutation of_function(const char* name, const char* complaint, const std::function<void(Function&)>& change) {
  return {name, [change, complaint](Model& model, Random&) -> QStringList {
            if (model.functions.empty()) return {};
            Function function = *model.functions[0];
            change(function);
            model.functions[0] = std::make_shared<const Function>(std::move(function));
            return {complaint};
          }};
}

void change_first_node(Graph& graph, const std::function<void(Node&)>& change) {
  Node node = *graph.nodes[0];
  change(node);
  graph.nodes = graph.nodes.with(0, std::make_shared<const Node>(std::move(node)));
}

void change_first_node(Function& function, const std::function<void(Node&)>& change) {
  Node node = *function.nodes[0];
  change(node);
  function.nodes[0] = std::make_shared<const Node>(std::move(node));
}

std::vector<Mutation> graph_inside_mutations() {
  return {
      of_body("subgraph that reads a name out of scope",
              [](Graph& graph) -> QStringList {
                change_first_node(graph, [](Node& node) { node.inputs[0] = "out_of_scope"; });
                return {"out_of_scope"};
              }),
      of_body("subgraph that makes a value of the graph around it",
              [](Graph& graph) -> QStringList {
                change_first_node(graph, [](Node& node) { node.outputs[0] = "x"; });
                return {"hides a value"};
              }),
      of_body("subgraph whose output nobody makes",
              [](Graph& graph) -> QStringList {
                graph.outputs[0].name = "gone";
                return {"gone"};
              }),
      of_body("subgraph with one input too many",
              [](Graph& graph) -> QStringList {
                graph.inputs.emplace_back().name = "surplus";
                return {"surplus"};
              }),
      of_body("subgraph without outputs",
              [](Graph& graph) -> QStringList {
                graph.outputs.clear();
                return {"outputs"};
              }),
      of_body("subgraph that is empty",
              [](Graph& graph) -> QStringList {
                graph = Graph();
                return {"empty"};
              }),
      of_body("subgraph with an unknown attribute",
              [](Graph& graph) -> QStringList {
                change_first_node(graph, [](Node& node) {
                  node.attributes.emplace_back().name = "strange";
                  node.attributes.back().value = 1.0f;
                });
                return {"strange"};
              }),
      {"value of a subgraph read outside of it",
       [](Model& model, Random& random) -> QStringList {
         const auto position =
             some_node(model, random, [](const Node& node) { return !subgraphs_of(node).empty(); });
         if (!position) return {};
         const std::string inner =
             subgraphs_of(*model.graph->nodes[*position])[0].second->nodes[0]->outputs[0];
         change_graph(model, [&](Graph& graph) {
           Node reader;
           reader.op_type = "Identity";
           reader.inputs = {inner};
           reader.outputs = {"seen"};
           graph.nodes = graph.nodes.inserted(graph.nodes.size(), std::make_shared<const Node>(reader));
         });
         return {QString::fromStdString(inner)};
       }},
  };
}

std::vector<Mutation> function_mutations() {
  return {
      of_function("function that calls itself", "calls itself",
                  [](Function& function) {
                    change_first_node(function, [&](Node& node) {
                      node.op_type = function.name;
                      node.domain = function.domain;
                      node.attributes.clear();
                    });
                    function.opset_imports.push_back({function.domain, 1});
                  }),
      of_function("call of an unknown function", "has no function",
                  [](Function& function) { function.name = "Renamed"; }),
      of_function("function without operator sets", "imports no operator set",
                  [](Function& function) { function.opset_imports.clear(); }),
      of_function("function of an operator set of the future", "operator set 99",
                  [](Function& function) { function.opset_imports[0].version = 99; }),
      of_function("function that reads a value from outside", "nobody makes",
                  [](Function& function) {
                    change_first_node(function, [](Node& node) { node.inputs[0] = "outer"; });
                  }),
      of_function("function whose output nobody makes", "gone",
                  [](Function& function) { function.outputs[0] = "gone"; }),
      of_function("function that names an input twice", "twice",
                  [](Function& function) { function.inputs.push_back(function.inputs[0]); }),
      of_function("function that uses an unknown operator", "NoSuchOperator",
                  [](Function& function) {
                    change_first_node(function, [](Node& node) { node.op_type = "NoSuchOperator"; });
                  }),
      of_function("function with an unknown attribute inside", "strange",
                  [](Function& function) {
                    change_first_node(function, [](Node& node) {
                      node.attributes.emplace_back().name = "strange";
                      node.attributes.back().value = 1.0f;
                    });
                  }),
      of_function("function that refers to an attribute that it lacks", "'lost'",
                  [](Function& function) {
                    change_first_node(function, [](Node& node) {
                      node.attributes.emplace_back().name = "alpha";
                      node.attributes.back().reference = "lost";
                      node.attributes.back().declared_type = AttributeType::Float;
                    });
                  }),
      {"function defined twice",
       [](Model& model, Random&) -> QStringList {
         if (model.functions.empty()) return {};
         model.functions.push_back(model.functions[0]);
         return {"defined twice"};
       }},
      {"functions in an old IR version",
       [](Model& model, Random&) -> QStringList {
         if (model.functions.empty()) return {};
         model.ir_version = 7;
         return {"functions need IR version 8"};
       }},
      {"function's domain not imported",
       [](Model& model, Random&) -> QStringList {
         if (model.functions.empty()) return {};
         std::erase_if(model.opset_imports, [&](const OpsetImport& import) {
           return import.domain == model.functions[0]->domain;
         });
         return {"is not imported"};
       }},
      {"call with one input too many",
       [](Model& model, Random& random) -> QStringList {
         const auto position =
             some_node(model, random, [&](const Node& node) { return model.find_function(node) != nullptr; });
         if (!position) return {};
         change_node(model, *position, [](Node& node) { node.inputs.push_back(node.inputs[0]); });
         return names_of(*model.graph->nodes[*position]);
       }},
      {"call with an unknown attribute",
       [](Model& model, Random& random) -> QStringList {
         const auto position =
             some_node(model, random, [&](const Node& node) { return model.find_function(node) != nullptr; });
         if (!position) return {};
         change_node(model, *position, [](Node& node) {
           node.attributes.emplace_back().name = "strange";
           node.attributes.back().value = 1.0f;
         });
         return names_of(*model.graph->nodes[*position]);
       }},
  };
}

}  // namespace

std::vector<Mutation> body_mutations() {
  std::vector<Mutation> all;
  for (auto& family : {graph_inside_mutations(), function_mutations()})
    all.insert(all.end(), family.begin(), family.end());
  return all;
}

}  // namespace lapidary::test
