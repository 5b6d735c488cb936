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

/// The columns of a table of rewrites, and its rows: `after` is what operators() gives of the model after the
/// pass.
void add_rewrite_columns();
void add_rewrite(const char* name, const char* pass, const ModelPointer& model, const char* after);
/// Runs all rows added so far in ONNX Runtime, before and after their pass: what it takes before it takes
/// after, with the same results. Skips where LAPIDARY_PEER names no folder with it.
void check_rewrites_in_peer(double tolerance = 1e-4);
/// Checks a row: the pass leaves these operators, and the results are equal, unless they are random.
void check_rewrite(double tolerance = 1e-5);

}  // namespace lapidary::test
