#pragma once

#include <string_view>
#include <vector>

#include "engine/opsets/node_rewrite.h"

namespace lapidary {

/// How one operator changes at one version: a function each way, which changes NodeRewrite::node or throws
/// Refusal. Afterwards the node is held against the other version's record: attributes that hold their
/// default, empty trailing inputs, and types that a wider type can stand for are put right there, for all
/// operators alike. nullptr: nothing else is to be done.
struct Adapter {
  std::string_view op_type;
  int version;  ///< the newer one; of an operator's first version: what to write instead of it below
  void (*raise)(NodeRewrite&) = nullptr;
  void (*lower)(NodeRewrite&) = nullptr;
};

/// The row for that version of an operator of ai.onnx, or nullptr.
const Adapter* find_adapter(std::string_view op_type, int version);

// The rows, family by family, each in the file of that name under adapters/.
std::vector<Adapter> activation_adapters();
std::vector<Adapter> arithmetic_adapters();
std::vector<Adapter> attention_adapters();
std::vector<Adapter> comparison_adapters();
std::vector<Adapter> constant_adapters();
std::vector<Adapter> control_flow_adapters();
std::vector<Adapter> indexing_adapters();
std::vector<Adapter> normalization_adapters();
std::vector<Adapter> pad_adapters();
std::vector<Adapter> pooling_adapters();
std::vector<Adapter> quantization_adapters();
std::vector<Adapter> recurrent_adapters();
std::vector<Adapter> reduction_adapters();
std::vector<Adapter> resize_adapters();
std::vector<Adapter> shape_adapters();
std::vector<Adapter> signal_adapters();
std::vector<Adapter> softmax_adapters();
std::vector<Adapter> type_adapters();

}  // namespace lapidary
