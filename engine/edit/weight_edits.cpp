#include <algorithm>
#include <cstring>

#include "engine/edit/data_json.h"
#include "engine/edit/families.h"
#include "engine/edit/names.h"
#include "engine/model/error.h"
#include "engine/model/sequence.h"

namespace lapidary {
namespace {

/// An initializer put through `change`. Throws Error if there is none of that name.
ModelPointer with_weight(const EditArguments& arguments, const std::function<Tensor(const Tensor&)>& change) {
  return arguments.with_graph([&](Graph& graph) {
    const std::string name = arguments.text("tensor");
    const auto place = initializer_of(graph, name);
    if (!place) throw Error("is no weight of this graph").tensor(name);
    NamedTensor weight = *graph.initializers[*place];
    try {
      weight.tensor = change(weight.tensor);
    } catch (Error& error) {
      throw error.tensor(name);
    }
    for (auto& input : graph.inputs)
      if (input.name == name) input.type = weight.tensor.full_type();
    erase_declared_types(graph, {name});
    graph.initializers =
        graph.initializers.with(*place, std::make_shared<const NamedTensor>(std::move(weight)));
  });
}

ModelPointer replace_weight(const EditArguments& arguments) {
  return with_weight(arguments, [&](const Tensor& weight) {
    Tensor data = tensor_from_json(arguments.json("value"), weight.type());
    if (arguments.flag("any_type", false)) return data;
    if (data.size() == weight.size() && data.dims() != weight.dims() && data.rank() <= 2)
      data = data.reshaped(weight.dims());
    if (data.dims() != weight.dims())
      throw Error("has the shape " + to_string(weight.dims()) + ", and the data " + to_string(data.dims()))
          .advice("Set any_type to change the shape");
    return data.type() == weight.type() ? data : converted(data, weight.type());
  });
}

std::int64_t linear_index(const EditJson& index, const Dims& dims, const EditArguments& arguments) {
  if (!index.is_array() || index.size() != dims.size())
    throw arguments.wrong("values", "needs an \"index\" of " + std::to_string(dims.size()) + " numbers each");
  std::int64_t linear = 0;
  for (std::size_t axis = 0; axis < dims.size(); ++axis) {
    const auto at = index_from_json(index[axis]);
    if (!at || static_cast<std::int64_t>(*at) >= dims[axis])
      throw Error("the index " + index.dump() + " is outside of " + to_string(dims));
    linear = linear * dims[axis] + static_cast<std::int64_t>(*at);
  }
  return linear;
}

/// A copy whose elements can be written, unpacked if they were packed.
Tensor writable(const Tensor& tensor) {
  const Tensor source = unpacked(tensor);
  Tensor copy(source.type(), source.dims());
  if (source.is_string())
    copy.mutable_strings() = source.strings();
  else if (source.size_bytes() > 0)
    std::memcpy(copy.mutable_bytes(), source.bytes().data(), source.size_bytes());
  return copy;
}

ModelPointer set_weight_values(const EditArguments& arguments) {
  return with_weight(arguments, [&](const Tensor& weight) {
    const EditJson& values = arguments.json("values");
    if (!values.is_array()) throw arguments.wrong("values", "is no list");
    Tensor result = writable(weight);
    for (const auto& element : values) {
      if (!element.is_object() || !element.contains("index") || !element.contains("value"))
        throw arguments.wrong("values", "holds something that is not {\"index\": […], \"value\": …}");
      const auto at = static_cast<std::size_t>(linear_index(element["index"], weight.dims(), arguments));
      const Tensor one = tensor_from_json(element["value"], result.type());
      if (one.size() != 1) throw arguments.wrong("values", "holds a \"value\" that is not one number");
      if (result.is_string()) {
        result.mutable_strings()[at] = one.strings()[0];
        continue;
      }
      const std::size_t width = one.size_bytes();
      std::memcpy(result.mutable_bytes() + at * width, one.bytes().data(), width);
    }
    return is_sub_byte(weight.type()) ? packed(result, weight.type()) : result;
  });
}

ModelPointer cast_weight(const EditArguments& arguments) {
  const auto type = data_type_from(arguments.text("type"));
  if (!type) throw arguments.wrong("type", "is no element type");
  return with_weight(arguments, [&](const Tensor& weight) { return converted(weight, *type); });
}

ModelPointer initializer_to_input(const EditArguments& arguments) {
  return arguments.with_graph([&](Graph& graph) {
    const std::string name = arguments.text("tensor");
    const auto place = initializer_of(graph, name);
    if (!place) throw Error("is no weight of this graph").tensor(name);
    if (!is_input(graph, name))
      graph.inputs.push_back({name, graph.initializers[*place]->tensor.full_type(), {}, {}, {}});
    if (!arguments.flag("keep_default", false)) graph.initializers = graph.initializers.erased(*place);
    erase_declared_types(graph, {name});
  });
}

ModelPointer input_to_initializer(const EditArguments& arguments) {
  return arguments.with_graph([&](Graph& graph) {
    const std::string name = arguments.text("tensor");
    const auto input = std::find_if(graph.inputs.begin(), graph.inputs.end(),
                                    [&](const Value& v) { return v.name == name; });
    if (input == graph.inputs.end()) throw Error("is no input").tensor(name);
    const auto place = initializer_of(graph, name);
    if (!place && !arguments.has("value"))
      throw Error("has no default").tensor(name).advice("Give the value that it is to have");
    if (arguments.has("value")) {
      NamedTensor weight;
      weight.name = name;
      weight.tensor = tensor_from_json(arguments.json("value"), input->type.element);
      auto shared = std::make_shared<const NamedTensor>(std::move(weight));
      graph.initializers = place ? graph.initializers.with(*place, std::move(shared))
                                 : appended(graph.initializers, std::move(shared));
    }
    graph.inputs.erase(input);
  });
}

ModelPointer prune_constants(const EditArguments& arguments) {
  return arguments.with_graph([&](Graph& graph) {
    std::unordered_set<std::string> read;
    for (const auto& node : graph.nodes)
      for_each_read(*node, [&](const std::string& name) { read.insert(name); });
    for (const auto& output : graph.outputs) read.insert(output.name);
    const auto is_unread_constant = [&](const std::shared_ptr<const Node>& node) {
      return node->op_type == "Constant" && normalized_domain(node->domain).empty() &&
             std::none_of(node->outputs.begin(), node->outputs.end(),
                          [&](const std::string& output) { return read.contains(output); });
    };
    graph.nodes = without_if(graph.nodes, is_unread_constant);
    graph.initializers = without_if(graph.initializers, [&](const auto& tensor) {
      return !read.contains(tensor->name) && !is_input(graph, tensor->name);
    });
    std::erase_if(graph.sparse_initializers,
                  [&](const auto& tensor) { return !read.contains(tensor->name); });
  });
}

}  // namespace

std::vector<Edit> weight_edits() {
  using Kind = ParameterKind;
  const EditParameter tensor = {"tensor", Kind::Tensor, "the weight", true};
  return {
      {"replace_weight",
       "Replace a weight by a file's tensor or by numbers",
       {graph_parameter(),
        tensor,
        {"value", Kind::Data, "the new data", true},
        {"any_type", Kind::Flag, "let type and shape be the data's (default false)"}},
       replace_weight},
      {"set_weight_values",
       "Set some elements of a weight",
       {graph_parameter(), tensor, {"values", Kind::Elements, "the elements", true}},
       set_weight_values},
      {"cast_weight",
       "Give a weight another element type, its values converted",
       {graph_parameter(), tensor, {"type", Kind::Text, "the element type, such as float16", true}},
       cast_weight},
      {"initializer_to_input",
       "Make a weight an input",
       {graph_parameter(), tensor, {"keep_default", Kind::Flag, "its data stays as default (default false)"}},
       initializer_to_input},
      {"input_to_initializer",
       "Make an input a weight",
       {graph_parameter(),
        {"tensor", Kind::Tensor, "the input", true},
        {"value", Kind::Data, "its data; left out: its default"}},
       input_to_initializer},
      {"prune_constants",
       "Remove weights and constants that nobody reads",
       {graph_parameter()},
       prune_constants},
  };
}

}  // namespace lapidary
