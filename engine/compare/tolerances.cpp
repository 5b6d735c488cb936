#include "engine/compare/tolerances.h"

#include <nlohmann/json.hpp>

#include "engine/model/error.h"

namespace lapidary {
namespace {

using Json = nlohmann::ordered_json;

[[noreturn]] void refuse(std::size_t rule, const std::string& reason) {
  throw Error("rule " + std::to_string(rule) + " of the tolerances " + reason, Error::Kind::Usage)
      .advice(
          "A rule is {\"tensor\": PATTERN, \"op\": TYPE, \"type\": \"float16\", \"relative\": R, "
          "\"absolute\": A}, "
          "each but the numbers left out where it holds for all");
}

ToleranceRule rule_from(const Json& json, std::size_t number) {
  if (!json.is_object()) refuse(number, "is no object");
  ToleranceRule rule;
  for (const auto& [key, value] : json.items()) {
    const bool is_number = key == "relative" || key == "absolute";
    if (is_number ? !value.is_number() || value.get<double>() < 0 : !value.is_string())
      refuse(number, "has no " + std::string(is_number ? "number from 0" : "text") + " for '" + key + "'");
    if (key == "relative")
      rule.relative = value.get<double>();
    else if (key == "absolute")
      rule.absolute = value.get<double>();
    else if (key == "op")
      rule.op_type = value.get<std::string>();
    else if (key == "tensor")
      try {
        rule.tensor = std::regex(value.get<std::string>());
      } catch (const std::regex_error&) {
        refuse(number, "has a pattern that is none: '" + value.get<std::string>() + "'");
      }
    else if (key == "type") {
      rule.type = data_type_from(value.get<std::string>());
      if (!rule.type) refuse(number, "has a type that is unknown: '" + value.get<std::string>() + "'");
    } else {
      refuse(number, "has a key that is unknown: '" + key + "'");
    }
  }
  if (!json.contains("relative") && !json.contains("absolute"))
    refuse(number, "has neither relative nor absolute");
  return rule;
}

}  // namespace

const ToleranceRule* Tolerances::rule_for(const std::string& tensor, const std::string& op_type,
                                          DataType type) const {
  for (const ToleranceRule& rule : rules)
    if ((!rule.tensor || std::regex_match(tensor, *rule.tensor)) &&
        (rule.op_type.empty() || rule.op_type == op_type) && (!rule.type || *rule.type == type))
      return &rule;
  return nullptr;
}

std::vector<ToleranceRule> read_tolerances(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_array())
    throw Error("the tolerances are no JSON list of rules", Error::Kind::Usage)
        .advice("Write [{\"op\": \"Softmax\", \"relative\": 0.01}]");
  std::vector<ToleranceRule> rules;
  for (const Json& rule : json) rules.push_back(rule_from(rule, rules.size() + 1));
  return rules;
}

std::string tolerance_rule_text(const std::string& tensor, double relative, double absolute) {
  static const std::regex special(R"([.^$|()\[\]{}*+?\\])");
  const Json rule = {{"tensor", std::regex_replace(tensor, special, R"(\$&)")},
                     {"relative", relative},
                     {"absolute", absolute}};
  return rule.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace lapidary
