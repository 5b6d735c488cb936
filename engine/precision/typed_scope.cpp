#include "engine/precision/typed_scope.h"

#include <algorithm>

#include "engine/model/sequence.h"
#include "engine/precision/rounding.h"

namespace lapidary {

DataType element_of(const Type& type) {
  if (type.is_tensor()) return type.element;
  const bool holds_others = type.kind == Type::Kind::Sequence || type.kind == Type::Kind::Optional;
  return holds_others && type.inner ? element_of(*type.inner) : DataType::Undefined;
}

Type with_element(const Type& type, DataType element) {
  Type changed = type;
  if (type.is_tensor()) changed.element = element;
  if (type.inner && !type.is_tensor())
    changed.inner = std::make_shared<const Type>(with_element(*type.inner, element));
  return changed;
}

DataType TypedValue::element_called(const std::string& written_name) const {
  for (const auto& [element, twin] : twins)
    if (twin == written_name) return element;
  return name == written_name && !constant ? element_of(type) : DataType::Undefined;
}

TypedScope::TypedScope(const Graph& original, TypedScope* outer, ModelNames& names)
    : original_(original), outer_(outer), names_(names) {
  for (const auto& tensor : original.initializers) {
    TypedValue value;
    value.name = tensor->name;
    value.type = tensor->tensor.full_type();
    value.constant = tensor;
    define(tensor->name, std::move(value));
  }
  for (const auto& tensor : original.sparse_initializers)
    define(tensor->name, {tensor->name, Type::sparse_tensor(tensor->tensor.values.type())});
}

std::shared_ptr<TypedValue> TypedScope::find(const std::string& name) const {
  for (const TypedScope* scope = this; scope; scope = scope->outer_)
    if (const auto found = scope->values_.find(name); found != scope->values_.end()) return found->second;
  return nullptr;
}

void TypedScope::define(const std::string& name, TypedValue value) {
  value.home = this;
  values_[name] = std::make_shared<TypedValue>(std::move(value));
}

void TypedScope::define_alias(const std::string& name, std::shared_ptr<TypedValue> value) {
  values_[name] = std::move(value);
}

std::string TypedScope::read(const std::string& name, DataType element) {
  const auto value = find(name);
  if (!value) return name;
  TypedScope& home = *value->home;
  if (value->constant) return home.written(*value, element);
  if (!value->type.is_known() || element_of(value->type) == element) return value->name;
  if (!value->type.is_tensor()) throw FixedElementType{name, element_of(value->type), value->maker};
  auto& twin = value->twins[element];
  if (twin.empty()) {
    twin = names_.fresh(value->name + "_" + std::string(name_of(element)));
    home.add_cast(value->name, twin, element);
  }
  return twin;
}

std::string TypedScope::read_as_is(const std::string& name) {
  const auto value = find(name);
  return value ? read(name, element_of(value->type)) : name;
}

std::string TypedScope::written(TypedValue& value, DataType element) {
  auto& twin = value.twins[element];
  if (!twin.empty()) return twin;
  // The first keeps the name.
  twin =
      value.twins.size() == 1 ? value.name : names_.fresh(value.name + "_" + std::string(name_of(element)));
  write(value, twin, element);
  return twin;
}

void TypedScope::write_constant(const std::string& name, DataType element) {
  TypedValue& value = *values_.at(name);
  value.twins[element] = value.name;
  write(value, value.name, element);
}

void TypedScope::write(const TypedValue& value, const std::string& name, DataType element) {
  auto tensor = value.constant;
  if (tensor->name != name || tensor->tensor.type() != element) {
    NamedTensor changed = *tensor;
    changed.name = name;
    if (changed.tensor.type() != element) {
      changed.tensor = rounded(changed.tensor, element);
      changed.in_typed_field = false;
      changed.external_data.clear();
    }
    tensor = std::make_shared<const NamedTensor>(std::move(changed));
  }
  if (!value.is_node) return initializers_.push_back(std::move(tensor));
  Node node = node_like(*value.maker, "Constant", {}, {name}, {make_attribute("value", tensor)});
  if (name != value.name) node.name = names_.fresh(node.name.empty() ? name : node.name);
  add(std::move(node));
}

void TypedScope::add(Node node) { nodes_.push_back(std::make_shared<const Node>(std::move(node))); }

void TypedScope::add_cast(const std::string& source, const std::string& target, DataType element) {
  Node cast;
  cast.name = names_.fresh("Cast_" + target);
  cast.op_type = "Cast";
  cast.inputs = {source};
  cast.outputs = {target};
  cast.attributes.push_back(make_attribute("to", static_cast<std::int64_t>(element)));
  add(std::move(cast));
}

Graph TypedScope::finish(bool added_inputs) {
  Graph graph = original_;
  graph.nodes = PersistentVector(std::move(nodes_));
  graph.value_infos = updated(graph.value_infos, [&](const Value& info) -> std::optional<Value> {
    const auto value = find(info.name);
    const DataType element = value ? value->element_called(info.name) : DataType::Undefined;
    if (element == DataType::Undefined || element_of(info.type) == element) return std::nullopt;
    Value changed = info;
    changed.type = with_element(info.type, element);
    return changed;
  });
  if (added_inputs)
    for (const auto& tensor : initializers_)
      if (std::none_of(graph.inputs.begin(), graph.inputs.end(),
                       [&](const Value& input) { return input.name == tensor->name; })) {
        Value input;
        input.name = tensor->name;
        input.type = tensor->tensor.full_type();
        graph.inputs.push_back(std::move(input));
      }
  graph.initializers = PersistentVector(std::move(initializers_));
  return graph;
}

}  // namespace lapidary
