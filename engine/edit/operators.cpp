#include "engine/edit/operators.h"

#include <algorithm>

#include "engine/model/error.h"
#include "engine/ops/operator_table.h"

namespace lapidary {
namespace {

bool imports(const std::vector<OpsetImport>& list, std::string_view domain) {
  return std::any_of(list.begin(), list.end(), [&](const OpsetImport& import) {
    return normalized_domain(import.domain) == normalized_domain(domain);
  });
}

}  // namespace

std::int64_t newest_version(std::string_view domain) {
  std::int64_t newest = 1;
  for (const Operator* record : operator_table().all())
    if (normalized_domain(record->domain) == normalized_domain(domain))
      newest = std::max<std::int64_t>(newest, record->since_version);
  return newest;
}

ModelPointer with_import_for(const ModelPointer& model, const std::string& domain, const GraphPath& path) {
  Model result = *model;
  if (path.function) {
    for (auto& function : result.functions) {
      const GraphPath::FunctionKey key{function->name, function->domain, function->overload};
      if (!(key == *path.function) || imports(function->opset_imports, domain)) continue;
      Function changed = *function;
      const std::int64_t version = model->opset(domain);
      changed.opset_imports.push_back({domain, version ? version : newest_version(domain)});
      function = std::make_shared<const Function>(std::move(changed));
      return std::make_shared<const Model>(std::move(result));
    }
    return model;
  }
  if (imports(model->opset_imports, domain)) return model;
  result.opset_imports.push_back({domain, newest_version(domain)});
  return std::make_shared<const Model>(std::move(result));
}

std::size_t input_slot(const Model& model, const Node& node, const EditArguments& arguments,
                       std::string_view parameter) {
  if (!arguments.has(parameter)) return 0;
  const EditJson& value = arguments.json(parameter);
  constexpr std::size_t most_inputs = 1 << 16;
  if (const auto position = index_from_json(value); position && *position < most_inputs) return *position;
  if (!value.is_string())
    throw arguments.wrong(parameter, "is neither the position of an input nor its name");
  const std::string name = value.get<std::string>();
  std::string known;
  if (const Operator* record = find_operator(model, node))
    for (std::size_t i = 0; i < record->inputs.size(); ++i) {
      if (record->inputs[i].name == name) return i;
      known += (known.empty() ? "" : ", ") + record->inputs[i].name;
    }
  Error error(node.op_type + " has no input '" + name + "'");
  error.node(node.label());
  if (!known.empty()) error.advice("Its inputs are: " + known);
  throw error;
}

}  // namespace lapidary
