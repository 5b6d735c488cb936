#include "engine/differentiation/rules.h"

#include <algorithm>
#include <array>

namespace lapidary::differentiation {

std::vector<NamedRule> all_rules() {
  std::vector<NamedRule> all;
  for (const auto* table :
       {&elementwise_rules(), &reduction_rules(), &product_rules(), &normalization_rules()})
    all.insert(all.end(), table->begin(), table->end());
  return all;
}

Rule find_rule(std::string_view op) {
  static const std::vector<NamedRule> rules = all_rules();
  const auto found =
      std::find_if(rules.begin(), rules.end(), [&](const NamedRule& named) { return named.op == op; });
  return found == rules.end() ? nullptr : found->rule;
}

const std::vector<Movement>& movements() {
  static const std::vector<Movement> all = {
      {"CenterCropPad", {0}, {}},
      {"Compress", {0}, {}},
      {"Concat", {}, {}},
      {"DepthToSpace", {0}, {}},
      {"Expand", {0}, {}},
      {"Flatten", {0}, {}},
      {"Gather", {0}, {}},
      {"GatherElements", {0}, {}},
      {"GatherND", {0}, {}},
      {"Pad", {0}, {2}},
      {"Reshape", {0}, {}},
      {"Resize", {0}, {}, "mode", "nearest"},
      {"ReverseSequence", {0}, {}},
      {"ScatterElements", {0, 2}, {}, "reduction", "none"},
      {"ScatterND", {0, 2}, {}, "reduction", "none"},
      {"Slice", {0}, {}},
      {"SpaceToDepth", {0}, {}},
      {"Split", {0}, {}},
      {"Squeeze", {0}, {}},
      {"Tile", {0}, {}},
      {"Transpose", {0}, {}},
      {"Trilu", {0}, {}},
      {"Unsqueeze", {0}, {}},
      {"Where", {1, 2}, {}},
  };
  return all;
}

const Movement* find_movement(const Node& node) {
  for (const auto& movement : movements())
    if (movement.op == node.op_type &&
        (movement.attribute.empty() ||
         node.attribute_or(movement.attribute, std::string(movement.value)) == movement.value))
      return &movement;
  return nullptr;
}

bool is_piecewise_constant(std::string_view op) {
  constexpr std::array names = {"And",
                                "ArgMax",
                                "ArgMin",
                                "Ceil",
                                "Equal",
                                "Floor",
                                "Greater",
                                "GreaterOrEqual", "Hardmax",
                                "IsInf",
                                "IsNaN",
                                "Less",
                                "LessOrEqual",
                                "NonZero",
                                "Not",
                                "Or",
                                "OneHot",
                                "Round",
                                "Shape",
                                "Sign",
                                "Size",
                                "Xor",
                                "NonMaxSuppression",
                                "ConstantOfShape"};
  return std::find(names.begin(), names.end(), op) != names.end();
}

}  // namespace lapidary::differentiation
