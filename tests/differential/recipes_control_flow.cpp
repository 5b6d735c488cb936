#include "tests/differential/call.h"

namespace lapidary::differential {
namespace {

constexpr int deepest = 2;

GraphPointer shared(Graph graph) { return std::make_shared<const Graph>(std::move(graph)); }

/// A value that the body made and that `fits`, or nothing.
template <class Fits>
std::optional<std::string> made_value(const Draft& body, Fits fits) {
  for (auto item = body.items.rbegin(); item != body.items.rend(); ++item)
    if (item->origin == Item::Origin::Node && item->is_tensor() && fits(item->tensor())) return item->name;
  return std::nullopt;
}

/// The value itself under a name that a node of the body makes: bodies must not give out their inputs as they
/// are in old versions, nor names from outside.
std::string passed_on(Draft& body, const std::string& name) {
  Node identity;
  identity.op_type = "Identity";
  identity.inputs = {name};
  identity.outputs = {body.fresh_name()};
  body.add_node(identity);
  return identity.outputs[0];
}

std::string formal(Draft& body, Graph& graph, Datum datum) {
  const std::string name = body.fresh_name();
  graph.inputs.push_back({name, datum.tensor().full_type(), {}, {}, {}, 0});
  body.add({name, std::move(datum), Item::Origin::Outside, false});
  return name;
}

void take_parts(Graph& graph, const Draft& body, const std::vector<std::string>& outputs) {
  Graph parts = body.graph(outputs);
  parts.inputs = std::move(graph.inputs);
  for (auto& output : parts.outputs)
    if (output.type.is_tensor()) output.type.shape.reset();
  graph = std::move(parts);
}

GraphPointer branch(Call& call, DataType type) {
  Draft body(call.draft, call.draft.fresh_name() + "_");
  Tally tally;
  add_random_nodes(body, static_cast<int>(call.random.between(1, 3)), tally);
  auto output = made_value(body, [&](const Tensor& tensor) { return tensor.type() == type; });
  if (!output) {
    Item item{"", random_tensor(call.random, type, random_dims(call.random, 0, 3), call.draft.fill),
              Item::Origin::Initializer, true};
    output = passed_on(body, body.items[body.add(std::move(item))].name);
  }
  Graph graph = body.graph({*output});
  graph.outputs[0].type.shape.reset();
  return shared(std::move(graph));
}

void choice(Call& call) {
  if (call.draft.depth >= deepest) throw Unsuitable();
  call.given(Tensor::of({}, std::vector<bool>{call.random.chance(0.5)}), 0.2);
  const DataType type = call.random.chance(0.7) ? DataType::Float32 : DataType::Int64;
  call.set("then_branch", branch(call, type));
  call.set("else_branch", branch(call, type));
  call.node.outputs = {call.draft.fresh_name()};
}

/// The name of the state's next value: something of its type and sizes, or the state itself.
std::string next_state(Draft& body, const std::string& state) {
  const Tensor before = body.find(state).tensor();
  const auto found = made_value(body, [&](const Tensor& tensor) {
    return tensor.type() == before.type() && tensor.dims() == before.dims();
  });
  return found ? *found : passed_on(body, state);
}

void loop(Call& call) {
  if (call.draft.depth >= deepest) throw Unsuitable();
  const std::int64_t trips = call.random.below(4);
  call.given(Tensor::of({}, std::vector<std::int64_t>{trips}), 0.6);
  if (call.random.chance(0.5))
    call.given(Tensor::of({}, std::vector<bool>{true}), 0.5);
  else
    call.absent();
  const auto states = static_cast<std::size_t>(call.random.between(1, 2));
  std::vector<Tensor> initial;
  for (std::size_t i = 0; i < states; ++i) {
    Call state(call.draft, call.record);  // any tensor of a type of its own
    state.node.inputs = {"", ""};
    initial.push_back(state.any(0, 3));
    call.named(state.node.inputs.back());
  }
  Draft body(call.draft, call.draft.fresh_name() + "_");
  Graph graph;
  formal(body, graph, Tensor::scalar(std::int64_t{0}));
  const std::string go_on = formal(body, graph, Tensor::of({}, std::vector<bool>{true}));
  std::vector<std::string> names, outputs;
  for (const auto& tensor : initial) names.push_back(formal(body, graph, tensor));
  Tally tally;
  add_random_nodes(body, static_cast<int>(call.random.between(1, 4)), tally);
  for (const auto& name : names) outputs.push_back(next_state(body, name));
  outputs.insert(outputs.begin(), passed_on(body, go_on));
  const bool collects = call.random.chance(0.5) && trips > 0;
  if (collects) outputs.push_back(passed_on(body, outputs[1]));
  take_parts(graph, body, outputs);
  call.set("body", shared(std::move(graph)));
  for (std::size_t i = 1; i < outputs.size(); ++i) call.node.outputs.push_back(call.draft.fresh_name());
}

void scan(Call& call) {
  if (call.draft.depth >= deepest) throw Unsuitable();
  if (call.version() < 9) return from_example(call);
  const Tensor state = call.any(0, 2);
  Call scanned(call.draft, call.record);
  const Tensor sequence = scanned.any(1, 3);
  if (sequence.dims()[0] == 0) throw Unsuitable();
  call.named(scanned.node.inputs.back());
  Draft body(call.draft, call.draft.fresh_name() + "_");
  Graph graph;
  const std::string carried = formal(body, graph, state);
  const Dims slice(sequence.dims().begin() + 1, sequence.dims().end());
  const std::string element =
      formal(body, graph, random_tensor(call.random, sequence.type(), slice, call.draft.fill));
  Tally tally;
  add_random_nodes(body, static_cast<int>(call.random.between(1, 3)), tally);
  take_parts(graph, body, {next_state(body, carried), passed_on(body, element)});
  call.set("body", shared(std::move(graph)));
  call.set("num_scan_inputs", std::int64_t{1});
  if (call.random.chance(0.3)) call.set("scan_input_directions", std::vector<std::int64_t>{1});
  if (call.random.chance(0.3)) call.set("scan_output_directions", std::vector<std::int64_t>{1});
  call.node.outputs = {call.draft.fresh_name(), call.draft.fresh_name()};
}

/// Two or three tensors into a sequence, and one of them, or all, out of it again.
void sequence(Call& call) {
  const Tensor first = call.any(1, 3);
  for (std::int64_t more = call.random.below(3); more > 0; --more) call.sized(first.dims());
}

std::string some_sequence(Call& call) {
  std::vector<std::string> names;
  for (const auto& item : call.draft.items)
    if (item.datum.is_sequence() && !item.datum.sequence().empty()) names.push_back(item.name);
  if (names.empty()) throw Unsuitable();
  return call.random.pick(names);
}

void from_sequence(Call& call) {
  const std::string name = some_sequence(call);
  const auto size = static_cast<std::int64_t>(call.draft.find(name).datum.sequence().size());
  call.named(name);
  if (call.record.name == "SequenceAt") call.integers({call.random.between(-size, size - 1)}, Dims{});
  if (call.record.name == "SequenceErase" && call.random.chance(0.6))
    call.integers({call.random.between(-size, size - 1)}, Dims{});
  if (call.record.name == "ConcatFromSequence") {
    call.set("axis", std::int64_t{0});
    call.flag("new_axis");
  }
}

/// A tensor of the sequence's type at a place in it.
void insert(Call& call) {
  const std::string name = some_sequence(call);
  const Sequence& elements = call.draft.find(name).datum.sequence();
  if (!elements.front().is_tensor()) throw Unsuitable();
  const auto size = static_cast<std::int64_t>(elements.size());
  const Tensor like = elements.front().tensor();
  call.named(name);
  call.bind("T", like.type());
  call.given(random_tensor(call.random, like.type(), like.dims(), call.draft.fill));
  if (call.random.chance(0.6)) call.integers({call.random.between(-size, size)}, Dims{});
}

void from_optional(Call& call) {
  std::vector<std::string> names;
  for (const auto& item : call.draft.items)
    if (item.is_optional) names.push_back(item.name);
  if (names.empty() || call.random.chance(0.2)) return from_example(call);
  call.named(call.random.pick(names));
}

/// A few nodes for each element of a sequence.
void map_sequence(Call& call) {
  if (call.draft.depth >= deepest) throw Unsuitable();
  const std::string name = some_sequence(call);
  const Datum first = call.draft.find(name).datum.sequence().front();
  if (!first.is_tensor()) throw Unsuitable();
  call.named(name);
  Draft body(call.draft, call.draft.fresh_name() + "_");
  Graph graph;
  formal(body, graph, first);
  graph.inputs.back().type.shape.reset();
  Tally tally;
  add_random_nodes(body, static_cast<int>(call.random.between(1, 3)), tally);
  const auto made = made_value(body, [](const Tensor&) { return true; });
  if (!made) throw Unsuitable();
  take_parts(graph, body, {*made});
  call.set("body", shared(std::move(graph)));
  call.node.outputs = {call.draft.fresh_name()};
}

}  // namespace

RecipeList control_flow_recipes() {
  return {{"If", choice},
          {"Loop", loop},
          {"Scan", scan},
          {"OptionalHasElement", from_optional},
          {"OptionalGetElement", from_optional},
          {"SequenceMap", map_sequence},
          {"SequenceInsert", insert},
          {"SequenceConstruct", sequence},
          {"SequenceAt", from_sequence},
          {"SequenceLength", from_sequence},
          {"SequenceErase", from_sequence},
          {"ConcatFromSequence", from_sequence}};
}

}  // namespace lapidary::differential
