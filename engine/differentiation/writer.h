#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/model/model.h"

/// Writing graphs as expressions.
namespace lapidary::differentiation {

using Attributes = std::vector<std::pair<std::string, AttributeValue>>;

class Writer;

/// A value that a Writer's nodes make or read; an absent one has no name.
struct Expression {
  Writer* writer = nullptr;
  std::string name;

  bool is_present() const { return !name.empty(); }
};

/// Collects nodes; each call appends one and names its result.
class Writer {
 public:
  explicit Writer(std::string prefix) : prefix_(std::move(prefix)) {}

  /// A value that is made elsewhere.
  Expression read(const std::string& name) { return {this, name}; }
  Expression call(std::string op, const std::vector<Expression>& inputs, const Attributes& attributes = {});
  /// The results of a node with several outputs.
  std::vector<Expression> call_all(std::string op, const std::vector<Expression>& inputs, std::size_t outputs,
                                   const Attributes& attributes = {}, std::string domain = "");
  /// A number as a scalar of the element type of `like`.
  Expression number(double value, const Expression& like);
  /// A vector, or a scalar of int64.
  Expression integers(std::vector<std::int64_t> values);
  Expression integer(std::int64_t value);
  void append(Node node) { nodes_.push_back(std::make_shared<const Node>(std::move(node))); }

  const std::vector<std::shared_ptr<const Node>>& nodes() const { return nodes_; }
  /// Names that the nodes read and do not make, each once.
  std::vector<std::string> outer_names() const;

 private:
  Expression constant(Tensor tensor);
  std::string fresh_name() { return prefix_ + std::to_string(count_++); }

  std::string prefix_;
  int count_ = 0;
  std::vector<std::shared_ptr<const Node>> nodes_;
};

/// A node with attributes.
Node make_node(std::string op, std::vector<std::string> inputs, std::vector<std::string> outputs,
               const Attributes& attributes = {}, std::string domain = "");

Expression operator+(const Expression& a, const Expression& b);
Expression operator-(const Expression& a, const Expression& b);
Expression operator*(const Expression& a, const Expression& b);
Expression operator/(const Expression& a, const Expression& b);
Expression operator-(const Expression& a);
Expression operator+(const Expression& a, double b);
Expression operator*(const Expression& a, double b);
Expression operator-(double a, const Expression& b);
Expression operator/(double a, const Expression& b);
/// A function of one value: apply("Exp", x).
Expression apply(const char* op, const Expression& x);
/// 1 where the comparison holds, else 0, in the element type of `a`.
Expression where_true(const char* comparison, const Expression& a, const Expression& b);
Expression where_true(const char* comparison, const Expression& a, double b);
/// `value` summed over the axes along which the shape of `like` was repeated to get its own.
Expression unbroadcast(const Expression& value, const Expression& like);
/// `value` in the shape of `like`, which has as many elements.
Expression reshaped_as(const Expression& value, const Expression& like);
/// `value` repeated to the shape of `like`.
Expression expanded_as(const Expression& value, const Expression& like);

}  // namespace lapidary::differentiation
