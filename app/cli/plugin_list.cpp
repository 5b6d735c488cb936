#include "app/cli/plugin_list.h"

#include <iostream>

#include "engine/runtime/plugins.h"

namespace lapidary::cli {
namespace {

std::vector<std::string> backend_names(const Plugin& plugin) {
  std::vector<std::string> names;
  for (const auto& backend : plugin.backends) names.push_back(backend.name);
  return names;
}

/// "operators org.example.Snake; backends opencl", or why it could not be loaded.
std::string contents_text(const Plugin& plugin) {
  if (!plugin.refusal.empty()) return "could not be loaded: " + plugin.refusal;
  std::string text;
  const auto add = [&](const char* title, const std::vector<std::string>& names) {
    for (const auto& name : names)
      text += (&name != names.data() ? ", " : std::string(text.empty() ? "" : "; ") + title + " ") + name;
  };
  add("operators", plugin.operators);
  add("backends", backend_names(plugin));
  return text.empty() ? "brings nothing" : text;
}

}  // namespace

Json plugins_json() {
  Json list = Json::array();
  for (const auto& plugin : plugins())
    list.push_back({{"name", plugin.name},
                    {"path", plugin.path},
                    {"loaded", plugin.refusal.empty()},
                    {"reason", plugin.refusal},
                    {"operators", plugin.operators},
                    {"backends", backend_names(plugin)}});
  return list;
}

void print_plugins() {
  if (plugins().empty()) return;
  std::vector<std::vector<std::string>> rows = {{"plug-in", "file", "what it brings"}};
  for (const auto& plugin : plugins()) rows.push_back({plugin.name, plugin.path, contents_text(plugin)});
  std::cout << '\n';
  print_table(rows);
}

}  // namespace lapidary::cli
