#include "engine/ops/arguments.h"

#include <algorithm>
#include <numeric>

namespace lapidary {
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

std::optional<std::vector<std::int64_t>> known_integers(InferenceContext& context, std::size_t input) {
  return Argument{true, known_values(context, input)}.integers();
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

namespace {

std::optional<Shape> common_shape(const std::optional<Shape>& a, const std::optional<Shape>& b) {
  if (!a || !b || a->size() != b->size()) return std::nullopt;
  Shape common = *a;
  for (std::size_t i = 0; i < common.size(); ++i)
    if (!((*a)[i] == (*b)[i])) common[i] = Dimension::unknown();
  return common;
}

}  // namespace

Type common_type(const Type& a, const Type& b) {
  if (a.is_known() && b.is_known() && (a.kind != b.kind || a.element != b.element)) return {};
  Type common;
  const Type& known = a.is_known() ? a : b;
  common.kind = known.kind;
  common.element = known.element;
  common.inner = known.inner;
  if (a.inner && b.inner) common.inner = std::make_shared<const Type>(common_type(*a.inner, *b.inner));
  if (a.is_known() && b.is_known()) common.shape = common_shape(a.shape, b.shape);
  return common;
}

Dimension checked_size(InferenceContext& context, const Dimension& size) {
  if (size.value_or(0) >= 0) return size;
  context.report("a size is negative: " + size.to_string());
  return Dimension::unknown();
}

Shape unknown_shape(std::size_t rank) { return Shape(rank); }

}  // namespace lapidary
