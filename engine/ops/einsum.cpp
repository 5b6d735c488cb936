#include "engine/ops/einsum.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "engine/ops/broadcast.h"
#include "engine/ops/compute_buffer.h"
#include "engine/ops/families.h"
#include "engine/ops/gemm.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"
#include "engine/ops/working_memory.h"

namespace lapidary {
namespace {

using Term = std::string;

std::string without_spaces(std::string text) {
  std::erase(text, ' ');
  return text;
}

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == ',')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

/// The term with its ellipsis replaced by labels for `width` axes, outermost first.
Term expanded(const std::string& term, std::size_t width) {
  const auto dots = term.find("...");
  Term result = term;
  if (dots != std::string::npos) {
    Term labels;
    for (std::size_t i = width; i-- > 0;) labels += static_cast<char>('0' + i);
    result.replace(dots, 3, labels);
  }
  for (const char c : result)
    if (!std::isalnum(static_cast<unsigned char>(c)))
      throw Error("the equation's term '" + term + "' cannot be read");
  return result;
}

std::size_t letters_of(const std::string& term) {
  return static_cast<std::size_t>(std::count_if(term.begin(), term.end(), [](char c) { return c != '.'; }));
}

/// Without "->": the ellipsis' axes, then the letters that appear exactly once, in ASCII order.
Term implicit_output(const std::vector<std::string>& terms, std::size_t width) {
  std::map<char, int> counts;
  bool has_ellipsis = false;
  for (const auto& term : terms)
    for (const char c : term) {
      if (c == '.')
        has_ellipsis = true;
      else
        ++counts[c];
    }
  std::string output = has_ellipsis ? "..." : "";
  for (const auto& [letter, count] : counts)
    if (count == 1) output += letter;
  return expanded(output, width);
}

}  // namespace

EinsumEquation read_einsum_equation(const std::string& written, const std::vector<std::size_t>& ranks) {
  const std::string text = without_spaces(written);
  const auto arrow = text.find("->");
  const auto terms = split_at_commas(text.substr(0, arrow));
  if (terms.size() != ranks.size())
    throw Error("equation '" + written + "' has " + std::to_string(terms.size()) + " terms for " +
                std::to_string(ranks.size()) + " inputs");
  EinsumEquation equation;
  std::size_t widest = 0;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    const bool has_ellipsis = terms[i].find("...") != std::string::npos;
    const std::size_t letters = letters_of(terms[i]);
    if (has_ellipsis ? ranks[i] < letters : ranks[i] != letters)
      throw Error("term '" + terms[i] + "' does not fit an input of rank " + std::to_string(ranks[i]));
    if (ranks[i] - letters > 9) throw Error("an ellipsis stands for more than 9 axes");
    equation.operands.push_back(expanded(terms[i], ranks[i] - letters));
    widest = std::max(widest, ranks[i] - letters);
  }
  equation.output =
      arrow == std::string::npos ? implicit_output(terms, widest) : expanded(text.substr(arrow + 2), widest);
  std::set<char> known, seen;
  for (const auto& term : equation.operands) known.insert(term.begin(), term.end());
  for (const char label : equation.output)
    if (!known.contains(label) || !seen.insert(label).second)
      throw Error(std::string("'") + label + "' in the output of '" + written + "' is unknown or repeated");
  return equation;
}

namespace {

// --- evaluation: operands are multiplied pair by pair as batched matrix products ---

/// An operand with each label once.
template <class V>
struct Labelled {
  Term labels;
  Dims dims;
  std::vector<V> values;
};

std::int64_t size_of(const Term& labels, const Dims& dims, char label) {
  const auto at = labels.find(label);
  return at == Term::npos ? 1 : dims[at];
}

/// Reads `from` along `labels` (each once): repeated labels walk the diagonal, missing ones give size 1.
template <class V>
Labelled<V> arranged(const V* from, const Term& term, const Dims& dims, const Term& labels) {
  Labelled<V> result{labels, {}, {}};
  const Dims strides = row_major_strides(dims);
  Dims walked;
  for (const char label : labels) {
    std::int64_t size = -1, stride = 0;
    for (std::size_t axis = 0; axis < term.size(); ++axis) {
      if (term[axis] != label) continue;
      if (size >= 0 && dims[axis] != size) throw Error(std::string("index '") + label + "' has two sizes");
      size = dims[axis];
      stride += strides[axis];
    }
    result.dims.push_back(size < 0 ? 1 : size);
    walked.push_back(stride);
  }
  require_memory(element_count(result.dims) * static_cast<std::int64_t>(sizeof(V)), "an operand");
  result.values.reserve(static_cast<std::size_t>(element_count(result.dims)));
  const StridedWalk<1> walk(result.dims, {walked});
  walk.for_each_run([&](const auto& offsets, const auto& steps, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) result.values.push_back(from[offsets[0] + i * steps[0]]);
  });
  return result;
}

Term unique_labels(const Term& term) {
  Term result;
  for (const char label : term)
    if (result.find(label) == Term::npos) result += label;
  return result;
}

/// Sums over the labels that `kept` does not have.
template <class V>
Labelled<V> summed(Labelled<V> operand, const Term& kept) {
  Term outer, inner;
  for (const char label : operand.labels) (kept.find(label) == Term::npos ? inner : outer) += label;
  if (inner.empty()) return operand;
  const auto ordered = arranged(operand.values.data(), operand.labels, operand.dims, outer + inner);
  const Dims dims(ordered.dims.begin(), ordered.dims.begin() + static_cast<std::ptrdiff_t>(outer.size()));
  Labelled<V> result{outer, dims, working_memory<V>(dims)};
  const std::int64_t length = element_count(
      Dims(ordered.dims.begin() + static_cast<std::ptrdiff_t>(outer.size()), ordered.dims.end()));
  for (std::size_t row = 0; row < result.values.size(); ++row)
    for (std::int64_t i = 0; i < length; ++i) result.values[row] += ordered.values[row * length + i];
  return result;
}

/// The operand with broadcast axes (size 1 where the other operand has more) dropped.
template <class V>
Labelled<V> without_broadcast_axes(const Labelled<V>& operand, const Labelled<V>& other) {
  Term labels;
  for (const char label : operand.labels)
    if (size_of(operand.labels, operand.dims, label) != 1 || size_of(other.labels, other.dims, label) == 1)
      labels += label;
  Labelled<V> result = arranged(operand.values.data(), operand.labels, operand.dims, labels);
  return result;
}

/// a·b with labels in `kept` surviving: shared kept labels are the batch, shared others are summed over.
template <class V>
Labelled<V> multiplied(Labelled<V> a, Labelled<V> b, const Term& kept, const CancelToken& cancel) {
  const Labelled<V> whole_a = a;
  a = without_broadcast_axes(a, b);
  b = without_broadcast_axes(b, whole_a);
  a = summed(std::move(a), kept + b.labels);
  b = summed(std::move(b), kept + a.labels);
  Term batch, rows, columns, common;
  for (const char label : a.labels) {
    const bool shared = b.labels.find(label) != Term::npos;
    if (shared && size_of(a.labels, a.dims, label) != size_of(b.labels, b.dims, label))
      throw Error(std::string("index '") + label + "' has sizes " +
                  std::to_string(size_of(a.labels, a.dims, label)) + " and " +
                  std::to_string(size_of(b.labels, b.dims, label)));
    (!shared ? rows : kept.find(label) == Term::npos ? common : batch) += label;
  }
  for (const char label : b.labels)
    if (a.labels.find(label) == Term::npos) columns += label;
  const auto left = arranged(a.values.data(), a.labels, a.dims, batch + rows + common);
  const auto right = arranged(b.values.data(), b.labels, b.dims, batch + common + columns);
  Labelled<V> result{batch + rows + columns, {}, {}};
  for (const char label : result.labels)
    result.dims.push_back(columns.find(label) == Term::npos ? size_of(a.labels, a.dims, label)
                                                            : size_of(b.labels, b.dims, label));
  const auto product = [&](const Term& labels, const Labelled<V>& from) {
    std::int64_t count = 1;
    for (const char label : labels) count *= size_of(from.labels, from.dims, label);
    return count;
  };
  const std::int64_t m = product(rows, a), n = product(columns, b), k = product(common, a),
                     count = product(batch, a);
  result.values = working_memory<V>(result.dims);
  for (std::int64_t i = 0; i < count; ++i) {
    cancel.check();
    gemm<V>(m, n, k, {left.values.data() + i * m * k, k}, {right.values.data() + i * k * n, n},
            result.values.data() + i * m * n, n);
  }
  return result;
}

/// Labels that the output or any operand from `next` on needs.
Term still_needed(const EinsumEquation& equation, std::size_t next) {
  Term needed = equation.output;
  for (std::size_t i = next; i < equation.operands.size(); ++i) needed += equation.operands[i];
  return needed;
}

template <class V>
Labelled<V> evaluate(const EinsumEquation& equation, const std::vector<Labelled<V>>& operands,
                     const CancelToken& cancel) {
  Labelled<V> result = summed(operands.front(), still_needed(equation, 1));
  for (std::size_t i = 1; i < operands.size(); ++i)
    result = multiplied(std::move(result), operands[i], still_needed(equation, i + 1), cancel);
  return arranged(result.values.data(), result.labels, result.dims, equation.output);
}

/// The type that products are made in: 64-bit unsigned for integers, so that overflow wraps around.
template <class T>
using EinsumValue = std::conditional_t<std::is_integral_v<T>, std::uint64_t, ComputeType<T>>;

void einsum(KernelContext& context) {
  std::vector<std::size_t> ranks;
  for (std::size_t i = 0; i < context.input_count(); ++i) ranks.push_back(context.input(i).dims().size());
  if (ranks.empty()) throw Error("Einsum needs an input");
  const EinsumEquation equation = read_einsum_equation(context.text("equation", ""), ranks);
  dispatch(NumberTypes{}, context.input(0).type(), [&]<class T>() {
    using V = EinsumValue<T>;
    std::vector<Labelled<V>> operands;
    for (std::size_t i = 0; i < ranks.size(); ++i) {
      const Tensor& tensor = context.input(i);
      const ComputeInput<T> input(tensor);
      const std::vector<V> values(input.data(), input.data() + tensor.size());
      operands.push_back(
          arranged(values.data(), equation.operands[i], tensor.dims(), unique_labels(equation.operands[i])));
    }
    const auto result = evaluate(equation, operands, context.cancel);
    Tensor& y = context.output(0, context.input(0).type(), result.dims);
    std::transform(result.values.begin(), result.values.end(), y.mutable_data<T>(),
                   [](V v) { return static_cast<T>(v); });
  });
}

// --- inference and cost ---

/// Sizes of all labels; where operands differ, the one that is not 1.
std::map<char, Dimension> label_sizes(const EinsumEquation& equation, const std::vector<Shape>& shapes) {
  std::map<char, Dimension> sizes;
  for (std::size_t i = 0; i < shapes.size(); ++i)
    for (std::size_t axis = 0; axis < shapes[i].size(); ++axis) {
      const Dimension& size = shapes[i][axis];
      const auto [place, is_new] = sizes.emplace(equation.operands[i][axis], size);
      if (!is_new && (place->second == Dimension(1) ||
                      (!place->second.is_constant() && size.is_constant() && size.value() != 1)))
        place->second = size;
    }
  return sizes;
}

void infer_einsum(InferenceContext& context) {
  context.set_output(0, context.input_element(0), std::nullopt);
  std::vector<Shape> shapes;
  std::vector<std::size_t> ranks;
  for (std::size_t i = 0; i < context.input_count(); ++i) {
    if (!context.input_shape(i)) return;
    shapes.push_back(*context.input_shape(i));
    ranks.push_back(shapes.back().size());
  }
  const EinsumEquation equation = read_einsum_equation(context.text("equation", ""), ranks);
  const auto sizes = label_sizes(equation, shapes);
  Shape output;
  for (const char label : equation.output) output.push_back(sizes.at(label));
  context.set_output(0, context.input_element(0), output);
}

/// As if all operands were multiplied at once: every combination of indices, one multiply-add for each
/// operand after the first.
std::optional<Cost> einsum_cost(const CostContext& context) {
  std::vector<Shape> shapes;
  std::vector<std::size_t> ranks;
  for (const auto& input : context.inputs) {
    if (!input.shape) return std::nullopt;
    shapes.push_back(*input.shape);
    ranks.push_back(input.shape->size());
  }
  double combinations = 1;
  try {
    const EinsumEquation equation =
        read_einsum_equation(context.node.attribute_or("equation", std::string()), ranks);
    for (const auto& [label, size] : label_sizes(equation, shapes)) {
      if (!size.is_constant()) return std::nullopt;
      combinations *= static_cast<double>(size.value());
    }
  } catch (const Error&) {
    return std::nullopt;
  }
  if (shapes.size() < 2) return Cost{0, combinations};
  const double macs = combinations * static_cast<double>(shapes.size() - 1);
  return Cost{macs, 2 * macs};
}

}  // namespace

void register_einsum(OperatorTable& table) {
  table.add(
      Operator("Einsum", 12, OperatorKind::MatrixAndConvolution)
          .summary(
              "Sums of products over named indices, as in Einstein's notation: \"ij,jk->ik\" is a matrix "
              "product.")
          .required_attribute("equation", AttributeType::String,
                              "The indices of each input, then -> and those of the output; … stands for "
                              "axes that broadcast.")
          .variadic_input("Inputs", "T", "The factors.")
          .output("Output", "T", "The sums.")
          .constraint("T", types::numbers())
          .infer(reporting_errors(infer_einsum))
          .kernel(einsum)
          .example(R"(A = float[2, 2]{1..4}; B = float[2, 2]{0, 1, 1, 0}; equation = "ij,jk->ik")")
          .cost(einsum_cost));
}

}  // namespace lapidary
