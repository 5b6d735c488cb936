#include "tests/differential/pass_orders.h"

#include <algorithm>

#include "engine/analysis/check.h"
#include "engine/passes/pass.h"
#include "tests/differential/judge.h"

namespace lapidary::differential {
namespace {

/// The model with a name in place of some sizes of its inputs: the same for the same number, since nothing
/// says that others fit.
ModelPointer with_free_sizes(const ModelPointer& model, Random& random) {
  Graph graph = *model->graph;
  const std::int64_t chosen = random.between(2, 5);
  for (auto& input : graph.inputs) {
    if (!input.type.is_tensor() || !input.type.shape) continue;
    for (auto& size : *input.type.shape)
      if (size.is_constant() && size.value() > 1 && size.value() <= chosen)
        size = Dimension::symbol("n" + std::to_string(size.value()));
  }
  graph.value_infos = {};
  for (auto& output : graph.outputs)
    if (output.type.is_tensor()) output.type.shape.reset();
  Model changed = *model;
  changed.graph = std::make_shared<const Graph>(std::move(graph));
  return std::make_shared<const Model>(std::move(changed));
}

std::vector<std::string> errors_of(const Model& model) {
  std::vector<std::string> errors;
  for (const auto& problem : check_model(model))
    if (problem.severity == Problem::Severity::Error) errors.push_back(problem.node + ": " + problem.message);
  return errors;
}

}  // namespace

std::string passes_differ(const Case& one, std::uint64_t seed) {
  Random random(seed);
  std::vector<Pass> order = passes();
  random.shuffle(order);
  Case changed = one;
  if (random.chance(0.5)) changed.model = with_free_sizes(one.model, random);
  const bool was_valid = errors_of(*changed.model).empty();
  PassContext context;
  if (random.chance(0.5)) context.newest_opset = random.between(20, 26);
  if (random.chance(0.5)) context.domains = {"com.microsoft"};
  changed.model = optimize(changed.model, order, context).model;
  if (was_valid)
    for (const auto& error : errors_of(*changed.model)) return "invalid after passes: " + error;
  return disagreement(one, run_on("reference", changed, 1), run_on("reference", one, 1));
}

}  // namespace lapidary::differential
