#include "engine/documentation/operator_changes.h"

#include <algorithm>

namespace lapidary {
namespace {

using Lines = std::vector<std::string>;

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i)
    text += (i == 0 ? "" : i + 1 == words.size() ? " and " : ", ") + words[i];
  return text;
}

template <class T>
const T* find_named(const std::vector<T>& list, const std::string& name) {
  const auto found =
      std::find_if(list.begin(), list.end(), [&](const T& element) { return element.name == name; });
  return found == list.end() ? nullptr : &*found;
}

std::vector<std::string> without(const std::vector<std::string>& list,
                                 const std::vector<std::string>& others) {
  std::vector<std::string> rest;
  for (const auto& element : list)
    if (std::find(others.begin(), others.end(), element) == others.end()) rest.push_back(element);
  return rest;
}

// --- inputs and outputs ---

/// "input 'axes' is new" for each parameter of one list that the other list lacks.
class ParameterChanges {
 public:
  ParameterChanges(const Operator& before, const Operator& after, Lines& lines)
      : before_(before), after_(after), lines_(lines) {}

  void compare(const std::string& sort, const std::vector<Parameter>& old_list,
               const std::vector<Parameter>& new_list) {
    for (std::size_t i = 0; i < new_list.size(); ++i) {
      const Parameter& parameter = new_list[i];
      const Parameter* old = find_named(old_list, parameter.name);
      if (!old && i < old_list.size() && !find_named(new_list, old_list[i].name)) {
        old = &old_list[i];
        lines_.push_back(sort + " '" + old->name + "' is called '" + parameter.name + "'");
      }
      if (old)
        compare_parameter(sort, *old, parameter);
      else
        lines_.push_back(sort + " '" + parameter.name + "' is new" + origin(parameter) +
                         (parameter.arity == Arity::Optional ? ", and may be left out" : ""));
    }
    for (std::size_t i = 0; i < old_list.size(); ++i) {
      const bool renamed = i < new_list.size() && !find_named(old_list, new_list[i].name);
      if (!find_named(new_list, old_list[i].name) && !renamed)
        lines_.push_back(sort + " '" + old_list[i].name + "' is gone");
    }
  }

  /// One line for all parameters whose types changed alike.
  void finish() {
    for (const auto& [change, names] : type_changes_)
      lines_.push_back(joined(names) + (names.size() == 1 ? " takes " : " take ") + change);
  }

 private:
  std::string origin(const Parameter& parameter) const {
    return before_.find_attribute(parameter.name) ? " (it was an attribute)" : "";
  }

  void compare_parameter(const std::string& sort, const Parameter& old, const Parameter& now) {
    const std::string name = sort + " '" + now.name + "'";
    if (old.arity == Arity::Single && now.arity == Arity::Optional)
      lines_.push_back(name + " may be left out");
    if (old.arity == Arity::Optional && now.arity == Arity::Single) lines_.push_back(name + " must be given");
    if (old.arity != Arity::Variadic && now.arity == Arity::Variadic)
      lines_.push_back(name + " may be any number of values");
    if (old.minimum != now.minimum)
      lines_.push_back(name + " needs at least " + std::to_string(now.minimum) + " values");
    const auto old_types = types_of(before_, old), new_types = types_of(after_, now);
    const auto added = without(new_types, old_types), removed = without(old_types, new_types);
    if (!added.empty()) note_types("also " + short_types(added), now.name);
    if (!removed.empty()) note_types("no longer " + short_types(removed), now.name);
  }

  void note_types(const std::string& change, const std::string& name) {
    for (auto& [text, names] : type_changes_)
      if (text == change) {
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
        return;
      }
    type_changes_.push_back({change, {name}});
  }

  const Operator& before_;
  const Operator& after_;
  Lines& lines_;
  std::vector<std::pair<std::string, std::vector<std::string>>> type_changes_;
};

// --- attributes ---

std::string default_text(const AttributeSpec& attribute) {
  return attribute.default_value.index() == 0 ? "none" : to_string(attribute.default_value);
}

void compare_attributes(const Operator& before, const Operator& after, Lines& lines) {
  for (const auto& attribute : after.attributes) {
    const std::string name = "attribute '" + attribute.name + "'";
    const AttributeSpec* old = before.find_attribute(attribute.name);
    if (!old) {
      lines.push_back(name + " is new" +
                      (find_named(before.inputs, attribute.name) ? " (it was an input)" : ""));
      continue;
    }
    if (old->type != attribute.type)
      lines.push_back(name + " is of type " + std::string(name_of(attribute.type)) + ", no longer " +
                      std::string(name_of(old->type)));
    if (old->required != attribute.required)
      lines.push_back(name + (attribute.required ? " must be given" : " may be left out"));
    else if (default_text(*old) != default_text(attribute))
      lines.push_back(name + " has the default " + default_text(attribute) + ", before it was " +
                      default_text(*old));
  }
  for (const auto& attribute : before.attributes)
    if (!after.find_attribute(attribute.name) && !find_named(after.inputs, attribute.name))
      lines.push_back("attribute '" + attribute.name + "' is gone");
}

}  // namespace

std::string short_type(const std::string& type) {
  std::string text = type;
  for (std::size_t at = text.find("tensor("); at != std::string::npos; at = text.find("tensor(")) {
    text.erase(text.find(')', at), 1);
    text.erase(at, 7);
  }
  return text;
}

std::string short_types(const std::vector<std::string>& types) {
  std::vector<std::string> names;
  for (const auto& type : types) names.push_back(short_type(type));
  static const std::vector<std::string> integers = {"int8",  "int16",  "int32",  "int64",
                                                    "uint8", "uint16", "uint32", "uint64"};
  if (without(integers, names).empty()) {
    names = without(names, integers);
    names.insert(names.begin(), "integers of 8 to 64 bits");
  }
  return joined(names);
}

std::vector<std::string> types_of(const Operator& record, const Parameter& parameter) {
  const TypeConstraint* constraint = record.find_constraint(parameter.type);
  return constraint ? constraint->types : std::vector<std::string>{parameter.type};
}

std::vector<std::string> changes_between(const Operator& before, const Operator& after) {
  Lines lines;
  if (!after.change_text.empty()) lines.push_back(after.change_text);
  if (after.is_deprecated) {
    lines.push_back("deprecated");
    return lines;
  }
  ParameterChanges parameters(before, after, lines);
  parameters.compare("input", before.inputs, after.inputs);
  parameters.compare("output", before.outputs, after.outputs);
  compare_attributes(before, after, lines);
  parameters.finish();
  return lines;
}

}  // namespace lapidary
