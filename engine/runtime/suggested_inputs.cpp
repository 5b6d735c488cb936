#include "engine/runtime/suggested_inputs.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <unordered_map>

#include "engine/analysis/dimension_name.h"
#include "engine/analysis/every_node.h"
#include "engine/model/graph_index.h"
#include "engine/runtime/backend.h"

namespace lapidary {
namespace {

using Sizes = std::map<std::string, std::int64_t>;

constexpr std::int64_t usual_image_side = 224, usual_tokens = 128, usual_samples = 512;
constexpr std::size_t most_candidates = 48;

/// Where a free dimension stands first.
struct Place {
  const Value* input;
  std::size_t axis;
};

/// Lower-case words of a name: "past_sequence.Length" gives past, sequence, length.
std::vector<std::string> words_of(const std::string& name) {
  std::vector<std::string> words;
  bool in_word = false;
  for (const char c : name) {
    const auto letter = static_cast<unsigned char>(c);
    if (std::isalpha(letter) && !in_word) words.emplace_back();
    in_word = std::isalpha(letter) != 0;
    if (in_word) words.back() += static_cast<char>(std::tolower(letter));
  }
  return words;
}

/// What a word of a dimension's name says of its size; nothing for words that say nothing.
std::optional<std::int64_t> size_by_word(const std::string& word, bool is_integer_input) {
  static const std::map<std::string, std::int64_t, std::less<>> sizes{{"batch", 1},
                                                                      {"bs", 1},
                                                                      {"n", 1},
                                                                      {"b", 1},
                                                                      {"past", 1},
                                                                      {"channel", 3},
                                                                      {"channels", 3},
                                                                      {"height", usual_image_side},
                                                                      {"width", usual_image_side},
                                                                      {"h", usual_image_side},
                                                                      {"w", usual_image_side},
                                                                      {"sample", usual_samples},
                                                                      {"samples", usual_samples}};
  static const std::set<std::string, std::less<>> lengths{
      "seq", "sequence", "len", "length", "token", "tokens", "time", "frames", "t", "s", "l"};
  if (const auto known = sizes.find(word); known != sizes.end()) return known->second;
  if (lengths.count(word) != 0) return is_integer_input ? usual_tokens : usual_samples;
  return std::nullopt;
}

/// True for the N of a recurrent state [layers, N, hidden], which nobody may have named.
bool is_batch_of_state(const Place& place) {
  const Shape& shape = *place.input->type.shape;
  if (shape.size() != 3 || place.axis != 1) return false;
  const std::vector<std::string> words = words_of(place.input->name);
  const auto is_state = [](const std::string& word) {
    return word == "state" || word == "hidden" || word == "cell" || word == "h" || word == "c";
  };
  return shape[0].value_or(1) > 1 || std::any_of(words.begin(), words.end(), is_state);
}

/// A number by the dimension's name, else by where it stands: the first is a batch, [N, C, H, W] is an image,
/// integers are tokens, and other numbers samples in time.
std::int64_t usual_size(const std::string& name, const Place& place) {
  const DataType element = place.input->type.element;
  const std::size_t rank = place.input->type.shape->size();
  const bool is_named = (*place.input->type.shape)[place.axis].is_known();
  if (is_named)
    for (const std::string& word : words_of(name))
      if (const auto size = size_by_word(word, is_integer(element))) return *size;
  if (place.axis == 0 || is_batch_of_state(place)) return 1;
  if (rank == 4) return place.axis == 1 ? 3 : usual_image_side;
  return is_integer(element) || rank > 2 ? usual_tokens : usual_samples;
}

std::map<std::string, Place> places_of(const std::vector<Value>& inputs) {
  std::map<std::string, Place> places;
  for (const Value& input : inputs) {
    if (!input.type.shape) continue;
    for (std::size_t axis = 0; axis < input.type.shape->size(); ++axis) {
      const Dimension& size = (*input.type.shape)[axis];
      if (!size.is_known()) places.emplace(dimension_name(input, axis), Place{&input, axis});
      for (const std::string& symbol : size.symbols()) places.emplace(symbol, Place{&input, axis});
    }
  }
  return places;
}

/// The model with these numbers in place of integer inputs, so that inference knows the branches they choose.
Model with_values(const Model& model, const Sizes& values) {
  auto graph = std::make_shared<Graph>(*model.graph);
  for (const auto& [name, value] : values) {
    const auto input = std::find_if(graph->inputs.begin(), graph->inputs.end(),
                                    [&, wanted = &name](const Value& one) { return one.name == *wanted; });
    const auto dims =
        input == graph->inputs.end() || !input->type.shape ? std::nullopt : constant_dims(*input->type.shape);
    if (!dims || element_count(*dims) != 1) continue;
    NamedTensor constant;
    constant.name = name;
    const double number = static_cast<double>(value);
    constant.tensor = tensor_from(input->type.element, *dims, std::span(&number, 1));
    graph->initializers = graph->initializers.inserted(
        graph->initializers.size(), std::make_shared<const NamedTensor>(std::move(constant)));
    graph->inputs.erase(input);
  }
  Model changed = model;
  changed.graph = std::move(graph);
  return changed;
}

void add_labels(const Graph& graph, std::set<std::string>& labels) {
  for (const auto& node : graph.nodes) {
    labels.insert(node->label());
    for (const auto& attribute : node->attributes)
      if (const auto* body = std::get_if<GraphPointer>(&attribute.value); body && *body)
        add_labels(**body, labels);
  }
}

/// Nodes of branches whose condition is known to choose the other one.
std::set<std::string> never_run(const Model& model, const InferredTypes& types) {
  std::set<std::string> labels;
  for_each_graph(model, [&](const Graph& graph) {
    for (const auto& node : graph.nodes) {
      if (node->op_type != "If" || node->inputs.empty()) continue;
      const Tensor* condition =
          types.constant_in(&graph == model.graph.get() ? nullptr : &graph, node->inputs.front());
      if (!condition || condition->type() != DataType::Bool || condition->size() != 1) continue;
      const bool holds = values_as<std::int64_t>(*condition).front() != 0;
      const Attribute* other = node->find_attribute(holds ? "else_branch" : "then_branch");
      const auto* body = other ? std::get_if<GraphPointer>(&other->value) : nullptr;
      if (body && *body) add_labels(**body, labels);
    }
  });
  return labels;
}

/// How many errors inference finds, once the free dimensions are these, in what can run.
std::size_t misfits(const Model& model, const Sizes& sizes) {
  InferenceOptions options;
  options.dimensions = sizes;
  const InferredTypes types = infer_types(model, options);
  const std::set<std::string> dead = never_run(model, types);
  return static_cast<std::size_t>(
      std::count_if(types.problems().begin(), types.problems().end(), [&](const Problem& one) {
        return one.severity == Problem::Severity::Error && dead.count(one.node) == 0;
      }));
}

/// Sizes worth trying for one dimension: the other dimensions and their sums, usual ones, and those that the
/// model's weights have.
std::vector<std::int64_t> candidates(const Model& model, const Sizes& sizes) {
  std::vector<std::int64_t> tried;
  const auto add = [&](std::int64_t size) {
    if (size > 0 && tried.size() < most_candidates &&
        std::find(tried.begin(), tried.end(), size) == tried.end())
      tried.push_back(size);
  };
  for (const auto& [name, size] : sizes) add(size);
  for (const auto& [name, size] : sizes)
    for (const auto& [other, addend] : sizes)
      if (name < other) add(size + addend);
  for (const std::int64_t size : std::array{1, 2, 3, 16, 32, 64, 128, 224, 256, 512, 640, 1024, 16000})
    add(size);
  for (const auto& weight : model.graph->initializers)
    for (const std::int64_t size : weight->tensor.dims()) add(size);
  return tried;
}

/// Changes one dimension after the other while that leaves fewer errors than before; `wanted` is what the
/// model has anyway.
void fit(const Model& model, std::size_t wanted, Sizes& sizes, const std::function<void()>& check) {
  std::size_t errors = misfits(model, sizes);
  const std::vector<std::int64_t> tried =
      errors > wanted ? candidates(model, sizes) : std::vector<std::int64_t>();
  for (auto& [name, size] : sizes) {
    std::int64_t best = size;
    for (const std::int64_t candidate : tried) {
      if (errors <= wanted) break;
      if (check) check();
      size = candidate;
      const std::size_t left = misfits(model, sizes);
      if (left < errors) errors = left, best = candidate;
    }
    size = best;
  }
}

/// What the graph does with its integer inputs.
class InputUses {
 public:
  InputUses(const Model& model, const InferredTypes& types) : model_(model), types_(types) {
    for_each_graph(model, [this](const Graph& graph) {
      for (const auto& node : graph.nodes)
        if (carries(*node)) origins_.emplace(node->outputs.front(), node->inputs.front());
    });
    for_each_graph(model, [this](const Graph& graph) {
      for (const auto& node : graph.nodes) visit(*node, &graph == model_.graph.get() ? nullptr : &graph);
    });
  }
  std::optional<std::int64_t> value(const std::string& input) const {
    const auto found = values_.find(input);
    return found == values_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  /// True for nodes that hand on their first input's numbers as they are.
  static bool carries(const Node& node) {
    static const std::set<std::string, std::less<>> types{"Identity",  "Cast",    "Squeeze",
                                                          "Unsqueeze", "Reshape", "Flatten"};
    return types.count(node.op_type) != 0 && !node.inputs.empty() && !node.outputs.empty();
  }
  std::string origin(std::string name) const {
    // A cycle has no origin; no chain is longer than the table.
    for (std::size_t step = 0; step <= origins_.size(); ++step) {
      const auto before = origins_.find(name);
      if (before == origins_.end()) break;
      name = before->second;
    }
    return name;
  }
  void visit(const Node& node, const Graph* graph) {
    if (node.inputs.size() < 2) return;
    if (node.op_type == "Equal") {
      for (const std::size_t side : {std::size_t{0}, std::size_t{1}}) {
        const Tensor* constant = types_.constant_in(graph, node.inputs[1 - side]);
        if (constant && constant->size() == 1 && is_integer(constant->type()))
          values_.emplace(origin(node.inputs[side]), values_as<std::int64_t>(*constant)[0]);
      }
    }
    if (node.op_type == "Gather") {
      const Tensor* table = types_.constant_in(graph, node.inputs[0]);
      values_.emplace(origin(node.inputs[1]),
                      table && !table->dims().empty() && table->dims()[0] == 1 ? 0 : 1);
    }
  }

  const Model& model_;
  const InferredTypes& types_;
  std::unordered_map<std::string, std::string> origins_;
  std::map<std::string, std::int64_t> values_;
};

}  // namespace

std::vector<Value> unfilled_inputs(const Model& model) {
  const GraphIndex index(*model.graph);
  std::vector<Value> inputs = required_inputs(model);
  std::erase_if(inputs, [&](const Value& input) { return index.initializer(input.name) != nullptr; });
  return inputs;
}

std::vector<std::string> free_dimensions(const Model& model) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const Value& input : unfilled_inputs(model)) {
    if (!input.type.shape) continue;
    for (std::size_t axis = 0; axis < input.type.shape->size(); ++axis) {
      const Dimension& size = (*input.type.shape)[axis];
      if (!size.is_known()) add(dimension_name(input, axis));
      for (const std::string& symbol : size.symbols()) add(symbol);
    }
  }
  return names;
}

SuggestedInputs suggest_inputs(const Model& model, const InferredTypes& types,
                               const std::function<void()>& check) {
  SuggestedInputs suggested;
  const std::vector<Value> inputs = unfilled_inputs(model);
  const InputUses uses(model, types);
  for (const Value& input : inputs) {
    if (!is_integer(input.type.element)) continue;
    if (const auto value = uses.value(input.name))
      suggested.values[input.name] = *value;
    else
      suggested.guessed.push_back(input.name);
  }
  for (const auto& [name, place] : places_of(inputs)) suggested.dimensions[name] = usual_size(name, place);
  if (suggested.dimensions.empty()) return suggested;
  fit(with_values(model, suggested.values), misfits(model, {}), suggested.dimensions, check);
  return suggested;
}

}  // namespace lapidary
