#include "engine/ops/arguments.h"

#include <algorithm>
#include <numeric>

namespace lapidary {
namespace {

/// Larger tensors are data, not shapes.
constexpr std::int64_t most_values = 4096;

}  // namespace

std::optional<std::vector<std::int64_t>> attribute_or_input(const KernelContext& context,
                                                            std::string_view attribute, std::size_t input) {
  if (context.has_attribute(attribute)) return context.integers(attribute);
  return context.optional_integers(input);
}

std::int64_t single_integer(const KernelContext& context, std::size_t input) {
  const Tensor& tensor = context.input(input);
  if (tensor.size() != 1)
    throw Error("input " + std::to_string(input) + " must hold one number, and holds " +
                to_string(tensor.dims()));
  return context.integers(input)[0];
}

std::optional<std::vector<std::int64_t>> Argument::integers() const {
  if (!values) return std::nullopt;
  std::vector<std::int64_t> numbers;
  for (const auto& value : *values) {
    if (!value.is_constant()) return std::nullopt;
    numbers.push_back(value.value());
  }
  return numbers;
}

Argument attribute_or_input(InferenceContext& context, std::string_view attribute, std::size_t input) {
  if (context.has_attribute(attribute)) {
    const auto numbers = context.integers(attribute);
    return {true, std::vector<Dimension>(numbers.begin(), numbers.end())};
  }
  if (!context.has_input(input)) return {};
  return {true, known_values(context, input)};
}

std::optional<std::vector<Dimension>> known_values(InferenceContext& context, std::size_t input) {
  if (!context.has_input(input)) return std::nullopt;
  const Tensor* constant = context.input_constant(input);
  if (!constant || !constant->is_present()) return context.input_values(input);
  if (!is_integer(constant->type()) || constant->size() > most_values) return std::nullopt;
  const auto numbers = values_as<std::int64_t>(*constant);
  return std::vector<Dimension>(numbers.begin(), numbers.end());
}

std::optional<std::vector<std::int64_t>> known_integers(InferenceContext& context, std::size_t input) {
  return Argument{true, known_values(context, input)}.integers();
}

void pass_values(InferenceContext& context) {
  if (auto values = known_values(context, 0)) context.set_output_values(0, std::move(*values));
}

std::optional<std::vector<std::int64_t>> normalized_axes(InferenceContext& context,
                                                         std::vector<std::int64_t> axes, std::size_t rank) {
  for (auto& axis : axes) {
    const auto normal = normalized_axis(context, axis, rank);
    if (!normal) return std::nullopt;
    axis = *normal;
  }
  return axes;
}

std::vector<std::int64_t> normalized_axes(std::vector<std::int64_t> axes, std::int64_t rank) {
  std::vector<bool> seen(static_cast<std::size_t>(rank), false);
  for (auto& axis : axes) {
    axis = KernelContext::normalized_axis(axis, rank);
    if (seen[static_cast<std::size_t>(axis)]) throw Error("axis " + std::to_string(axis) + " is named twice");
    seen[static_cast<std::size_t>(axis)] = true;
  }
  return axes;
}

std::vector<std::int64_t> all_axes(std::size_t rank) {
  std::vector<std::int64_t> axes(rank);
  std::iota(axes.begin(), axes.end(), 0);
  return axes;
}

Type common_type(const Type& a, const Type& b) {
  if (!a.is_known() || !b.is_known()) {
    Type known = a.is_known() ? a : b;
    known.shape.reset();
    return known;
  }
  if (a.kind != b.kind || a.element != b.element) return {};
  Type common = a;
  if (a.inner && b.inner) common.inner = std::make_shared<const Type>(common_type(*a.inner, *b.inner));
  if (!a.shape || !b.shape || a.shape->size() != b.shape->size()) {
    common.shape.reset();
    return common;
  }
  for (std::size_t i = 0; i < common.shape->size(); ++i)
    if (!((*a.shape)[i] == (*b.shape)[i])) (*common.shape)[i] = Dimension::unknown();
  return common;
}

Shape unknown_shape(std::size_t rank) { return Shape(rank); }

}  // namespace lapidary
