#include "engine/differentiation/rules.h"
#include "engine/model/error.h"

namespace lapidary::differentiation {
namespace {

using E = Expression;

/// The axes of a reduction as an input: given so, or from the attribute of older versions; absent for all
/// axes.
E axes_of(const Reverse& r) {
  if (r.inputs.size() > 1 && r.inputs[1].is_present()) return r.inputs[1];
  const auto axes = r.attribute("axes", std::vector<std::int64_t>{});
  return axes.empty() ? E{&r.writer, ""} : r.writer.integers(axes);
}

E reduced(const Reverse& r, const char* op, const E& x) {
  return r.writer.call(op, {x, axes_of(r)},
                       {{"keepdims", std::int64_t{1}},
                        {"noop_with_empty_axes", r.attribute("noop_with_empty_axes", std::int64_t{0})}});
}

/// A result of the reduction with the reduced axes kept, as size 1.
E with_axes(const Reverse& r, const E& value) {
  return reshaped_as(value, reduced(r, "ReduceSum", r.inputs[0]));
}

/// Derivatives by the elements, from the derivative by their reduction with axes kept.
template <E (*derive)(const Reverse&, const E& x, const E& y, const E& dy)>
std::vector<E> reduction(Reverse& r) {
  return {derive(r, r.inputs[0], with_axes(r, r.outputs[0]), with_axes(r, r.upstream[0]))};
}

E of_sum(const Reverse&, const E& x, const E&, const E& dy) { return expanded_as(dy, x); }

E of_mean(const Reverse& r, const E& x, const E&, const E& dy) {
  const E ones = expanded_as(r.writer.number(1, x), x);
  return expanded_as(dy / reduced(r, "ReduceSum", ones), x);
}

E of_extreme(const Reverse& r, const E& x, const E& y, const E& dy) {
  const E chosen = where_true("Equal", x, expanded_as(y, x));
  return chosen * (dy / reduced(r, "ReduceSum", chosen));
}

E of_product(const Reverse&, const E& x, const E& y, const E& dy) { return dy * y / x; }
E of_sum_of_squares(const Reverse&, const E& x, const E&, const E& dy) { return dy * x * 2; }
E of_l1(const Reverse&, const E& x, const E&, const E& dy) { return dy * apply("Sign", x); }
E of_l2(const Reverse&, const E& x, const E& y, const E& dy) { return dy * x / y; }
E of_log_sum(const Reverse&, const E& x, const E& y, const E& dy) {
  return expanded_as(dy / apply("Exp", y), x);
}
E of_log_sum_exp(const Reverse&, const E& x, const E& y, const E& dy) { return dy * apply("Exp", x - y); }

// --- softmax and its like: one axis, or before version 13 all axes from one on as a single one ---

struct Rows {
  bool is_flat;
  std::int64_t axis;
};

Rows rows_of(const Reverse& r) {
  const bool is_flat = r.version < 13;
  return {is_flat, r.attribute("axis", std::int64_t{is_flat ? 1 : -1})};
}

E in_rows(const Reverse& r, const E& value) {
  const Rows rows = rows_of(r);
  return rows.is_flat ? r.writer.call("Flatten", {value}, {{"axis", rows.axis}}) : value;
}

E sum_of_rows(const Reverse& r, const E& value) {
  const Rows rows = rows_of(r);
  return r.writer.call("ReduceSum", {value, r.writer.integers({rows.is_flat ? 1 : rows.axis})},
                       {{"keepdims", std::int64_t{1}}});
}

/// dx = y·(dy − Σ dy·y)
std::vector<E> softmax(Reverse& r) {
  const E y = in_rows(r, r.outputs[0]), dy = in_rows(r, r.upstream[0]);
  return {reshaped_as(y * (dy - sum_of_rows(r, dy * y)), r.inputs[0])};
}

/// dx = dy − exp(y)·Σ dy
std::vector<E> log_softmax(Reverse& r) {
  const E y = in_rows(r, r.outputs[0]), dy = in_rows(r, r.upstream[0]);
  return {reshaped_as(dy - apply("Exp", y) * sum_of_rows(r, dy), r.inputs[0])};
}

/// Each element reaches all sums behind it: the sums of the derivatives from the other end.
std::vector<E> cumulative_sum(Reverse& r) {
  const std::int64_t reverse = r.attribute("reverse", std::int64_t{0});
  return {r.writer.call("CumSum", {r.upstream[0], r.inputs[1]},
                        {{"exclusive", r.attribute("exclusive", std::int64_t{0})}, {"reverse", 1 - reverse}}),
          {}};
}

/// The elements that were chosen take the derivatives.
std::vector<E> top_k(Reverse& r) {
  Writer& w = r.writer;
  const E zeros = expanded_as(w.number(0, r.inputs[0]), r.inputs[0]);
  return {w.call("ScatterElements", {zeros, r.outputs[1], r.upstream[0]},
                 {{"axis", r.attribute("axis", std::int64_t{-1})}}),
          {}};
}

/// With reduction "add", what was there and what is added both reach the sum.
std::vector<E> scatter_add(Reverse& r) {
  if (r.attribute("reduction", std::string("none")) != "add")
    throw Error("ScatterElements can be differentiated only without reduction or with 'add'");
  const std::int64_t axis = r.attribute("axis", std::int64_t{0});
  return {r.upstream[0], {}, r.writer.call("GatherElements", {r.upstream[0], r.inputs[1]}, {{"axis", axis}})};
}

}  // namespace

const std::vector<NamedRule>& reduction_rules() {
  static const std::vector<NamedRule> rules = {
      {"CumSum", cumulative_sum},
      {"LogSoftmax", log_softmax},
      {"ReduceL1", reduction<of_l1>},
      {"ReduceL2", reduction<of_l2>},
      {"ReduceLogSum", reduction<of_log_sum>},
      {"ReduceLogSumExp", reduction<of_log_sum_exp>},
      {"ReduceMax", reduction<of_extreme>},
      {"ReduceMean", reduction<of_mean>},
      {"ReduceMin", reduction<of_extreme>},
      {"ReduceProd", reduction<of_product>},
      {"ReduceSum", reduction<of_sum>},
      {"ReduceSumSquare", reduction<of_sum_of_squares>},
      {"ScatterElements", scatter_add},
      {"Softmax", softmax},
      {"TopK", top_k},
  };
  return rules;
}

}  // namespace lapidary::differentiation
