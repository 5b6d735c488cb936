#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/analysis/model_names.h"
#include "engine/model/nodes.h"
#include "engine/ops/composition.h"
#include "engine/opsets/facts.h"

namespace lapidary {

/// Thrown where a node cannot be expressed in the other operator set.
struct Refusal {
  std::string reason;
};

/// One node on its way from one operator set to the next, up or down: what an adapter may ask, and what it
/// leaves. `node` is as it was, to be changed in place; what is added stands before or behind it. All that
/// asks throws Refusal where the answer cannot be known.
class NodeRewrite {
 public:
  struct Around {
    const Facts& facts;
    const Place& place;
    ModelNames& names;
    std::int64_t opset;  ///< where the node goes to
  };
  NodeRewrite(Node original, const Around& around);

  Node node;
  std::vector<Node> before, behind;
  std::vector<NamedTensor> constants;  ///< new ones that these nodes read

  std::int64_t opset() const { return around_.opset; }
  [[noreturn]] void refuse(std::string reason) const { throw Refusal{std::move(reason)}; }

  // --- attributes; a function's attribute that stands for the value is refused ---
  bool has(std::string_view name) const { return attribute(name) != nullptr; }
  std::int64_t integer(std::string_view name, std::int64_t otherwise) const { return value(name, otherwise); }
  float real(std::string_view name, float otherwise) const { return value(name, otherwise); }
  std::string text(std::string_view name, std::string otherwise) const {
    return value(name, std::move(otherwise));
  }
  /// Nothing if it is not there.
  std::optional<std::vector<std::int64_t>> integers(std::string_view name) const;
  void set(const std::string& name, AttributeValue value) { set_attribute(node, name, std::move(value)); }
  void remove(std::string_view name) { remove_attribute(node, name); }

  // --- values ---
  /// The name of an input, empty where it is left out.
  const std::string& input(std::size_t index) const { return input_or_empty(node, index); }
  bool has_input(std::size_t index) const { return !input(index).empty(); }
  bool wants_output(std::size_t index) const {
    return index < node.outputs.size() && !node.outputs[index].empty();
  }
  Type type(const std::string& value) const { return around_.facts.type(around_.place, value); }
  /// The sizes as far as they are known; nothing if the rank is not.
  std::optional<Shape> shape(const std::string& value) const { return type(value).shape; }
  DataType element(const std::string& value) const;
  std::int64_t rank(const std::string& value) const;
  /// All sizes as numbers.
  Dims dims(const std::string& value) const;
  /// nullptr if it is none.
  const Tensor* constant(const std::string& value) const {
    return around_.facts.constant(around_.place, value);
  }
  /// The numbers of a constant integer tensor; nothing if it is none.
  std::optional<std::vector<std::int64_t>> constant_integers(const std::string& value) const;
  /// The same of an input; refuses where it is not constant.
  std::vector<std::int64_t> needed_integers(std::size_t index, const std::string& what) const;

  // --- what is written ---
  /// New constants; they return their names.
  std::string add(Tensor tensor, const std::string& base);
  std::string integers_value(const std::vector<std::int64_t>& values,
                             const std::string& base);                                  ///< int64 [N]
  std::string number(double value, DataType type, const std::string& base = "number");  ///< a scalar
  /// A node of the operator set to go to, before this one; returns its output.
  std::string write(const std::string& op_type, std::vector<std::string> inputs,
                    const Attributes& attributes = {});
  std::vector<std::string> write_all(const std::string& op_type, std::vector<std::string> inputs,
                                     const Attributes& attributes, std::size_t output_count);
  /// The same, of a name that is given: one of the node's outputs, which the node itself gives up.
  void write_output(std::size_t index, const std::string& op_type, std::vector<std::string> inputs,
                    const Attributes& attributes = {});
  std::string cast(const std::string& value, DataType type);
  /// A name that nothing in the model has.
  std::string fresh(const std::string& base) const { return around_.names.fresh(base); }
  /// The node becomes another operator's, and keeps its name and outputs.
  void become(const std::string& op_type, std::vector<std::string> inputs, const Attributes& attributes = {});
  /// Gives output `index` a new name, which is returned, and lets a node behind this one make the former.
  std::string pass_output_through(std::size_t index, const std::string& op_type,
                                  std::vector<std::string> more_inputs = {},
                                  const Attributes& attributes = {});
  void set_input(std::size_t index, std::string value);

  // --- what many changes have in common ---
  /// Attribute `name`, integers, becomes input `index`; nothing happens where it is not there.
  void attribute_to_input(const std::string& name, std::size_t index);
  /// Input `index`, a constant, becomes the attribute `name`; nothing happens where it is not there.
  void input_to_attribute(std::size_t index, const std::string& name);

 private:
  const Attribute* attribute(std::string_view name) const;
  template <class T>
  T value(std::string_view name, T otherwise) const {
    const Attribute* found = attribute(name);
    const T* held = found ? std::get_if<T>(&found->value) : nullptr;
    return held ? *held : std::move(otherwise);
  }
  Node made(const std::string& op_type, std::vector<std::string> inputs, std::vector<std::string> outputs,
            const Attributes& attributes) const;

  const Around& around_;
  std::string base_;  ///< begins the names of what is added
};

}  // namespace lapidary
