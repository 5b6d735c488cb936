#include "engine/ops/operator_table.h"

#include <algorithm>
#include <tuple>

#include "engine/ops/families.h"
#include "engine/ops/operator_registration.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

std::string key_of(std::string_view domain, std::string_view name) {
  std::string key(normalized_domain(domain));
  key += ':';
  key += name;
  return key;
}

/// Every family, by name.
constexpr void (*families[])(OperatorTable&) = {
    register_activation,
    register_arg_reduction,
    register_arithmetic,
    register_attention,
    register_batch_normalization,
    register_bitwise,
    register_cast,
    register_col2im,
    register_comparison,
    register_concat,
    register_constant,
    register_control_flow,
    register_convolution,
    register_convolution_integer,
    register_cumulative,
    register_deformable_convolution,
    register_einsum,
    register_expand,
    register_flex_attention,
    register_gather,
    register_gradient,
    register_grid_sample,
    register_image_decoder,
    register_layer_normalization,
    register_linear_attention,
    register_logical,
    register_loss,
    register_math,
    register_matmul,
    register_matmul_integer,
    register_n_grams,
    register_non_max_suppression,
    register_normalization,
    register_optional,
    register_optimizer,
    register_pad,
    register_pooling,
    register_quantization,
    register_random,
    register_recurrent,
    register_reduction,
    register_resize,
    register_roi,
    register_scan,
    register_scatter,
    register_rotary_embedding,
    register_selection,
    register_sequence,
    register_shape,
    register_signal,
    register_slice,
    register_softmax,
    register_text,
    register_transpose,
    register_unique,
    register_unpooling,
    register_window_function,
    register_microsoft,

    register_categories,
    register_features,
    register_linear,
    register_maps,
    register_support_vectors,
    register_tree_ensemble,
};

OperatorTable& the_table() {
  static OperatorTable table = [] {
    OperatorTable filled;
    for (const auto add_family : families) add_family(filled);
    return filled;
  }();
  return table;
}

}  // namespace

void OperatorTable::add(Operator record) {
  auto& list = versions_[key_of(record.domain, record.name)];
  const auto place = std::lower_bound(
      list.begin(), list.end(), record,
      [](const Operator& a, const Operator& b) { return a.since_version < b.since_version; });
  list.insert(place, std::move(record));
}

void OperatorTable::add_widened(const Operator& record, const std::string& constraint,
                                std::initializer_list<int> versions) {
  for (const int version : versions) add(record.at(version).constraint(constraint, types::all_at(version)));
}

void OperatorTable::note_change(const std::string& name, int version, const std::string& text) {
  for (auto& record : versions_.at(key_of("", name)))
    if (record.since_version == version) record.change(text);
}

const Operator* OperatorTable::find(std::string_view domain, std::string_view name,
                                    std::int64_t opset) const {
  const auto found = versions_.find(key_of(domain, name));
  if (found == versions_.end()) return nullptr;
  const Operator* best = nullptr;
  for (const auto& record : found->second)
    if (record.since_version <= opset) best = &record;
  return best;
}

std::vector<const Operator*> OperatorTable::versions(std::string_view domain, std::string_view name) const {
  std::vector<const Operator*> records;
  const auto found = versions_.find(key_of(domain, name));
  if (found == versions_.end()) return records;
  for (const auto& record : found->second) records.push_back(&record);
  return records;
}

std::vector<const Operator*> OperatorTable::all() const {
  std::vector<const Operator*> records;
  for (const auto& [key, list] : versions_)
    for (const auto& record : list) records.push_back(&record);
  std::sort(records.begin(), records.end(), [](const Operator* a, const Operator* b) {
    return std::tie(a->domain, a->name, a->since_version) < std::tie(b->domain, b->name, b->since_version);
  });
  return records;
}

const OperatorTable& operator_table() { return the_table(); }

void register_operators(std::vector<Operator> records) {
  for (auto& record : records) the_table().add(std::move(record));
}

const Operator* find_operator(const Model& model, const Node& node) {
  if (model.find_function(node)) return nullptr;
  return operator_table().find(node.domain, node.op_type, model.opset(node.domain));
}

OperatorKind kind_of(std::string_view domain, std::string_view op_type) {
  const Operator* record = operator_table().find(domain, op_type, INT64_MAX);
  return record ? record->kind : OperatorKind::Other;
}

}  // namespace lapidary
