// A plug-in that would replace an operator of the standard, and brings a new one beside it.
#include "engine/runtime/plugin.h"

namespace {

using namespace lapidary;

void fill(PluginContents& contents) {
  contents.operators.push_back(
      Operator("Novelty", 1, OperatorKind::Other, "org.example").infer(same_as_input));
  contents.operators.push_back(Operator("Relu", 99, OperatorKind::Activation).infer(same_as_input));
}

}  // namespace

LAPIDARY_PLUGIN(fill)
