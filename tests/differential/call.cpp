#include "tests/differential/call.h"

#include <algorithm>

namespace lapidary::differential {
namespace {

constexpr std::int64_t most_elements = 4096;

/// "tensor(float)" → float32; nothing for sequences, maps and complex numbers.
std::optional<DataType> tensor_element(const std::string& text) {
  if (!text.starts_with("tensor(") || !text.ends_with(")")) return std::nullopt;
  const auto type = data_type_from(text.substr(7, text.size() - 8));
  if (!type || *type == DataType::Complex64 || *type == DataType::Complex128) return std::nullopt;
  return type;
}

}  // namespace

void require_finite(const Tensor& tensor) {
  if (tensor.is_string()) throw Unsuitable();
  for (const double value : values_as<double>(tensor))
    if (!(value - value == 0)) throw Unsuitable();
}

Call::Call(Draft& the_draft, const Operator& the_record)
    : draft(the_draft), random(the_draft.random), record(the_record) {
  node.op_type = record.name;
  node.domain = record.domain;
}

std::vector<DataType> Call::permitted(const std::string& constraint) const {
  if (const auto element = tensor_element(constraint)) return {*element};
  std::vector<DataType> types;
  if (const TypeConstraint* found = record.find_constraint(constraint))
    for (const auto& text : found->types)
      if (const auto element = tensor_element(text)) types.push_back(*element);
  return types;
}

bool Call::permits(const std::string& constraint, DataType wanted) const {
  const auto types = permitted(constraint);
  return std::find(types.begin(), types.end(), wanted) != types.end();
}

DataType Call::type(const std::string& constraint) {
  if (const auto found = bound_.find(constraint); found != bound_.end()) return found->second;
  const auto types = permitted(constraint);
  if (types.empty()) throw Unsuitable();
  const bool usual =
      std::find(types.begin(), types.end(), DataType::Float32) != types.end() && random.chance(0.65);
  return bound_[constraint] = usual ? DataType::Float32 : random.pick(types);
}

DataType Call::input_type(std::size_t index) {
  return type(record.inputs.at(std::min(index, record.inputs.size() - 1)).type);
}

const Parameter& Call::parameter() const {
  if (record.inputs.empty()) throw Unsuitable();
  return record.inputs[std::min(node.inputs.size(), record.inputs.size() - 1)];
}

std::optional<std::string> Call::find_value(const std::vector<DataType>& types, int minimum_rank,
                                            int maximum_rank, const Dims* dims) const {
  std::vector<const Item*> fitting;
  for (const auto& item : draft.items) {
    if (!item.is_tensor() || item.tensor().size() > most_elements) continue;
    const Tensor& tensor = item.tensor();
    const bool fits =
        std::find(types.begin(), types.end(), tensor.type()) != types.end() &&
        (dims ? tensor.dims() == *dims : tensor.rank() >= minimum_rank && tensor.rank() <= maximum_rank);
    if (!fits) continue;
    fitting.push_back(&item);
    if (!item.used) fitting.insert(fitting.end(), 2, &item);  // what nothing reads yet is preferred
  }
  if (fitting.empty()) return std::nullopt;
  return random.pick(fitting)->name;
}

Tensor Call::use(const std::string& name) {
  const Tensor tensor = draft.find(name).tensor();
  bound_.try_emplace(parameter().type, tensor.type());
  node.inputs.push_back(name);
  return tensor;
}

Tensor Call::make(Tensor tensor, double constant_share) {
  const bool constant = draft.depth > 0 || random.chance(constant_share);
  Item item{"", std::move(tensor), constant ? Item::Origin::Initializer : Item::Origin::Input, true};
  return use(draft.items[draft.add(std::move(item))].name);
}

Tensor Call::any(int minimum_rank, int maximum_rank) {
  const std::string& constraint = parameter().type;
  const auto found = bound_.find(constraint);
  const auto types = found == bound_.end() ? permitted(constraint) : std::vector{found->second};
  if (types.empty()) throw Unsuitable();
  if (random.chance(0.8))
    if (const auto name = find_value(types, minimum_rank, maximum_rank, nullptr)) return use(*name);
  const DataType element = type(constraint);
  return make(random_tensor(random, element, random_dims(random, minimum_rank, maximum_rank), draft.fill),
              0.2);
}

Tensor Call::sized(const Dims& dims, std::optional<Fill> fill) {
  if (element_count(dims) > most_elements) throw Unsuitable();
  const DataType element = type(parameter().type);
  if (!fill && random.chance(0.5))
    if (const auto name = find_value({element}, 0, 0, &dims)) return use(*name);
  return make(random_tensor(random, element, dims, fill.value_or(draft.fill)), 0.5);
}

void Call::integers(const std::vector<std::int64_t>& values, std::optional<Dims> dims) {
  const std::string& constraint = parameter().type;
  const DataType element = permits(constraint, DataType::Int64) ? DataType::Int64 : DataType::Int32;
  if (!bound_.contains(constraint)) bound_[constraint] = element;
  const Dims sizes = dims.value_or(Dims{static_cast<std::int64_t>(values.size())});
  make(converted(Tensor::of(sizes, values), bound_[constraint]), 0.75);
}

void Call::given(Tensor tensor, double constant_share) { make(std::move(tensor), constant_share); }

void Call::container(Datum datum) {
  if (draft.depth > 0) throw Unsuitable();
  named(draft.items[draft.add({"", std::move(datum), Item::Origin::Input, true})].name);
}

void Call::optional(const Dims& dims, double share) {
  if (!has_parameter(node.inputs.size())) return;
  if (random.chance(share))
    sized(dims);
  else
    absent();
}

std::int64_t Call::axis(std::int64_t rank, bool negative) {
  if (rank == 0) throw Unsuitable();
  return negative && random.chance(0.3) ? -random.between(1, rank) : random.below(rank);
}

std::vector<std::int64_t> Call::axes(std::int64_t rank, bool negative) {
  std::vector<std::int64_t> all;
  for (std::int64_t i = 0; i < rank; ++i) all.push_back(i);
  random.shuffle(all);
  if (rank > 0) all.resize(static_cast<std::size_t>(random.between(1, rank)));
  for (auto& one : all)
    if (negative && random.chance(0.3)) one -= rank;
  return all;
}

void Call::finish() {
  while (!node.inputs.empty() && node.inputs.back().empty()) node.inputs.pop_back();
  const auto fixed = node.outputs.size();
  for (std::size_t i = fixed; fixed == 0 && i < record.outputs.size(); ++i) {
    const bool wanted = record.outputs[i].arity != Arity::Optional || random.chance(0.4);
    node.outputs.push_back(wanted ? draft.fresh_name() : std::string());
  }
  while (node.outputs.size() > 1 && node.outputs.back().empty()) node.outputs.pop_back();
  if (node.outputs.size() == 1 && node.outputs[0].empty()) node.outputs[0] = draft.fresh_name();
  if (random.chance(0.5)) node.name = record.name + "_" + draft.fresh_name();
}

}  // namespace lapidary::differential
