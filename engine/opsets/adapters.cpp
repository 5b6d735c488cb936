#include <map>

#include "engine/opsets/adapter.h"

namespace lapidary {

const Adapter* find_adapter(std::string_view op_type, int version) {
  using Key = std::pair<std::string_view, int>;
  static const std::map<Key, Adapter> table = [] {
    std::map<Key, Adapter> rows;
    for (const auto family :
         {activation_adapters, arithmetic_adapters, attention_adapters, comparison_adapters,
          constant_adapters, control_flow_adapters, indexing_adapters, normalization_adapters, pad_adapters,
          pooling_adapters, quantization_adapters, recurrent_adapters, reduction_adapters, resize_adapters,
          shape_adapters, signal_adapters, softmax_adapters, type_adapters})
      for (const Adapter& row : family()) rows.emplace(Key{row.op_type, row.version}, row);
    return rows;
  }();
  const auto found = table.find({op_type, version});
  return found == table.end() ? nullptr : &found->second;
}

}  // namespace lapidary
