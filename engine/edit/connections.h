#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/analysis/inferred_types.h"
#include "engine/ops/operator.h"

namespace lapidary {

/// The inputs that a node has or may have more, by their names in its operator's signature, in order: also
/// optional ones that are left out, and one more than there are where any number may follow.
std::vector<std::string> input_names(const Model& model, const Node& node);
/// The name of one of them, or of an output: "X", "inputs 2".
std::string parameter_name(const std::vector<Parameter>& parameters, std::size_t index);

/// By position in the graph: which nodes read what `node` makes, directly or through others, itself included.
std::vector<bool> nodes_behind(const Graph& graph, std::size_t node);
/// The same upwards: what `node` depends on.
std::vector<bool> nodes_ahead(const Graph& graph, std::size_t node);

/// Why the operator of `node` could not read a tensor of that type at `input`, beside what else it reads in
/// `graph` (nullptr: the main graph); nothing if it could, or if that cannot be told.
std::optional<std::string> type_refusal(const Model& model, const InferredTypes& types, const Graph* graph,
                                        const Node& node, std::size_t input, const Type& type);

/// The first input at which a node of that operator could read a tensor of that type; nothing if there is
/// none.
std::optional<std::size_t> fitting_input(const Operator& record, const Type& type);
/// The types, in constraint_text()'s notation, that `node` could read at `input` beside what else it reads;
/// nothing if that cannot be told, as for functions.
std::optional<std::set<std::string>> types_taken(const Model& model, const InferredTypes& types,
                                                 const Graph* graph, const Node& node, std::size_t input);
/// Whether what the operator makes first could be of one of the types.
bool can_make(const Operator& record, const std::set<std::string>& types);

}  // namespace lapidary
