#include <cmath>
#include <limits>
#include <numbers>

#include "engine/opsets/adapter.h"
#include "engine/opsets/adapters/pieces.h"

namespace lapidary {
namespace {

// --- Clip ---

/// The bounds become inputs, of the data's type; the default ones bind nothing.
void raise_clip_11(NodeRewrite& rewrite) {
  constexpr float largest = std::numeric_limits<float>::max();
  const float low = rewrite.real("min", -largest), high = rewrite.real("max", largest);
  const DataType type = rewrite.element(rewrite.input(0));
  if (low > -largest) rewrite.set_input(1, rewrite.number(static_cast<double>(low), type, "min"));
  if (high < largest) rewrite.set_input(2, rewrite.number(static_cast<double>(high), type, "max"));
  rewrite.remove("min");
  rewrite.remove("max");
}

/// The bound as float; nothing if it is computed, or would be rounded.
std::optional<float> constant_bound(const NodeRewrite& rewrite, std::size_t index) {
  const Tensor* bound = rewrite.constant(rewrite.input(index));
  if (!bound || bound->size() != 1) return std::nullopt;
  const double value = values_as<double>(*bound)[0];
  const auto narrow = static_cast<float>(value);
  return static_cast<double>(narrow) == value ? std::optional(narrow) : std::nullopt;
}

void lower_clip_11(NodeRewrite& rewrite) {
  const std::string x = rewrite.input(0), low = rewrite.input(1), high = rewrite.input(2);
  const auto least = constant_bound(rewrite, 1), most = constant_bound(rewrite, 2);
  if ((low.empty() || least) && (high.empty() || most)) {
    if (least) rewrite.set("min", *least);
    if (most) rewrite.set("max", *most);
    rewrite.node.inputs = {x};
    return;
  }
  const std::string above = low.empty() ? x : high.empty() ? std::string() : rewrite.write("Max", {x, low});
  if (high.empty())
    rewrite.become("Max", {x, low});
  else
    rewrite.become("Min", {above, high});
}

// --- PRelu, Relu ---

/// Before 7 a slope of several numbers was one for each channel.
void raise_prelu_7(NodeRewrite& rewrite) {
  const std::string slope = rewrite.input(1);
  const auto shape = rewrite.shape(slope);
  if (shape && element_count(*shape).value_or(0) == 1) return;
  const std::int64_t rank = rewrite.rank(rewrite.input(0));
  if (rank < 3) return;
  std::vector<std::int64_t> dims(static_cast<std::size_t>(rank) - 1, 1);
  dims[0] = -1;
  rewrite.set_input(1, reshaped(rewrite, slope, dims));
}

void lower_relu_14(NodeRewrite& rewrite) {
  const std::string x = rewrite.input(0);
  const DataType type = rewrite.element(x);
  if (is_integer(type)) rewrite.become("Max", {x, rewrite.number(0, type, "zero")});
}

// --- activations that came later, by their formulas ---

/// x · HardSigmoid(x), with alpha 1/6
void lower_hard_swish_14(NodeRewrite& rewrite) {
  const std::string x = rewrite.input(0);
  rewrite.become("Mul", {x, rewrite.write("HardSigmoid", {x}, {{"alpha", 1.0f / 6}, {"beta", 0.5f}})});
}

/// x · tanh(ln(1 + eˣ))
void lower_mish_18(NodeRewrite& rewrite) {
  const std::string x = rewrite.input(0);
  rewrite.become("Mul", {x, rewrite.write("Tanh", {rewrite.write("Softplus", {x})})});
}

/// x · Sigmoid(alpha · x)
void lower_swish_24(NodeRewrite& rewrite) {
  const std::string x = rewrite.input(0);
  const float alpha = rewrite.real("alpha", 1);
  const std::string scaled =
      alpha == 1.0f
          ? x
          : rewrite.write("Mul",
                          {x, rewrite.number(static_cast<double>(alpha), rewrite.element(x), "alpha")});
  rewrite.become("Mul", {x, rewrite.write("Sigmoid", {scaled})});
}

/// ½·x·(1 + erf(x/√2)), or ½·x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))
void lower_gelu_20(NodeRewrite& rewrite) {
  const std::string x = rewrite.input(0);
  const DataType type = rewrite.element(x);
  const auto times = [&](const std::string& value, double factor) {
    return rewrite.write("Mul", {value, rewrite.number(factor, type)});
  };
  std::string inner;
  if (rewrite.text("approximate", "none") == "tanh") {
    const std::string cube = rewrite.write("Mul", {x, rewrite.write("Mul", {x, x})});
    const std::string sum = rewrite.write("Add", {x, times(cube, 0.044715)});
    inner = rewrite.write("Tanh", {times(sum, std::sqrt(2 / std::numbers::pi))});
  } else {
    inner = rewrite.write("Erf", {times(x, std::numbers::sqrt2 / 2)});
  }
  const std::string share = rewrite.write("Add", {inner, rewrite.number(1, type, "one")});
  rewrite.become("Mul", {times(x, 0.5), share});
}

/// alpha · Elu(x / alpha)
void lower_celu_12(NodeRewrite& rewrite) {
  const std::string x = rewrite.input(0);
  const auto alpha = static_cast<double>(rewrite.real("alpha", 1));
  if (alpha == 1) return rewrite.become("Elu", {x});
  const std::string factor = rewrite.number(alpha, rewrite.element(x), "alpha");
  rewrite.become("Mul", {rewrite.write("Elu", {rewrite.write("Div", {x, factor})}), factor});
}

/// x where it is above alpha, else 0
void lower_thresholded_relu_10(NodeRewrite& rewrite) {
  const std::string x = rewrite.input(0);
  const DataType type = rewrite.element(x);
  const std::string alpha = rewrite.number(static_cast<double>(rewrite.real("alpha", 1)), type, "alpha");
  rewrite.become("Where", {rewrite.write("Greater", {x, alpha}), x, rewrite.number(0, type, "zero")});
}

// --- Dropout ---

/// Below 7 the model itself said that it is in use; what it trained with is left out here, as when it runs.
void raise_dropout_7(NodeRewrite& rewrite) { rewrite.remove("is_test"); }

/// The mask was of the data's type.
void raise_dropout_10(NodeRewrite& rewrite) {
  if (rewrite.wants_output(1))
    rewrite.pass_output_through(1, "Cast", {},
                                {{"to", static_cast<std::int64_t>(rewrite.element(rewrite.input(0)))}});
}

void lower_dropout_10(NodeRewrite& rewrite) {
  if (rewrite.wants_output(1))
    rewrite.pass_output_through(1, "Cast", {}, {{"to", static_cast<std::int64_t>(DataType::Bool)}});
}

void raise_dropout_12(NodeRewrite& rewrite) {
  if (rewrite.has("ratio"))
    rewrite.set_input(
        1, rewrite.number(static_cast<double>(rewrite.real("ratio", 0.5f)), DataType::Float32, "ratio"));
  rewrite.remove("ratio");
}

/// The number that an input is known to be; nothing otherwise.
std::optional<double> known_number(const NodeRewrite& rewrite, std::size_t index) {
  const Tensor* value = rewrite.has_input(index) ? rewrite.constant(rewrite.input(index)) : nullptr;
  return value && value->size() == 1 ? std::optional(values_as<double>(*value)[0]) : std::nullopt;
}

void lower_dropout_12(NodeRewrite& rewrite) {
  const auto ratio = known_number(rewrite, 1), training = known_number(rewrite, 2);
  const bool may_train = rewrite.has_input(2) && training.value_or(1) != 0 && ratio.value_or(0.5) != 0;
  if (may_train) rewrite.refuse("Dropout that may train came with operator set 12");
  if (ratio) rewrite.set("ratio", static_cast<float>(*ratio));
  rewrite.node.inputs.resize(1);
  rewrite.remove("seed");
}

}  // namespace

std::vector<Adapter> activation_adapters() {
  return {
      {"Clip", 11, raise_clip_11, lower_clip_11},
      {"PRelu", 7, raise_prelu_7},
      {"Relu", 14, nullptr, lower_relu_14},
      {"HardSwish", 14, nullptr, lower_hard_swish_14},
      {"Mish", 18, nullptr, lower_mish_18},
      {"Swish", 24, nullptr, lower_swish_24},
      {"Gelu", 20, nullptr, lower_gelu_20},
      {"Celu", 12, nullptr, lower_celu_12},
      {"ThresholdedRelu", 10, nullptr, lower_thresholded_relu_10},
      {"Dropout", 7, raise_dropout_7},
      {"Dropout", 10, raise_dropout_10, lower_dropout_10},
      {"Dropout", 12, raise_dropout_12, lower_dropout_12},
  };
}

}  // namespace lapidary
