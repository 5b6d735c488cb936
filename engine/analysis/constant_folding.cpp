#include "engine/analysis/constant_folding.h"

namespace lapidary {
namespace {

constexpr std::int64_t most_integers = 4096, most_others = 64;

bool is_small(DataType type, std::int64_t count) {
  return count <= (is_integer(type) || type == DataType::Bool ? most_integers : most_others);
}

bool is_small(const Type& type) {
  if (!type.is_tensor() || !type.shape) return false;
  const auto dims = constant_dims(*type.shape);
  return dims && is_small(type.element, element_count(*dims));
}

}  // namespace

std::vector<Tensor> fold_node(const Operator& record, const Node& node,
                              const std::vector<const Tensor*>& inputs,
                              const std::vector<Type>& output_types) {
  if (!record.kernel_function || !record.is_deterministic) return {};
  std::vector<Datum> data;
  data.reserve(inputs.size());
  for (const Tensor* input : inputs) {
    if (input && !is_small(input->type(), input->size())) return {};
    data.push_back(input ? Datum(*input) : Datum());
  }
  if (!inputs.empty())
    for (std::size_t i = 0; i < node.outputs.size(); ++i)
      if (!node.outputs[i].empty() && !is_small(output_types[i])) return {};
  std::vector<Tensor> folded;
  try {
    KernelContext context(node, record.since_version, std::move(data));
    record.kernel_function(context);
    for (auto& output : context.take_outputs())
      folded.push_back(output.is_tensor() ? output.tensor() : Tensor());
  } catch (const std::exception&) {
    // What the kernel refuses is reported when the model runs; here it only stays unknown.
    return {};
  }
  folded.resize(node.outputs.size());
  return folded;
}

std::optional<std::vector<Dimension>> small_values(const Tensor& tensor) {
  const bool is_whole = is_integer(tensor.type()) || tensor.type() == DataType::Bool;
  if (!is_whole || tensor.size() > most_others) return std::nullopt;
  const auto values = values_as<std::int64_t>(tensor);
  return std::vector<Dimension>(values.begin(), values.end());
}

std::optional<Tensor> tensor_of_values(const Type& type, const std::vector<Dimension>& values) {
  if (!type.is_tensor() || !type.shape || !is_integer(type.element)) return std::nullopt;
  const auto dims = constant_dims(*type.shape);
  const auto numbers = constant_dims(values);
  if (!dims || !numbers || element_count(*dims) != static_cast<std::int64_t>(numbers->size()))
    return std::nullopt;
  return converted(Tensor::of(*dims, *numbers), type.element);
}

}  // namespace lapidary
