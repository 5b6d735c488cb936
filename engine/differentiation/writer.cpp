#include "engine/differentiation/writer.h"

#include <algorithm>

namespace lapidary::differentiation {

Node make_node(std::string op, std::vector<std::string> inputs, std::vector<std::string> outputs,
               const Attributes& attributes, std::string domain) {
  Node node;
  node.op_type = std::move(op);
  node.domain = std::move(domain);
  node.inputs = std::move(inputs);
  node.outputs = std::move(outputs);
  for (const auto& [name, value] : attributes) {
    Attribute attribute;
    attribute.name = name;
    attribute.value = value;
    node.attributes.push_back(std::move(attribute));
  }
  return node;
}

Expression Writer::call(std::string op, const std::vector<Expression>& inputs, const Attributes& attributes) {
  return call_all(std::move(op), inputs, 1, attributes)[0];
}

std::vector<Expression> Writer::call_all(std::string op, const std::vector<Expression>& inputs,
                                         std::size_t outputs, const Attributes& attributes,
                                         std::string domain) {
  std::vector<std::string> input_names, output_names;
  std::vector<Expression> results;
  for (const auto& input : inputs) input_names.push_back(input.name);
  for (std::size_t i = 0; i < outputs; ++i) {
    output_names.push_back(fresh_name());
    results.push_back({this, output_names.back()});
  }
  append(make_node(std::move(op), std::move(input_names), std::move(output_names), attributes,
                   std::move(domain)));
  return results;
}

Expression Writer::constant(Tensor tensor) {
  auto value = std::make_shared<NamedTensor>();
  value->tensor = std::move(tensor);
  return call("Constant", {}, {{"value", std::shared_ptr<const NamedTensor>(std::move(value))}});
}

Expression Writer::number(double value, const Expression& like) {
  return call("CastLike", {constant(Tensor::scalar(value)), like});
}

Expression Writer::integers(std::vector<std::int64_t> values) {
  const auto count = static_cast<std::int64_t>(values.size());
  return constant(Tensor::of({count}, values));
}

Expression Writer::integer(std::int64_t value) { return constant(Tensor::scalar(value)); }

std::vector<std::string> Writer::outer_names() const {
  std::set<std::string> made;
  std::vector<std::string> outer;
  for (const auto& node : nodes_) {
    for (const auto& name : node->inputs)
      if (!name.empty() && !made.contains(name) && std::find(outer.begin(), outer.end(), name) == outer.end())
        outer.push_back(name);
    made.insert(node->outputs.begin(), node->outputs.end());
  }
  return outer;
}

Expression operator+(const Expression& a, const Expression& b) { return a.writer->call("Add", {a, b}); }
Expression operator-(const Expression& a, const Expression& b) { return a.writer->call("Sub", {a, b}); }
Expression operator*(const Expression& a, const Expression& b) { return a.writer->call("Mul", {a, b}); }
Expression operator/(const Expression& a, const Expression& b) { return a.writer->call("Div", {a, b}); }
Expression operator-(const Expression& a) { return a.writer->call("Neg", {a}); }
Expression operator+(const Expression& a, double b) { return a + a.writer->number(b, a); }
Expression operator*(const Expression& a, double b) { return a * a.writer->number(b, a); }
Expression operator-(double a, const Expression& b) { return b.writer->number(a, b) - b; }
Expression operator/(double a, const Expression& b) { return b.writer->number(a, b) / b; }

Expression apply(const char* op, const Expression& x) { return x.writer->call(op, {x}); }

Expression where_true(const char* comparison, const Expression& a, const Expression& b) {
  return a.writer->call("CastLike", {a.writer->call(comparison, {a, b}), a});
}

Expression where_true(const char* comparison, const Expression& a, double b) {
  return where_true(comparison, a, a.writer->number(b, a));
}

Expression unbroadcast(const Expression& value, const Expression& like) {
  Writer& w = *value.writer;
  const Expression wide = apply("Shape", value), narrow = apply("Shape", like);
  // The shape of `like` with ones in front of it; where it is 1, values were repeated.
  const Expression missing = w.call("Sub", {apply("Shape", wide), apply("Shape", narrow)});
  auto one = std::make_shared<NamedTensor>();
  one->tensor = Tensor::of<std::int64_t>({1}, {1});
  const Expression ones =
      w.call("ConstantOfShape", {missing}, {{"value", std::shared_ptr<const NamedTensor>(std::move(one))}});
  const Expression aligned = w.call("Concat", {ones, narrow}, {{"axis", std::int64_t{0}}});
  const Expression repeated = apply("NonZero", w.call("Equal", {aligned, w.integers({1})}));
  const Expression axes = w.call("Reshape", {repeated, w.integers({-1})});
  const Expression sum = w.call("ReduceSum", {value, axes},
                                {{"keepdims", std::int64_t{1}}, {"noop_with_empty_axes", std::int64_t{1}}});
  return w.call("Reshape", {sum, narrow}, {{"allowzero", std::int64_t{1}}});
}

Expression reshaped_as(const Expression& value, const Expression& like) {
  return value.writer->call("Reshape", {value, apply("Shape", like)}, {{"allowzero", std::int64_t{1}}});
}

Expression expanded_as(const Expression& value, const Expression& like) {
  return value.writer->call("Expand", {value, apply("Shape", like)});
}

}  // namespace lapidary::differentiation
