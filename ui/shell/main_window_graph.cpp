// How operators and edges come into the graph by choosing from lists.
#include <QMenu>
#include <set>

#include "ui/canvas/canvas.h"
#include "ui/document/connecting.h"
#include "ui/document/element_edits.h"
#include "ui/document/format.h"
#include "ui/document/value_menu.h"
#include "ui/shell/commands.h"
#include "ui/shell/document_page.h"
#include "ui/shell/list_palette.h"
#include "ui/shell/main_window.h"
#include "ui/shell/operator_palette.h"

namespace lapidary::ui {

namespace {

QString typeIn(const Document& document, const Graph* graph, const std::string& tensor) {
  if (tensor.empty()) return MainWindow::tr("nothing yet");
  const Type* type = document.types() ? &document.types()->type_in(graph, tensor) : nullptr;
  return type && type->is_known() ? text(to_string(*type)) : QString();
}

/// All tensors that the node sees, graph by graph from its own outwards: what nodes before it make, the
/// nearest first, then what others make, inputs, and weights.
std::vector<Port> tensorsSeenFrom(const Document& document, const Element& node) {
  std::vector<Port> ports;
  auto reader = static_cast<std::size_t>(node.index);
  for (const Graph* graph = node.graph;;) {
    const Graph& own = graph ? *graph : *document.model()->graph;
    const auto add = [&](const std::string& name) {
      if (!name.empty()) ports.push_back({Element::named(name, graph), false, 0, text(name), name});
    };
    for (std::size_t i = reader; i-- > 0;)
      for (const std::string& output : own.nodes[i]->outputs) add(output);
    for (std::size_t i = reader + 1; i < own.nodes.size(); ++i)
      for (const std::string& output : own.nodes[i]->outputs) add(output);
    std::set<std::string_view> weights;
    for (const auto& weight : own.initializers) weights.insert(weight->name);
    for (const Value& input : own.inputs)
      if (!weights.contains(input.name)) add(input.name);
    for (const auto& weight : own.initializers) add(weight->name);
    const NestedGraph* place = document.nested() ? document.nested()->find(graph) : nullptr;
    if (!place) return ports;
    graph = place->around;
    reader = static_cast<std::size_t>(place->node);
  }
}

}  // namespace

void MainWindow::addGraphCommands(QMenu* menu) {
  addCanvasCommand(menu, tr("Add Operator…"), Qt::CTRL | Qt::SHIFT | Qt::Key_I, &Canvas::wantOperator);
  commands_->add(menu, tr("Connect Input to…"), Qt::CTRL | Qt::Key_L, [this] { connectInput(); });
  QMenu* tensor = menu->addMenu(tr("Tensor"));
  connect(tensor, &QMenu::aboutToShow, this, [this, tensor] {
    tensor->clear();
    if (const Element* current = shown_ ? shown_->selection()->current() : nullptr)
      add_value_entries(*tensor, *shown_, *current);
  });
  commands_->add(menu, tr("Make Batch Dynamic"), {}, [this] {
    if (shown_ && shown_->canEdit()) free_batch(*shown_);
  });
  addCanvasCommand(menu, tr("Select All of This Type"), Qt::CTRL | Qt::SHIFT | Qt::Key_A,
                   &Canvas::selectAlike);
  addCanvasCommand(menu, tr("Select All Found"), Qt::CTRL | Qt::SHIFT | Qt::Key_F, &Canvas::selectFound);
}

void MainWindow::addOperator(QPointF place, const std::optional<Port>& port) {
  if (!shown_ || !shown_->canEdit()) return;
  const auto connecting = port ? std::make_shared<Connecting>(*shown_, *port) : nullptr;
  const auto add = [this, canvas = page()->canvas(), place, connecting,
                    model = shown_->model()](const Operator& chosen) {
    if (!shown_ || page()->canvas() != canvas || (connecting && shown_->model() != model)) return;
    AddingPlace where = canvas->addingPlaceAt(place);
    // What is connected lies in the graph of what it is connected with.
    if (connecting && where.graph != connecting->port().element.graph)
      where = {connecting->port().element.graph, 0};
    const EditJson connections = connecting ? connecting->connections(chosen) : EditJson::object();
    const std::string name = add_operator(*shown_, where, chosen.name, chosen.domain, connections);
    if (!name.empty()) canvas->expectNodeAt(place, name);
  };
  if (!connecting) return operators_->open(*shown_->model(), add);
  operators_->open(*shown_->model(), add,
                   [connecting](const Operator& one) { return connecting->fits(one); });
}

void MainWindow::connectInput() {
  const Element* current = shown_ && shown_->canEdit() ? shown_->selection()->current() : nullptr;
  const std::vector<Port> inputs = current ? input_ports(*shown_, *current) : std::vector<Port>{};
  if (inputs.empty()) return;
  if (inputs.size() == 1) return chooseTensor(inputs.front());
  ListPalette::Choices choices;
  choices.question = tr("Which input of %1?").arg(shown_->nameOf(*current));
  for (const Port& input : inputs)
    choices.names.push_back(input.tensor.empty() ? input.name
                                                 : tr("%1 ← %2").arg(input.name, text(input.tensor)));
  choices.detail = [this, inputs](std::size_t i) {
    return typeIn(*shown_, inputs[i].element.graph, inputs[i].tensor);
  };
  choices.chosen = [this, inputs](std::size_t i) { chooseTensor(inputs[i]); };
  list_->open(std::move(choices));
}

void MainWindow::chooseTensor(const Port& input) {
  const auto tensors = std::make_shared<std::vector<Port>>(tensorsSeenFrom(*shown_, input.element));
  const auto connecting = std::make_shared<Connecting>(*shown_, input);
  ListPalette::Choices choices;
  choices.question = tr("What shall %1 of %2 read?").arg(input.name, shown_->nameOf(input.element));
  for (const Port& tensor : *tensors) choices.names.push_back(tensor.name);
  const auto isStale = [this, document = shown_, model = shown_->model()] {
    return shown_ != document || shown_->model() != model;
  };
  choices.detail = [this, tensors, isStale](std::size_t i) {
    return isStale() ? QString() : typeIn(*shown_, (*tensors)[i].element.graph, (*tensors)[i].tensor);
  };
  choices.refusal = [tensors, connecting, isStale](std::size_t i) {
    return isStale() ? tr("The model has changed") : connecting->refusal((*tensors)[i]);
  };
  choices.chosen = [this, tensors, connecting, isStale](std::size_t i) {
    if (!isStale()) connecting->connect(*shown_, (*tensors)[i]);
  };
  list_->open(std::move(choices));
}

}  // namespace lapidary::ui
