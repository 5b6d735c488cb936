#include "engine/ops/gate_activation.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <optional>

namespace lapidary {
namespace {

struct Entry {
  const char* name;
  double (*function)(double, double, double);
  std::optional<double> alpha, beta;  ///< defaults of the parameters that it has
};

/// RNN, GRU and LSTM name these; defaults are those of the operators of the same names.
const Entry entries[] = {
    {"relu", [](double x, double, double) { return std::max(x, 0.0); }, {}, {}},
    {"tanh", [](double x, double, double) { return std::tanh(x); }, {}, {}},
    {"sigmoid", [](double x, double, double) { return 1 / (1 + std::exp(-x)); }, {}, {}},
    {"affine", [](double x, double alpha, double beta) { return alpha * x + beta; }, 1.0, 0.0},
    {"leakyrelu", [](double x, double alpha, double) { return x >= 0 ? x : alpha * x; }, 0.01, {}},
    {"thresholdedrelu", [](double x, double alpha, double) { return x >= alpha ? x : 0; }, 1.0, {}},
    {"scaledtanh", [](double x, double alpha, double beta) { return alpha * std::tanh(beta * x); }, 1.0, 1.0},
    {"hardsigmoid",
     [](double x, double alpha, double beta) { return std::clamp(alpha * x + beta, 0.0, 1.0); }, 0.2, 0.5},
    {"elu", [](double x, double alpha, double) { return x >= 0 ? x : alpha * std::expm1(x); }, 1.0, {}},
    {"softsign", [](double x, double, double) { return x / (1 + std::abs(x)); }, {}, {}},
    {"softplus",
     [](double x, double, double) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); },
     {},
     {}},
};

const Entry& find_entry(std::string name) {
  const std::string written = name;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto found =
      std::find_if(std::begin(entries), std::end(entries), [&](const Entry& e) { return e.name == name; });
  if (found == std::end(entries)) throw Error("activation '" + written + "' is unknown");
  return *found;
}

/// The next given value, or the default where none is left.
double take(const std::optional<double>& otherwise, const std::vector<float>& given, std::size_t& used) {
  if (!otherwise) return 0;
  return used < given.size() ? static_cast<double>(given[used++]) : *otherwise;
}

}  // namespace

std::vector<GateActivation> read_gate_activations(const KernelContext& context,
                                                  const std::vector<std::string>& defaults,
                                                  std::size_t count) {
  auto names = context.attribute("activations", std::vector<std::string>());
  if (names.empty())
    while (names.size() < count) names.insert(names.end(), defaults.begin(), defaults.end());
  if (names.size() < count)
    throw Error("there are " + std::to_string(names.size()) + " activations where " + std::to_string(count) +
                " are needed");
  const auto alphas = context.attribute("activation_alpha", std::vector<float>());
  const auto betas = context.attribute("activation_beta", std::vector<float>());
  std::size_t used_alphas = 0, used_betas = 0;
  std::vector<GateActivation> activations;
  for (std::size_t i = 0; i < count; ++i) {
    const Entry& entry = find_entry(names[i]);
    const double alpha = take(entry.alpha, alphas, used_alphas);
    activations.push_back({entry.function, alpha, take(entry.beta, betas, used_betas)});
  }
  return activations;
}

}  // namespace lapidary
