#pragma once

#include "engine/ops/operator.h"
#include "engine/opsets/node_rewrite.h"

namespace lapidary {

/// Brings a node of one version of an operator under the signature of another: attributes that are new there
/// or had another default, ones that are not there and hold their default, inputs left out at the end. Values
/// of types that it does not take go through a wider type, where that gives the same. Throws Refusal.
void fit_to_record(NodeRewrite& rewrite, const Operator& from, const Operator& to);

}  // namespace lapidary
