#include "engine/opsets/node_rewrite.h"

#include <algorithm>

namespace lapidary {

NodeRewrite::NodeRewrite(Node original, const Around& around) : node(std::move(original)), around_(around) {
  const auto named = std::find_if(node.outputs.begin(), node.outputs.end(),
                                  [](const std::string& output) { return !output.empty(); });
  base_ = named == node.outputs.end() ? node.op_type : *named;
}

const Attribute* NodeRewrite::attribute(std::string_view name) const {
  const Attribute* found = node.find_attribute(name);
  if (found && !found->reference.empty())
    refuse("its attribute '" + found->name +
           "' stands for one of the function's, which every call gives anew");
  return found;
}

std::optional<std::vector<std::int64_t>> NodeRewrite::integers(std::string_view name) const {
  const Attribute* found = attribute(name);
  const auto* values = found ? std::get_if<std::vector<std::int64_t>>(&found->value) : nullptr;
  return values ? std::optional(*values) : std::nullopt;
}

// --- values ---

DataType NodeRewrite::element(const std::string& value) const {
  const DataType element = type(value).element;
  if (element == DataType::Undefined) refuse("the element type of '" + value + "' is not known");
  return element;
}

std::int64_t NodeRewrite::rank(const std::string& value) const {
  const auto known = shape(value);
  if (!known) refuse("the rank of '" + value + "' is not known");
  return static_cast<std::int64_t>(known->size());
}

Dims NodeRewrite::dims(const std::string& value) const {
  const auto known = shape(value);
  const auto sizes = known ? constant_dims(*known) : std::nullopt;
  if (!sizes) refuse("the sizes of '" + value + "' are not known");
  return *sizes;
}

std::optional<std::vector<std::int64_t>> NodeRewrite::constant_integers(const std::string& value) const {
  const Tensor* tensor = value.empty() ? nullptr : constant(value);
  if (!tensor || !is_integer(tensor->type())) return std::nullopt;
  return values_as<std::int64_t>(*tensor);
}

std::vector<std::int64_t> NodeRewrite::needed_integers(std::size_t index, const std::string& what) const {
  auto values = constant_integers(input(index));
  if (!values)
    refuse("its " + what + " are computed, where operator set " + std::to_string(opset()) +
           " needs constants");
  return *values;
}

// --- what is written ---

std::string NodeRewrite::add(Tensor tensor, const std::string& base) {
  NamedTensor named;
  named.name = around_.names.fresh(base_ + "/" + base);
  named.tensor = std::move(tensor);
  constants.push_back(std::move(named));
  return constants.back().name;
}

std::string NodeRewrite::integers_value(const std::vector<std::int64_t>& values, const std::string& base) {
  return add(Tensor::of({static_cast<std::int64_t>(values.size())}, values), base);
}

std::string NodeRewrite::number(double value, DataType type, const std::string& base) {
  return add(tensor_from(type, {}, std::vector<double>{value}), base);
}

Node NodeRewrite::made(const std::string& op_type, std::vector<std::string> inputs,
                       std::vector<std::string> outputs, const Attributes& attributes) const {
  Node result;
  result.op_type = op_type;
  result.inputs = std::move(inputs);
  result.outputs = std::move(outputs);
  for (const auto& [name, value] : attributes) result.attributes.push_back(make_attribute(name, value));
  if (!node.name.empty()) result.name = around_.names.fresh(node.name + "/" + op_type);
  result.metadata = node.metadata;
  return result;
}

std::vector<std::string> NodeRewrite::write_all(const std::string& op_type, std::vector<std::string> inputs,
                                                const Attributes& attributes, std::size_t output_count) {
  std::vector<std::string> outputs;
  for (std::size_t i = 0; i < output_count; ++i)
    outputs.push_back(around_.names.fresh(base_ + "/" + op_type));
  before.push_back(made(op_type, std::move(inputs), outputs, attributes));
  return outputs;
}

std::string NodeRewrite::write(const std::string& op_type, std::vector<std::string> inputs,
                               const Attributes& attributes) {
  return write_all(op_type, std::move(inputs), attributes, 1).front();
}

std::string NodeRewrite::cast(const std::string& value, DataType type) {
  return write("Cast", {value}, {{"to", static_cast<std::int64_t>(type)}});
}

void NodeRewrite::write_output(std::size_t index, const std::string& op_type, std::vector<std::string> inputs,
                               const Attributes& attributes) {
  before.push_back(made(op_type, std::move(inputs), {node.outputs.at(index)}, attributes));
  node.outputs[index].clear();
}

void NodeRewrite::become(const std::string& op_type, std::vector<std::string> inputs,
                         const Attributes& attributes) {
  node.op_type = op_type;
  node.inputs = std::move(inputs);
  node.attributes.clear();
  for (const auto& [name, value] : attributes) node.attributes.push_back(make_attribute(name, value));
}

std::string NodeRewrite::pass_output_through(std::size_t index, const std::string& op_type,
                                             std::vector<std::string> more_inputs,
                                             const Attributes& attributes) {
  const std::string former = node.outputs[index];
  node.outputs[index] = around_.names.fresh(former + "/" + node.op_type);
  more_inputs.insert(more_inputs.begin(), node.outputs[index]);
  behind.insert(behind.begin(), made(op_type, std::move(more_inputs), {former}, attributes));
  return node.outputs[index];
}

void NodeRewrite::set_input(std::size_t index, std::string value) {
  if (node.inputs.size() <= index) node.inputs.resize(index + 1);
  node.inputs[index] = std::move(value);
}

// --- what many changes have in common ---

void NodeRewrite::attribute_to_input(const std::string& name, std::size_t index) {
  const Attribute* found = node.find_attribute(name);
  if (!found) return;
  if (found->reference.empty()) {
    set_input(index, integers_value(integers(name).value_or(std::vector<std::int64_t>()), name));
  } else {
    // The function's attribute can be the value of a Constant as well.
    Attribute value = *found;
    value.name = "value_ints";
    const std::string output = write("Constant", {});
    before.back().attributes = {std::move(value)};
    set_input(index, output);
  }
  remove(name);
}

void NodeRewrite::input_to_attribute(std::size_t index, const std::string& name) {
  if (!has_input(index)) return;
  set(name, needed_integers(index, name));
  set_input(index, {});
}

}  // namespace lapidary
