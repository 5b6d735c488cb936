#include "engine/runtime/unsupported.h"

#include <algorithm>

#include "engine/runtime/plugins.h"

namespace lapidary {
namespace {

/// PyTorch's exporter writes operators that it cannot translate as "ATen" nodes, or into a domain of that
/// name.
bool is_left_by_pytorch(const std::string& name) {
  return name == "ATen" || name.starts_with("aten.") || name.starts_with("org.pytorch.aten.") ||
         name.ends_with(".ATen");
}

/// A plug-in that could not be loaded may be the one that has the operators.
std::string advice_on_plugins() {
  std::string names;
  for (const auto& plugin : plugins())
    if (!plugin.refusal.empty()) names += (names.empty() ? "" : ", ") + plugin.name;
  if (names.empty()) return "; a plug-in in one of the folders of LAPIDARY_PLUGINS can bring such operators";
  return ". Plug-ins that could not be loaded may have them (" + names +
         "): 'lapidary backends' says why not";
}

}  // namespace

void throw_unsupported(const std::vector<std::string>& operators) {
  std::string list;
  for (const auto& name : operators) list += (list.empty() ? "" : ", ") + name;
  UnsupportedOperatorError error("the model uses operators that cannot be run here: " + list);
  if (std::any_of(operators.begin(), operators.end(), is_left_by_pytorch))
    error.advice(
        "PyTorch wrote its own operators into the file because it could not translate them. Export again "
        "with a higher "
        "opset_version and without the ATen fallback (operator_export_type=OperatorExportTypes.ONNX), or "
        "with "
        "dynamo=True");
  else
    error.advice("It can still be opened, drawn and saved" + advice_on_plugins());
  throw error;  // on its own: advice() returns the base class
}

}  // namespace lapidary
