#include <iostream>

#include "app/cli/command.h"
#include "app/cli/plugin_list.h"
#include "engine/backends.h"
#include "engine/documentation/example_run.h"
#include "engine/documentation/operator_changes.h"
#include "engine/documentation/operator_documentation.h"
#include "engine/ops/operator_table.h"
#include "engine/runtime/plugins.h"

namespace lapidary::cli {
namespace {

/// Names of the backends that have a kernel of their own for the operator.
std::vector<std::string> backends_for(const Operator& record) {
  std::vector<std::string> names;
  for (const auto& backend : backends())
    if (backend.refusal(record.domain, record.name, record.since_version).empty())
      names.push_back(backend.name);
  return names;
}

std::string shown_domain(const Operator& record) { return record.domain.empty() ? "ai.onnx" : record.domain; }

Json head_json(const Operator& record) {
  return {{"domain", record.domain},
          {"op", record.name},
          {"since", record.since_version},
          {"backends", backends_for(record)},
          {"deprecated", record.is_deprecated},
          {"plugin", plugin_of(record)},
          {"summary", record.summary_text}};
}

int list_operators(const Output& output) {
  Json json = {{"operators", Json::array()}};
  std::vector<std::vector<std::string>> rows = {{"operator", "since", "kernels", "from", "what it does"}};
  for (const Operator* record : operator_table().all()) {
    json["operators"].push_back(head_json(*record));
    const std::string plugin = plugin_of(*record);
    std::string list;
    for (const auto& name : backends_for(*record)) list += (list.empty() ? "" : ", ") + name;
    rows.push_back({(record->domain.empty() ? "" : record->domain + ".") + record->name,
                    std::to_string(record->since_version), list, plugin.empty() ? "built in" : plugin,
                    record->summary_text});
  }
  if (output.json) {
    json["plugins"] = plugins_json();
    print_json(json);
  } else {
    print_table(rows);
    print_plugins();
  }
  return 0;
}

// --- one operator ---

Json parameters_json(const Operator& record, const std::vector<Parameter>& parameters) {
  static constexpr const char* arities[] = {"single", "optional", "variadic"};
  Json list = Json::array();
  for (const auto& parameter : parameters)
    list.push_back({{"name", parameter.name},
                    {"type", parameter.type},
                    {"types", types_of(record, parameter)},
                    {"arity", arities[static_cast<int>(parameter.arity)]},
                    {"description", parameter.description}});
  return list;
}

Json attributes_json(const Operator& record) {
  Json list = Json::array();
  for (const auto& attribute : record.attributes) {
    Json json = {{"name", attribute.name},
                 {"type", name_of(attribute.type)},
                 {"required", attribute.required},
                 {"default", nullptr},
                 {"description", attribute.description}};
    if (attribute.default_value.index() != 0) json["default"] = to_string(attribute.default_value);
    list.push_back(std::move(json));
  }
  return list;
}

/// What went in and what came out, in the notation of examples; nothing where this version cannot run it.
Json example_json(const Operator& record) {
  try {
    const ExampleRun run = run_example(record);
    const Node& node = run.example.node;
    Json json = {{"call", example_text(node)}, {"inputs", Json::object()}, {"outputs", Json::object()}};
    for (std::size_t i = 0; i < node.inputs.size(); ++i)
      if (!node.inputs[i].empty()) json["inputs"][node.inputs[i]] = example_text(run.example.inputs[i]);
    for (std::size_t i = 0; i < node.outputs.size(); ++i)
      json["outputs"][node.outputs[i]] = example_text(run.outputs.at(i));
    return json;
  } catch (const Error&) {
    return nullptr;
  }
}

Json operator_json(const Operator& record) {
  Json json = head_json(record);
  json["inputs"] = parameters_json(record, record.inputs);
  json["outputs"] = parameters_json(record, record.outputs);
  json["attributes"] = attributes_json(record);
  json["versions"] = Json::array();
  for (const auto& [version, changes] : version_history(record))
    json["versions"].push_back({{"since", version}, {"changes", changes}});
  json["example"] = example_json(record);
  return json;
}

/// The newest record of that name in each domain that has one, not above `opset`.
std::vector<const Operator*> find_records(const std::string& name, const std::optional<std::string>& domain,
                                          std::int64_t opset) {
  std::vector<const Operator*> found;
  for (const Operator* record : operator_table().all()) {
    if (record->name != name || record->since_version > opset) continue;
    if (domain && normalized_domain(*domain) != record->domain) continue;
    if (!found.empty() && found.back()->domain == record->domain) found.pop_back();
    found.push_back(record);
  }
  return found;
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

[[noreturn]] void refuse(const std::string& name) {
  Error error("no operator is called '" + name + "' there", Error::Kind::Usage);
  for (const Operator* record : operator_table().all())
    if (lower(record->name) == lower(name)) {
      error.advice("There is " + record->name + " in " + shown_domain(*record) + " since version " +
                   std::to_string(record->since_version));
      throw error;
    }
  error.advice("'lapidary ops' lists all of them");
  throw error;
}

struct Options {
  std::string name;
  std::optional<std::string> domain;
  std::int64_t opset = INT64_MAX;
};

int document(const Options& options, const Output& output) {
  const auto records = find_records(options.name, options.domain, options.opset);
  if (records.empty()) refuse(options.name);
  Json json = {{"operators", Json::array()}};
  for (const Operator* record : records) {
    if (output.json)
      json["operators"].push_back(operator_json(*record));
    else
      std::cout << (record == records[0] ? "" : "\n") << to_text(document_operator(*record));
  }
  if (output.json) print_json(json);
  return 0;
}

}  // namespace

Action declare_ops(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("NAME", options->name, "Explain this operator instead of listing all");
  app.add_option("--domain", options->domain,
                 "Only that of this domain (ai.onnx, ai.onnx.ml, com.microsoft, …)");
  app.add_option("--opset", options->opset, "As it is in this version of its operator set");
  return [options](const Output& output) {
    return options->name.empty() ? list_operators(output) : document(*options, output);
  };
}

}  // namespace lapidary::cli
