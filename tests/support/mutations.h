#pragma once

#include <QStringList>
#include <functional>
#include <optional>
#include <random>
#include <vector>

#include "engine/model/model.h"

namespace lapidary::test {

using Random = std::mt19937;

/// One way to break a valid model.
struct Mutation {
  const char* name;
  /// Breaks the model and gives names or words of which a complaint must hold one; none if the model has
  /// nothing to break in this way.
  std::function<QStringList(Model&, Random&)> apply;
};

/// Ways that concern the model and its graph: versions, names, order, tensors, declared types.
std::vector<Mutation> graph_mutations();
/// Ways that concern single nodes: operator, arity, attributes, types and shapes of what they read.
std::vector<Mutation> node_mutations();
/// Ways that concern graphs inside nodes, and functions.
std::vector<Mutation> body_mutations();

// --- for the families above ---

void change_graph(Model& model, const std::function<void(Graph&)>& change);
/// Replaces the node at that position by a changed copy.
void change_node(Model& model, std::size_t position, const std::function<void(Node&)>& change);
/// A node that fulfils the condition, drawn at random; nothing if there is none.
std::optional<std::size_t> some_node(const Model& model, Random& random,
                                     const std::function<bool(const Node&)>& condition);
/// The label and the outputs of a node: either names it in a complaint.
QStringList names_of(const Node& node);
std::size_t draw(Random& random, std::size_t count);

}  // namespace lapidary::test
