#include <cmath>
#include <numeric>

#include "engine/ops/cost.h"
#include "engine/ops/families.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

/// Scores [N, C, d1, …] seen as [batch, classes, positions]; targets have the sizes [N, d1, …].
struct Classes {
  std::int64_t batch = 1, classes = 1, positions = 1;
  Dims target_dims;
};

Classes classes_of(const Tensor& scores, const Tensor& targets) {
  if (scores.rank() < 2) throw Error("scores must be [N, C, …], and are " + to_string(scores.dims()));
  Classes c{scores.dims()[0], scores.dims()[1], 1, {scores.dims()[0]}};
  for (std::size_t i = 2; i < scores.dims().size(); ++i) {
    c.positions *= scores.dims()[i];
    c.target_dims.push_back(scores.dims()[i]);
  }
  if (targets.dims() != c.target_dims)
    throw Error("targets are " + to_string(targets.dims()) + " where the scores " + to_string(scores.dims()) +
                " need " + to_string(c.target_dims));
  return c;
}

enum class LossReduction { None, Sum, Mean };

LossReduction loss_reduction(const KernelContext& context) {
  const std::string name = context.text("reduction", "mean");
  if (name == "none") return LossReduction::None;
  if (name == "sum") return LossReduction::Sum;
  if (name == "mean") return LossReduction::Mean;
  throw Error("attribute 'reduction' is '" + name + "'").advice("It may be none, sum or mean.");
}

/// The negative log likelihood of each target, weighted by class, and reduced; a mean divides by the weights'
/// sum. Targets equal to `ignore_index` count nothing. log_probabilities is [N, C, …] in row-major order.
void set_loss(KernelContext& context, const std::vector<double>& log_probabilities, const Classes& c) {
  const auto targets = values_as<std::int64_t>(context.input(1));
  const auto class_weights = context.has_input(2)
                                 ? values_as<double>(context.input(2))
                                 : std::vector<double>(static_cast<std::size_t>(c.classes), 1.0);
  if (static_cast<std::int64_t>(class_weights.size()) != c.classes)
    throw Error(std::to_string(class_weights.size()) + " weights were given for " +
                std::to_string(c.classes) + " classes");
  const bool ignores = context.has_attribute("ignore_index");
  const std::int64_t ignored = context.integer("ignore_index", 0);
  std::vector<double> losses(targets.size(), 0.0);
  double weights = 0;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (ignores && targets[i] == ignored) continue;
    if (targets[i] < 0 || targets[i] >= c.classes)
      throw Error("target " + std::to_string(targets[i]) + " is none of " + std::to_string(c.classes) +
                  " classes");
    const auto position = static_cast<std::int64_t>(i);
    const std::int64_t place =
        (position / c.positions * c.classes + targets[i]) * c.positions + position % c.positions;
    const double weight = class_weights[static_cast<std::size_t>(targets[i])];
    losses[i] = -weight * log_probabilities[static_cast<std::size_t>(place)];
    weights += weight;
  }
  const DataType type = context.input(0).type();
  const LossReduction reduction = loss_reduction(context);
  if (reduction == LossReduction::None)
    return context.set_output(0, tensor_from(type, c.target_dims, losses));
  const double sum = std::accumulate(losses.begin(), losses.end(), 0.0);
  const std::vector<double> total{reduction == LossReduction::Mean ? sum / weights : sum};
  context.set_output(0, tensor_from(type, {}, total));
}

void negative_log_likelihood(KernelContext& context) {
  const Tensor& input = context.input(0);
  set_loss(context, values_as<double>(input), classes_of(input, context.input(1)));
}

/// x − ln Σeˣ over the classes.
void apply_log_softmax(std::vector<double>& x, const Classes& c) {
  if (c.classes == 0) return;
  for (std::int64_t slice = 0; slice < c.batch * c.positions; ++slice) {
    double* first = x.data() + slice / c.positions * c.classes * c.positions + slice % c.positions;
    double greatest = *first, sum = 0;
    for (std::int64_t i = 0; i < c.classes; ++i) greatest = std::max(greatest, first[i * c.positions]);
    for (std::int64_t i = 0; i < c.classes; ++i) sum += std::exp(first[i * c.positions] - greatest);
    for (std::int64_t i = 0; i < c.classes; ++i) first[i * c.positions] -= greatest + std::log(sum);
  }
}

void softmax_cross_entropy(KernelContext& context) {
  const Tensor& scores = context.input(0);
  const Classes c = classes_of(scores, context.input(1));
  auto log_probabilities = values_as<double>(scores);
  apply_log_softmax(log_probabilities, c);
  if (context.wants_output(1))
    context.set_output(1, tensor_from(scores.type(), scores.dims(), log_probabilities));
  set_loss(context, log_probabilities, c);
}

void infer_loss(InferenceContext& context) {
  const bool reduced = context.text("reduction", "mean") != "none";
  context.set_output(0, context.input_element(0), reduced ? std::optional(Shape{}) : context.input_shape(1));
  context.set_output(1, context.input_type(0));
}

Operator loss(const char* name, const char* summary, KernelFunction kernel) {
  return Operator(name, 12, OperatorKind::PoolingAndReduction)
      .summary(summary)
      .optional_attribute("ignore_index", AttributeType::Int, "Targets with this class count nothing.")
      .attribute("reduction", std::string("mean"), "none, sum, or mean (weighted).")
      .constraint("T", types::floats())
      .constraint("Tind", types::tensors({"int32", "int64"}))
      .infer(infer_loss)
      .kernel(kernel)
      .cost(per_input_element(1));
}

}  // namespace

void register_loss(OperatorTable& table) {
  const Operator likelihood =
      loss("NegativeLogLikelihoodLoss", "−weight·log probability of the target class, reduced.",
           negative_log_likelihood)
          .input("input", "T", "Log probabilities, [N, C, d1, …].")
          .input("target", "Tind", "Class of each position, [N, d1, …].")
          .optional_input("weight", "T", "Weight of each class, [C]; ones if absent.")
          .example("input = float[2, 3]{-0.1, -2.4, -5, -1.6, -0.4, -2.3}; target = int64[2]{0, 1}")
          .output("loss", "T", "The loss: a scalar, or [N, d1, …] where it is not reduced.");
  table.add(likelihood);
  table.add(likelihood.at(13).change("the formulas are laid out anew; nothing else changed"));
  table.add(likelihood.at(22).constraint("T", types::floats_and_bfloat16()));

  const Operator entropy =
      loss("SoftmaxCrossEntropyLoss",
           "Softmax over the classes, then the negative log likelihood of the targets, reduced.",
           softmax_cross_entropy)
          .input("scores", "T", "Scores before softmax, [N, C, d1, …].")
          .input("labels", "Tind", "Class of each position, [N, d1, …].")
          .optional_input("weights", "T", "Weight of each class, [C]; ones if absent.")
          .output("output", "T", "The loss: a scalar, or [N, d1, …] where it is not reduced.")
          .example("scores = float[2, 3]{3, 1, 0, 0, 2, 1}; labels = int64[2]{0, 1}")
          .optional_output("log_prob", "T", "Log probabilities, [N, C, d1, …].")
          .cost(per_input_element(13));
  table.add(entropy);
  table.add(entropy.at(13).constraint("T", types::floats_and_bfloat16()));
}

}  // namespace lapidary
