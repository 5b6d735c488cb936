#include "tests/differential/judge.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "engine/analysis/inferred_types.h"
#include "engine/compare/difference.h"
#include "engine/model/function_body.h"
#include "engine/ops/operator_table.h"

namespace lapidary::differential {
namespace {

/// One unit in the last place of 1, or 0 for what does not round.
double unit_of(DataType type) {
  switch (type) {
    case DataType::Float64:
      return 0x1p-52;
    case DataType::Float32:
      return 0x1p-23;
    case DataType::Float16:
      return 0x1p-10;
    case DataType::BFloat16:
      return 0x1p-7;
    default:
      return 0;
  }
}

/// An element wrong by up to `error` of its own size and of `scale`. Zeros have either sign, and numbers
/// below the normal ones, or below the error, may be zeros.
double disturbed(double value, double error, double scale, Random& random) {
  const double smallest = std::max(0x1p-126, error * scale);
  if (std::abs(value) < smallest && random.chance(0.5)) return random.chance(0.5) ? -0.0 : 0.0;
  return value + error * (std::abs(value) + scale) * random.between_reals(-1, 1);
}

/// Every element wrong by up to `noise` units of its last place, and of the last place of `scale`.
Tensor disturbed(const Tensor& tensor, double noise, Random& random, double scale = 0) {
  const double unit = unit_of(tensor.type());
  if (unit == 0) return tensor;
  auto values = values_as<double>(tensor);
  for (auto& value : values) value = disturbed(value, noise * unit, scale, random);
  return tensor_from(tensor.type(), tensor.dims(), values);
}

bool accumulates(const Node& node) {
  static const std::set<std::string, std::less<>> others = {"Softmax",
                                                            "LogSoftmax",
                                                            "CumSum",
                                                            "DFT",
                                                            "STFT",
                                                            "LSTM",
                                                            "GRU",
                                                            "RNN",
                                                            "DynamicQuantizeLSTM",
                                                            "SVMClassifier",
                                                            "SVMRegressor",
                                                            "LinearClassifier",
                                                            "LinearRegressor",
                                                            "TreeEnsemble",
                                                            "TreeEnsembleClassifier",
                                                            "TreeEnsembleRegressor"};
  const OperatorKind kind = kind_of(node.domain, node.op_type);
  return kind == OperatorKind::MatrixAndConvolution || kind == OperatorKind::Normalization ||
         kind == OperatorKind::Quantization || kind == OperatorKind::PoolingAndReduction ||
         others.contains(node.op_type) || has_body(node);
}

/// Finite, and so large that squares or sums of squares overflow on the way.
bool may_overflow(const Tensor& tensor) {
  if (unit_of(tensor.type()) == 0 || tensor.type() == DataType::Float64) return false;
  const double limit = tensor.type() == DataType::Float16 ? 100 : 1e16;
  const auto values = values_as<double>(tensor);
  return std::any_of(values.begin(), values.end(),
                     [&](double value) { return std::isfinite(value) && std::abs(value) > limit; });
}

/// A product of all elements overflows, depending on their order.
bool product_may_overflow(const Tensor& tensor) {
  double exponents = 0;
  for (const double value : values_as<double>(tensor)) exponents += std::max(0.0, std::log2(std::abs(value)));
  return exponents > 120;
}

/// The same of what the node reads; its bodies may read everything.
bool may_overflow(const Draft& draft, const Node& node) {
  const bool reads_all = has_body(node);
  return std::any_of(draft.items.begin(), draft.items.end(), [&](const Item& item) {
    const bool reads =
        reads_all || std::find(node.inputs.begin(), node.inputs.end(), item.name) != node.inputs.end();
    return reads && item.is_tensor() &&
           (may_overflow(item.tensor()) ||
            (node.op_type == "ReduceProd" && product_may_overflow(item.tensor())));
  });
}

constexpr double steps_of_a_body = 16;

double largest_number(const Tensor& tensor) {
  double largest = 0;
  if (unit_of(tensor.type()) == 0) return largest;
  for (const double value : values_as<double>(tensor))
    if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
  return largest;
}

/// Sums of waves and saturated gates are as wrong as their largest, wherever they lie; what a gate all but
/// shuts, as what goes in.
double scale_of_errors(const Draft& draft, const Node& node, const Tensor& result) {
  static const std::set<std::string, std::less<>> uneven = {
      "DFT", "STFT", "SVMClassifier", "SVMRegressor", "LinearClassifier", "LinearRegressor"};
  static const std::set<std::string, std::less<>> gated = {"LSTM",    "GRU",        "RNN",
                                                           "Sigmoid", "LogSoftmax", "DynamicQuantizeLSTM"};
  if (gated.contains(node.op_type)) return std::max(1.0, largest_number(result));
  if (uneven.contains(node.op_type) || node.find_attribute("activation")) return largest_number(result);
  // A sum that cancels is as wrong as those beside it that do not.
  if (kind_of(node.domain, node.op_type) == OperatorKind::MatrixAndConvolution) return largest_number(result);
  if (node.op_type.find("Gelu") == std::string::npos || !draft.find(node.inputs.at(0)).is_tensor()) return 0;
  return largest_number(draft.find(node.inputs[0]).tensor());
}

/// No numbers, or all alike: what hangs on them differs from run to run.
Tensor unknown(const Tensor& tensor, Random& random) {
  const double value = random.pick(std::vector<double>{std::nan(""), 1, -1, 1e30, -1e30});
  return tensor_from(tensor.type(), tensor.dims(),
                     std::vector<double>(static_cast<std::size_t>(tensor.size()), value));
}

/// What comes of a node when each of its results is a little wrong, or nobody can say what it is.
Tensor disturbed_result(const Draft& draft, const Node& node, const Tensor& result, double noise,
                        Random& random) {
  if (accumulates(node) && may_overflow(draft, node) && unit_of(result.type()) > 0)
    return unknown(result, random);
  return disturbed(result, has_body(node) ? noise * steps_of_a_body : noise, random,
                   scale_of_errors(draft, node, result));
}

/// The node reading disturbed copies of its floating inputs under names of their own. What goes into a body
/// stands for what its nodes make of it, which 0 would hide.
Node with_disturbed_inputs(Draft& draft, const Node& node, double noise) {
  const bool is_compound = has_body(node);
  Node changed = node;
  for (auto& name : changed.inputs) {
    if (name.empty() || !draft.find(name).is_tensor()) continue;
    Tensor tensor = draft.find(name).tensor();
    if (unit_of(tensor.type()) == 0) continue;
    tensor = is_compound ? disturbed(tensor, steps_of_a_body * noise, draft.random, 1)
                         : disturbed(tensor, noise, draft.random);
    name = draft.items[draft.add({"", std::move(tensor), Item::Origin::Input, true})].name;
  }
  return changed;
}

template <class Nodes>
void run_nodes(Draft& draft, const Nodes& nodes, double noise);

/// Node by node too, so that what is uneven inside shows.
void run_function(Draft& draft, const Node& call, double noise) {
  const auto function = std::find_if(draft.functions->begin(), draft.functions->end(),
                                     [&](const auto& one) { return one->name == call.op_type; });
  const GraphPointer body = instantiate(**function, call);
  Draft inner(draft.random, draft.opset, draft.fresh_name() + "_");
  inner.functions = draft.functions;
  for (std::size_t i = 0; i < body->inputs.size(); ++i)
    inner.add({body->inputs[i].name, draft.find(call.inputs.at(i)).datum, Item::Origin::Input, true});
  run_nodes(inner, body->nodes, noise);
  for (std::size_t i = 0; i < call.outputs.size(); ++i)
    if (!call.outputs[i].empty())
      draft.add({call.outputs[i], inner.find(body->outputs.at(i).name).datum, Item::Origin::Node, false});
}

template <class Nodes>
void run_nodes(Draft& draft, const Nodes& nodes, double noise) {
  for (const auto& node : nodes) {
    if (node->domain == function_domain) {
      run_function(draft, *node, noise);
      continue;
    }
    const std::size_t before = draft.items.size();
    draft.add_node(noise > 0 && accumulates(*node) ? with_disturbed_inputs(draft, *node, noise) : *node);
    for (std::size_t i = before; noise > 0 && i < draft.items.size(); ++i)
      if (draft.items[i].origin == Item::Origin::Node && draft.items[i].is_tensor())
        draft.items[i].datum = disturbed_result(draft, *node, draft.items[i].tensor(), noise, draft.random);
  }
}

}  // namespace

std::map<std::string, Datum> run_by_nodes(const Case& one, double noise, std::uint64_t seed) {
  Random random(seed);
  Draft draft(random, one.model->opset(), "disturbed_");
  *draft.functions = one.model->functions;
  const Graph& graph = *one.model->graph;
  for (std::size_t i = 0; i < graph.inputs.size(); ++i)
    draft.add({graph.inputs[i].name, one.inputs[i], Item::Origin::Input, true});
  for (const auto& initializer : graph.initializers)
    draft.add({initializer->name, initializer->tensor.aligned(), Item::Origin::Initializer, true});
  run_nodes(draft, graph.nodes, noise);
  std::map<std::string, Datum> values;
  for (auto& item : draft.items) values[item.name] = std::move(item.datum);
  return values;
}

namespace {

/// What every engine may be wrong by in one operator.
Tolerance tolerance_for(DataType type) {
  switch (type) {
    case DataType::Float64:
      return {1e-9, 1e-11};
    case DataType::Float16:
      return {4e-3, 1e-4};
    case DataType::BFloat16:
      return {3e-2, 1e-3};
    case DataType::Float32:
      return {2e-5, 2e-6};
    default:
      return {0, 0};
  }
}

double largest_of(DataType type) {
  return type == DataType::Float16   ? 65504.0
         : type == DataType::Float64 ? std::numeric_limits<double>::max()
                                     : static_cast<double>(std::numeric_limits<float>::max());
}

/// The element type of a tensor or of a sequence's first tensor.
DataType element_of(const Datum& datum) {
  if (datum.is_tensor()) return datum.tensor().type();
  return datum.is_sequence() && !datum.sequence().empty() ? element_of(datum.sequence()[0])
                                                          : DataType::Float32;
}

/// What is fused into a product limits its input, and takes the larger of NaN and a limit to be the limit.
bool may_lose_nan(const Case& one) {
  const auto& nodes = one.model->graph->nodes;
  return std::any_of(nodes.begin(), nodes.end(), [&](const auto& node) {
    return kind_of(node->domain, node->op_type) == OperatorKind::MatrixAndConvolution &&
           (nodes.size() > 1 || node->find_attribute("activation"));
  });
}

/// Whether `got` lies among what noisy runs gave, or near it.
bool is_explained(const Tensor& got, const Tensor& want, const std::vector<Datum>& noisy, double slack,
                  bool may_lose_nan) {
  const auto wanted = values_as<double>(want), found = values_as<double>(got);
  const Tolerance tolerance = tolerance_for(want.type());
  std::vector<double> reach(wanted.size(), 0);
  std::vector<bool> open(wanted.size(), false);
  for (const auto& datum : noisy) {
    if (!datum.is_tensor() || datum.tensor().dims() != want.dims())
      return true;  // even its sizes hang on rounding
    const auto values = values_as<double>(datum.tensor());
    for (std::size_t i = 0; i < values.size(); ++i) {
      const bool same = values[i] == wanted[i] || (std::isnan(values[i]) && std::isnan(wanted[i]));
      if (same) continue;
      if (std::isfinite(values[i]) && std::isfinite(wanted[i]))
        reach[i] = std::max(reach[i], std::abs(values[i] - wanted[i]));
      else
        open[i] = true;
    }
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (may_lose_nan && std::isnan(wanted[i])) continue;
    if (open[i] || found[i] == wanted[i] || (std::isnan(found[i]) && std::isnan(wanted[i]))) continue;
    const double beyond =
        unit_of(want.type()) > 0 ? 8 : 1;  // whole numbers do not go beyond what noise shows
    const double allowed =
        slack * (beyond * reach[i] + tolerance.absolute + tolerance.relative * std::abs(wanted[i]));
    if (std::isinf(found[i]) && reach[i] > std::abs(wanted[i]) / 2) continue;  // one by what may be 0
    const double limit = largest_of(want.type());  // what overflowed is as far away as the largest number
    if (!(std::abs(std::clamp(found[i], -limit, limit) - wanted[i]) <= allowed)) return false;
  }
  return true;
}

/// Texts that hang on rounding are as good as any.
bool is_explained_text(const Tensor& got, const Tensor& want, const std::vector<Datum>& noisy) {
  for (std::size_t i = 0; i < want.strings().size(); ++i) {
    const bool hangs = std::any_of(noisy.begin(), noisy.end(), [&](const Datum& datum) {
      return !datum.is_tensor() || datum.tensor().dims() != want.dims() ||
             datum.tensor().strings()[i] != want.strings()[i];
    });
    if (!hangs && got.strings()[i] != want.strings()[i]) return false;
  }
  return true;
}

/// What a sequence or a map holds; nothing for other data.
const std::vector<Datum>* elements_of(const Datum& datum) {
  if (datum.is_sequence()) return &datum.sequence();
  const auto* map = std::get_if<std::shared_ptr<const MapDatum>>(&datum.value);
  return map ? &(*map)->values : nullptr;
}

/// The same of what may be a sequence or a map of tensors.
bool is_explained(const Datum& got, const Datum& want, const std::vector<Datum>& noisy, double slack,
                  bool may_lose_nan) {
  const std::vector<Datum>*found = elements_of(got), *wanted = elements_of(want);
  if (found && wanted) {
    if (found->size() != wanted->size()) return false;
    for (std::size_t i = 0; i < wanted->size(); ++i) {
      std::vector<Datum> elements;
      for (const auto& datum : noisy)
        if (const auto* others = elements_of(datum); others && i < others->size())
          elements.push_back((*others)[i]);
      if (!is_explained((*found)[i], (*wanted)[i], elements, slack, may_lose_nan)) return false;
    }
    return true;
  }
  if (!got.is_tensor() || !want.is_tensor()) return false;
  const Tensor& a = got.tensor();
  const Tensor& b = want.tensor();
  if (a.type() != b.type()) return false;
  if (a.dims() == b.dims() && a.is_string()) return is_explained_text(a, b, noisy);
  if (a.dims() == b.dims()) return is_explained(a, b, noisy, slack, may_lose_nan);
  return std::any_of(noisy.begin(), noisy.end(), [&](const Datum& datum) {
    return datum.is_tensor() && datum.tensor().dims() != b.dims();
  });
}

// What rounds to whole numbers falls to either side by chance: among a million elements some fall to the same
// side in all of a few runs, so that many more decide before anything is called a disagreement.
constexpr int first_noisy_runs = 12, most_noisy_runs = 60;

bool rounding_explains(const Case& one, std::size_t output, const Datum& got, const Datum& want,
                       double slack) {
  std::vector<Datum> noisy;
  const std::string& name = one.model->graph->outputs[output].name;
  // What is left of a rounding error after many turns of a loop shows in the run without any.
  if (Outcome exact = run_in_float64(one); exact.ran()) noisy.push_back(std::move(exact.outputs[output]));
  try {
    for (int i = 0; i < most_noisy_runs; ++i) {
      noisy.push_back(run_by_nodes(one, 2 << i % 4, static_cast<std::uint64_t>(i)).at(name));
      if (i + 1 == first_noisy_runs && is_explained(got, want, noisy, slack, may_lose_nan(one))) return true;
    }
  } catch (const Error&) {
    return true;  // whether it runs at all hangs on rounding
  }
  return is_explained(got, want, noisy, slack, may_lose_nan(one));
}

}  // namespace

std::string disagreement(const Case& one, const Outcome& got, const Outcome& want, double slack) {
  if (!got.ran() || !want.ran()) return got.ran() == want.ran() ? "" : only_one_runs + got.error + want.error;
  const auto& outputs = one.model->graph->outputs;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Datum& wanted = want.outputs[i];
    Tolerance tolerance = tolerance_for(element_of(wanted));
    tolerance.absolute *= slack;
    tolerance.relative *= slack;
    const Difference found = difference(got.outputs[i], wanted, tolerance);
    if (!found.equal && !rounding_explains(one, i, got.outputs[i], wanted, slack))
      return outputs[i].name + ": " + found.message;
  }
  return "";
}

std::string wrong_inference(const Case& one, const Outcome& found) {
  if (!found.ran()) return "";
  const InferredTypes types = infer_types(*one.model);
  for (const auto& problem : types.problems())
    if (problem.severity == Problem::Severity::Error)
      return "inference complains: " + problem.node + ": " + problem.message;
  const auto& outputs = one.model->graph->outputs;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Type& type = types.type_of(outputs[i].name);
    if (!type.is_tensor() || !found.outputs[i].is_tensor()) continue;
    const Tensor& tensor = found.outputs[i].tensor();
    bool fits = type.element == DataType::Undefined || type.element == tensor.type();
    if (type.shape) {
      fits = fits && type.shape->size() == tensor.dims().size();
      for (std::size_t axis = 0; fits && axis < tensor.dims().size(); ++axis)
        fits = (*type.shape)[axis].value_or(tensor.dims()[axis]) == tensor.dims()[axis];
    }
    if (!fits)
      return outputs[i].name + ": inferred " + to_string(type) + ", came out " +
             to_string(tensor.full_type());
  }
  return "";
}

}  // namespace lapidary::differential
