#include "engine/precision/convert_precision.h"

#include <algorithm>
#include <set>

#include "engine/analysis/check.h"
#include "engine/analysis/every_node.h"
#include "engine/model/error.h"
#include "engine/ops/operator_table.h"
#include "engine/passes/pass.h"
#include "engine/precision/precision_walk.h"
#include "engine/precision/typed_scope.h"

namespace lapidary {
namespace {

constexpr int most_attempts = 32;

std::set<std::string> errors_of(const Model& model) {
  std::set<std::string> errors;
  for (const auto& problem : check_model(model))
    if (problem.severity == Problem::Severity::Error) errors.insert(problem.node + '\n' + problem.message);
  return errors;
}

/// Lets the nodes that have errors which the original does not have keep their types. False if there are
/// none; throws Error where an error cannot be met that way.
bool keep_misfits(const Model& converted, const Model& original, const std::set<std::string>& known,
                  KeepReasons& reasons) {
  bool any = false, met = false;
  std::string first;
  for (const auto& problem : check_model(converted)) {
    if (problem.severity != Problem::Severity::Error || known.contains(problem.node + '\n' + problem.message))
      continue;
    any = true;
    if (first.empty()) first = problem.node + ": " + problem.message;
    for_each_node(original, [&](const Node& node, const Function*) {
      if (node.label() == problem.node)
        met = reasons.emplace(&node, "its types would not fit: " + problem.message).second || met;
    });
  }
  if (any && !met)
    throw Error("no valid model in that precision was found: " + first)
        .advice("Name its operators with --block-op");
  return any;
}

/// True if a node reads or makes numbers of 16 or 32 bits.
bool has_such_numbers(const Model& model, const InferredTypes& types) {
  bool any = false;
  for_each_graph(model, [&](const Graph& graph) {
    const auto is_such = [&](const std::string& name) {
      const DataType type = element_of(types.type_in(&graph, name));
      return is_floating(type) && (bits_of(type) == 16 || bits_of(type) == 32);
    };
    for (const auto& node : graph.nodes)
      any = any || std::any_of(node->inputs.begin(), node->inputs.end(), is_such) ||
            std::any_of(node->outputs.begin(), node->outputs.end(), is_such);
  });
  return any;
}

/// Without a Cast to the type, a model of that operator set cannot have it.
void check_cast(const Model& model, const InferredTypes& types, DataType target) {
  const Operator* cast = operator_table().find("", "Cast", model.opset());
  const std::string wanted = constraint_text(Type::tensor(target));
  const auto* constraint = cast ? cast->find_constraint(cast->outputs[0].type) : nullptr;
  if (!constraint || std::count(constraint->types.begin(), constraint->types.end(), wanted) > 0 ||
      !has_such_numbers(model, types))
    return;
  throw Error("operator set " + std::to_string(model.opset()) + " has no " + std::string(name_of(target)))
      .advice("Convert the model to a newer one before: --opset 13, for bfloat16");
}

}  // namespace

ModelPointer with_functions_inlined(const ModelPointer& model) {
  std::vector<Pass> chosen = passes();
  std::erase_if(chosen, [](const Pass& pass) { return pass.name != "inline_functions"; });
  return model->functions.empty() ? model : optimize(model, chosen).model;
}

PrecisionConversion convert_precision(const ModelPointer& given, const PrecisionOptions& options) {
  if (!given->training_infos.empty())
    throw Error("the model brings training graphs, which refer to its weights by name")
        .advice("Export it for inference, and convert that");
  const ModelPointer model = with_functions_inlined(given);
  const InferredTypes types = infer_types(*model);
  check_cast(*model, types, options.target);
  const std::set<std::string> known = errors_of(*model);
  KeepReasons reasons;
  for_each_node(*model, [&](const Node& node, const Function*) {
    if (const auto found = options.kept.find(node.label()); found != options.kept.end())
      reasons.emplace(&node, found->second);
  });
  std::set<std::string> fixed_inputs;
  for (int attempt = 0; attempt < most_attempts; ++attempt) {
    try {
      PrecisionConversion result = walk_precision(model, types, options, reasons, fixed_inputs);
      if (!keep_misfits(*result.model, *model, known, reasons)) return result;
    } catch (const FixedElementType& fixed) {
      // The one of both whose types were exchanged keeps them.
      const Node* node = fixed.element == options.target ? fixed.maker : fixed.reader;
      const bool news =
          node ? reasons.emplace(node, "the sequence '" + fixed.value + "' is needed as it is").second
               : fixed_inputs.insert(fixed.value).second;
      if (!news) throw Error("the sequence '" + fixed.value + "' is needed in two types");
    }
  }
  throw Error("no valid model in that precision was found").advice("Name operators with --block-op");
}

}  // namespace lapidary
