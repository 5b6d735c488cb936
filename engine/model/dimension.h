#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lapidary {

/// One dimension of a shape: a number, an expression over symbols (`N`, `2*N`, `floor((H + 1)/2)`), or
/// unknown. Expressions are kept in a canonical form, a sum of integer multiples of products, so that equal
/// expressions compare equal however they were built. An unknown dimension equals nothing, not even itself.
class Dimension {
 public:
  struct Atom;
  /// A product of atoms, sorted by their text; the empty product is 1.
  using Product = std::vector<std::shared_ptr<const Atom>>;
  struct ProductLess {
    bool operator()(const Product& a, const Product& b) const;
  };
  using Sum = std::map<Product, std::int64_t, ProductLess>;

  Dimension() = default;          ///< unknown
  Dimension(std::int64_t value);  // NOLINT: a number is a dimension
  static Dimension unknown() { return {}; }
  static Dimension symbol(const std::string& name);
  /// Reads what to_string() writes: numbers, names, + - * parentheses, floor(a/b), ceil(a/b), min, max, mod.
  /// Text that is none of these becomes one symbol of that name; empty text is unknown.
  static Dimension parse(const std::string& text);

  bool is_known() const { return known_; }  ///< number or expression
  bool is_constant() const { return known_ && is_constant_; }
  /// The number; call only if is_constant().
  std::int64_t value() const { return constant_; }
  /// The number, or `otherwise` where it is none.
  std::int64_t value_or(std::int64_t otherwise) const { return is_constant() ? constant_ : otherwise; }
  /// "3", "N", "2*N + 1", "floor((H + 1)/2)"; "?" if unknown.
  std::string to_string() const;

  /// The dimension with every symbol that `find` knows replaced by its number.
  Dimension substitute(const std::function<std::optional<std::int64_t>(const std::string&)>& find) const;
  /// The names of all symbols inside, each once, in order of appearance.
  std::vector<std::string> symbols() const;

  friend bool operator==(const Dimension& a, const Dimension& b);
  friend Dimension operator+(const Dimension& a, const Dimension& b);
  friend Dimension operator-(const Dimension& a, const Dimension& b);
  friend Dimension operator*(const Dimension& a, const Dimension& b);
  /// Exact or rounded quotients; unknown where the divisor is 0. Exact divisions such as 4*N by 2 simplify.
  friend Dimension floor_div(const Dimension& a, const Dimension& b);
  friend Dimension ceil_div(const Dimension& a, const Dimension& b);
  friend Dimension mod(const Dimension& a, const Dimension& b);
  friend Dimension min(const Dimension& a, const Dimension& b);
  friend Dimension max(const Dimension& a, const Dimension& b);

 private:
  explicit Dimension(Sum sum);
  Sum sum() const;

  bool known_ = false;
  bool is_constant_ = true;
  std::int64_t constant_ = 0;
  std::shared_ptr<const Sum> sum_;
};

/// A symbol, or a function of dimensions that does not simplify.
struct Dimension::Atom {
  enum class Kind { Symbol, FloorDiv, CeilDiv, Mod, Min, Max };
  Kind kind;
  std::string text;  ///< canonical; identity of the atom
  std::vector<Dimension> operands;
};

using Shape = std::vector<Dimension>;
/// Concrete sizes, outermost first.
using Dims = std::vector<std::int64_t>;

/// "N × 3 × 224 × 224", and "scalar" for rank 0.
std::string to_string(const Shape& shape);
std::string to_string(const Dims& dims);
/// The numbers if every dimension is one.
std::optional<Dims> constant_dims(const Shape& shape);
Shape shape_of(const Dims& dims);
/// Product of all; 1 for rank 0.
Dimension element_count(const Shape& shape);
std::int64_t element_count(const Dims& dims);  ///< the largest number where it would be larger

}  // namespace lapidary
