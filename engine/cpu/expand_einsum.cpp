#include <algorithm>
#include <set>

#include "engine/cpu/fusion.h"
#include "engine/ops/einsum.h"

// Einsum becomes matrix products of its operands, pair by pair, between transpositions.
namespace lapidary::cpu {
namespace {

bool has(const std::string& labels, char label) { return labels.find(label) != std::string::npos; }

/// A factor of the product, a label an axis.
struct Factor {
  ValueId value = -1;
  std::string labels;
};

/// Labels of two factors by what they are to their product: `batch` and `depth` stand in both, and only those
/// of `batch` are wanted further on; `rows` stand in the first alone, `columns` in the second.
struct ProductLabels {
  std::string batch, rows, columns, depth;
};

ProductLabels labels_of(const Factor& a, const Factor& b, const std::string& wanted) {
  ProductLabels p;
  for (const char label : a.labels)
    (!has(b.labels, label) ? p.rows : has(wanted, label) ? p.batch : p.depth) += label;
  for (const char label : b.labels)
    if (!has(a.labels, label)) p.columns += label;
  return p;
}

/// Rewrites one Einsum into the list of nodes.
class Expansion {
 public:
  Expansion(LoweredGraph& graph, const LoweredNode& node, std::vector<LoweredNode>& made)
      : graph_(graph), node_(node), made_(made) {}

  /// False for equations with a label twice in one term, for sizes that differ or are 0, and for what cannot
  /// be read, of which the operator's own kernel says why.
  bool fits() {
    std::vector<std::size_t> ranks;
    for (const ValueId id : node_.inputs) ranks.push_back(graph_.values[id].dims.size());
    EinsumEquation equation;
    try {
      equation = read_einsum_equation(node_.node->attribute_or("equation", std::string()), ranks);
    } catch (const Error&) {
      return false;
    }
    result_ = equation.output;
    for (std::size_t i = 0; i < node_.inputs.size(); ++i) {
      const std::string& labels = equation.operands[i];
      const Dims& dims = graph_.values[node_.inputs[i]].dims;
      if (std::set(labels.begin(), labels.end()).size() != labels.size()) return false;
      for (std::size_t axis = 0; axis < labels.size(); ++axis) {
        std::int64_t& size = sizes_[static_cast<unsigned char>(labels[axis])];
        if (dims[axis] == 0 || (size != 0 && size != dims[axis])) return false;
        size = dims[axis];
      }
      factors_.push_back({node_.inputs[i], labels});
    }
    return true;
  }

  void run() {
    for (std::size_t i = 0; i < factors_.size(); ++i) factors_[i] = without_lone_labels(i);
    while (factors_.size() > 1) {
      const Factor made = product(factors_[0], factors_[1], wanted_beside({0, 1}));
      factors_.erase(factors_.begin());
      factors_[0] = made;
    }
    made_.push_back(node_like("Transpose", {factors_[0].value}, node_.outputs[0], "perm",
                              permutation(factors_[0].labels, result_)));
  }

 private:
  Dims sizes_of(const std::string& labels) const {
    Dims dims;
    for (const char label : labels) dims.push_back(sizes_[static_cast<unsigned char>(label)]);
    return dims;
  }
  std::int64_t count(const std::string& labels) const { return element_count(sizes_of(labels)); }

  /// Labels of the result and of all factors but some.
  std::string wanted_beside(std::initializer_list<std::size_t> some) const {
    std::string labels = result_;
    for (std::size_t i = 0; i < factors_.size(); ++i)
      if (std::find(some.begin(), some.end(), i) == some.end()) labels += factors_[i].labels;
    return labels;
  }

  static Dims permutation(const std::string& from, const std::string& to) {
    Dims order;
    for (const char label : to) order.push_back(static_cast<std::int64_t>(from.find(label)));
    return order;
  }

  /// A factor summed over the labels that stand nowhere else.
  Factor without_lone_labels(std::size_t index) {
    const std::string wanted = wanted_beside({index});
    const Factor& whole = factors_[index];
    Factor rest{whole.value, ""};
    Dims axes;
    for (std::size_t axis = 0; axis < whole.labels.size(); ++axis)
      if (has(wanted, whole.labels[axis]))
        rest.labels += whole.labels[axis];
      else
        axes.push_back(static_cast<std::int64_t>(axis));
    if (!axes.empty())
      rest.value =
          add("ReduceSum", {whole.value, list(axes)}, sizes_of(rest.labels), "keepdims", std::int64_t{0});
    return rest;
  }

  /// [batch…, rows…, columns…]: a matrix product, or where nothing is summed a broadcast one.
  Factor product(const Factor& a, const Factor& b, const std::string& wanted) {
    const ProductLabels p = labels_of(a, b, wanted);
    const ValueId first = as_matrices(a, p.batch, p.rows, p.depth),
                  second = as_matrices(b, p.batch, p.depth, p.columns);
    Dims dims = sizes_of(p.batch);
    dims.insert(dims.end(), {count(p.rows), count(p.columns)});
    const ValueId y = add(p.depth.empty() ? "Mul" : "MatMul", {first, second}, dims);
    made_.back().shown = node_.shown;
    const std::string labels = p.batch + p.rows + p.columns;
    return {reshaped(y, sizes_of(labels)), labels};
  }

  /// A factor as [batch…, first, second].
  ValueId as_matrices(const Factor& factor, const std::string& batch, const std::string& first,
                      const std::string& second) {
    const std::string order = batch + first + second;
    ValueId value = factor.value;
    if (order != factor.labels)
      value = add("Transpose", {value}, sizes_of(order), "perm", permutation(factor.labels, order));
    Dims dims = sizes_of(batch);
    dims.insert(dims.end(), {count(first), count(second)});
    return reshaped(value, dims);
  }

  ValueId list(const Dims& numbers) {
    return graph_.add_constant(
        "", Tensor::of<std::int64_t>({static_cast<std::int64_t>(numbers.size())}, numbers));
  }

  ValueId reshaped(ValueId value, const Dims& dims) {
    return graph_.values[value].dims == dims ? value : add("Reshape", {value, list(dims)}, dims);
  }

  ValueId add(const char* op, std::vector<ValueId> inputs, const Dims& dims, const char* attribute = "",
              AttributeValue given = {}) {
    const ValueId id = graph_.add_value(graph_.output(node_).name);
    graph_.values[id].element = DataType::Float32;
    graph_.values[id].dims = dims;
    graph_.values[id].is_static = true;
    made_.push_back(node_like(op, std::move(inputs), id, attribute, std::move(given)));
    return id;
  }

  LoweredNode node_like(const char* op, std::vector<ValueId> inputs, ValueId output, const char* name,
                        AttributeValue given) const {
    auto attributes = std::make_shared<Node>();
    attributes->name = node_.node->name;
    attributes->op_type = op;
    if (*name != '\0') {
      Attribute& attribute = attributes->attributes.emplace_back();
      attribute.name = name;
      attribute.value = std::move(given);
    }
    LoweredNode made;
    made.op = op;
    made.node = std::move(attributes);
    made.record = operator_table().find("", op, 13);
    made.inputs = std::move(inputs);
    made.outputs = {output};
    made.origins = node_.origins;
    made.labels = node_.labels;
    return made;
  }

  LoweredGraph& graph_;
  const LoweredNode& node_;
  std::vector<LoweredNode>& made_;
  std::vector<Factor> factors_;
  std::string result_;
  std::int64_t sizes_[128] = {};
};

bool is_candidate(const LoweredGraph& graph, const LoweredNode& node) {
  const auto is_float = [&](ValueId id) { return graph.is_float(id); };
  return node.op == "Einsum" && !node.dead && !node.inputs.empty() && is_float(node.outputs[0]) &&
         std::all_of(node.inputs.begin(), node.inputs.end(), is_float);
}

}  // namespace

void expand_einsum(LoweredGraph& graph) {
  std::vector<LoweredNode> rewritten;
  bool changed = false;
  const std::vector<LoweredNode> nodes = graph.nodes;
  for (const LoweredNode& node : nodes) {
    if (is_candidate(graph, node)) {
      Expansion expansion(graph, node, rewritten);
      if (expansion.fits()) {
        expansion.run();
        changed = true;
        continue;
      }
    }
    rewritten.push_back(node);
  }
  if (changed) graph.replace_nodes(std::move(rewritten));
}

}  // namespace lapidary::cpu
