#include "app/cli/command.h"
#include "engine/backends.h"
#include "engine/ops/operator_table.h"

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

}  // namespace

Action declare_ops(CLI::App&) {
  return [](const Output& output) {
    Json json = {{"operators", Json::array()}};
    std::vector<std::vector<std::string>> rows = {{"operator", "since", "kernels", "what it does"}};
    for (const Operator* record : operator_table().all()) {
      const auto names = backends_for(*record);
      json["operators"].push_back({{"domain", record->domain},
                                   {"op", record->name},
                                   {"since", record->since_version},
                                   {"backends", names},
                                   {"deprecated", record->is_deprecated},
                                   {"summary", record->summary_text}});
      std::string list;
      for (const auto& name : names) list += (list.empty() ? "" : ", ") + name;
      rows.push_back({(record->domain.empty() ? "" : record->domain + ".") + record->name,
                      std::to_string(record->since_version), list, record->summary_text});
    }
    output.json ? print_json(json) : print_table(rows);
    return 0;
  };
}

}  // namespace lapidary::cli
