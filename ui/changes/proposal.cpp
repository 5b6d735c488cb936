#include "ui/changes/proposal.h"

#include <QCoreApplication>

#include "engine/analysis/model_cost.h"
#include "engine/backends.h"
#include "engine/compare/proof.h"
#include "ui/document/format.h"

namespace lapidary::ui {

namespace {

std::vector<Pass> passes_of(const OptimizeChoice& choice) {
  return chosen_passes(choice.level, {}, {choice.skipped.begin(), choice.skipped.end()});
}

PassContext context_of(const OptimizeChoice& choice) {
  PassContext context;
  context.newest_opset = newest_opset_at(choice.level);
  context.gate->left_out = choice.leftOut;
  return context;
}

Proposal finished(const ModelPointer& original, const OptimizeChoice& choice, Optimized optimized,
                  const RewriteGate& gate) {
  Proposal proposal;
  proposal.choice = choice;
  proposal.original = original;
  proposal.model = std::move(optimized.model);
  proposal.rewrites = gate.admitted();
  proposal.notes = std::move(optimized.notes);
  proposal.before = figures_of(*original);
  proposal.after = figures_of(*proposal.model);
  return proposal;
}

}  // namespace

EditStep step_of(const OptimizeChoice& choice) {
  EditStep step{"optimize", {{"level", name_of(choice.level)}}};
  if (!choice.skipped.empty()) step.parameters["skipped"] = choice.skipped;
  for (const Rewrite& rewrite : choice.leftOut)
    step.parameters["left_out"].push_back(rewrite.pass + " " + rewrite.node);
  return step;
}

ModelFigures figures_of(const Model& model) {
  const ModelCost cost = cost_of(model, infer_types(model));
  return {model.graph->nodes.size(), cost.flops, cost.parameter_bytes, cost.activation_peak_bytes};
}

Proposal propose(const ModelPointer& model, const OptimizeChoice& choice, const JobControl& control) {
  const PassContext context = context_of(choice);
  Optimized optimized = optimize(model, passes_of(choice), context);
  control.check();
  return finished(model, choice, std::move(optimized), *context.gate);
}

Proposal propose_proven(const ModelPointer& model, const OptimizeChoice& choice, const JobControl& control) {
  const EquivalenceTest test(model, find_backend("reference"));
  control.check();
  ProvenOptimization proven = optimize_with_proof(model, passes_of(choice), context_of(choice), test, true);
  control.check();
  OptimizeChoice sound = choice;
  sound.leftOut.insert(proven.broken.begin(), proven.broken.end());
  Proposal proposal = propose(model, sound, control);
  proposal.proof = text(proven.equivalence.equal ? proven.equivalence.text() : proven.equivalence.message);
  if (!proven.broken.empty())
    proposal.proof +=
        QCoreApplication::translate("Proposal", "; rewrites left out because they changed the results: %1")
            .arg(proven.broken.size());
  return proposal;
}

}  // namespace lapidary::ui
