#include "ui/document/connecting.h"

#include <algorithm>

#include "engine/edit/connections.h"
#include "engine/ops/operator_table.h"
#include "ui/document/element_edits.h"
#include "ui/document/format.h"

namespace lapidary::ui {

namespace {

const Graph& graphOf(const Document& document, const Graph* graph) {
  return graph ? *graph : *document.model()->graph;
}

}  // namespace

std::vector<Port> input_ports(const Document& document, const Element& element) {
  std::vector<Port> ports;
  const Node* node = document.nodeOf(element);
  if (!node) return ports;
  for (const std::string& name : input_names(*document.model(), *node)) {
    const std::size_t slot = ports.size();
    ports.push_back({element, true, static_cast<int>(slot), text(name),
                     slot < node->inputs.size() ? node->inputs[slot] : std::string()});
  }
  return ports;
}

std::vector<Port> output_ports(const Document& document, const Element& element) {
  std::vector<Port> ports;
  if (element.kind == Element::Kind::Value) return {{element, false, 0, text(element.value), element.value}};
  const Node* node = document.nodeOf(element);
  if (!node) return ports;
  const Operator* record = find_operator(*document.model(), *node);
  for (std::size_t slot = 0; slot < node->outputs.size(); ++slot)
    if (!node->outputs[slot].empty())
      ports.push_back({element, false, static_cast<int>(slot),
                       text(parameter_name(record ? record->outputs : std::vector<Parameter>{}, slot)),
                       node->outputs[slot]});
  return ports;
}

Connecting::Connecting(const Document& document, Port port) : document_(document), port_(std::move(port)) {}

/// Whether `maker` depends on `reader`, or is it; both are nodes of `graph`.
bool Connecting::isBehind(const Graph* graph, int reader, int maker) const {
  const auto from = static_cast<std::size_t>(port_.isInput ? reader : maker);
  const auto [place, isNew] = reach_.try_emplace(graph);
  if (isNew)
    place->second = port_.isInput ? nodes_behind(graphOf(document_, graph), from)
                                  : nodes_ahead(graphOf(document_, graph), from);
  return place->second[static_cast<std::size_t>(port_.isInput ? maker : reader)];
}

QString Connecting::cycleRefusal(const Port& input, const Port& tensor) const {
  const Graph* graph = input.element.graph;
  int reader = input.element.index;
  // Bodies see what the graphs around them make; functions see nothing of where they are called.
  while (graph != tensor.element.graph) {
    const NestedGraph* place = document_.nested() ? document_.nested()->find(graph) : nullptr;
    if (!place)
      return Document::tr("%1 lies in another graph and is not seen from here").arg(text(tensor.tensor));
    const Node& around = *graphOf(document_, place->around).nodes[static_cast<std::size_t>(place->node)];
    if (document_.model()->find_function(around))
      return Document::tr("A function sees only its own inputs, not %1").arg(text(tensor.tensor));
    graph = place->around;
    reader = place->node;
  }
  const int maker = document_.producerOf(Element::named(tensor.tensor, graph));
  if (maker < 0 || !isBehind(graph, reader, maker)) return {};
  return Document::tr("A cycle: %1 is made from what %2 computes")
      .arg(text(tensor.tensor), document_.nameOf(input.element));
}

QString Connecting::refusal(const Port& other) const {
  if (other.isInput == port_.isInput)
    return other.isInput ? Document::tr("Two inputs: one end must be a tensor")
                         : Document::tr("Two tensors: one end must be an input");
  const Port& input = port_.isInput ? port_ : other;
  const Port& tensor = port_.isInput ? other : port_;
  const Node* node = document_.nodeOf(input.element);
  if (!node || !document_.types()) return Document::tr("The graph is not ready yet");
  if (input.tensor == tensor.tensor) return Document::tr("Connected already");
  if (const QString cycle = cycleRefusal(input, tensor); !cycle.isEmpty()) return cycle;
  const auto mismatch = type_refusal(*document_.model(), *document_.types(), input.element.graph, *node,
                                     static_cast<std::size_t>(input.slot),
                                     document_.types()->type_in(tensor.element.graph, tensor.tensor));
  return mismatch ? text(*mismatch) : QString();
}

bool Connecting::connect(Document& document, const Port& other) const {
  const Port& input = port_.isInput ? port_ : other;
  const Port& tensor = port_.isInput ? other : port_;
  EditStep step{"reconnect_input"};
  step.parameters["node"] = addresses_of(document, {input.element}).front();
  step.parameters["input"] = input.slot;
  step.parameters["tensor"] = tensor.tensor;
  add_graph(step, document, input.element);
  return document.edit(step,
                       Document::tr("Connect %1 of %2").arg(input.name, document.nameOf(input.element)));
}

bool Connecting::fits(const Operator& record) const {
  if (!document_.types()) return false;
  const Graph* graph = port_.element.graph;
  if (!port_.isInput)
    return fitting_input(record, document_.types()->type_in(graph, port_.tensor)).has_value();
  const Node* node = document_.nodeOf(port_.element);
  if (!node) return false;
  if (!taken_)
    taken_ = types_taken(*document_.model(), *document_.types(), graph, *node,
                         static_cast<std::size_t>(port_.slot));
  return *taken_ ? can_make(record, **taken_) : !record.outputs.empty();
}

EditJson Connecting::connections(const Operator& record) const {
  if (port_.isInput)
    return {{"node", addresses_of(document_, {port_.element}).front()}, {"input", port_.slot}};
  const Type& type = document_.types()->type_in(port_.element.graph, port_.tensor);
  std::vector<std::string> inputs(fitting_input(record, type).value_or(0) + 1);
  inputs.back() = port_.tensor;
  return {{"inputs", inputs}};
}

}  // namespace lapidary::ui
