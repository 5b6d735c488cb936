#include "engine/runtime/plugins.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "engine/ops/operator_registration.h"
#include "engine/ops/operator_table.h"

namespace lapidary {
namespace {

namespace fs = std::filesystem;

std::vector<Plugin>& registry() {
  static std::vector<Plugin> all;
  return all;
}

std::string shown_name(const Operator& record) {
  return (record.domain.empty() ? "ai.onnx" : record.domain) + "." + record.name;
}

/// An opened module. What is used of it stays loaded until the program ends: records and backends hold
/// pointers to its code.
class Module {
 public:
  explicit Module(const std::string& path) : handle_(dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) {
    if (!handle_) {
      const char* reason = dlerror();
      throw Error(std::string("it cannot be loaded: ") + (reason ? reason : "no reason is given"));
    }
  }
  ~Module() {
    if (!is_kept_) dlclose(handle_);
  }
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  template <class Function>
  Function function(const char* name) const {
    void* found = dlsym(handle_, name);
    if (!found) throw Error(std::string("it is no plug-in: it has no function ") + name);
    return reinterpret_cast<Function>(found);
  }
  void keep() { is_kept_ = true; }

 private:
  void* handle_;
  bool is_kept_ = false;
};

void check_interface(const Module& module) {
  const int built_for = module.function<int (*)()>("lapidary_plugin_interface")();
  if (built_for == plugin_interface) return;
  throw Error("it was built for interface " + std::to_string(built_for) +
              " of plug-ins, and this program has " + std::to_string(plugin_interface))
      .advice("Build it again with the headers of this version");
}

void check_operators(const PluginContents& contents) {
  for (const auto& record : contents.operators) {
    if (operator_table().find(record.domain, record.name, INT64_MAX))
      throw Error("it brings operator " + shown_name(record) + ", which is known already");
    if (!record.infer_function) throw Error("its operator " + shown_name(record) + " has no inference");
  }
}

void check_backends(const PluginContents& contents, const std::vector<std::string>& taken) {
  for (const auto& backend : contents.backends) {
    if (std::count(taken.begin(), taken.end(), backend.name))
      throw Error("it brings backend '" + backend.name + "', and there is one of that name already");
    if (!backend.availability || !backend.refusal || !backend.compile)
      throw Error("its backend '" + backend.name + "' lacks one of its calls");
  }
}

PluginContents contents_of(const Module& module) {
  const auto fill = module.function<void (*)(PluginContents*)>("lapidary_plugin");
  PluginContents contents;
  try {
    fill(&contents);
  } catch (const std::exception& error) {
    throw Error(error.what());  // the exception's own type may go with the module
  }
  return contents;
}

/// Takes over what the plug-in brings, or throws with the reason for refusing it.
void load_into(Plugin& plugin, const std::vector<std::string>& taken) {
  Module module(plugin.path);
  check_interface(module);
  PluginContents contents = contents_of(module);
  check_operators(contents);
  check_backends(contents, taken);
  module.keep();
  for (const auto& record : contents.operators)
    if (plugin.operators.empty() || plugin.operators.back() != shown_name(record))
      plugin.operators.push_back(shown_name(record));
  for (auto& backend : contents.backends) backend.kind = "plug-in";
  plugin.backends = std::move(contents.backends);
  register_operators(std::move(contents.operators));
}

void load_module(const fs::path& path, std::vector<std::string>& taken) {
  Plugin plugin;
  plugin.name = path.stem().string();
  plugin.path = path.string();
  try {
    load_into(plugin, taken);
  } catch (const std::exception& error) {
    plugin.refusal = error.what();
  }
  for (const auto& backend : plugin.backends) taken.push_back(backend.name);
  registry().push_back(std::move(plugin));
}

/// The folder that holds the engine's library.
fs::path library_folder() {
  Dl_info info{};
  if (!dladdr(reinterpret_cast<const void*>(&library_folder), &info) || !info.dli_fname) return {};
  return fs::absolute(info.dli_fname).parent_path();
}

}  // namespace

std::vector<std::string> plugin_folders() {
  std::vector<std::string> folders;
  if (const fs::path own = library_folder() / "lapidary" / "plugins"; fs::is_directory(own))
    folders.push_back(own.string());
  const char* listed = std::getenv("LAPIDARY_PLUGINS");
  std::istringstream list(listed ? listed : "");
  for (std::string folder; std::getline(list, folder, ':');)
    if (!folder.empty()) folders.push_back(folder);
  return folders;
}

void load_plugins(const std::vector<std::string>& folders, const std::vector<std::string>& taken) {
  std::vector<std::string> names = taken;
  for (const auto& folder : folders) {
    std::error_code failure;
    std::vector<fs::path> modules;
    for (const auto& entry : fs::directory_iterator(folder, failure))
      if (entry.path().extension() == ".so") modules.push_back(entry.path());
    std::sort(modules.begin(), modules.end());
    for (const auto& module : modules) load_module(module, names);
    if (failure)
      registry().push_back({fs::path(folder).filename().string(),
                            folder,
                            "the folder cannot be read: " + failure.message(),
                            {},
                            {}});
  }
}

const std::vector<Plugin>& plugins() { return registry(); }

std::string plugin_of(const Operator& record) {
  for (const auto& plugin : registry())
    if (std::count(plugin.operators.begin(), plugin.operators.end(), shown_name(record))) return plugin.name;
  return {};
}

}  // namespace lapidary
