#include <algorithm>

#include "engine/ops/cost.h"
#include "engine/ops/families.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

/// A graph that is run has its Gradient nodes replaced by what computes them (engine/differentiation). Alone,
/// without the graph around it, a node can only tell how a value changes with itself.
void gradient(KernelContext& context) {
  const auto xs = context.attribute("xs", std::vector<std::string>{});
  const auto zs = context.attribute("zs", std::vector<std::string>{});
  const std::string y = context.text("y", "");
  const auto has = [&](const std::vector<std::string>& names) {
    return std::find(names.begin(), names.end(), y) != names.end();
  };
  if (!has(xs) && !has(zs))
    throw Error("'" + y + "' can be differentiated only in the main graph that computes it")
        .advice("Take the Gradient node out of the subgraph or function");
  for (std::size_t i = 0; i < xs.size() && i < context.output_count(); ++i) {
    const Tensor& x = context.input(i);
    const std::vector<double> values(static_cast<std::size_t>(x.size()), xs[i] == y ? 1.0 : 0.0);
    context.set_output(i, tensor_from(x.type(), x.dims(), values));
  }
}

/// A derivative has the type of what it is taken by.
void infer_gradient(InferenceContext& context) {
  for (std::size_t i = 0; i < context.output_count(); ++i) context.set_output(i, context.input_type(i));
}

}  // namespace

void register_gradient(OperatorTable& table) {
  table.add(
      Operator("Gradient", 1, OperatorKind::Other, "ai.onnx.preview.training")
          .summary("Derivatives of a value of the graph by others, computed in reverse mode; by a value with "
                   "several elements those of their sum.")
          .required_attribute("xs", AttributeType::Strings,
                              "Names of the values to differentiate by; none of them may depend on another.")
          .required_attribute("y", AttributeType::String, "Name of the value to differentiate.")
          .optional_attribute("zs", AttributeType::Strings,
                              "Names of other values that y depends on, to be given as inputs too.")
          .variadic_input("Inputs", "T1",
                          "What the values named xs and zs are, where the derivative is taken.", 1, false)
          .variadic_output("Outputs", "T2", "The derivative of y by each of xs.", 1, false)
          .constraint("T1", types::all())
          .constraint("T2", types::floats())
          .infer(infer_gradient)
          .kernel(gradient)
          .cost(unknown_cost())
          .example("x = float[2]{1, 2}; xs = [\"x\"]; y = \"x\""));
}

}  // namespace lapidary
