#include <algorithm>
#include <array>
#include <unordered_map>

#include "engine/ops/operator_table.h"
#include "tests/differential/call.h"
#include "tests/differential/patterns.h"

namespace lapidary::differential {
namespace {

constexpr std::int64_t newest_opset = 27;

const std::unordered_map<std::string, Recipe>& recipes() {
  static const std::unordered_map<std::string, Recipe> all = [] {
    std::unordered_map<std::string, Recipe> table;
    for (const auto& list :
         {element_wise_recipes(), shape_recipes(), indexing_recipes(), reduction_recipes(), matrix_recipes(),
          window_recipes(), normalization_recipes(), recurrent_recipes(), quantization_recipes(),
          control_flow_recipes(), attention_recipes(), region_recipes(), other_recipes(), microsoft_recipes(),
          quantized_microsoft_recipes(), learning_recipes()})
      for (const auto& [name, recipe] : list) table.emplace(name, recipe);
    return table;
  }();
  return all;
}

/// The operators of one operator set that can be drawn.
using Catalogue = std::vector<const Operator*>;

bool takes_tensors_of_any_kind(const Operator& record) {
  const auto is_usual = record.kind == OperatorKind::ElementWise || record.kind == OperatorKind::Activation;
  const auto required = [](const AttributeSpec& attribute) { return attribute.required; };
  return is_usual && record.domain.empty() && !record.inputs.empty() && record.inputs.size() < 3 &&
         std::none_of(record.attributes.begin(), record.attributes.end(), required);
}

Catalogue catalogue_of(std::int64_t opset) {
  Catalogue catalogue;
  const auto imports = imports_for(opset);
  for (const Operator* record : operator_table().all()) {
    const auto import = std::find_if(imports.begin(), imports.end(),
                                     [&](const OpsetImport& one) { return one.domain == record->domain; });
    if (import == imports.end() ||
        operator_table().find(record->domain, record->name, import->version) != record)
      continue;
    if (!record->kernel_function || record->is_deprecated) continue;
    // What is random in training only has a recipe that does not train.
    if (!record->is_deterministic && record->name != "Dropout") continue;
    if (recipe_for(*record)) catalogue.push_back(record);
  }
  return catalogue;
}

const Catalogue& catalogue_for(std::int64_t opset) {
  static const auto all = [] {
    std::array<Catalogue, newest_opset + 1> list;
    for (std::int64_t version = 1; version <= newest_opset; ++version)
      list[static_cast<std::size_t>(version)] = catalogue_of(version);
    return list;
  }();
  return all.at(static_cast<std::size_t>(opset));
}

/// One proposal; whatever comes of it, the draft is whole afterwards.
void propose(Draft& draft, const Operator& record, Recipe recipe, Tally& tally) {
  const auto mark = static_cast<std::ptrdiff_t>(draft.items.size());
  const auto undo = [&] { draft.items.erase(draft.items.begin() + mark, draft.items.end()); };
  try {
    Call call(draft, record);
    recipe(call);
    call.finish();
    auto& counts = tally.by_record[&record];
    ++tally.all.proposed;
    ++counts.proposed;
    try {
      draft.add_node(std::move(call.node));
    } catch (const Error&) {
      ++tally.all.refused;
      ++counts.refused;
      undo();
    }
  } catch (const Unsuitable&) {
    undo();
  }
}

void propose_function(Draft& draft) {
  const auto mark = static_cast<std::ptrdiff_t>(draft.items.size());
  try {
    add_function_call(draft);
  } catch (const Error&) {
    draft.items.erase(draft.items.begin() + mark, draft.items.end());
  }
}

}  // namespace

Recipe recipe_for(const Operator& record) {
  const auto found = recipes().find((record.domain.empty() ? "" : record.domain + ".") + record.name);
  if (found != recipes().end()) return found->second;
  if (takes_tensors_of_any_kind(record)) return element_wise;
  return record.example_text.empty() ? nullptr : from_example;
}

void add_random_nodes(Draft& draft, int count, Tally& tally) {
  const Catalogue& catalogue = catalogue_for(draft.opset);
  const auto wanted = static_cast<std::size_t>(count);
  for (int tries = 0; draft.nodes.size() < wanted && tries < 20 * count; ++tries) {
    if (draft.depth == 0 && draft.random.chance(0.02)) propose_function(draft);
    if (draft.random.chance(0.04)) add_pattern(draft);
    const Operator& record = *draft.random.pick(catalogue);
    propose(draft, record, recipe_for(record), tally);
  }
}

}  // namespace lapidary::differential
