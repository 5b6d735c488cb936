#include "engine/differentiation/gradient.h"

#include <algorithm>
#include <map>
#include <set>

#include "engine/analysis/inferred_types.h"
#include "engine/differentiation/rules.h"
#include "engine/model/edit.h"
#include "engine/model/error.h"
#include "engine/model/function_body.h"
#include "engine/model/graph_index.h"
#include "engine/ops/operator_table.h"

namespace lapidary {
namespace differentiation {
namespace {

constexpr const char* gradient_domain = "ai.onnx.preview.training";
/// Of the functions that are made here.
constexpr const char* own_domain = "lapidary.differentiation";
/// The rules write in this operator set, or in the model's where that is newer.
constexpr std::int64_t least_opset = 18;
constexpr int most_nesting = 64;

using NodePointer = std::shared_ptr<const Node>;

bool is_gradient(const Node& node) { return node.op_type == "Gradient" && node.domain == gradient_domain; }

bool any_in(const std::set<std::string>& names, const std::vector<std::string>& values) {
  return std::any_of(values.begin(), values.end(),
                     [&](const std::string& value) { return !value.empty() && names.contains(value); });
}

/// Numbers the elements of x from `start`: ids in the shape of x, and the number behind the last.
std::shared_ptr<const Function> positions_function(std::int64_t opset) {
  Writer w("p");
  const Expression x = w.read("x"), start = w.read("start");
  const Expression stop = w.call("Add", {start, apply("Size", x)});
  const Expression ids = reshaped_as(w.call("Range", {start, stop, w.integer(1)}), x);
  auto function = std::make_shared<Function>();
  function->name = "Positions";
  function->domain = own_domain;
  function->inputs = {"x", "start"};
  function->outputs = {ids.name, stop.name};
  function->opset_imports = {{"", opset}};
  function->nodes = w.nodes();
  return function;
}

/// Makes the function that stands for one Gradient node.
class Differentiation {
 public:
  Differentiation(const Model& model, const Node& gradient, const InferredTypes& types, int number)
      : model_(model), gradient_(gradient), types_(types), index_(*model.graph), number_(number) {}

  /// The functions to add, and the call that replaces the node.
  std::vector<std::shared_ptr<const Function>> functions() const { return functions_; }
  Node run();

 private:
  void collect(const NodePointer& node);
  void collect_value(const std::string& name);
  void inline_call(const Function& function, const Node& call, int depth);
  void add_forward(const NodePointer& node, int depth);
  void differentiate(const Node& node);
  std::vector<Expression> move(const Movement& movement, const Node& node,
                               const std::vector<Expression>& upstream);
  void add_derivative(const std::string& value, const Expression& derivative);
  void write_reverse();
  const Operator* record_of(const Node& node) const {
    return operator_table().find(node.domain, node.op_type, model_.opset(node.domain));
  }

  const Model& model_;
  const Node& gradient_;
  const InferredTypes& types_;
  GraphIndex index_;
  int number_;
  std::vector<std::string> xs_, given_;  ///< `given_`: xs, then zs
  std::set<const Node*> visited_;
  std::set<std::string> dependent_;   ///< values that depend on xs or zs
  std::set<std::string> active_;      ///< values that depend on xs
  std::vector<NodePointer> forward_;  ///< what computes y, in order, calls inlined
  Writer positions_{"position_"};     ///< nodes added behind them
  Writer reverse_{"derivative_"};
  std::map<std::string, Expression> derivatives_;  ///< of y by each value
  std::vector<std::shared_ptr<const Function>> functions_;
};

/// Adds the nodes that `name` needs, those first that they need. What does not depend on xs or zs is not
/// computed again but taken from the graph around.
void Differentiation::collect_value(const std::string& name) {
  if (name.empty() || std::find(given_.begin(), given_.end(), name) != given_.end()) return;
  const int producer = index_.producer(name).node;
  if (producer >= 0) collect(model_.graph->nodes[static_cast<std::size_t>(producer)]);
}

void Differentiation::collect(const NodePointer& node) {
  if (!visited_.insert(node.get()).second) return;
  for (const auto& input : node->inputs) collect_value(input);
  if (!any_in(dependent_, node->inputs)) return;
  add_forward(node, 0);
}

void Differentiation::add_forward(const NodePointer& node, int depth) {
  dependent_.insert(node->outputs.begin(), node->outputs.end());
  if (const Function* function = model_.find_function(*node)) return inline_call(*function, *node, depth);
  if (is_gradient(*node))
    throw Error("a Gradient node must stand before those that use its results").node(node->label());
  Node copy = *node;
  // Which elements were chosen is their second output.
  if (copy.op_type == "MaxPool" || copy.op_type == "TopK") {
    copy.outputs.resize(2);
    if (copy.outputs[1].empty()) copy.outputs[1] = copy.outputs[0] + "/indices";
  }
  forward_.push_back(std::make_shared<const Node>(std::move(copy)));
}

/// The nodes of a function's body under names of their own.
void Differentiation::inline_call(const Function& function, const Node& call, int depth) {
  if (depth > most_nesting) throw Error("functions are nested too deeply").node(call.label());
  std::map<std::string, std::string> names = {{"", ""}};
  const auto bind = [&](const std::vector<std::string>& formal, const std::vector<std::string>& actual) {
    for (std::size_t i = 0; i < formal.size(); ++i) names[formal[i]] = i < actual.size() ? actual[i] : "";
  };
  bind(function.inputs, call.inputs);
  const GraphPointer body = instantiate(function, call);
  std::map<std::string, std::string> outputs;
  for (std::size_t i = 0; i < function.outputs.size() && i < call.outputs.size(); ++i)
    if (!call.outputs[i].empty()) outputs[function.outputs[i]] = call.outputs[i];
  const std::string prefix = call.outputs.at(0) + "/" + function.name + "/";
  for (const auto& node : body->nodes) {
    Node copy = *node;
    for (auto& input : copy.inputs) input = names.contains(input) ? names[input] : prefix + input;
    for (auto& output : copy.outputs) {
      if (output.empty()) continue;
      const auto found = outputs.find(output);
      output = names[output] = found == outputs.end() ? prefix + output : found->second;
    }
    add_forward(std::make_shared<const Node>(std::move(copy)), depth + 1);
  }
}

void Differentiation::add_derivative(const std::string& value, const Expression& derivative) {
  if (!derivative.is_present() || !active_.contains(value)) return;
  const auto [place, is_first] = derivatives_.try_emplace(value, derivative);
  if (!is_first) place->second = place->second + derivative;
}

/// Elements are numbered, 0 meaning none, and sent where the node sends the values; each number's derivatives
/// are then added up.
std::vector<Expression> Differentiation::move(const Movement& movement, const Node& node,
                                              const std::vector<Expression>& upstream) {
  Node moved = node;
  std::vector<std::size_t> moved_inputs = movement.data_inputs;
  if (moved_inputs.empty())
    for (std::size_t i = 0; i < node.inputs.size(); ++i) moved_inputs.push_back(i);
  std::vector<Expression> starts = {positions_.integer(1)};
  for (const std::size_t input : moved_inputs) {
    const auto numbered = positions_.call_all(
        "Positions", {positions_.read(node.inputs.at(input)), starts.back()}, 2, {}, own_domain);
    moved.inputs[input] = numbered[0].name;
    starts.push_back(numbered[1]);
  }
  for (const std::size_t input : movement.dropped)
    if (input < moved.inputs.size()) moved.inputs[input].clear();
  for (auto& output : moved.outputs)
    if (!output.empty()) output += "/positions";
  positions_.append(moved);

  Writer& w = reverse_;
  const Expression last = w.read(starts.back().name);
  Expression sums;
  for (std::size_t i = 0; i < upstream.size(); ++i) {
    if (!upstream[i].is_present()) continue;
    const auto flat = [&](const Expression& value) { return w.call("Reshape", {value, w.integers({-1})}); };
    if (!sums.is_present())
      sums = w.call("Expand", {w.number(0, upstream[i]), w.call("Reshape", {last, w.integers({1})})});
    sums = w.call("ScatterElements", {sums, flat(w.read(moved.outputs[i])), flat(upstream[i])},
                  {{"reduction", std::string("add")}});
  }
  std::vector<Expression> result(node.inputs.size());
  for (std::size_t i = 0; i < moved_inputs.size(); ++i) {
    const auto bound = [&](const Expression& start) {
      return w.call("Reshape", {w.read(start.name), w.integers({1})});
    };
    const Expression own = w.call("Slice", {sums, bound(starts[i]), bound(starts[i + 1])});
    result[moved_inputs[i]] = reshaped_as(own, w.read(node.inputs[moved_inputs[i]]));
  }
  return result;
}

void Differentiation::differentiate(const Node& node) {
  std::vector<Expression> upstream;
  bool any = false;
  for (const auto& output : node.outputs) {
    const auto found = derivatives_.find(output);
    upstream.push_back(found == derivatives_.end() ? Expression{&reverse_, ""} : found->second);
    any = any || upstream.back().is_present();
  }
  if (!any || !any_in(active_, node.inputs)) return;
  const Operator* record = record_of(node);
  const bool is_old_broadcast = node.attribute_or("broadcast", std::int64_t{0}) != 0;
  std::vector<Expression> results;
  if (const Movement* movement = find_movement(node); movement && record && record->domain.empty()) {
    results = move(*movement, node, upstream);
  } else if (const Rule rule = find_rule(node.op_type);
             rule && record && record->domain.empty() && !is_old_broadcast) {
    Reverse reverse{node, record->since_version, {}, {}, upstream, reverse_, {}};
    for (const auto& input : node.inputs) {
      reverse.inputs.push_back(reverse_.read(input));
      reverse.input_shapes.push_back(types_.type_of(input).shape);
    }
    for (const auto& output : node.outputs) reverse.outputs.push_back(reverse_.read(output));
    results = rule(reverse);
  } else {
    throw Error("the derivative of " + node.op_type + " is not known").node(node.label());
  }
  for (std::size_t i = 0; i < results.size() && i < node.inputs.size(); ++i)
    add_derivative(node.inputs[i], results[i]);
}

/// From y back to xs. The derivative of y by itself is 1 in every element.
void Differentiation::write_reverse() {
  const std::string y = gradient_.attribute_or("y", std::string());
  for (const auto& node : forward_)
    if (any_in(active_, node->inputs) && !is_piecewise_constant(node->op_type))
      active_.insert(node->outputs.begin(), node->outputs.end());
  const Expression target = reverse_.read(y);
  if (active_.contains(y)) derivatives_[y] = expanded_as(reverse_.number(1, target), target);
  for (auto node = forward_.rbegin(); node != forward_.rend(); ++node) {
    try {
      differentiate(**node);
    } catch (Error& error) {
      error.node((*node)->label());
      throw;
    }
  }
}

Node Differentiation::run() {
  xs_ = gradient_.attribute_or("xs", std::vector<std::string>{});
  const auto zs = gradient_.attribute_or("zs", std::vector<std::string>{});
  const std::string y = gradient_.attribute_or("y", std::string());
  given_ = xs_;
  given_.insert(given_.end(), zs.begin(), zs.end());
  if (xs_.empty() || y.empty() || gradient_.inputs.size() != given_.size())
    throw Error("Gradient needs the names xs and y, and an input for each of xs and zs");
  const bool is_made = index_.producer(y).node >= 0 || index_.is_input(y) || index_.initializer(y);
  if (!is_made && std::find(given_.begin(), given_.end(), y) == given_.end())
    throw Error("the graph has no value '" + y + "' to differentiate");
  dependent_.insert(given_.begin(), given_.end());
  active_.insert(xs_.begin(), xs_.end());
  collect_value(y);
  write_reverse();

  // Results: what xs do not reach is zero.
  std::vector<std::string> results;
  for (const auto& x : xs_) {
    const Expression value = reverse_.read(x);
    const auto found = derivatives_.find(x);
    const Expression result =
        found == derivatives_.end() ? expanded_as(reverse_.number(0, value), value) : found->second;
    results.push_back(apply("Identity", result).name);  // a name of its own, were it that of an input
  }
  const std::string suffix = std::to_string(number_);
  auto reverse = std::make_shared<Function>();
  reverse->name = "Reverse" + suffix;
  reverse->domain = own_domain;
  reverse->inputs = reverse_.outer_names();
  reverse->outputs = results;
  reverse->opset_imports = {{"", std::max(least_opset, model_.opset())}};
  reverse->nodes = reverse_.nodes();

  Writer whole("");
  for (const auto& node : forward_) whole.append(*node);
  for (const auto& node : positions_.nodes()) whole.append(*node);
  whole.append(make_node(reverse->name, reverse->inputs, results, {}, own_domain));
  auto forward = std::make_shared<Function>();
  forward->name = "Gradient" + suffix;
  forward->domain = own_domain;
  forward->inputs = given_;
  Node call = make_node(forward->name, gradient_.inputs, gradient_.outputs, {}, own_domain);
  call.name = gradient_.name;
  for (const auto& outer : whole.outer_names()) {
    if (std::find(given_.begin(), given_.end(), outer) != given_.end()) continue;
    forward->inputs.push_back(outer);
    call.inputs.push_back(outer);
  }
  forward->outputs = results;
  forward->opset_imports = model_.opset_imports;
  forward->opset_imports.push_back({own_domain, 1});
  forward->nodes = whole.nodes();
  functions_ = {positions_function(reverse->opset_imports[0].version), reverse, forward};
  return call;
}

}  // namespace
}  // namespace differentiation

ModelPointer with_gradients(ModelPointer model) {
  namespace d = differentiation;
  int number = 0;
  const GraphPointer graph = model->graph;  // the index holds views into it
  const GraphIndex index(*graph);
  for (const int position : index.topological_order()) {
    const auto node = model->graph->nodes[static_cast<std::size_t>(position)];
    if (!d::is_gradient(*node)) continue;
    const InferredTypes types = infer_types(*model);
    d::Differentiation differentiation(*model, *node, types, number);
    try {
      const Node call = differentiation.run();
      Model changed = *with_node(*model, static_cast<std::size_t>(position), call);
      const auto added = differentiation.functions();
      changed.functions.insert(changed.functions.end(), added.begin() + (number > 0), added.end());
      if (number == 0) changed.opset_imports.push_back({d::own_domain, 1});
      model = std::make_shared<const Model>(std::move(changed));
    } catch (Error& error) {
      error.node(node->label());
      throw;
    }
    ++number;
  }
  return model;
}

std::vector<std::string> differentiable_operators() {
  namespace d = differentiation;
  std::vector<std::string> names;
  for (const auto& rule : d::all_rules()) names.emplace_back(rule.op);
  for (const auto& movement : d::movements()) names.emplace_back(movement.op);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace lapidary
