#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/edit/edit.h"

namespace lapidary {

/// How an edit names a node, so that it is found again in the next export of the same network: by its name,
/// else by the tensor that it makes. In JSON a text (the name, or where no single node has it, an output), or
/// exactly
/// {"name": "…"}, {"output": "…"} or, for nodes that have neither, {"position": 12}.
struct NodeAddress {
  enum class By { Any, Name, Output, Position };
  By by = By::Any;
  std::string text;
  std::size_t position = 0;
};

/// One step from a graph into the body that a node of it holds: "then_branch" of an If.
struct BodyStep {
  NodeAddress node;
  std::string attribute;
  std::size_t index = 0;  ///< for attributes that hold several graphs
};

/// Where a graph lies in a model: in the main graph, or in a function's body, and from there through nodes.
/// In JSON a list such as [{"function": "Block", "domain": "local"}, {"node": "if_1", "attribute":
/// "then_branch"}].
struct GraphPath {
  struct FunctionKey {
    std::string name, domain, overload;
    bool operator==(const FunctionKey&) const = default;
  };
  std::optional<FunctionKey> function;
  std::vector<BodyStep> steps;
};

/// The number where the JSON is one from 0; nothing otherwise.
std::optional<std::size_t> index_from_json(const EditJson& json);

EditJson to_json(const NodeAddress& address);
EditJson to_json(const GraphPath& path);
NodeAddress node_address_from_json(const EditJson& json);
GraphPath graph_path_from_json(const EditJson& json);

/// The best address of the node at `position` of `graph`: one that find_node() leads back to it.
NodeAddress address_of(const Graph& graph, std::size_t position);
/// Its position. Throws Error that names what was looked for.
std::size_t find_node(const Graph& graph, const NodeAddress& address);

/// A function's body as a graph, and back; weights that the graph gained become Constant nodes.
Graph body_graph(const Function& function);
Function with_body(const Function& function, const Graph& body);

/// The graph at `path`. Throws Error. A function's body is made for the call and lives as long as the
/// pointer.
GraphPointer graph_at(const Model& model, const GraphPath& path);
/// The model with the graph at `path` put through `change`; graphs around it are copied without what they
/// hold.
ModelPointer with_graph_at(const Model& model, const GraphPath& path,
                           const std::function<void(Graph&)>& change);

}  // namespace lapidary
