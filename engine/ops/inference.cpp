#include "engine/ops/inference.h"

#include <algorithm>

namespace lapidary {

std::function<void(InferenceContext&)> reporting_errors(std::function<void(InferenceContext&)> rule) {
  return [rule = std::move(rule)](InferenceContext& context) {
    try {
      rule(context);
    } catch (const Error& error) {
      context.report(error.message());
    }
  };
}

void same_as_input(InferenceContext& context) { context.set_output(0, context.input_type(0)); }

namespace {

Dimension broadcast_dimension(InferenceContext& context, const Dimension& a, const Dimension& b) {
  if (a == b) return a;
  if (a.is_constant() && a.value() == 1) return b;
  if (b.is_constant() && b.value() == 1) return a;
  if (a.is_constant() && b.is_constant()) {
    context.report("cannot broadcast a size of " + a.to_string() + " with " + b.to_string());
    return Dimension::unknown();
  }
  // A size above 1 decides: the other can only be equal to it, or 1.
  if (a.is_constant()) return a;
  if (b.is_constant()) return b;
  return Dimension::unknown();
}

void broadcast_as(InferenceContext& context, DataType element) {
  std::vector<std::optional<Shape>> shapes;
  for (std::size_t i = 0; i < context.input_count(); ++i)
    if (context.has_input(i)) shapes.push_back(context.input_shape(i));
  context.set_output(0, element, broadcast(context, shapes));
}

}  // namespace

std::optional<Shape> broadcast(InferenceContext& context, const std::vector<std::optional<Shape>>& shapes) {
  std::size_t rank = 0;
  for (const auto& shape : shapes) {
    if (!shape) return std::nullopt;
    rank = std::max(rank, shape->size());
  }
  Shape result(rank, Dimension(1));
  for (const auto& shape : shapes) {
    const std::size_t missing = rank - shape->size();
    for (std::size_t i = 0; i < shape->size(); ++i)
      result[missing + i] = broadcast_dimension(context, result[missing + i], (*shape)[i]);
  }
  return result;
}

void broadcast_inputs(InferenceContext& context) { broadcast_as(context, context.input_element(0)); }
void broadcast_to_bool(InferenceContext& context) { broadcast_as(context, DataType::Bool); }

std::optional<std::int64_t> normalized_axis(InferenceContext& context, std::int64_t axis, std::size_t rank) {
  const auto signed_rank = static_cast<std::int64_t>(rank);
  if (axis < -signed_rank || axis >= signed_rank) {
    context.report("axis " + std::to_string(axis) + " is outside a tensor of rank " + std::to_string(rank));
    return std::nullopt;
  }
  return axis < 0 ? axis + signed_rank : axis;
}

}  // namespace lapidary
