#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/passes/graph_rewriter.h"

namespace lapidary {

/// What a pass looks for, written as the formula that it is:
///
///   const Pattern x = value("x");
///   const Pattern gelu = 0.5 * x * (1 + call("Erf", {x * std::sqrt(0.5)}));
///
/// Products and sums match in any order and nesting, numbers anywhere among them, divided by or subtracted as
/// well: x * 0.5 * (1 + erf) and (x * (erf + 1)) / 2 are the same. Numbers are constants of one element,
/// equal within what their type can tell. A name that stands twice is the same value twice.
class Pattern {
 public:
  using Condition = std::function<bool(const GraphRewriter&, const Node&)>;
  enum class Kind { Value, Constant, Number, Call, Product, Sum, Either };

  Pattern(double number);  // NOLINT: a number is a pattern
  /// The same, and the node has to satisfy `condition`, which answers for inputs beyond those listed. Calls
  /// only.
  Pattern where(Condition condition) const;
  /// The same, and the node may have more inputs than are listed. Calls only.
  Pattern with_more_inputs() const;
  /// The same, and the match names its node so. Calls only.
  Pattern named(std::string name) const;

  struct Form;
  const Form& form() const { return *form_; }

 private:
  explicit Pattern(Form form);
  std::shared_ptr<const Form> form_;

  friend Pattern value(std::string name);
  friend Pattern constant(std::string name);
  friend Pattern number(std::string name);
  friend Pattern call(std::string op_type, std::vector<Pattern> inputs);
  friend Pattern either(std::vector<Pattern> alternatives);
  friend Pattern chain(Kind kind, const Pattern& a, const Pattern& b);
};

/// Any value.
Pattern value(std::string name);
/// Any constant tensor.
Pattern constant(std::string name);
/// Any constant of one element.
Pattern number(std::string name);
/// A node of the standard's operator with these inputs, and no more unless a condition says so; Add, Mul, Min
/// and Max in either order.
Pattern call(std::string op_type, std::vector<Pattern> inputs);
/// The first alternative that matches.
Pattern either(std::vector<Pattern> alternatives);

Pattern operator*(const Pattern& a, const Pattern& b);
Pattern operator+(const Pattern& a, const Pattern& b);
Pattern operator-(const Pattern& a, const Pattern& b);
/// Div; by a number the product with its inverse.
Pattern operator/(const Pattern& a, const Pattern& b);
/// Pow by 2, or a product with itself.
Pattern square(const Pattern& a);
/// a/√b: divided by Sqrt or Pow by a half, or times the inverse of that or Pow by minus a half.
Pattern over_square_root(const Pattern& a, const Pattern& b);

/// Operators without which no graph has the pattern.
std::set<std::string> required_operators(const Pattern& pattern);

/// What a pattern found, by the names in the pattern.
class Match {
 public:
  const std::string& value(std::string_view name) const;
  double number(std::string_view name) const;
  /// The number, or `otherwise` where the alternative that matched has none of that name.
  double number_or(std::string_view name, double otherwise) const;
  /// All nodes of that name: a call that stands twice may be two nodes.
  std::vector<const Node*> nodes(std::string_view name) const;
  bool has_value(std::string_view name) const;
  /// The nodes that take part; the root is the first.
  const std::vector<std::size_t>& positions() const { return positions_; }

 private:
  friend class Matcher;
  template <class T>
  using Named = std::vector<std::pair<std::string_view, T>>;
  Named<std::string> values_;
  Named<double> numbers_;
  Named<const Node*> nodes_;
  std::vector<std::size_t> positions_;
};

/// Matches the node at `root` and what makes its inputs. Nothing where what lies between is read by others
/// or an output of the graph. Names in the match live as long as the pattern.
std::optional<Match> match(const GraphRewriter& graph, std::size_t root, const Pattern& pattern);

}  // namespace lapidary
