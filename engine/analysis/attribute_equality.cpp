#include "engine/analysis/attribute_equality.h"

#include <algorithm>
#include <cmath>

namespace lapidary {

bool is_same_value(const AttributeValue& a, const AttributeValue& b,
                   const std::function<bool(std::span<const GraphPointer>, std::span<const GraphPointer>)>&
                       are_same_bodies) {
  if (a.index() != b.index()) return false;
  const auto is_same_tensor = [](const auto& left, const auto& right) {
    return left == right || (left && right && identical(left->tensor, right->tensor));
  };
  return std::visit(
      [&]<class T>(const T& left) {
        const T& right = std::get<T>(b);
        if constexpr (std::is_same_v<T, std::shared_ptr<const NamedTensor>>)
          return is_same_tensor(left, right);
        else if constexpr (std::is_same_v<T, std::vector<std::shared_ptr<const NamedTensor>>>)
          return std::equal(left.begin(), left.end(), right.begin(), right.end(), is_same_tensor);
        else if constexpr (std::is_same_v<T, GraphPointer>)
          return are_same_bodies({&left, 1}, {&right, 1});
        else if constexpr (std::is_same_v<T, std::vector<GraphPointer>>)
          return are_same_bodies(left, right);
        else if constexpr (std::is_same_v<T, std::monostate>)
          return true;
        else if constexpr (std::is_same_v<T, float>)
          return left == right || (std::isnan(left) && std::isnan(right));
        else if constexpr (std::is_same_v<T, std::int64_t> || std::is_same_v<T, std::string> ||
                           std::is_same_v<T, std::vector<float>> ||
                           std::is_same_v<T, std::vector<std::int64_t>> ||
                           std::is_same_v<T, std::vector<std::string>>)
          return left == right;
        else
          return to_string(a) == to_string(b);
      },
      a);
}

}  // namespace lapidary
