#include "engine/precision/node_selection.h"

#include <algorithm>

#include "engine/analysis/every_node.h"
#include "engine/model/error.h"

namespace lapidary {
namespace {

bool is_called(const Node& node, const std::string& op_type) {
  return node.op_type == op_type || (!node.domain.empty() && node.domain + "." + node.op_type == op_type);
}

[[noreturn]] void throw_nothing_meant(const std::string& what) {
  throw Error(what, Error::Kind::Usage).advice("lapidary info MODEL names its operators, render its nodes");
}

}  // namespace

NodeSelection::NodeSelection(const Model& model, std::vector<std::string> operators,
                             const std::vector<std::string>& names)
    : operators_(std::move(operators)) {
  for (const auto& text : names) {
    Name name{text, {}, true};
    try {
      name.pattern = std::regex(text);
    } catch (const std::regex_error&) {
      name.is_pattern = false;
    }
    names_.push_back(std::move(name));
  }
  std::vector<bool> met(operators_.size() + names_.size(), false);
  for_each_node(model, [&](const Node& node, const Function*) {
    const std::string label = names_.empty() ? std::string() : node.label();
    for (std::size_t i = 0; i < operators_.size(); ++i)
      if (!met[i]) met[i] = is_called(node, operators_[i]);
    for (std::size_t i = 0; i < names_.size(); ++i)
      if (!met[operators_.size() + i]) met[operators_.size() + i] = names_[i].matches(label);
  });
  for (std::size_t i = 0; i < operators_.size(); ++i)
    if (!met[i]) throw_nothing_meant("the model has no operator '" + operators_[i] + "'");
  for (std::size_t i = 0; i < names_.size(); ++i)
    if (!met[operators_.size() + i])
      throw_nothing_meant("no node is called '" + names_[i].text + "', nor does it match one as a " +
                          "regular expression");
}

std::string NodeSelection::reason(const Node& node) const {
  for (const auto& op_type : operators_)
    if (is_called(node, op_type)) return "operator " + op_type + " was named";
  if (names_.empty()) return {};
  const std::string label = node.label();
  for (const auto& name : names_)
    if (name.matches(label))
      return label == name.text ? "it was named" : "its name matches '" + name.text + "'";
  return {};
}

}  // namespace lapidary
