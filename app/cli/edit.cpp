#include <iostream>

#include "app/cli/edited_model.h"
#include "engine/io/mapped_file.h"

namespace lapidary::cli {
namespace {

struct EditOptions {
  std::string path, out, script;
  bool follow_links = false, list = false;
};

Json parameter_json(const EditParameter& parameter) {
  Json json = {{"name", parameter.name},
               {"type", name_of(parameter.kind)},
               {"required", parameter.required},
               {"description", parameter.description}};
  if (!parameter.choices.empty()) json["choices"] = parameter.choices;
  return json;
}

int list_edits(const Output& output) {
  Json json = {{"edits", Json::array()}};
  for (const auto& edit : edits()) {
    Json parameters = Json::array();
    for (const auto& parameter : edit.parameters) parameters.push_back(parameter_json(parameter));
    json["edits"].push_back(
        {{"name", edit.name}, {"description", edit.description}, {"parameters", std::move(parameters)}});
  }
  if (output.json) {
    print_json(json);
    return 0;
  }
  for (const auto& edit : edits()) {
    std::cout << edit.name << ": " << edit.description << '\n';
    for (const auto& parameter : edit.parameters)
      std::cout << "  " << parameter.name << " (" << name_of(parameter.kind)
                << (parameter.required ? "): " : ", may be left out): ") << parameter.description << '\n';
  }
  return 0;
}

int edit_model(const EditOptions& options, const Output& output) {
  if (options.list) return list_edits(output);
  if (options.path.empty() || options.out.empty() || options.script.empty())
    throw Error("edit needs MODEL, -o OUT and --script EDITS.json", Error::Kind::Usage);
  std::vector<EditStep> steps;
  try {
    steps =
        steps_from_script((options.script == "-" ? read_standard_input() : map_file(options.script)).text());
  } catch (Error& error) {
    throw error.file(options.script);
  }
  Json json = save_edited({options.path, options.follow_links}, steps, options.out, output);
  json["steps"] = steps.size();
  print_before_and_after(options.out, json, output);
  return 0;
}

}  // namespace

Action declare_edit(CLI::App& app) {
  auto options = std::make_shared<EditOptions>();
  app.add_option("MODEL", options->path, "Model to edit");
  app.add_option("-o,--output", options->out, "Where the result goes");
  app.add_option(
      "--script", options->script,
      "JSON list of edits, such as [{\"edit\": \"rename_node\", …}]; - reads it from standard input");
  app.add_flag("--list", options->list, "Name the edits and their parameters");
  app.add_flag("--follow-links", options->follow_links, "Allow external data that is a symbolic link");
  return [options](const Output& output) { return edit_model(*options, output); };
}

}  // namespace lapidary::cli
