#include "engine/passes/pattern.h"

#include <algorithm>
#include <cmath>

#include "engine/passes/constants.h"

namespace lapidary {

struct Pattern::Form {
  Kind kind;
  std::string name;            ///< of the value, constant or number; of a call its operator
  std::vector<Pattern> parts;  ///< inputs, factors, terms or alternatives
  double number = 0;           ///< what the numbers of a product or sum come to
  std::string number_name;     ///< set where any number will do there
  Condition condition = {};
  std::string node_name = {};
};

Pattern::Pattern(Form form) : form_(std::make_shared<const Form>(std::move(form))) {}
Pattern::Pattern(double number) : Pattern(Form{Kind::Number, "", {}, number, ""}) {}

Pattern Pattern::where(Condition condition) const {
  Form form = *form_;
  form.condition = std::move(condition);
  return Pattern(std::move(form));
}

Pattern Pattern::with_more_inputs() const {
  return where([](const GraphRewriter&, const Node&) { return true; });
}

Pattern Pattern::named(std::string name) const {
  Form form = *form_;
  form.node_name = std::move(name);
  return Pattern(std::move(form));
}

Pattern value(std::string name) {
  return Pattern(Pattern::Form{Pattern::Kind::Value, std::move(name), {}, 0, ""});
}
Pattern constant(std::string name) {
  return Pattern(Pattern::Form{Pattern::Kind::Constant, std::move(name), {}, 0, ""});
}
Pattern number(std::string name) {
  return Pattern(Pattern::Form{Pattern::Kind::Number, "", {}, 0, std::move(name)});
}
Pattern call(std::string op_type, std::vector<Pattern> inputs) {
  return Pattern(Pattern::Form{Pattern::Kind::Call, std::move(op_type), std::move(inputs), 0, ""});
}
Pattern either(std::vector<Pattern> alternatives) {
  return Pattern(Pattern::Form{Pattern::Kind::Either, "", std::move(alternatives), 0, ""});
}

namespace {

/// True for alternatives of which one is a product, or sum, and would be taken apart with what stands around.
bool alternates(const Pattern& pattern, Pattern::Kind kind) {
  const Pattern::Form& form = pattern.form();
  return form.kind == Pattern::Kind::Either &&
         std::any_of(form.parts.begin(), form.parts.end(),
                     [&](const Pattern& each) { return each.form().kind == kind || alternates(each, kind); });
}

}  // namespace

/// a·b or a + b, with the parts of either if it is a product or sum itself.
Pattern chain(Pattern::Kind kind, const Pattern& a, const Pattern& b) {
  std::vector<Pattern> ways;
  if (alternates(a, kind))
    for (const Pattern& each : a.form().parts) ways.push_back(chain(kind, each, b));
  else if (alternates(b, kind))
    for (const Pattern& each : b.form().parts) ways.push_back(chain(kind, a, each));
  if (!ways.empty()) return either(std::move(ways));
  const bool multiplies = kind == Pattern::Kind::Product;
  Pattern::Form form{kind, "", {}, multiplies ? 1.0 : 0.0, ""};
  for (const Pattern& part : {a, b}) {
    const Pattern::Form& given = part.form();
    if (given.kind != kind && given.kind != Pattern::Kind::Number) {
      form.parts.push_back(part);
      continue;
    }
    form.parts.insert(form.parts.end(), given.parts.begin(), given.parts.end());
    if (!given.number_name.empty())
      form.number_name = given.number_name;
    else
      form.number = multiplies ? form.number * given.number : form.number + given.number;
  }
  return Pattern(std::move(form));
}

Pattern operator*(const Pattern& a, const Pattern& b) { return chain(Pattern::Kind::Product, a, b); }
Pattern operator+(const Pattern& a, const Pattern& b) { return chain(Pattern::Kind::Sum, a, b); }
Pattern operator-(const Pattern& a, const Pattern& b) {
  const auto& form = b.form();
  if (form.kind == Pattern::Kind::Number && form.number_name.empty()) return a + Pattern(-form.number);
  return call("Sub", {a, b});
}
Pattern operator/(const Pattern& a, const Pattern& b) {
  const auto& form = b.form();
  if (form.kind == Pattern::Kind::Number && form.number_name.empty()) return a * Pattern(1 / form.number);
  return call("Div", {a, b});
}
Pattern square(const Pattern& a) { return either({call("Pow", {a, 2.0}), a * a}); }
Pattern over_square_root(const Pattern& a, const Pattern& b) {
  const Pattern root = either({call("Sqrt", {b}), call("Pow", {b, 0.5})});
  const Pattern inverse =
      either({call("Reciprocal", {root}), call("Div", {1.0, root}), call("Pow", {b, -0.5})});
  return either({a / root, a * inverse});
}

std::set<std::string> required_operators(const Pattern& pattern) {
  const Pattern::Form& form = pattern.form();
  std::set<std::string> required;
  if (form.kind == Pattern::Kind::Call) required.insert(form.name);
  for (std::size_t i = 0; i < form.parts.size(); ++i) {
    std::set<std::string> of_part = required_operators(form.parts[i]);
    if (form.kind == Pattern::Kind::Either && i > 0)
      std::erase_if(required, [&](const std::string& op_type) { return !of_part.contains(op_type); });
    else
      required.merge(of_part);
  }
  return required;
}

namespace {

template <class T>
const T* find_named(const std::vector<std::pair<std::string_view, T>>& all, std::string_view name) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.first == name; });
  return found == all.end() ? nullptr : &found->second;
}

/// How far apart two numbers may be, by a factor, where one of that type has been rounded.
double tolerance_of(DataType type) {
  if (is_integer(type)) return 0;
  if (type == DataType::Float64) return 1e-14;
  return type == DataType::BFloat16 ? 0.01 : type == DataType::Float16 ? 0.002 : 1e-5;
}

/// What is open of a product or sum while it is taken apart.
struct Open {
  std::vector<std::string> values;
  double number;
  bool has_number = false;
  double tolerance = 0;
  bool is_integer = false;
};

bool agree(double wanted, const Open& found) {
  return std::abs(wanted - found.number) <= found.tolerance * std::abs(wanted);
}

}  // namespace

const std::string& Match::value(std::string_view name) const { return *find_named(values_, name); }
double Match::number(std::string_view name) const { return *find_named(numbers_, name); }
bool Match::has_value(std::string_view name) const { return find_named(values_, name) != nullptr; }

double Match::number_or(std::string_view name, double otherwise) const {
  const double* found = find_named(numbers_, name);
  return found ? *found : otherwise;
}
std::vector<const Node*> Match::nodes(std::string_view name) const {
  std::vector<const Node*> all;
  for (const auto& [each, node] : nodes_)
    if (each == name) all.push_back(node);
  return all;
}

/// Tries one way after the other: each step calls the next one, and takes back what it noted where that
/// fails.
class Matcher {
 public:
  explicit Matcher(const GraphRewriter& graph) : graph_(graph) {}

  std::optional<Match> run(std::size_t root, const Pattern& pattern) {
    const auto end = [this] { return is_closed(); };
    return node(root, pattern.form(), end) ? std::optional(std::move(found_)) : std::nullopt;
  }

 private:
  using Next = std::function<bool()>;
  using Kind = Pattern::Kind;
  using Form = Pattern::Form;

  bool value(const std::string& name, const Form& form, const Next& next) {
    if (name.empty()) return false;
    if (form.kind == Kind::Constant && !graph_.constant(name)) return false;
    if (form.kind == Kind::Value || form.kind == Kind::Constant) return bind(form.name, name, next);
    if (form.kind == Kind::Number) return false;  // inputs() asks for those
    if (form.kind == Kind::Either)
      return any(form, [&](const Form& each) { return value(name, each, next); });
    const int position = graph_.producer(name);
    return position >= 0 && node(static_cast<std::size_t>(position), form, next);
  }

  bool node(std::size_t position, const Form& form, const Next& next) {
    if (form.kind == Kind::Either)
      return any(form, [&](const Form& each) { return node(position, each, next); });
    if (form.kind == Kind::Call) return call(position, form, next);
    if (form.kind == Kind::Product || form.kind == Kind::Sum)
      return expand(position, {{}, form.kind == Kind::Sum ? 0.0 : 1.0}, form, next);
    return false;
  }

  template <class Try>
  static bool any(const Form& form, Try attempt) {
    return std::any_of(form.parts.begin(), form.parts.end(),
                       [&](const Pattern& each) { return attempt(each.form()); });
  }

  bool bind(const std::string& name, const std::string& value, const Next& next) {
    if (const std::string* bound = find_named(found_.values_, name)) return *bound == value && next();
    found_.values_.emplace_back(name, value);
    if (next()) return true;
    found_.values_.pop_back();
    return false;
  }

  // --- calls ---

  bool call(std::size_t position, const Form& form, const Next& next) {
    const Node& node = *graph_.node(position);
    if (!is_standard(node, form.name) || node.inputs.size() < form.parts.size()) return false;
    if (form.condition ? !form.condition(graph_, node) : node.inputs.size() > form.parts.size()) return false;
    found_.positions_.push_back(position);
    if (!form.node_name.empty()) found_.nodes_.emplace_back(form.node_name, &node);
    static constexpr std::string_view commutative[] = {"Add", "Mul", "Min", "Max"};
    const bool turns = form.parts.size() == 2 && std::find(std::begin(commutative), std::end(commutative),
                                                           form.name) != std::end(commutative);
    if (inputs(node, form, 0, false, next) || (turns && inputs(node, form, 0, true, next))) return true;
    if (!form.node_name.empty()) found_.nodes_.pop_back();
    found_.positions_.pop_back();
    return false;
  }

  bool inputs(const Node& node, const Form& form, std::size_t index, bool turned, const Next& next) {
    if (index == form.parts.size()) return next();
    const Form& part = form.parts[index].form();
    const std::size_t slot = turned ? 1 - index : index;
    const auto rest = [&] { return inputs(node, form, index + 1, turned, next); };
    if (part.kind != Kind::Number) return value(node.inputs[slot], part, rest);
    const auto number = number_at(node, slot);
    return number && fits_number(part, *number, rest);
  }

  // --- products and sums ---

  /// Takes the node apart, if it is a product or sum; what is open is that of the nodes around it.
  bool expand(std::size_t position, Open open, const Form& form, const Next& next) {
    const Node& node = *graph_.node(position);
    if (!take_operands(node, form.kind, open) || open.values.size() > form.parts.size()) return false;
    found_.positions_.push_back(position);
    if (open.values.size() == form.parts.size() &&
        fits_number(form, open, [&] { return assign(form, 0, open.values, next); }))
      return true;
    for (std::size_t i = 0; i < open.values.size(); ++i) {
      const int producer = graph_.producer(open.values[i]);
      if (producer < 0) continue;
      Open smaller = open;
      smaller.values.erase(smaller.values.begin() + static_cast<std::ptrdiff_t>(i));
      if (expand(static_cast<std::size_t>(producer), std::move(smaller), form, next)) return true;
    }
    found_.positions_.pop_back();
    return false;
  }

  bool take_operands(const Node& node, Kind kind, Open& open) const {
    const bool multiplies = kind == Kind::Product;
    const bool inverse = is_standard(node, multiplies ? "Div" : "Sub");
    if ((!inverse && !is_standard(node, multiplies ? "Mul" : "Add")) || node.inputs.size() != 2) return false;
    for (std::size_t slot = 0; slot < 2; ++slot) {
      const auto found = number_at(node, slot);
      if (inverse && found.has_value() != (slot == 1)) return false;
      if (found && found->is_integer) return false;  // whose quotients are cut off
      if (!found) {
        open.values.push_back(node.inputs[slot]);
        continue;
      }
      const double by = inverse ? (multiplies ? 1 / found->number : -found->number) : found->number;
      open.number = multiplies ? open.number * by : open.number + by;
      open.tolerance = std::max(open.tolerance, found->tolerance);
      open.has_number = true;
    }
    return true;
  }

  /// Gives each open value to one of the parts.
  bool assign(const Form& form, std::size_t part, std::vector<std::string> open, const Next& next) {
    if (part == form.parts.size()) return next();
    for (std::size_t i = 0; i < open.size(); ++i) {
      std::vector<std::string> rest = open;
      rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
      if (value(open[i], form.parts[part].form(), [&] { return assign(form, part + 1, rest, next); }))
        return true;
    }
    return false;
  }

  // --- numbers ---

  /// The number that a node has at an input, unless it gives the result more axes than the other operand has.
  std::optional<Open> number_at(const Node& node, std::size_t slot) const {
    const auto found = constant_number(graph_, node.inputs[slot]);
    if (!found || !std::isfinite(*found)) return std::nullopt;
    const Tensor& tensor = graph_.constant(node.inputs[slot])->tensor;
    if (tensor.rank() > 0) {
      const auto other = graph_.shape_of_value(node.inputs[slot == 0 && node.inputs.size() > 1 ? 1 : 0]);
      if (!other || other->size() < static_cast<std::size_t>(tensor.rank())) return std::nullopt;
    }
    return Open{{}, *found, true, tolerance_of(tensor.type()), is_integer(tensor.type())};
  }

  bool fits_number(const Form& form, const Open& found, const Next& next) {
    if (form.number_name.empty()) return agree(form.number, found) && next();
    if (!found.has_number) return false;
    const double number =
        form.kind == Kind::Product ? found.number / form.number : found.number - form.number;
    found_.numbers_.emplace_back(form.number_name, number);
    if (next()) return true;
    found_.numbers_.pop_back();
    return false;
  }

  // --- the end ---

  /// Nobody outside needs what lies between.
  bool is_closed() const {
    const auto& inside = found_.positions_;
    for (std::size_t i = 1; i < inside.size(); ++i)
      for (const auto& output : graph_.node(inside[i])->outputs) {
        if (output.empty()) continue;
        const auto readers = graph_.readers(output);
        if (graph_.is_output(output) || !std::all_of(readers.begin(), readers.end(), [&](std::size_t reader) {
              return std::find(inside.begin(), inside.end(), reader) != inside.end();
            }))
          return false;
      }
    return true;
  }

  const GraphRewriter& graph_;
  Match found_;
};

std::optional<Match> match(const GraphRewriter& graph, std::size_t root, const Pattern& pattern) {
  return Matcher(graph).run(root, pattern);
}

}  // namespace lapidary
