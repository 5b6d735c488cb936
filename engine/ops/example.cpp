#include "engine/ops/example.h"

#include <algorithm>
#include <map>

#include "engine/ops/example_text.h"

namespace lapidary {
namespace {

using NamedInputs = std::vector<std::pair<std::string, Datum>>;

bool is_formal_input(const Operator& record, const std::string& name) {
  return std::any_of(record.inputs.begin(), record.inputs.end(),
                     [&](const Parameter& p) { return p.name == name && p.arity != Arity::Variadic; });
}

/// The record's inputs in its order, then what is given for a variadic one.
void place_inputs(const Operator& record, NamedInputs given, Example& example) {
  const bool has_variadic = !record.inputs.empty() && record.inputs.back().arity == Arity::Variadic;
  for (const auto& parameter : record.inputs) {
    if (parameter.arity == Arity::Variadic) break;
    const auto found = std::find_if(given.begin(), given.end(),
                                    [&](const auto& input) { return input.first == parameter.name; });
    const bool is_given = found != given.end();
    if (!is_given && parameter.arity == Arity::Single)
      throw Error("example: nothing for input '" + parameter.name + "'");
    example.node.inputs.push_back(is_given ? parameter.name : "");
    example.inputs.push_back(is_given ? found->second : Datum());
  }
  for (auto& [name, datum] : given) {
    if (is_formal_input(record, name)) continue;
    if (!has_variadic) throw Error("example: " + record.name + " has no input '" + name + "'");
    example.node.inputs.push_back(name);
    example.inputs.push_back(std::move(datum));
  }
  while (!example.node.inputs.empty() && example.node.inputs.back().empty()) {
    example.node.inputs.pop_back();
    example.inputs.pop_back();
  }
}

/// One for each output that must be there, at least one.
std::vector<std::string> needed_outputs(const Operator& record) {
  std::vector<std::string> names;
  const int count = std::max(record.minimum_outputs(), 1);
  for (int i = 0; i < count && !record.outputs.empty(); ++i) {
    const auto last = record.outputs.size() - 1;
    const auto index = static_cast<std::size_t>(i);
    const std::string& name = record.outputs[std::min(index, last)].name;
    names.push_back(index <= last ? name : name + "_" + std::to_string(index - last));
  }
  return names;
}

Type type_of(const Datum& datum) {
  if (datum.is_tensor()) return datum.tensor().full_type();
  if (datum.is_sequence()) {
    Type element = datum.sequence().empty() ? Type() : type_of(datum.sequence()[0]);
    element.shape.reset();  // elements may differ in it
    return Type::sequence(std::move(element));
  }
  if (const auto* map = std::get_if<std::shared_ptr<const MapDatum>>(&datum.value))
    return Type::map((*map)->keys.type(), type_of((*map)->values.at(0)));
  return {};
}

Value value_of(std::string name, Type type) {
  Value value;
  value.name = std::move(name);
  value.type = std::move(type);
  return value;
}

}  // namespace

Example read_example(const Operator& record) {
  Example example;
  example.node.name = "example";
  example.node.op_type = record.name;
  example.node.domain = record.domain;
  NamedInputs inputs;
  ExampleText text(record.example_text);
  while (!text.at_end()) {
    if (text.accept("->")) {
      do example.node.outputs.push_back(text.name());
      while (text.accept(","));
      if (!text.at_end()) text.fail("more after the outputs");
      break;
    }
    std::string name = text.name();
    text.expect("=");
    if (const AttributeSpec* spec = record.find_attribute(name)) {
      Attribute& attribute = example.node.attributes.emplace_back();
      attribute.name = std::move(name);
      attribute.value = text.attribute(spec->type);
    } else {
      inputs.emplace_back(std::move(name), text.datum());
    }
    if (!text.accept(";") && !text.at_end() && text.next_name() != "") text.fail("no ';'");
  }
  place_inputs(record, std::move(inputs), example);
  if (example.node.outputs.empty()) example.node.outputs = needed_outputs(record);
  return example;
}

ModelPointer example_model(const Operator& record, const Example& example) {
  Model model;
  model.ir_version = 13;
  const bool is_standard = record.domain.empty();
  model.opset_imports.push_back({"", is_standard ? record.since_version : 27});
  if (!is_standard) model.opset_imports.push_back({record.domain, record.since_version});
  Graph graph;
  graph.name = record.name;
  for (std::size_t i = 0; i < example.inputs.size(); ++i)
    if (!example.node.inputs[i].empty())
      graph.inputs.push_back(value_of(example.node.inputs[i], type_of(example.inputs[i])));
  for (const auto& name : example.node.outputs) graph.outputs.push_back(value_of(name, {}));
  graph.nodes = PersistentVector(std::vector{std::make_shared<const Node>(example.node)});
  model.graph = std::make_shared<const Graph>(std::move(graph));
  return std::make_shared<const Model>(std::move(model));
}

Datum read_datum(std::string_view text) { return ExampleText(text).datum(); }

}  // namespace lapidary
