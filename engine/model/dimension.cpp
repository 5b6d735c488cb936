#include "engine/model/dimension.h"

#include <algorithm>
#include <cctype>
#include <limits>
#include <numeric>
#include <utility>

namespace lapidary {
namespace {

using Atom = Dimension::Atom;
using Product = Dimension::Product;
using Sum = Dimension::Sum;

std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  const std::int64_t q = a / b;
  return (a % b != 0 && ((a < 0) != (b < 0))) ? q - 1 : q;
}

std::string product_text(const Product& product) {
  std::string text;
  for (const auto& atom : product) text += (text.empty() ? "" : "*") + atom->text;
  return text;
}

/// Text fit to stand inside a product or a quotient.
std::string operand_text(const Dimension& d) {
  const std::string text = d.to_string();
  const bool simple = std::none_of(text.begin(), text.end(), [](char c) { return c == ' ' || c == '*'; });
  return simple || text.back() == ')' ? text : "(" + text + ")";
}

}  // namespace

bool Dimension::ProductLess::operator()(const Product& a, const Product& b) const {
  if (a.size() != b.size()) return a.size() > b.size();  // higher degree first, the constant last
  for (std::size_t i = 0; i < a.size(); ++i)
    if (const int order = a[i]->text.compare(b[i]->text)) return order < 0;
  return false;
}

Dimension::Dimension(std::int64_t value) : known_(true), constant_(value) {}

Dimension::Dimension(Sum sum) : known_(true) {
  std::erase_if(sum, [](const auto& term) { return term.second == 0; });
  if (sum.empty() || (sum.size() == 1 && sum.begin()->first.empty())) {
    constant_ = sum.empty() ? 0 : sum.begin()->second;
    return;
  }
  is_constant_ = false;
  sum_ = std::make_shared<const Sum>(std::move(sum));
}

Sum Dimension::sum() const { return sum_ ? *sum_ : Sum{{Product{}, constant_}}; }

Dimension Dimension::symbol(const std::string& name) {
  if (name.empty()) return unknown();
  auto atom = std::make_shared<const Atom>(Atom{Atom::Kind::Symbol, name, {}});
  return Dimension(Sum{{Product{std::move(atom)}, 1}});
}

namespace {

Dimension atom_dimension(Atom::Kind kind, std::string text, Dimension a, Dimension b, auto make) {
  auto atom = std::make_shared<const Atom>(Atom{kind, std::move(text), {std::move(a), std::move(b)}});
  return make(Sum{{Product{std::move(atom)}, 1}});
}

}  // namespace

std::string Dimension::to_string() const {
  if (!known_) return "?";
  if (is_constant_) return std::to_string(constant_);
  std::string text;
  for (const auto& [product, factor] : *sum_) {
    const std::int64_t magnitude = factor < 0 ? -factor : factor;
    if (text.empty())
      text += factor < 0 ? "-" : "";
    else
      text += factor < 0 ? " - " : " + ";
    if (product.empty())
      text += std::to_string(magnitude);
    else
      text += (magnitude == 1 ? "" : std::to_string(magnitude) + "*") + product_text(product);
  }
  return text;
}

bool operator==(const Dimension& a, const Dimension& b) {
  if (!a.known_ || !b.known_) return false;
  if (a.is_constant_ || b.is_constant_) return a.is_constant_ && b.is_constant_ && a.constant_ == b.constant_;
  if (a.sum_ == b.sum_) return true;
  if (a.sum_->size() != b.sum_->size()) return false;
  const Dimension::ProductLess less;
  return std::equal(a.sum_->begin(), a.sum_->end(), b.sum_->begin(), [&](const auto& x, const auto& y) {
    return x.second == y.second && !less(x.first, y.first) && !less(y.first, x.first);
  });
}

namespace {

/// sum += factor · product; false where a number leaves its type, which no size does.
bool add_term(Sum& sum, const Product& product, std::int64_t factor) {
  std::int64_t& term = sum[product];
  return !__builtin_add_overflow(term, factor, &term);
}

}  // namespace

Dimension operator+(const Dimension& a, const Dimension& b) {
  if (!a.known_ || !b.known_) return {};
  if (a.is_constant_ && b.is_constant_) {
    std::int64_t sum;
    return __builtin_add_overflow(a.constant_, b.constant_, &sum) ? Dimension() : Dimension(sum);
  }
  Sum sum = a.sum();
  for (const auto& [product, factor] : b.sum())
    if (!add_term(sum, product, factor)) return {};
  return Dimension(std::move(sum));
}

Dimension operator-(const Dimension& a, const Dimension& b) { return a + b * Dimension(-1); }

Dimension operator*(const Dimension& a, const Dimension& b) {
  if (!a.known_ || !b.known_) {
    const bool zero = (a.is_constant() && a.constant_ == 0) || (b.is_constant() && b.constant_ == 0);
    return zero ? Dimension(0) : Dimension();
  }
  if (a.is_constant_ && b.is_constant_) {
    std::int64_t product;
    return __builtin_mul_overflow(a.constant_, b.constant_, &product) ? Dimension() : Dimension(product);
  }
  Sum result;
  for (const auto& [x, i] : a.sum())
    for (const auto& [y, j] : b.sum()) {
      Product product = x;
      product.insert(product.end(), y.begin(), y.end());
      std::sort(product.begin(), product.end(),
                [](const auto& p, const auto& q) { return p->text < q->text; });
      std::int64_t factor;
      if (__builtin_mul_overflow(i, j, &factor) || !add_term(result, product, factor)) return {};
    }
  return Dimension(std::move(result));
}

Dimension floor_div(const Dimension& a, const Dimension& b) {
  if (!a.known_ || !b.known_ || (b.is_constant_ && b.constant_ == 0)) return {};
  if (b.is_constant_ && b.constant_ == -1) return a * b;  // the one quotient that can leave the type
  if (a.is_constant_ && b.is_constant_) return floor_divide(a.constant_, b.constant_);
  if (a == b) return 1;
  if (b.is_constant_) {
    if (b.constant_ == 1) return a;
    Sum quotient;  // exact if every factor divides
    bool exact = true;
    for (const auto& [product, factor] : a.sum()) {
      exact = exact && factor % b.constant_ == 0;
      quotient[product] = factor / b.constant_;
    }
    if (exact) return Dimension(std::move(quotient));
  } else if (!a.is_constant_ && b.sum_->size() == 1) {
    // (k·p·q) / (m·p): cancel the atoms of a one-term divisor where every term of `a` holds them.
    const auto& [divisor, divisor_factor] = *b.sum_->begin();
    Sum quotient;
    bool exact = true;
    for (const auto& [product, factor] : a.sum()) {
      Product rest = product;
      for (const auto& atom : divisor) {
        auto found =
            std::find_if(rest.begin(), rest.end(), [&](const auto& x) { return x->text == atom->text; });
        if (found == rest.end()) {
          exact = false;
          break;
        }
        rest.erase(found);
      }
      exact = exact && divisor_factor != -1 && factor % divisor_factor == 0;
      if (!exact) break;
      quotient[rest] += factor / divisor_factor;
    }
    if (exact) return Dimension(std::move(quotient));
  }
  return atom_dimension(Atom::Kind::FloorDiv, "floor(" + operand_text(a) + "/" + operand_text(b) + ")", a, b,
                        [](Sum s) { return Dimension(std::move(s)); });
}

Dimension ceil_div(const Dimension& a, const Dimension& b) {
  if (!a.known_ || !b.known_ || (b.is_constant_ && b.constant_ == 0)) return {};
  if (b.is_constant_ && b.constant_ == -1) return a * b;
  if (a.is_constant_ && b.is_constant_)
    return floor_divide(a.constant_, b.constant_) + (a.constant_ % b.constant_ != 0 ? 1 : 0);
  const Dimension exact = floor_div(a, b);
  if (exact * b == a) return exact;
  return atom_dimension(Atom::Kind::CeilDiv, "ceil(" + operand_text(a) + "/" + operand_text(b) + ")", a, b,
                        [](Sum s) { return Dimension(std::move(s)); });
}

Dimension mod(const Dimension& a, const Dimension& b) {
  if (!a.known_ || !b.known_ || (b.is_constant_ && b.constant_ == 0)) return {};
  if (b.is_constant_ && b.constant_ == -1) return 0;
  if (a.is_constant_ && b.is_constant_)
    return a.constant_ - floor_divide(a.constant_, b.constant_) * b.constant_;
  if (floor_div(a, b) * b == a) return 0;
  return atom_dimension(Atom::Kind::Mod, "mod(" + a.to_string() + ", " + b.to_string() + ")", a, b,
                        [](Sum s) { return Dimension(std::move(s)); });
}

Dimension min(const Dimension& a, const Dimension& b) {
  if (!a.known_ || !b.known_) return {};
  const Dimension difference = a - b;
  if (difference.is_constant_) return difference.constant_ <= 0 ? a : b;
  const bool swap = b.to_string() < a.to_string();
  const Dimension &x = swap ? b : a, &y = swap ? a : b;
  return atom_dimension(Atom::Kind::Min, "min(" + x.to_string() + ", " + y.to_string() + ")", x, y,
                        [](Sum s) { return Dimension(std::move(s)); });
}

Dimension max(const Dimension& a, const Dimension& b) {
  if (!a.known_ || !b.known_) return {};
  const Dimension difference = a - b;
  if (difference.is_constant_) return difference.constant_ >= 0 ? a : b;
  const bool swap = b.to_string() < a.to_string();
  const Dimension &x = swap ? b : a, &y = swap ? a : b;
  return atom_dimension(Atom::Kind::Max, "max(" + x.to_string() + ", " + y.to_string() + ")", x, y,
                        [](Sum s) { return Dimension(std::move(s)); });
}

Dimension Dimension::substitute(
    const std::function<std::optional<std::int64_t>(const std::string&)>& find) const {
  if (!known_ || is_constant_) return *this;
  const auto value_of = [&](const Atom& atom) -> Dimension {
    if (atom.kind == Atom::Kind::Symbol) {
      const auto value = find(atom.text);
      return value ? Dimension(*value) : symbol(atom.text);
    }
    const Dimension a = atom.operands[0].substitute(find), b = atom.operands[1].substitute(find);
    switch (atom.kind) {
      case Atom::Kind::FloorDiv:
        return floor_div(a, b);
      case Atom::Kind::CeilDiv:
        return ceil_div(a, b);
      case Atom::Kind::Mod:
        return mod(a, b);
      case Atom::Kind::Min:
        return min(a, b);
      default:
        return max(a, b);
    }
  };
  Dimension result = 0;
  for (const auto& [product, factor] : *sum_) {
    Dimension term = factor;
    for (const auto& atom : product) term = term * value_of(*atom);
    result = result + term;
  }
  return result;
}

std::vector<std::string> Dimension::symbols() const {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  if (!sum_) return names;
  for (const auto& [product, factor] : *sum_)
    for (const auto& atom : product) {
      if (atom->kind == Atom::Kind::Symbol) add(atom->text);
      for (const auto& operand : atom->operands)
        for (const auto& name : operand.symbols()) add(name);
    }
  return names;
}

namespace {

/// Recursive descent over the grammar of Dimension::to_string; fails by leaving `ok` false.
class DimensionParser {
 public:
  explicit DimensionParser(const std::string& text) : text_(text) {}

  std::optional<Dimension> parse() {
    const Dimension result = expression(0);
    skip_spaces();
    if (!ok_ || at_ != text_.size()) return std::nullopt;
    return result;
  }

 private:
  static constexpr int max_depth = 64;

  void skip_spaces() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool take(char c) {
    skip_spaces();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  Dimension expression(int depth) {
    Dimension result = take('-') ? Dimension(-1) * term(depth) : term(depth);
    while (ok_) {
      if (take('+'))
        result = result + term(depth);
      else if (take('-'))
        result = result - term(depth);
      else
        break;
    }
    return result;
  }
  Dimension term(int depth) {
    Dimension result = factor(depth);
    while (ok_ && take('*')) result = result * factor(depth);
    return result;
  }
  Dimension factor(int depth) {
    skip_spaces();
    if (depth > max_depth || at_ >= text_.size()) return fail();
    if (take('(')) {
      const Dimension inner = expression(depth + 1);
      return take(')') ? inner : fail();
    }
    const std::size_t begin = at_;
    if (std::isdigit(static_cast<unsigned char>(text_[at_]))) {
      while (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_]))) ++at_;
      if (at_ - begin > 18) return fail();
      return Dimension(std::stoll(text_.substr(begin, at_ - begin)));
    }
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_' ||
                                  text_[at_] == '.' || text_[at_] == ':'))
      ++at_;
    const std::string name = text_.substr(begin, at_ - begin);
    if (name.empty()) return fail();
    if (at_ < text_.size() && text_[at_] == '(') return call(name, depth);
    return Dimension::symbol(name);
  }
  Dimension call(const std::string& name, int depth) {
    take('(');
    const Dimension a = expression(depth + 1);
    if (!take(name == "floor" || name == "ceil" ? '/' : ',')) return fail();
    const Dimension b = factor_or_expression(name, depth + 1);
    if (!take(')')) return fail();
    if (name == "floor") return floor_div(a, b);
    if (name == "ceil") return ceil_div(a, b);
    if (name == "mod") return mod(a, b);
    if (name == "min") return min(a, b);
    if (name == "max") return max(a, b);
    return fail();
  }
  Dimension factor_or_expression(const std::string& name, int depth) {
    return name == "floor" || name == "ceil" ? factor(depth) : expression(depth);
  }
  Dimension fail() {
    ok_ = false;
    return {};
  }

  const std::string& text_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace

Dimension Dimension::parse(const std::string& text) {
  if (text.empty() || text == "?") return unknown();
  if (auto parsed = DimensionParser(text).parse()) return *parsed;
  return symbol(text);
}

namespace {

template <class Sizes, class Text>
std::string join_sizes(const Sizes& sizes, Text text_of) {
  if (sizes.empty()) return "scalar";
  std::string text;
  for (const auto& size : sizes) text += (text.empty() ? "" : " × ") + text_of(size);
  return text;
}

}  // namespace

std::string to_string(const Shape& shape) {
  return join_sizes(shape, [](const Dimension& d) { return d.to_string(); });
}

std::string to_string(const Dims& dims) {
  return join_sizes(dims, [](std::int64_t d) { return std::to_string(d); });
}

std::optional<Dims> constant_dims(const Shape& shape) {
  Dims dims;
  for (const auto& d : shape) {
    if (!d.is_constant()) return std::nullopt;
    dims.push_back(d.value());
  }
  return dims;
}

Shape shape_of(const Dims& dims) { return Shape(dims.begin(), dims.end()); }

Dimension element_count(const Shape& shape) {
  return std::accumulate(shape.begin(), shape.end(), Dimension(1), std::multiplies<>());
}

std::int64_t element_count(const Dims& dims) {
  std::int64_t count = 1;
  for (const std::int64_t size : dims) {
    if (size == 0) return 0;
    if (__builtin_mul_overflow(count, size, &count)) count = std::numeric_limits<std::int64_t>::max();
  }
  return count;
}

}  // namespace lapidary
