#include "ui/inspector/description.h"

#include <QCoreApplication>
#include <algorithm>
#include <map>

#include "engine/analysis/source_line.h"
#include "engine/edit/connections.h"
#include "engine/edit/names.h"
#include "engine/ops/operator_table.h"
#include "ui/document/element_edits.h"
#include "ui/document/format.h"
#include "ui/inspector/attribute_rows.h"
#include "ui/inspector/node_documentation.h"
#include "ui/inspector/notes.h"

namespace lapidary::ui {

namespace {

constexpr std::size_t mostRows = 64;  ///< a section with more says how many there are

QString tr(const char* source) { return QCoreApplication::translate("Description", source); }

DescriptionRow row(const QString& caption, const QString& value) {
  return {caption, value, false, {}, {}, -1};
}

void add(std::vector<DescriptionSection>& sections, DescriptionSection section) {
  if (section.rows.size() > mostRows) {
    const auto hidden = section.rows.size() - mostRows;
    section.rows.resize(mostRows);
    section.rows.push_back({tr("%1 more").arg(hidden), {}, true, {}, {}, -1});
  }
  if (!section.rows.empty() || !section.text.isEmpty()) sections.push_back(std::move(section));
}

void add(Description& description, DescriptionSection section) {
  add(description.sections, std::move(section));
}

QString typeText(const Type& type) { return type.is_known() ? text(to_string(type)) : tr("unknown"); }

const Type& typeOf(const Document& document, const Graph* graph, const std::string& value) {
  static const Type unknown;
  return document.types() ? document.types()->type_in(graph, value) : unknown;
}

DescriptionRow valueRow(const Document& document, const Graph* graph, const QString& caption,
                        const std::string& value) {
  DescriptionRow made = row(caption, typeText(typeOf(document, graph, value)));
  made.link = Element::named(value, graph);
  made.tip = text(value);
  return made;
}

/// The data of that name which the document can show: a constant, or an input or output of the last run.
Datum dataOf(const Document& document, const Graph* graph, const std::string& value) {
  if (document.types())
    if (const Tensor* constant = document.types()->constant_in(graph, value)) return *constant;
  if (!graph)
    if (const NamedTensor* initializer = document.index()->initializer(value)) return initializer->tensor;
  if (document.result() && !graph)
    for (const NamedData* data : {&document.result()->outputs, &document.result()->inputs})
      for (const auto& [name, datum] : *data)
        if (name == value) return datum;
  return {};
}

void addNumbers(Description& description, const Document& document, const Graph* graph,
                const std::string& value) {
  Datum datum = dataOf(document, graph, value);
  if (datum.is_tensor() && datum.tensor().size() > 0)
    description.numbers.emplace_back(value, std::move(datum));
}

// --- nodes ---

DescriptionSection values(const Document& document, const Graph* graph, const QString& title,
                          const std::vector<std::string>& names, const std::vector<Parameter>& parameters) {
  DescriptionSection section{title, {}, {}};
  for (std::size_t i = 0; i < names.size(); ++i)
    if (!names[i].empty())
      section.rows.push_back(valueRow(document, graph, text(parameter_name(parameters, i)), names[i]));
  return section;
}

/// The operator, which can be changed for all of the nodes at once.
DescriptionRow operatorRow(const Document& document, const std::vector<Element>& nodes) {
  const auto nameOf = [&](const Element& element) {
    const Node& node = *document.nodeOf(element);
    return text(node.domain.empty() ? node.op_type : node.domain + "." + node.op_type);
  };
  const QString name = nameOf(nodes.front());
  const bool isSame =
      std::all_of(nodes.begin(), nodes.end(), [&](const Element& node) { return nameOf(node) == name; });
  DescriptionRow made{tr("operator"), isSame ? name : tr("several values"), !isSame, {}, {}};
  made.edit = RowEdit{
      {"set_operator"}, tr("Set Operator"), isSame ? name : QString(), put_operator(document.model())};
  made.edit->step.parameters["nodes"] = addresses_of(document, nodes);
  add_graph(made.edit->step, document, nodes.front());
  return made;
}

/// Where the node comes from, and what it stands in.
DescriptionSection origin(const Document& document, const Element& element, const Node& node) {
  DescriptionSection section{tr("What it is"), {operatorRow(document, {element})}, {}};
  if (const std::optional<SourceLine> source = source_line(node)) {
    const QString file = text(source->file);
    DescriptionRow made =
        row(tr("source"), QStringLiteral("%1:%2").arg(file.section(QLatin1Char('/'), -1)).arg(source->line));
    made.tip = tr("%1:%2 in %3").arg(file).arg(source->line).arg(text(source->function)) + QLatin1Char('\n') +
               text(source->code);
    section.rows.push_back(std::move(made));
  }
  if (const NestedGraph* place = element.graph ? document.nested()->find(element.graph) : nullptr) {
    const Element around = Element::node(place->node, place->around);
    section.rows.push_back(row(tr("inside"), document.nameOf(around)));
    section.rows.back().link = around;
    section.rows.back().tip = section.rows.back().value;
  }
  return section;
}

/// The parameters that a function's call gives names to.
std::vector<Parameter> parameters(const std::vector<std::string>& names) {
  std::vector<Parameter> made(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) made[i].name = names[i];
  return made;
}

DescriptionSection timeSection(const Document& document, const OperatorTime& time) {
  const auto runs = static_cast<int>(document.result()->trace.runs.size());
  DescriptionSection section{tr("Time"), {}, {}};
  section.rows.push_back(
      row(tr("median of %1").arg(runs), millisecondsWithSpread(time.total_ms, time.deviation_ms)));
  section.rows.push_back(row(tr("share"), percent(time.share)));
  section.rows.back().bar = time.share;
  if (time.gflops > 0) section.rows.push_back(row(tr("rate"), flopsPerSecond(time.gflops)));
  if (!time.bound.empty()) section.rows.push_back(row(tr("bound by"), text(time.bound)));
  if (!time.implementation.empty()) section.rows.push_back(row(tr("runs as"), text(time.implementation)));
  if (time.nodes.size() > 1) section.rows.push_back(row(tr("fused into"), text(time.op)));
  section.text = text(time.note);
  return section;
}

DescriptionSection costSection(const NodeCost& cost) {
  DescriptionSection section{tr("Cost"), {}, {}};
  if (cost.arithmetic && cost.arithmetic->flops > 0) {
    section.rows.push_back(row(tr("arithmetic"), flops(cost.arithmetic->flops)));
    if (cost.arithmetic->macs > 0)
      section.rows.push_back(row(tr("multiply-adds"), count(cost.arithmetic->macs)));
  }
  if (cost.bytes_read) section.rows.push_back(row(tr("reads"), bytes(static_cast<double>(*cost.bytes_read))));
  if (cost.bytes_written)
    section.rows.push_back(row(tr("writes"), bytes(static_cast<double>(*cost.bytes_written))));
  return section;
}

RowEdit renaming(const Document& document, const Element& element, const char* edit, const char* parameter,
                 EditJson what, const QString& now) {
  RowEdit made{{edit}, tr("Rename %1").arg(document.nameOf(element)), now, put_text("to")};
  made.step.parameters[parameter] = std::move(what);
  add_graph(made.step, document, element);
  return made;
}

Description describeNode(const Document& document, const Element& element) {
  const Node& node = *document.nodeOf(element);
  const Operator* record = find_operator(*document.model(), node);
  const Function* function = document.model()->find_function(node);
  Description description;
  description.badge = text(node.op_type);
  description.kind = kind_of(node.domain, node.op_type);
  description.title = text(node.label());
  description.titleEdit = renaming(document, element, "rename_node", "node",
                                   addresses_of(document, {element}).front(), text(node.name));
  const QString domain = node.domain.empty() ? QStringLiteral("ai.onnx") : text(node.domain);
  description.subtitle = function ? tr("model-local function of %1").arg(domain)
                         : record ? tr("%1, since version %2").arg(domain).arg(record->since_version)
                                  : tr("%1, unknown operator").arg(domain);
  add(description, origin(document, element, node));
  add(description, attribute_section(document, {element}));
  const auto named = [&](const std::vector<Parameter> Operator::*ofRecord,
                         const std::vector<std::string> Function::*ofFunction) {
    return function ? parameters(function->*ofFunction)
           : record ? record->*ofRecord
                    : std::vector<Parameter>{};
  };
  add(description, values(document, element.graph, tr("Inputs"), node.inputs,
                          named(&Operator::inputs, &Function::inputs)));
  add(description, values(document, element.graph, tr("Outputs"), node.outputs,
                          named(&Operator::outputs, &Function::outputs)));
  if (const OperatorTime* time = document.timeOf(element)) add(description, timeSection(document, *time));
  if (const std::optional<NodeCost> cost = document.costOf(element)) add(description, costSection(*cost));
  description.documentation = documentation_of(record, function);
  add_notes(description, document, element, node.doc_string, node.metadata);
  for (const std::string& input : node.inputs)
    if (!input.empty()) addNumbers(description, document, element.graph, input);
  for (const std::string& output : node.outputs)
    if (!output.empty()) addNumbers(description, document, element.graph, output);
  return description;
}

// --- values, groups, the model ---

/// Who makes and who reads the value, each a link.
DescriptionSection connections(const Document& document, const Element& value) {
  DescriptionSection section{tr("Connections"), {}, {}};
  const auto addNode = [&](const QString& caption, int node) {
    const Element element = Element::node(node, value.graph);
    DescriptionRow made = row(caption, document.nameOf(element));
    made.link = element;
    made.tip = made.value;
    section.rows.push_back(std::move(made));
  };
  if (const int producer = document.producerOf(value); producer >= 0) addNode(tr("made by"), producer);
  for (const int reader : document.readersOf(value)) addNode(tr("read by"), reader);
  return section;
}

bool isNumber(DataType type) { return is_floating(type) || is_integer(type) || type == DataType::Bool; }

/// A weight's type is that of its data, which are cast; nothing for strings and complex numbers.
std::optional<RowEdit> casting(const std::string& weight, DataType now) {
  if (!isNumber(now)) return std::nullopt;
  RowEdit edit{{"cast_weight"}, tr("Cast %1").arg(text(weight)), text(name_of(now)), put_text("type")};
  for (int i = 1; i < data_type_count; ++i)
    if (const auto type = static_cast<DataType>(i); isNumber(type)) edit.choices.append(text(name_of(type)));
  return edit;
}

/// The declared type, which can be changed.
DescriptionRow typeRow(const Document& document, const Element& element, const Type& type) {
  DescriptionRow made = row(tr("type"), typed_type(type));
  if (!type.is_known()) made = {tr("type"), tr("unknown"), true, {}, {}};
  const Graph& graph = element.graph ? *element.graph : *document.model()->graph;
  if (initializer_of(graph, element.value) && !is_input(graph, element.value))
    made.edit = casting(element.value, type.element);
  else
    made.edit = RowEdit{
        {"set_type"}, tr("Set Type of %1").arg(text(element.value)), typed_type(type), put_type("type")};
  if (!made.edit) return made;
  made.edit->step.parameters["tensor"] = element.value;
  add_graph(made.edit->step, document, element);
  return made;
}

Description describeValue(const Document& document, const Element& element) {
  Description description;
  description.badge = tr("value");
  description.title = text(element.value);
  description.titleEdit =
      renaming(document, element, "rename_tensor", "tensor", element.value, text(element.value));
  const Type& type = typeOf(document, element.graph, element.value);
  description.subtitle = typeText(type);
  const GraphIndex& index = *document.index();
  DescriptionSection what{tr("What it is"), {}, {}};
  what.rows.push_back(typeRow(document, element, type));
  if (type.shape) {
    what.rows.push_back(row(tr("shape"), pythonTuple(*type.shape)));
    if (const auto dims = constant_dims(*type.shape); dims && bits_of(type.element) > 0)
      what.rows.push_back(
          row(tr("size"), bytes(static_cast<double>(bytes_for(type.element, element_count(*dims))))));
  }
  if (!element.graph) {
    if (const NamedTensor* initializer = index.initializer(element.value)) {
      what.rows.push_back(row(tr("kind"), tr("initializer")));
      for (const auto& [key, value] : initializer->external_data)
        what.rows.push_back(row(text(key), text(value)));
    } else if (index.is_input(element.value)) {
      what.rows.push_back(row(tr("kind"), tr("input of the model")));
    }
    if (index.is_output(element.value)) what.rows.push_back(row(tr("kind"), tr("output of the model")));
  }
  add(description, std::move(what));
  add(description, connections(document, element));
  addNumbers(description, document, element.graph, element.value);
  return description;
}

Description describeGroup(const Document& document, const Element& element) {
  const Hierarchy& hierarchy = *document.hierarchy();
  const Group& group = hierarchy.groups[static_cast<std::size_t>(element.index)];
  Description description;
  description.badge = tr("group");
  description.title = text(group.path);
  description.subtitle = text(group.class_name);
  DescriptionSection what{tr("What it is"), {}, {}};
  what.rows.push_back(row(tr("operators"), QString::number(group.node_count)));
  const auto alike = std::count_if(hierarchy.groups.begin(), hierarchy.groups.end(), [&](const Group& other) {
    return group.structure >= 0 && other.structure == group.structure;
  });
  if (alike > 1) what.rows.push_back(row(tr("groups of this structure"), QString::number(alike)));
  const std::vector<int> nodes = document.nodesOf(element);
  if (document.cost()) {
    double arithmetic = 0;
    for (const int node : nodes)
      if (const auto& cost = document.cost()->nodes[static_cast<std::size_t>(node)].arithmetic)
        arithmetic += cost->flops;
    if (arithmetic > 0) what.rows.push_back(row(tr("arithmetic"), flops(arithmetic)));
  }
  add(description, std::move(what));
  if (document.heat()->hasValues() && document.heat()->total() > 0) {
    double time = 0;
    for (const int node : nodes) time += document.heat()->valueAt(node);
    DescriptionSection section{tr("Time"), {row(tr("sum of medians"), milliseconds(time))}, {}};
    section.rows.push_back(row(tr("share"), percent(time / document.heat()->total())));
    section.rows.back().bar = time / document.heat()->total();
    add(description, std::move(section));
  }
  std::map<std::string, int> types;
  for (const int node : nodes)
    ++types[document.model()->graph->nodes[static_cast<std::size_t>(node)]->op_type];
  DescriptionSection operators{tr("Operators"), {}, {}};
  for (const auto& [type, uses] : types) operators.rows.push_back(row(text(type), QString::number(uses)));
  std::stable_sort(operators.rows.begin(), operators.rows.end(),
                   [](const auto& a, const auto& b) { return a.value.toInt() > b.value.toInt(); });
  add(description, std::move(operators));
  return description;
}

DescriptionSection fileSection(const Document& document) {
  const LoadedModel& loaded = document.loaded();
  const Model& model = *document.model();
  DescriptionSection section{tr("What it is"), {}, {}};
  section.rows.push_back(row(tr("format"), text(name_of(loaded.format))));
  section.rows.push_back(row(tr("file"), bytes(static_cast<double>(loaded.file_bytes))));
  section.rows.push_back(row(tr("IR version"), QString::number(model.ir_version)));
  for (const OpsetImport& opset : model.opset_imports)
    section.rows.push_back(
        row(tr("opset %1").arg(opset.domain.empty() ? QStringLiteral("ai.onnx") : text(opset.domain)),
            QString::number(opset.version)));
  section.rows.push_back(row(tr("operators"), QString::number(model.graph->nodes.size())));
  if (!model.functions.empty())
    section.rows.push_back(row(tr("functions"), QString::number(model.functions.size())));
  return section;
}

DescriptionSection modelCostSection(const ModelCost& cost) {
  DescriptionSection section{tr("Cost of one run"), {}, {}};
  section.rows.push_back(row(tr("parameters"), count(static_cast<double>(cost.parameters))));
  section.rows.push_back(row(tr("weights"), bytes(static_cast<double>(cost.parameter_bytes))));
  section.rows.push_back(row(tr("arithmetic"), flops(cost.flops)));
  section.rows.push_back(
      row(tr("peak of activations"), bytes(static_cast<double>(cost.activation_peak_bytes))));
  if (cost.unknown_nodes > 0)
    section.rows.push_back(row(tr("operators of unknown cost"), QString::number(cost.unknown_nodes)));
  return section;
}

DescriptionSection runSection(const RunResult& result) {
  DescriptionSection section{tr("Time"), {}, {}};
  const TraceSummary& summary = result.summary;
  section.rows.push_back(row(tr("median of %1").arg(result.trace.runs.size()),
                             millisecondsWithSpread(summary.total_ms, summary.deviation_ms)));
  section.rows.push_back(
      row(tr("compile"), milliseconds(static_cast<double>(result.trace.compile_ns) / 1e6)));
  section.rows.push_back(row(tr("operators cover"), percent(summary.coverage)));
  section.rows.push_back(row(tr("backend"), text(result.trace.backend)));
  return section;
}

Description describeModel(const Document& document) {
  Description description;
  description.badge = tr("model");
  description.title = document.title();
  const Model& model = *document.model();
  description.subtitle = text(model.producer_name + " " + model.producer_version).trimmed();
  add(description, fileSection(document));
  const auto ends = [&](const QString& title, const std::vector<Value>& named) {
    DescriptionSection section{title, {}, {}};
    for (const Value& value : named) {
      if (document.index()->initializer(value.name)) continue;
      section.rows.push_back(valueRow(document, nullptr, shortened(text(value.name), 24), value.name));
    }
    add(description, std::move(section));
  };
  ends(tr("Inputs"), model.graph->inputs);
  ends(tr("Outputs"), model.graph->outputs);
  if (document.result()) add(description, runSection(*document.result()));
  if (document.cost()) add(description, modelCostSection(*document.cost()));
  for (const std::string& warning : document.loaded().warnings)
    add(description, {tr("Warning"), {}, text(warning)});
  add_notes(description, document, std::nullopt, model.doc_string, model.metadata);
  add(description.documentation, {tr("Note on the graph"), {}, text(model.graph->doc_string)});
  return description;
}

/// Several nodes of one graph: what they are, and their attributes to be changed on all of them.
Description describeNodes(const Document& document, const std::vector<Element>& nodes) {
  Description description;
  std::map<std::string, int> types;
  for (const Element& element : nodes) ++types[document.nodeOf(element)->op_type];
  description.badge = types.size() == 1 ? text(types.begin()->first) : tr("several");
  const Node& first = *document.nodeOf(nodes.front());
  if (types.size() == 1) description.kind = kind_of(first.domain, first.op_type);
  description.title = tr("%1 nodes").arg(nodes.size());
  add(description, {tr("What it is"), {operatorRow(document, nodes)}, {}});
  if (types.size() > 1) {
    DescriptionSection operators{tr("Operators"), {}, {}};
    for (const auto& [type, uses] : types) operators.rows.push_back(row(text(type), QString::number(uses)));
    add(description, std::move(operators));
  }
  add(description, attribute_section(document, nodes));
  return description;
}

}  // namespace

Description describe_selection(const Document& document) {
  const Element* current = document.selection()->current();
  const auto& elements = document.selection()->elements();
  const bool areNodes = std::all_of(elements.begin(), elements.end(), [&](const Element& element) {
    return element.graph == current->graph && document.nodeOf(element);
  });
  return elements.size() > 1 && areNodes ? describeNodes(document, elements) : describe(document, current);
}

Description describe(const Document& document, const Element* element) {
  if (!document.model()) return {};
  if (!element) return describeModel(document);
  switch (element->kind) {
    case Element::Kind::Node:
      return document.nodeOf(*element) ? describeNode(document, *element) : Description{};
    case Element::Kind::Value:
      return describeValue(document, *element);
    case Element::Kind::Group:
      return element->index == 0 ? describeModel(document) : describeGroup(document, *element);
  }
  return {};
}

QString to_text(const Description& description) {
  QString lines;
  if (!description.title.isEmpty())
    lines = description.badge + QLatin1Char('\t') + description.title + QLatin1Char('\n');
  for (const auto* sections : {&description.sections, &description.documentation})
    for (const DescriptionSection& section : *sections) {
      lines += section.title + QLatin1Char('\n');
      for (const DescriptionRow& line : section.rows)
        lines += line.caption + QLatin1Char('\t') + line.value + QLatin1Char('\n');
      if (!section.text.isEmpty()) lines += section.text + QLatin1Char('\n');
    }
  return lines;
}

}  // namespace lapidary::ui
