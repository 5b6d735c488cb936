#include "engine/runtime/random_inputs.h"

#include <algorithm>
#include <limits>
#include <random>
#include <unordered_map>
#include <unordered_set>

#include "engine/analysis/every_node.h"
#include "engine/ops/operator_table.h"
#include "engine/runtime/inputs.h"
#include "engine/runtime/suggested_inputs.h"

namespace lapidary {
namespace {

/// One pixel as PNM, which may have anything behind it.
constexpr unsigned char smallest_picture[] = {'P', '6', '\n', '1',  ' ', '1', '\n',
                                              '2', '5', '5',  '\n', 10,  200, 30};

/// Follows integer inputs to the nodes that say what they are.
class RangeFinder {
 public:
  RangeFinder(const Model& model, const InferredTypes& types) : model_(model), types_(types) {
    for (const auto& input : model.graph->inputs) {
      if (is_integer(input.type.element)) origins_[input.name] = input.name;
      if (is_floating(input.type.element)) floats_.insert(input.name);
    }
    for_each_graph(model, [&](const Graph& graph) {
      for (const auto& node : graph.nodes) visit(*node, &graph == model.graph.get() ? nullptr : &graph);
    });
    for (const auto& input : masks_)
      if (!counted_.contains(input)) ranges_.emplace(input, NumberRange{0, 1});
  }
  std::map<std::string, NumberRange> take() { return std::move(ranges_); }

 private:
  static bool carries(const Node& node) {
    static const std::unordered_set<std::string> types{"Identity",  "Squeeze", "Unsqueeze", "Reshape",
                                                       "Transpose", "Flatten", "Expand",    "Slice"};
    return types.contains(node.op_type);
  }
  void visit(const Node& node, const Graph* graph) {
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const auto origin = origins_.find(node.inputs[i]);
      if (origin != origins_.end()) use(node, i, origin->second, graph);
      if (floats_.contains(node.inputs[i]) && parameter(node, i) == "scales")
        ranges_.emplace(node.inputs[i], NumberRange{1, 2});
    }
  }
  /// The name of the operator's parameter that input `slot` is; empty if it is unknown.
  std::string parameter(const Node& node, std::size_t slot) const {
    const Operator* record = find_operator(model_, node);
    return record && slot < record->inputs.size() ? record->inputs[slot].name : std::string();
  }
  void use(const Node& node, std::size_t slot, const std::string& input, const Graph* graph) {
    const bool to_integer =
        node.op_type == "Cast" && is_integer(static_cast<DataType>(node.attribute_or("to", std::int64_t{0})));
    if ((slot == 0 && carries(node)) || to_integer) {
      if (!node.outputs.empty()) origins_.emplace(node.outputs[0], input);
      return;
    }
    const std::string role = parameter(node, slot);
    if (slot == 1 && (node.op_type == "Gather" || node.op_type == "GatherElements"))
      narrow(input, table_size(node, graph));
    else if (role == "shape" || role == "output_shape" || role == "split")
      state(input, declared_sizes(node, graph));
    else if (node.op_type == "ImageDecoder")
      state(input, {smallest_picture, smallest_picture + sizeof smallest_picture});
    else if (role == "batch_indices")
      narrow(input, size(graph, node.inputs[0], 0));
    else if (role == "sequence_lens")
      ranges_.emplace(input, NumberRange{1, size(graph, node.inputs[0], 0).value_or(1)});
    else if (role == "write_indices")
      narrow(input, free_entries(node, graph));
    else if (role == "axes" || role == "axis")
      narrow(input, rank(graph, node.inputs[0])), ranges_[input].distinct = true;
    else if (role == "indices" && slot == 1)
      narrow(input, smallest_size(graph, node.inputs[0]));
    else if (slot == 0 && node.op_type == "OneHot")
      narrow(input, number(graph, node.inputs.size() > 1 ? node.inputs[1] : ""));
    else if (node.op_type == "Equal" && number(graph, node.inputs[1 - slot]))
      compare(input, *number(graph, node.inputs[1 - slot]));
    else if (node.op_type == "Cast" || node.op_type == "Greater" || node.op_type == "Not")
      masks_.push_back(input);
    else
      counted_.insert(input);
  }
  /// Entries along the axis that a Gather takes from.
  std::optional<std::int64_t> table_size(const Node& node, const Graph* graph) const {
    const auto& shape = types_.type_in(graph, node.inputs[0]).shape;
    if (!shape || shape->empty()) return std::nullopt;
    std::int64_t axis = node.attribute_or("axis", std::int64_t{0});
    if (axis < 0) axis += static_cast<std::int64_t>(shape->size());
    const auto index = static_cast<std::size_t>(axis);
    return index < shape->size() ? std::optional((*shape)[index].value_or(1)) : std::nullopt;
  }
  std::optional<std::int64_t> size(const Graph* graph, const std::string& value, std::size_t axis) const {
    const auto& shape = types_.type_in(graph, value).shape;
    return shape && axis < shape->size() ? std::optional((*shape)[axis].value_or(1)) : std::nullopt;
  }
  /// Places at which an update fits into a cache, along the axis before the last.
  std::optional<std::int64_t> free_entries(const Node& node, const Graph* graph) const {
    const auto axes = rank(graph, node.inputs[0]);
    if (!axes || *axes < 2) return std::nullopt;
    const auto axis = static_cast<std::size_t>(*axes - 2);
    return *size(graph, node.inputs[0], axis) - size(graph, node.inputs[1], axis).value_or(1) + 1;
  }
  /// The sizes that the graph declares for the node's result, or for its parts along the axis that they
  /// split.
  std::vector<std::int64_t> declared_sizes(const Node& node, const Graph* graph) const {
    std::vector<std::int64_t> sizes;
    for (const auto& output : node.outputs) {
      const auto& shape = types_.type_in(graph, output).shape;
      const auto dims = shape ? constant_dims(*shape) : std::nullopt;
      if (!dims) return {};
      if (node.op_type != "Split") return *dims;
      const std::int64_t axis = node.attribute_or("axis", std::int64_t{0});
      sizes.push_back((
          *dims)[static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(dims->size()) : axis)]);
    }
    return sizes;
  }
  std::optional<std::int64_t> rank(const Graph* graph, const std::string& value) const {
    const auto& shape = types_.type_in(graph, value).shape;
    return shape ? std::optional(static_cast<std::int64_t>(shape->size())) : std::nullopt;
  }
  std::optional<std::int64_t> smallest_size(const Graph* graph, const std::string& value) const {
    const auto& shape = types_.type_in(graph, value).shape;
    if (!shape || shape->empty()) return std::nullopt;
    std::int64_t smallest = std::numeric_limits<std::int64_t>::max();
    for (const Dimension& size : *shape) smallest = std::min(smallest, size.value_or(1));
    return smallest;
  }
  std::optional<std::int64_t> number(const Graph* graph, const std::string& name) const {
    const Tensor* constant = types_.constant_in(graph, name);
    if (!constant || constant->size() != 1 || constant->is_string()) return std::nullopt;
    return values_as<std::int64_t>(constant->aligned())[0];
  }
  void narrow(const std::string& input, std::optional<std::int64_t> count) {
    if (!count || *count < 1) return;
    const auto [range, is_new] = ranges_.emplace(input, NumberRange{0, *count - 1});
    if (!is_new) range->second.high = std::min(range->second.high, *count - 1);
  }
  void state(const std::string& input, std::vector<std::int64_t> contents) {
    if (!contents.empty()) ranges_[input].contents = std::move(contents);
  }
  /// What is compared to 0 or 1 is a mask; another number chooses a way through the model.
  void compare(const std::string& input, std::int64_t with) {
    if (with == 0 || with == 1)
      masks_.push_back(input);
    else
      ranges_.emplace(input, NumberRange{with, with});
  }

  const Model& model_;
  const InferredTypes& types_;
  std::unordered_set<std::string> floats_;                ///< inputs
  std::unordered_map<std::string, std::string> origins_;  ///< value → the input that it holds
  std::map<std::string, NumberRange> ranges_;
  std::vector<std::string> masks_;
  std::unordered_set<std::string> counted_;  ///< used as numbers, not only as a mask
};

double draw(std::mt19937_64& generator, DataType type, const NumberRange* known) {
  if (type == DataType::Bool) return std::bernoulli_distribution(0.7)(generator) ? 1 : 0;
  if (!is_floating(type)) {
    const NumberRange range = known ? *known : NumberRange{1, is_sub_byte(type) ? 3 : 4};
    return static_cast<double>(std::uniform_int_distribution<std::int64_t>(range.low, range.high)(generator));
  }
  if (!known) return std::normal_distribution<double>()(generator);
  return std::uniform_real_distribution<double>(static_cast<double>(known->low),
                                                static_cast<double>(known->high))(generator);
}

Tensor random_tensor(std::mt19937_64& generator, const Tensor& blank, const NumberRange* known) {
  std::vector<double> values(static_cast<std::size_t>(blank.size()));
  if (known && !known->contents.empty()) {
    std::copy_n(known->contents.begin(), std::min(values.size(), known->contents.size()), values.begin());
    return tensor_from(blank.type(), blank.dims(), values);
  }
  for (auto& value : values) value = draw(generator, blank.type(), known);
  if (known && known->distinct)
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<double>(known->low) + static_cast<double>(i);
  else if (blank.type() == DataType::Bool)
    values[0] = 1;
  else if (known && !is_floating(blank.type()))
    values[0] = static_cast<double>(known->high);
  return tensor_from(blank.type(), blank.dims(), values);
}

/// An optional is given; a sequence has three elements.
Datum random_datum(std::mt19937_64& generator, const Value& value, const NumberRange* known,
                   const std::map<std::string, std::int64_t>& dimensions) {
  if (value.type.kind == Type::Kind::Optional || value.type.kind == Type::Kind::Sequence) {
    Value inner = value;
    inner.type = *value.type.inner;
    if (value.type.kind == Type::Kind::Optional) return random_datum(generator, inner, known, dimensions);
    Sequence elements;
    for (int i = 0; i < 3; ++i) elements.push_back(random_datum(generator, inner, known, dimensions));
    return Datum::sequence(std::move(elements));
  }
  Tensor blank = make_input(value, "ones", dimensions, 0);
  return blank.is_string() || blank.size() == 0 ? Datum(std::move(blank))
                                                : Datum(random_tensor(generator, blank, known));
}

}  // namespace

std::map<std::string, NumberRange> valid_ranges(const Model& model, const InferredTypes& types) {
  return RangeFinder(model, types).take();
}

RandomInputs::RandomInputs(const Model& model) : inputs_(unfilled_inputs(model)) {
  const InferredTypes types = infer_types(model);
  dimensions_ = suggest_inputs(model, types).dimensions;
  ranges_ = valid_ranges(model, types);
}

/// Batches of 1 to 3, short sequences, and pictures of a few times 32; the first time as small as possible.
std::map<std::string, std::int64_t> RandomInputs::sizes_for(std::uint64_t seed, Sizes sizes) const {
  auto result = dimensions_;
  if (sizes == Sizes::Usual) return result;
  const auto step = static_cast<std::int64_t>(seed % 3);
  std::int64_t index = 0;
  for (auto& [name, size] : result) {
    const std::int64_t turn = (step + index++) % 3;
    if (size == 1)
      size = 1 + step;
    else if (size == 224)
      size = 64 + 32 * turn;
    else if (size == 128 || size == 512)
      size = 5 + 4 * step;
  }
  return result;
}

std::vector<Datum> RandomInputs::make(std::uint64_t seed, Sizes sizes) const {
  const auto dimensions = sizes_for(seed, sizes);
  std::vector<Datum> made;
  std::mt19937_64 generator(seed * 0x9e3779b97f4a7c15u + 1);
  for (const Value& input : inputs_) {
    const auto known = ranges_.find(input.name);
    made.push_back(
        random_datum(generator, input, known == ranges_.end() ? nullptr : &known->second, dimensions));
  }
  return made;
}

}  // namespace lapidary
