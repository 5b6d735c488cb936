#include <algorithm>
#include <array>
#include <cmath>

#include "engine/ops/cost.h"
#include "engine/ops/families.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

constexpr const char* domain = "ai.onnx.preview.training";

/// What a step of an optimizer knows besides the tensors: learning rate R and update count T.
struct Schedule {
  double rate, count;
};

double number_of(const KernelContext& context, std::size_t input, const char* what) {
  const auto values = values_as<double>(context.input(input));
  if (values.size() != 1) throw Error(std::string(what) + " must be one number");
  return values[0];
}

/// Updates each optimized tensor by itself. Inputs after R and T: all tensors X, then all their gradients G,
/// then for each state (V, H, …) the states of all; outputs the new X, then the new states. `update` gets the
/// numbers of one element, X and its states in place, and its gradient.
template <std::size_t state_count, class Update>
void optimize(KernelContext& context, Update update) {
  constexpr std::size_t groups = 2 + state_count;
  const std::size_t given = context.input_count() - 2, count = given / groups;
  if (given % groups != 0 || count == 0)
    throw Error("after R and T there are " + std::to_string(given) +
                " tensors, which do not make groups of " + std::to_string(groups));
  for (std::size_t i = 0; i < count; ++i) {
    const Tensor& x = context.input(2 + i);
    std::array<std::vector<double>, groups> values;
    for (std::size_t group = 0; group < groups; ++group) {
      const Tensor& tensor = context.input(2 + group * count + i);
      if (tensor.dims() != x.dims())
        throw Error("a tensor of " + to_string(x.dims()) + " has a gradient or state of " +
                    to_string(tensor.dims()));
      values[group] = values_as<double>(tensor);
    }
    for (std::size_t at = 0; at < values[0].size(); ++at) {
      std::array<double, state_count> states;
      for (std::size_t s = 0; s < state_count; ++s) states[s] = values[2 + s][at];
      update(values[0][at], values[1][at], states);
      for (std::size_t s = 0; s < state_count; ++s) values[2 + s][at] = states[s];
    }
    context.set_output(i, tensor_from(x.type(), x.dims(), values[0]));
    for (std::size_t s = 0; s < state_count; ++s)
      if (context.wants_output((1 + s) * count + i))
        context.set_output((1 + s) * count + i, tensor_from(context.input(2 + (2 + s) * count + i).type(),
                                                            x.dims(), values[2 + s]));
  }
}

Schedule schedule_of(const KernelContext& context) {
  return {number_of(context, 0, "the learning rate R"), number_of(context, 1, "the update count T")};
}

/// H += g²;  X −= R/(1 + T·decay)·g/(√H + ε), with g = norm·X + G (Duchi, Hazan and Singer 2011).
void adagrad(KernelContext& context) {
  const Schedule schedule = schedule_of(context);
  const double norm = context.real("norm_coefficient", 0), epsilon = context.real("epsilon", 0);
  const double rate = schedule.rate / (1 + schedule.count * context.real("decay_factor", 0));
  optimize<1>(context, [&](double& x, double gradient, std::array<double, 1>& states) {
    const double g = norm * x + gradient;
    states[0] += g * g;
    x -= rate * g / (std::sqrt(states[0]) + epsilon);
  });
}

/// V and H are running means of g and g²;  X −= R·√(1 − βᵀ)/(1 − αᵀ)·V/(√H + ε) (Kingma and Ba 2014).
void adam(KernelContext& context) {
  const Schedule schedule = schedule_of(context);
  const double alpha = context.real("alpha", 0.9f), beta = context.real("beta", 0.999f);
  const double norm = context.real("norm_coefficient", 0), epsilon = context.real("epsilon", 0);
  const double kept = 1 - context.real("norm_coefficient_post", 0);
  double rate = schedule.rate;
  if (schedule.count > 0)
    rate *= std::sqrt(1 - std::pow(beta, schedule.count)) / (1 - std::pow(alpha, schedule.count));
  optimize<2>(context, [&](double& x, double gradient, std::array<double, 2>& states) {
    const double g = norm * x + gradient;
    states[0] = alpha * states[0] + (1 - alpha) * g;
    states[1] = beta * states[1] + (1 - beta) * g * g;
    x = kept * (x - rate * states[0] / (std::sqrt(states[1]) + epsilon));
  });
}

/// V = α·V + β·g;  X −= R·V, or by Nesterov's rule X −= R·(g + α·V).
void momentum(KernelContext& context) {
  const Schedule schedule = schedule_of(context);
  const double alpha = context.real("alpha", 0), norm = context.real("norm_coefficient", 0);
  const double beta = schedule.count > 0 ? static_cast<double>(context.real("beta", 1)) : 1.0;
  const std::string mode = context.text("mode", "standard");
  if (mode != "standard" && mode != "nesterov")
    throw Error("there is no mode '" + mode + "'").advice("It can be standard or nesterov");
  optimize<1>(context, [&](double& x, double gradient, std::array<double, 1>& states) {
    const double g = norm * x + gradient;
    states[0] = alpha * states[0] + beta * g;
    x -= schedule.rate * (mode == "nesterov" ? g + alpha * states[0] : states[0]);
  });
}

/// Outputs have the types of the tensors that they replace.
template <std::size_t state_count>
void infer_optimizer(InferenceContext& context) {
  const std::size_t given = context.input_count() - std::min<std::size_t>(2, context.input_count());
  const std::size_t count = given / (2 + state_count);
  if (given % (2 + state_count) != 0 || count == 0)
    return context.report("inputs after R and T do not make groups of " + std::to_string(2 + state_count));
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t output = 0; output <= state_count; ++output)
      context.set_output(output * count + i,
                         context.input_type(2 + (output == 0 ? 0 : output + 1) * count + i));
}

/// `flops` for each element of each optimized tensor.
template <std::size_t state_count>
CostFunction per_optimized_element(double flops) {
  return [flops](const CostContext& context) -> std::optional<Cost> {
    double elements = 0;
    for (std::size_t i = 2;
         i <
         2 + (context.inputs.size() - std::min<std::size_t>(2, context.inputs.size())) / (2 + state_count);
         ++i) {
      const auto dims = context.input_dims(i);
      if (!dims) return std::nullopt;
      elements += static_cast<double>(element_count(*dims));
    }
    return Cost{0, flops * elements};
  };
}

Operator optimizer(const char* name, const char* summary, const char* inputs, const char* outputs) {
  return Operator(name, 1, OperatorKind::Other, domain)
      .summary(summary)
      .input("R", "T1", "Scalar: the learning rate.")
      .input("T", "T2", "Scalar: how many updates there were before.")
      .variadic_input("inputs", "T3", inputs, 1, false)
      .variadic_output("outputs", "T3", outputs, 1, false)
      .constraint("T1", types::tensors({"float", "double"}))
      .constraint("T2", {"tensor(int64)"})
      .constraint("T3", types::tensors({"float", "double"}));
}

constexpr const char* norm_text = "Weight decay: this times the tensor is added to its gradient.";

}  // namespace

void register_optimizer(OperatorTable& table) {
  table.add(
      optimizer(
          "Adagrad",
          "One step of gradient descent whose rate falls for each element with the gradients it has seen.",
          "The tensors to optimize, then the gradient of each, then the sum of squared gradients of each.",
          "The tensors after the step, then the sums of squared gradients.")
          .attribute("decay_factor", 0.0f, "How fast the rate falls: it is divided by 1 + T·decay_factor.")
          .attribute("epsilon", 0.0f, "Added to the divisor, against division by zero.")
          .attribute("norm_coefficient", 0.0f, norm_text)
          .infer(infer_optimizer<1>)
          .kernel(adagrad)
          .cost(per_optimized_element<1>(8))
          .example("R = float{0.1}; T = int64{0}; x = float[2]{1, 2}; gradient = float[2]{-1, 3}; "
                   "squares = float[2]{2, 1}; epsilon = 0.00001 -> x_new, squares_new"));
  table.add(
      optimizer(
          "Adam", "One step of gradient descent by running means of the gradient and of its square.",
          "The tensors to optimize, then the gradient of each, then the mean gradient of each, then the "
          "mean squared gradient of each.",
          "The tensors after the step, then the mean gradients, then the mean squared gradients.")
          .attribute("alpha", 0.9f, "What is kept of the mean gradient.")
          .attribute("beta", 0.999f, "What is kept of the mean squared gradient.")
          .attribute("epsilon", 0.0f, "Added to the divisor, against division by zero.")
          .attribute("norm_coefficient", 0.0f, norm_text)
          .attribute("norm_coefficient_post", 0.0f, "What the tensor loses of itself after the step.")
          .infer(infer_optimizer<2>)
          .kernel(adam)
          .cost(per_optimized_element<2>(16))
          .example("R = float{0.1}; T = int64{1}; x = float[2]{1, 2}; gradient = float[2]{-1, 3}; "
                   "mean = float[2]{0, 1}; square = float[2]{0, 1}; epsilon = 0.00001 -> x_new, mean_new, "
                   "square_new"));
  table.add(
      optimizer("Momentum",
                "One step of gradient descent that keeps part of its speed, plain or by Nesterov's rule.",
                "The tensors to optimize, then the gradient of each, then the momentum of each.",
                "The tensors after the step, then the momenta.")
          .required_attribute("alpha", AttributeType::Float, "What is kept of the momentum.")
          .required_attribute("beta", AttributeType::Float,
                              "Factor of the gradient, from the second update on; 1 in the first.")
          .required_attribute("mode", AttributeType::String, "standard or nesterov.")
          .required_attribute("norm_coefficient", AttributeType::Float, norm_text)
          .infer(infer_optimizer<1>)
          .kernel(momentum)
          .cost(per_optimized_element<1>(7))
          .example(
              "R = float{0.1}; T = int64{0}; x = float[2]{1, 2}; gradient = float[2]{-1, 3}; "
              "speed = float[2]{2, 1}; alpha = 0.9; beta = 1.0; mode = \"standard\"; norm_coefficient = 0.0 "
              "-> x_new, speed_new"));
}

}  // namespace lapidary
