#include "engine/ops/kernel.h"

#include <bit>

namespace lapidary {

void CancelToken::check() const {
  if (is_cancelled()) throw Cancelled();
}

Error KernelContext::wrong_attribute_type(const Attribute& found) const {
  return Error("attribute '" + found.name + "' of " + node_->op_type + " has the wrong type (" +
               std::string(name_of(found.type())) + ")")
      .node(node_->label());
}

const Graph& KernelContext::graph(std::string_view name) const {
  const auto pointer = attribute(name, GraphPointer());
  if (!pointer) throw Error("attribute '" + std::string(name) + "' is missing").node(node_->label());
  return *pointer;  // the node keeps it alive
}

const Tensor& KernelContext::input(std::size_t index) const {
  if (!has_input(index)) throw missing_input(index);
  return inputs_[index].tensor();
}

const Datum& KernelContext::datum(std::size_t index) const {
  if (index >= inputs_.size()) throw missing_input(index);
  return inputs_[index];
}

Error KernelContext::missing_input(std::size_t index) const {
  return Error("input " + std::to_string(index) + " of " + node_->op_type + " is missing");
}

std::vector<std::int64_t> KernelContext::integers(std::size_t index) const {
  return values_as<std::int64_t>(input(index));
}

std::optional<std::vector<std::int64_t>> KernelContext::optional_integers(std::size_t index) const {
  if (!has_input(index)) return std::nullopt;
  return integers(index);
}

std::int64_t KernelContext::normalized_axis(std::int64_t axis, std::int64_t rank) {
  if (axis < -rank || axis >= rank)
    throw Error("axis " + std::to_string(axis) + " is outside a tensor of rank " + std::to_string(rank));
  return axis < 0 ? axis + rank : axis;
}

Tensor& KernelContext::output(std::size_t index, DataType type, Dims dims) {
  if (index >= outputs_.size()) outputs_.resize(index + 1);
  outputs_[index].value = Tensor(type, std::move(dims));
  return std::get<Tensor>(outputs_[index].value);
}

void KernelContext::set_output(std::size_t index, Datum datum) {
  if (index >= outputs_.size()) outputs_.resize(index + 1);
  outputs_[index] = std::move(datum);
}

std::mt19937_64& KernelContext::random() {
  if (!random_) {
    const Attribute* seed = node_->find_attribute("seed");
    const float* value = seed ? std::get_if<float>(&seed->value) : nullptr;
    random_.emplace(value ? std::bit_cast<std::uint32_t>(*value)
                          : run_seed ^ std::hash<std::string>{}(node_->label()));
  }
  return *random_;
}

}  // namespace lapidary
