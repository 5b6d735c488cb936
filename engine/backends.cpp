#include "engine/backends.h"

#include "engine/cpu/cpu_backend.h"
#include "engine/reference/reference_backend.h"
#include "engine/runtime/plugins.h"

namespace lapidary {

namespace {

const std::vector<Backend>& built_in_backends() {
  static const std::vector<Backend> all = {cpu_backend(), reference_backend()};
  return all;
}

}  // namespace

const std::vector<Backend>& backends() {
  static const std::vector<Backend> all = [] {
    auto list = built_in_backends();
    for (const auto& plugin : plugins())
      list.insert(list.end(), plugin.backends.begin(), plugin.backends.end());
    return list;
  }();
  return all;
}

void load_plugins() {
  std::vector<std::string> taken;
  for (const auto& backend : built_in_backends()) taken.push_back(backend.name);
  load_plugins(plugin_folders(), taken);
}

const Backend& find_backend(const std::string& name) {
  std::string names;
  for (const auto& backend : backends()) {
    if (backend.name == name) return backend;
    names += (names.empty() ? "" : ", ") + backend.name;
  }
  throw Error("there is no backend '" + name + "'", Error::Kind::Usage).advice("Choose one of: " + names);
}

}  // namespace lapidary
