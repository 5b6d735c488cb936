#include "engine/opsets/ir_version.h"

#include <algorithm>
#include <unordered_set>

#include "engine/analysis/every_node.h"
#include "engine/model/edit.h"
#include "engine/model/error.h"

namespace lapidary {
namespace {

constexpr std::int64_t oldest = 3, newest = 13, first_with_functions = 8, first_with_defaults = 4;

/// The IR version that brought an element type.
std::int64_t first_with(DataType type) {
  if (type >= DataType::UInt2) return 13;
  if (type == DataType::Float8E8M0) return 12;
  if (type == DataType::Float4E2M1) return 11;
  if (type >= DataType::UInt4) return 10;
  if (type >= DataType::Float8E4M3FN) return 9;
  return type == DataType::BFloat16 ? 4 : oldest;
}

void check_types(const Model& model, std::int64_t version) {
  const auto check = [&](DataType type, const std::string& tensor) {
    if (first_with(type) > version)
      throw Error("is " + std::string(name_of(type)) + ", which came with IR version " +
                  std::to_string(first_with(type)))
          .tensor(tensor);
  };
  for_each_graph(model, [&](const Graph& graph) {
    for (const auto& tensor : graph.initializers) check(tensor->tensor.type(), tensor->name);
    for (const auto* values : {&graph.inputs, &graph.outputs})
      for (const auto& value : *values) check(value.type.element, value.name);
    for (const auto& value : graph.value_infos) check(value.type.element, value.name);
  });
}

std::unordered_set<std::string_view> initializer_names(const Graph& graph) {
  std::unordered_set<std::string_view> names;
  for (const auto& tensor : graph.initializers) names.insert(tensor->name);
  return names;
}

void list_initializers(Graph& graph) {
  std::unordered_set<std::string_view> inputs;
  for (const auto& input : graph.inputs) inputs.insert(input.name);
  std::vector<Value> more;
  for (const auto& tensor : graph.initializers) {
    if (inputs.contains(tensor->name))
      throw Error("is an input with a default, which came with IR version 4").tensor(tensor->name);
    more.push_back({tensor->name, tensor->tensor.full_type(), {}, {}, {}});
  }
  graph.inputs.insert(graph.inputs.end(), more.begin(), more.end());
}

}  // namespace

ModelPointer with_ir_version(const ModelPointer& model, std::int64_t version) {
  if (version < oldest || version > newest)
    throw Error("IR version " + std::to_string(version) + " cannot be written: from " +
                    std::to_string(oldest) + " to " + std::to_string(newest) + " they can",
                Error::Kind::Usage);
  if (version < first_with_functions && !model->functions.empty())
    throw Error("the model has functions, which came with IR version 8")
        .advice(
            "Put their bodies in the place of the calls first: lapidary optimize --pass inline_functions");
  check_types(*model, version);
  Model result = *model;
  result.ir_version = version;
  const bool had_defaults = model->ir_version >= first_with_defaults, has = version >= first_with_defaults;
  if (had_defaults == has) return std::make_shared<const Model>(std::move(result));
  Graph graph = *model->graph;
  if (has) {
    const auto names = initializer_names(graph);
    std::erase_if(graph.inputs, [&](const Value& input) { return names.contains(input.name); });
  } else {
    list_initializers(graph);
  }
  return with_graph(result, std::move(graph));
}

}  // namespace lapidary
