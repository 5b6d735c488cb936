#include "engine/backends.h"

#include "app/cli/command.h"
#include "app/cli/plugin_list.h"

namespace lapidary::cli {

Action declare_backends(CLI::App&) {
  return [](const Output& output) {
    Json json = {{"backends", Json::array()}};
    std::vector<std::vector<std::string>> rows = {{"name", "kind", "device", "version", "state"}};
    for (const auto& backend : backends()) {
      const Availability state = backend.availability();
      json["backends"].push_back({{"name", backend.name},
                                  {"kind", backend.kind},
                                  {"device", backend.device},
                                  {"version", backend.version},
                                  {"available", state.available},
                                  {"reason", state.reason}});
      rows.push_back({backend.name, backend.kind, backend.device, backend.version,
                      state.available ? "available" : state.reason});
    }
    if (output.json) {
      json["plugins"] = plugins_json();
      print_json(json);
    } else {
      print_table(rows);
      print_plugins();
    }
    return 0;
  };
}

}  // namespace lapidary::cli
