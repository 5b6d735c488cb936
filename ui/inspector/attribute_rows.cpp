#include "ui/inspector/attribute_rows.h"

#include <QCoreApplication>
#include <algorithm>

#include "engine/analysis/attribute_choices.h"
#include "engine/edit/attribute_json.h"
#include "engine/ops/operator_table.h"
#include "ui/document/element_edits.h"
#include "ui/document/format.h"

namespace lapidary::ui {

namespace {

QString tr(const char* source) { return QCoreApplication::translate("Description", source); }

/// A value that can be written in one line.
bool isPlain(AttributeType type) {
  switch (type) {
    case AttributeType::Float:
    case AttributeType::Int:
    case AttributeType::String:
    case AttributeType::Floats:
    case AttributeType::Ints:
    case AttributeType::Strings:
      return true;
    default:
      return false;
  }
}

/// What one node says of an attribute.
struct Said {
  AttributeType type = AttributeType::Undefined;
  AttributeValue value;    ///< its own, or the default; monostate if there is neither
  QString shown;           ///< the value for people
  bool isDefault = false;  ///< the node has none of its own
  bool isReference = false;
  QString help;
};

std::optional<Said> saidOf(const Document& document, const Node& node, const std::string& name) {
  const Operator* record = find_operator(*document.model(), node);
  const AttributeSpec* spec = record ? record->find_attribute(name) : nullptr;
  Said said;
  if (spec) said.help = text(spec->description);
  if (const Attribute* own = node.find_attribute(name)) {
    said.type = own->type();
    said.value = own->value;
    said.isReference = !own->reference.empty();
    said.shown =
        said.isReference ? tr("the function's %1").arg(text(own->reference)) : text(to_string(own->value));
  } else if (spec) {
    said.type = spec->type;
    said.value = spec->default_value;
    said.isDefault = true;
    said.shown = std::holds_alternative<std::monostate>(spec->default_value)
                     ? tr("not set")
                     : tr("%1 (default)").arg(text(to_string(spec->default_value)));
  } else {
    return std::nullopt;
  }
  return said;
}

QString editedText(const AttributeValue& value) {
  if (std::holds_alternative<std::monostate>(value)) return {};
  EditJson json = to_json(value);
  if (json.is_object()) json = json.at("value");
  return text(json.is_string() ? json.get<std::string>() : json.dump());
}

/// "1, 2" and "[1, 2]" are the same list.
EditJson jsonOf(const QString& typed, AttributeType type) {
  if (type == AttributeType::String) return typed.toStdString();
  QString written = typed.trimmed();
  const bool isList =
      type == AttributeType::Ints || type == AttributeType::Floats || type == AttributeType::Strings;
  if (isList && !written.startsWith(QLatin1Char('[')))
    written = QLatin1Char('[') + written + QLatin1Char(']');
  EditJson json = EditJson::parse(written.toStdString(), nullptr, false);
  if (json.is_discarded() && type == AttributeType::Float) json = written.toStdString();  // "Infinity"
  if (json.is_discarded())
    throw Error("'" + typed.toStdString() + "' is not " + (isList ? "a list such as [1, 2]" : "a number"));
  return json;
}

/// Reads, and holds against what the operator takes, the value for one of the nodes.
std::function<void(EditStep&, const QString&)> putAttribute(Node node, std::string name, AttributeType type) {
  return [node = std::move(node), name = std::move(name), type](EditStep& step, const QString& typed) {
    QString written = typed;
    const std::vector<std::string> choices = attribute_choices(node, name);
    if (type == AttributeType::Int && !choices.empty()) {  // an element type by its name
      const auto element = data_type_from(typed.trimmed().toStdString());
      if (element) written = QString::number(static_cast<int>(*element));
    }
    const EditJson json{{"type", name_of(type)}, {"value", jsonOf(written, type)}};
    Attribute attribute;
    attribute.name = name;
    attribute.value = attribute_from_json(json, type);
    if (const auto wrong = wrong_choice(node, attribute)) throw Error(*wrong);
    step.parameters["value"] = json;
  };
}

RowEdit editOf(const EditStep& onNodes, const Node& node, const std::string& name, const Said& said,
               bool isSame) {
  RowEdit edit{onNodes, tr("Set %1").arg(text(name)), isSame ? editedText(said.value) : QString(),
               putAttribute(node, name, said.type)};
  edit.step.parameters["name"] = name;
  for (const std::string& choice : attribute_choices(node, name)) edit.choices.append(text(choice));
  if (said.type == AttributeType::Int && !edit.choices.isEmpty() && isSame)
    if (const auto* number = std::get_if<std::int64_t>(&said.value);
        number && *number > 0 && *number < data_type_count)
      edit.now = text(name_of(static_cast<DataType>(*number)));
  edit.isFlag = said.type == AttributeType::Int && is_flag(name);
  return edit;
}

std::optional<DescriptionRow> rowFor(const Document& document, const std::vector<Element>& elements,
                                     const EditStep& onNodes, const std::string& name) {
  std::vector<Said> all;
  for (const Element& element : elements) {
    auto said = saidOf(document, *document.nodeOf(element), name);
    if (!said || (!all.empty() && said->type != all.front().type)) return std::nullopt;
    all.push_back(std::move(*said));
  }
  const Said& first = all.front();
  const bool isSame =
      std::all_of(all.begin(), all.end(), [&](const Said& said) { return said.shown == first.shown; });
  const bool isDefault = std::all_of(all.begin(), all.end(), [](const Said& said) { return said.isDefault; });
  const bool isReference =
      std::any_of(all.begin(), all.end(), [](const Said& said) { return said.isReference; });
  DescriptionRow made{text(name), isSame ? first.shown : tr("several values"), isDefault || !isSame, {}, {}};
  made.tip = made.value + QLatin1Char('\n') + first.help;
  if (isReference || !isPlain(first.type)) return made;
  made.edit = editOf(onNodes, *document.nodeOf(elements.front()), name, first, isSame);
  if (isSame && !made.edit->choices.isEmpty() && first.type == AttributeType::Int &&
      !made.edit->now.isEmpty())
    made.value = tr("%1 · %2").arg(made.edit->now, made.value);
  if (!isDefault) {
    made.edit->reset = made.edit->step;
    made.edit->reset->edit = "remove_attribute";
    made.edit->resetTitle = tr("Reset to Default");
  }
  return made;
}

}  // namespace

DescriptionSection attribute_section(const Document& document, const std::vector<Element>& nodes) {
  DescriptionSection section{tr("Attributes"), {}, {}};
  const Node& first = *document.nodeOf(nodes.front());
  std::vector<std::string> names;
  for (const Attribute& attribute : first.attributes) names.push_back(attribute.name);
  if (const Operator* record = find_operator(*document.model(), first))
    for (const AttributeSpec& spec : record->attributes)
      if (!first.find_attribute(spec.name)) names.push_back(spec.name);
  EditStep onNodes{"set_attribute"};
  onNodes.parameters["nodes"] = addresses_of(document, nodes);
  add_graph(onNodes, document, nodes.front());
  for (const std::string& name : names)
    if (auto row = rowFor(document, nodes, onNodes, name)) section.rows.push_back(std::move(*row));
  return section;
}

}  // namespace lapidary::ui
