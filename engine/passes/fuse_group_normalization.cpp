#include <algorithm>

#include "engine/passes/all_passes.h"
#include "engine/passes/constants.h"
#include "engine/passes/fusion.h"

namespace lapidary {
namespace {

/// A constant's numbers, one for each of `channels`, if it has those along axis 1 of `rank`; one number for
/// all is repeated.
std::optional<std::vector<double>> channel_numbers(const GraphRewriter& graph, const std::string& name,
                                                   std::size_t rank, std::int64_t channels) {
  const Tensor& tensor = graph.constant(name)->tensor;
  const auto own_rank = static_cast<std::size_t>(tensor.rank());
  const bool fits = tensor.size() == channels && own_rank + 1 >= rank && own_rank <= rank &&
                    tensor.dims()[own_rank + 1 - rank] == channels;
  if (!is_floating(tensor.type()) || (!fits && tensor.size() != 1) || own_rank > rank) return std::nullopt;
  auto numbers = values_as<double>(tensor.aligned());
  if (numbers.size() == 1) numbers.resize(static_cast<std::size_t>(channels), numbers[0]);
  return numbers;
}

std::optional<Replacement> replacement(const GraphRewriter& graph, const Match& found) {
  const std::string& x = found.value("x");
  const Node& instance = *found.nodes("instance")[0];
  const Type& type = graph.type_of(x);
  const auto grouped = graph.shape_of_value(instance.inputs[0]),
             result = graph.shape_of_value(found.nodes("back")[0]->outputs[0]);
  if (!type.shape || !grouped || !result || *result != *type.shape || grouped->size() < 3 ||
      type.shape->size() < 3 || !((*grouped)[0] == (*type.shape)[0]))
    return std::nullopt;
  const std::int64_t channels = (*type.shape)[1].value_or(0), groups = (*grouped)[1].value_or(0);
  if (groups < 1 || channels < 1 || channels % groups != 0) return std::nullopt;
  auto scale = std::vector<double>(static_cast<std::size_t>(channels), 1.0), bias = scale;
  const auto each = values_as<double>(graph.constant(found.value("group scale"))->tensor.aligned()),
             moved = values_as<double>(graph.constant(found.value("group bias"))->tensor.aligned());
  if (each.size() != static_cast<std::size_t>(groups) || moved.size() != each.size()) return std::nullopt;
  for (const char* name : {"scale", "bias"})
    if (found.has_value(name) && !channel_numbers(graph, found.value(name), type.shape->size(), channels))
      return std::nullopt;
  const auto numbers = [&](const char* name, double otherwise) {
    return found.has_value(name) ? *channel_numbers(graph, found.value(name), type.shape->size(), channels)
                                 : std::vector<double>(static_cast<std::size_t>(channels), otherwise);
  };
  const auto factor = numbers("scale", 1), offset = numbers("bias", 0);
  for (std::size_t c = 0; c < scale.size(); ++c) {
    const std::size_t group = c / static_cast<std::size_t>(channels / groups);
    scale[c] = each[group] * factor[c];
    bias[c] = moved[group] * factor[c] + offset[c];
  }
  return Replacement{
      "GroupNormalization",
      {x, tensor_from(type.element, {channels}, scale), tensor_from(type.element, {channels}, bias)},
      {make_attribute("epsilon", instance.attribute_or("epsilon", 1e-5f)),
       make_attribute("num_groups", groups)}};
}

std::vector<Fusion> fusions() {
  const Pattern grouped = call("Reshape", {value("x")}).with_more_inputs();
  const Pattern normalized =
      call("InstanceNormalization", {grouped, constant("group scale"), constant("group bias")})
          .named("instance");
  const Pattern back = call("Reshape", {normalized}).with_more_inputs().named("back");
  const Pattern scale = constant("scale"), bias = constant("bias");
  std::vector<Fusion> all;
  for (const Pattern& pattern : {back * scale + bias, back + bias, back * scale, back})
    all.push_back({pattern, 21, replacement});
  return all;
}

}  // namespace

/// Reshape to [N, groups, …], InstanceNormalization, Reshape back, and a scale and bias for each channel →
/// GroupNormalization, which has a scale for each channel since operator set 21.
PassResult fuse_group_normalization(const ModelPointer& model, const PassContext& context) {
  static const std::vector<Fusion> all = fusions();
  return fuse(model, context, all);
}

}  // namespace lapidary
