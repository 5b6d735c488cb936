#pragma once

#include <QString>
#include <string>
#include <vector>

#include "engine/passes/pass.h"

namespace lapidary::test {

/// The passes of these names, in running order.
std::vector<Pass> passes_named(const std::vector<std::string>& names);
/// The model after the one pass, applied until nothing changes.
ModelPointer after_pass(const ModelPointer& model, const std::string& pass, const PassContext& context = {});
/// Operator types of the main graph's nodes, in order, Constant left out: "Conv Relu Add".
QString operators(const Model& model);
/// What tells the two models' results apart on random inputs in the reference backend, or what makes the
/// second one invalid; empty if nothing does.
QString parting(const ModelPointer& before, const ModelPointer& after, double tolerance = 1e-5);

}  // namespace lapidary::test
