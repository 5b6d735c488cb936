#include "engine/documentation/operator_documentation.h"

#include <algorithm>

#include "engine/documentation/example_run.h"
#include "engine/documentation/operator_changes.h"
#include "engine/ops/operator_table.h"

namespace lapidary {
namespace {

std::string parameter_note(const Operator& record, const Parameter& parameter) {
  std::string note = record.find_constraint(parameter.type) ? parameter.type : short_type(parameter.type);
  if (parameter.arity == Arity::Optional) note += ", optional";
  if (parameter.arity == Arity::Variadic)
    note += ", " + std::to_string(parameter.minimum) + " or more" +
            (parameter.homogeneous ? "" : ", of types that may differ");
  return note;
}

DocumentationSection parameter_section(std::string title, const Operator& record,
                                       const std::vector<Parameter>& parameters) {
  DocumentationSection section{std::move(title), {}};
  for (const auto& parameter : parameters)
    section.rows.push_back({parameter.name, parameter_note(record, parameter), parameter.description});
  return section;
}

DocumentationSection attribute_section(const Operator& record) {
  DocumentationSection section{"Attributes", {}};
  for (const auto& attribute : record.attributes) {
    std::string note(name_of(attribute.type));
    if (attribute.required)
      note += ", required";
    else if (attribute.default_value.index() == 0)
      note += ", optional";
    else
      note += ", default " + to_string(attribute.default_value);
    section.rows.push_back({attribute.name, std::move(note), attribute.description});
  }
  return section;
}

DocumentationSection type_section(const Operator& record) {
  DocumentationSection section{"Types", {}};
  for (const auto& constraint : record.constraints)
    section.rows.push_back({constraint.name, "", short_types(constraint.types)});
  return section;
}

DocumentationSection version_section(const Operator& record) {
  DocumentationSection section{"Versions", {}};
  for (const auto& [version, changes] : version_history(record)) {
    std::string text;
    for (const auto& change : changes) text += (text.empty() ? "" : "; ") + change;
    if (version == version_history(record).front().since_version) text = "the first";
    section.rows.insert(section.rows.begin(), {std::to_string(version), "",
                                               text.empty() ? "the same, described more clearly" : text});
  }
  return section;
}

DocumentationSection example_section(const Operator& record) {
  DocumentationSection section{"Example", {}};
  if (record.example_text.empty()) return section;
  try {
    const ExampleRun run = run_example(record);
    const Node& node = run.example.node;
    for (std::size_t i = 0; i < node.inputs.size(); ++i)
      if (!node.inputs[i].empty())
        section.rows.push_back({node.inputs[i], "", example_text(run.example.inputs[i])});
    section.rows.push_back({"", "", example_text(node)});
    for (std::size_t i = 0; i < node.outputs.size(); ++i)
      section.rows.push_back({node.outputs[i], "", example_text(run.outputs.at(i))});
  } catch (const Error&) {
    // An older version may lack what the example of the newer one uses.
    section.rows.clear();
  }
  return section;
}

std::string padded(const std::string& text, std::size_t width) {
  const auto columns = static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
  return text + std::string(columns < width ? width - columns : 0, ' ');
}

std::string section_text(const DocumentationSection& section) {
  std::size_t name_width = 0, note_width = 0;
  for (const auto& row : section.rows) {
    name_width = std::max(name_width, row.name.size());
    note_width = std::max(note_width, row.note.size());
  }
  std::string text = "\n" + section.title + "\n";
  for (const auto& row : section.rows) {
    std::string line = "  " + padded(row.name, name_width) + "  ";
    if (note_width) line += padded(row.note, note_width) + "  ";
    line += row.text;
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace

std::vector<VersionChanges> version_history(const Operator& record) {
  std::vector<VersionChanges> history;
  const Operator* before = nullptr;
  for (const Operator* version : operator_table().versions(record.domain, record.name)) {
    history.push_back(
        {version->since_version, before ? changes_between(*before, *version) : std::vector<std::string>{}});
    before = version;
  }
  return history;
}

OperatorDocumentation document_operator(const Operator& record) {
  OperatorDocumentation documentation;
  documentation.title = record.name;
  documentation.subtitle = (record.domain.empty() ? "ai.onnx" : record.domain) + ", since version " +
                           std::to_string(record.since_version) +
                           (record.is_deprecated ? ", deprecated" : "");
  documentation.summary = record.summary_text;
  for (auto& section : {parameter_section("Inputs", record, record.inputs),
                        parameter_section("Outputs", record, record.outputs), attribute_section(record),
                        type_section(record), version_section(record), example_section(record)})
    if (!section.rows.empty()) documentation.sections.push_back(section);
  return documentation;
}

std::string to_text(const OperatorDocumentation& documentation) {
  std::string text =
      documentation.title + "  (" + documentation.subtitle + ")\n" + documentation.summary + "\n";
  for (const auto& section : documentation.sections) text += section_text(section);
  return text;
}

}  // namespace lapidary
