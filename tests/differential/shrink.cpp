#include "tests/differential/shrink.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "engine/io/model_file.h"
#include "tests/differential/judge.h"

namespace lapidary::differential {
namespace {

using Fails = std::function<bool(const Case&)>;

/// A graph taken apart, so that parts can be left out.
struct Parts {
  Model model;
  Graph graph;
  std::vector<Node> nodes;
  std::vector<std::pair<std::string, Tensor>> constants;
  std::vector<std::pair<Value, Datum>> inputs;
};

Parts parts_of(const Case& one) {
  Parts parts{*one.model, *one.model->graph, {}, {}, {}};
  for (const auto& node : parts.graph.nodes) parts.nodes.push_back(*node);
  for (const auto& initializer : parts.graph.initializers)
    parts.constants.emplace_back(initializer->name, initializer->tensor);
  for (std::size_t i = 0; i < one.inputs.size(); ++i)
    parts.inputs.emplace_back(parts.graph.inputs[i], one.inputs[i]);
  return parts;
}

void add_names_read(const Graph& graph, std::set<std::string>& names) {
  for (const auto& node : graph.nodes) {
    names.insert(node->inputs.begin(), node->inputs.end());
    for (const auto& [name, body] : subgraphs_of(*node)) add_names_read(*body, names);
  }
  for (const auto& output : graph.outputs) names.insert(output.name);
}

/// What no output hangs on goes.
void drop_unread(Parts& parts) {
  std::set<std::string> read;
  for (const auto& output : parts.graph.outputs) read.insert(output.name);
  for (auto node = parts.nodes.rbegin(); node != parts.nodes.rend();) {
    const bool needed = std::any_of(node->outputs.begin(), node->outputs.end(),
                                    [&](const std::string& name) { return read.contains(name); });
    if (!needed) {
      node = std::make_reverse_iterator(parts.nodes.erase(std::next(node).base()));
      continue;
    }
    read.insert(node->inputs.begin(), node->inputs.end());
    for (const auto& [name, body] : subgraphs_of(*node)) add_names_read(*body, read);
    ++node;
  }
  std::erase_if(parts.constants, [&](const auto& constant) { return !read.contains(constant.first); });
  std::erase_if(parts.inputs, [&](const auto& input) { return !read.contains(input.first.name); });
}

Case case_from(Parts parts) {
  drop_unread(parts);
  Case result;
  std::vector<std::shared_ptr<const Node>> nodes;
  for (auto& node : parts.nodes) nodes.push_back(std::make_shared<const Node>(std::move(node)));
  parts.graph.nodes = PersistentVector(std::move(nodes));
  std::vector<std::shared_ptr<const NamedTensor>> initializers;
  for (auto& [name, tensor] : parts.constants) {
    NamedTensor initializer;
    initializer.name = name;
    initializer.tensor = tensor;
    initializers.push_back(std::make_shared<const NamedTensor>(std::move(initializer)));
  }
  parts.graph.initializers = PersistentVector(std::move(initializers));
  parts.graph.inputs.clear();
  for (auto& [value, datum] : parts.inputs) {
    if (datum.is_tensor()) value.type = datum.tensor().full_type();
    parts.graph.inputs.push_back(value);
    result.inputs.push_back(std::move(datum));
  }
  parts.model.graph = std::make_shared<const Graph>(std::move(parts.graph));
  result.model = std::make_shared<const Model>(std::move(parts.model));
  return result;
}

/// Takes the change if the case still fails with it.
bool keep_if_failing(Case& one, Parts changed, const Fails& fails) {
  try {
    Case candidate = case_from(std::move(changed));
    if (candidate.model->graph->nodes.empty() || !fails(candidate)) return false;
    one = std::move(candidate);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

void keep_one_output(Case& one, const Fails& fails) {
  if (one.model->graph->outputs.size() < 2) return;
  for (const auto& output : one.model->graph->outputs) {
    Parts parts = parts_of(one);
    parts.graph.outputs = {output};
    if (keep_if_failing(one, std::move(parts), fails)) return;
  }
}

/// An earlier value as the only output; the first that fails is the nearest to the fault.
void move_output_forward(Case& one, const Fails& fails) {
  const Parts whole = parts_of(one);
  for (const auto& node : whole.nodes)
    for (const auto& name : node.outputs) {
      if (name.empty()) continue;
      Parts parts = whole;
      parts.graph.outputs = {{name, {}, {}, {}, {}, 0}};
      if (keep_if_failing(one, std::move(parts), fails)) return;
    }
}

/// What a node makes given as an input instead, from the last node to the first.
void cut_nodes(Case& one, const Fails& fails) {
  std::map<std::string, Datum> values;
  try {
    values = run_by_nodes(one, 0, 0);
  } catch (const Error&) {
    return;
  }
  for (std::size_t i = one.model->graph->nodes.size(); i-- > 0;) {
    if (i >= one.model->graph->nodes.size()) continue;
    Parts parts = parts_of(one);
    const Node node = parts.nodes[i];
    bool tensors = true;
    for (const auto& name : node.outputs) {
      if (name.empty()) continue;
      const Datum datum = values[name];
      tensors = tensors && datum.is_tensor();
      if (tensors) parts.inputs.push_back({{name, datum.tensor().full_type(), {}, {}, {}, 0}, datum});
    }
    const auto made = [&](const Value& output) {
      return std::find(node.outputs.begin(), node.outputs.end(), output.name) != node.outputs.end();
    };
    std::erase_if(parts.graph.outputs, made);
    if (!tensors || parts.graph.outputs.empty()) continue;
    parts.nodes.erase(parts.nodes.begin() + static_cast<std::ptrdiff_t>(i));
    keep_if_failing(one, std::move(parts), fails);
  }
}

/// Tries a change at each of several places of each node, the last place first. `change` says whether it did
/// anything.
void change_nodes(Case& one, const Fails& fails, std::size_t places,
                  const std::function<bool(Node&, std::size_t place)>& change) {
  for (std::size_t node = 0; node < one.model->graph->nodes.size(); ++node)
    for (std::size_t place = places; place-- > 0;) {
      Parts parts = parts_of(one);
      if (node >= parts.nodes.size()) return;
      if (change(parts.nodes[node], place)) keep_if_failing(one, std::move(parts), fails);
    }
}

constexpr std::size_t most_places = 16;

void drop_attributes(Case& one, const Fails& fails) {
  change_nodes(one, fails, most_places, [](Node& node, std::size_t place) {
    if (place >= node.attributes.size()) return false;
    node.attributes.erase(node.attributes.begin() + static_cast<std::ptrdiff_t>(place));
    return true;
  });
}

/// Optional inputs left out; where one must be there the kernel says so, and it stays.
void drop_inputs(Case& one, const Fails& fails) {
  change_nodes(one, fails, most_places, [](Node& node, std::size_t place) {
    if (place == 0 || place >= node.inputs.size() || node.inputs[place].empty()) return false;
    node.inputs[place].clear();
    while (node.inputs.back().empty()) node.inputs.pop_back();
    return true;
  });
}

/// The first `size` places along every axis of length `from`.
Tensor cut_sizes(const Tensor& tensor, std::int64_t from, std::int64_t size) {
  Dims dims = tensor.dims();
  std::replace(dims.begin(), dims.end(), from, size);
  const auto values = values_as<double>(tensor);
  std::vector<double> kept;
  for (std::int64_t flat = 0; flat < element_count(dims); ++flat) {
    std::int64_t left = flat, at = 0, stride = 1;
    for (std::size_t axis = dims.size(); axis-- > 0; left /= dims[axis], stride *= tensor.dims()[axis])
      at += left % dims[axis] * stride;
    kept.push_back(values[static_cast<std::size_t>(at)]);
  }
  return tensor_from(tensor.type(), dims, kept);
}

void shrink_sizes(Case& one, const Fails& fails) {
  std::set<std::int64_t, std::greater<>> sizes;
  for (const auto& datum : one.inputs)
    if (datum.is_tensor()) sizes.insert(datum.tensor().dims().begin(), datum.tensor().dims().end());
  for (const std::int64_t from : sizes)
    for (const std::int64_t size : {std::int64_t{1}, std::int64_t{2}, from / 2, from - 1}) {
      if (size < 1 || size >= from) continue;
      Parts parts = parts_of(one);
      try {
        for (auto& [value, datum] : parts.inputs) datum = cut_sizes(datum.tensor(), from, size);
        for (auto& [name, tensor] : parts.constants) tensor = cut_sizes(tensor.aligned(), from, size);
      } catch (const std::exception&) {
        continue;
      }
      if (keep_if_failing(one, std::move(parts), fails)) break;
    }
}

void simplify_numbers(Case& one, const Fails& fails) {
  for (std::size_t i = 0; i < one.inputs.size(); ++i) {
    if (!one.inputs[i].is_tensor() || one.inputs[i].tensor().is_string()) continue;
    const Tensor tensor = one.inputs[i].tensor();
    const auto try_values = [&](const std::vector<double>& values) {
      Parts parts = parts_of(one);
      parts.inputs[i].second = tensor_from(tensor.type(), tensor.dims(), values);
      return keep_if_failing(one, std::move(parts), fails) && i < one.inputs.size();
    };
    auto values = values_as<double>(tensor);
    if (try_values(std::vector<double>(values.size(), 0)) ||
        try_values(std::vector<double>(values.size(), 1)))
      continue;
    if (values.size() > 64) continue;
    for (auto& value : values) {
      const double before = value;
      for (const double simple : {0.0, 1.0, std::nearbyint(before)}) {
        if (simple == before) break;
        value = simple;
        if (try_values(values)) break;
        value = before;
      }
    }
  }
}

}  // namespace

Case shrunk(const Case& one, const Fails& fails) {
  Case smaller = one;
  for (std::size_t before = one.model->graph->nodes.size() + 1;
       smaller.model->graph->nodes.size() < before;) {
    before = smaller.model->graph->nodes.size();
    keep_one_output(smaller, fails);
    move_output_forward(smaller, fails);
    cut_nodes(smaller, fails);
  }
  drop_attributes(smaller, fails);
  drop_inputs(smaller, fails);
  shrink_sizes(smaller, fails);
  simplify_numbers(smaller, fails);
  return smaller;
}

void save_case(const Case& one, const std::string& path) {
  Parts parts = parts_of(one);
  for (const auto& [value, datum] : parts.inputs) parts.constants.emplace_back(value.name, datum.tensor());
  save_model(*case_from(std::move(parts)).model, path);
}

Case load_case(const std::string& path) {
  const ModelPointer model = load_model(path).model;
  Parts parts = parts_of({model, {}});
  for (const auto& value : parts.graph.inputs) {
    const auto constant = std::find_if(parts.constants.begin(), parts.constants.end(),
                                       [&](const auto& one) { return one.first == value.name; });
    if (constant == parts.constants.end()) throw Error("input '" + value.name + "' has no data").file(path);
    parts.inputs.emplace_back(value, constant->second.aligned());
    parts.constants.erase(constant);
  }
  return case_from(std::move(parts));
}

}  // namespace lapidary::differential
