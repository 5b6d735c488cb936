#include "engine/passes/sized_operand.h"

#include <algorithm>

#include "engine/passes/constants.h"

namespace lapidary {
namespace {

Dimension size_of(const GraphRewriter& graph, const SizeOf& size) {
  return (*graph.shape_of_value(size.value))[size.axis];
}

/// A size that is not constant as int64 [1].
Operand read_size(const GraphRewriter& graph, const SizeOf& size) {
  const auto read = [](const std::string& name, std::size_t axis) {
    const auto begin = static_cast<std::int64_t>(axis);
    return result_of({"Shape", {name}, {make_attribute("start", begin), make_attribute("end", begin + 1)}});
  };
  for (const Value& input : graph.inputs()) {
    const auto shape = graph.shape_of_value(input.name);
    if (!shape) continue;
    const auto found = std::find(shape->begin(), shape->end(), size_of(graph, size));
    if (found != shape->end()) return read(input.name, static_cast<std::size_t>(found - shape->begin()));
  }
  return read(size.value, size.axis);
}

}  // namespace

Operand with_sizes(const GraphRewriter& graph, const std::string& name, const std::vector<SizeOf>& sizes) {
  const Shape given = *graph.shape_of_value(name);
  Replacement target{"Concat", {}, {make_attribute("axis", std::int64_t{0})}};
  std::vector<std::int64_t> numbers;
  bool is_whole = true;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const std::size_t from_end = sizes.size() - i;
    const Dimension size = size_of(graph, sizes[i]);
    const bool has_it = from_end <= given.size() && given[given.size() - from_end] == size;
    is_whole = is_whole && has_it;
    if (has_it || size.is_constant()) {
      numbers.push_back(has_it ? 1 : size.value());
      target.operands.emplace_back(integers_tensor({numbers.back()}));
    } else {
      target.operands.push_back(read_size(graph, sizes[i]));
    }
  }
  if (is_whole) return name;
  if (numbers.size() == sizes.size()) return result_of({"Expand", {name, integers_tensor(numbers)}});
  return result_of({"Expand", {name, result_of(target)}});
}

}  // namespace lapidary
