#include "engine/ops/known_values.h"

#include <algorithm>
#include <cmath>

namespace lapidary {
namespace {

/// Shapes and what is made from them are short; anything longer is data.
constexpr std::int64_t most_values = 256;

}  // namespace

std::optional<std::vector<Dimension>> dimensions_of(const Tensor& tensor) {
  const bool numeric =
      is_integer(tensor.type()) || is_floating(tensor.type()) || tensor.type() == DataType::Bool;
  if (!numeric || tensor.size() > most_values) return std::nullopt;
  std::vector<Dimension> dimensions;
  if (!is_floating(tensor.type())) {
    for (const std::int64_t value : values_as<std::int64_t>(tensor)) dimensions.emplace_back(value);
    return dimensions;
  }
  for (const double value : values_as<double>(tensor)) {
    if (value != std::floor(value) || std::fabs(value) > 0x1p53) return std::nullopt;
    dimensions.emplace_back(static_cast<std::int64_t>(value));
  }
  return dimensions;
}

std::optional<std::vector<Dimension>> known_values(InferenceContext& context, std::size_t index) {
  if (const Tensor* constant = context.input_constant(index)) return dimensions_of(*constant);
  return context.input_values(index);
}

void set_combined_values(InferenceContext& context, const DimensionFunction& function) {
  const auto a = known_values(context, 0), b = known_values(context, 1);
  const auto& shape = context.outputs().at(0).shape;
  if (!a || !b || !shape) return;
  const std::size_t count = a->size() == 1 ? b->size() : a->size();
  // Equal counts may still hide an outer product such as [2, 1] with [1, 2]; the result's size tells.
  if ((b->size() != 1 && b->size() != count) ||
      element_count(*shape).value_or(-1) != static_cast<std::int64_t>(count))
    return;
  std::vector<Dimension> result;
  for (std::size_t i = 0; i < count; ++i)
    result.push_back(function((*a)[a->size() == 1 ? 0 : i], (*b)[b->size() == 1 ? 0 : i]));
  const bool any = std::any_of(result.begin(), result.end(), [](const Dimension& d) { return d.is_known(); });
  if (any || result.empty()) context.set_output_values(0, std::move(result));
}

void set_mapped_values(InferenceContext& context,
                       const std::function<Dimension(const Dimension&)>& function) {
  auto values = known_values(context, 0);
  if (!values) return;
  std::transform(values->begin(), values->end(), values->begin(), function);
  context.set_output_values(0, std::move(*values));
}

void pass_values(InferenceContext& context) {
  if (auto values = known_values(context, 0)) context.set_output_values(0, std::move(*values));
}

bool is_never_negative(const Dimension& dimension) {
  if (!dimension.is_known()) return false;
  if (dimension.is_constant()) return dimension.value() >= 0;
  return dimension.to_string().find('-') == std::string::npos;
}

}  // namespace lapidary
