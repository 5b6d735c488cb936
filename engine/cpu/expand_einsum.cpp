#include <algorithm>
#include <set>

#include "engine/cpu/fusion.h"

// Einsum of two operands becomes transpositions and one matrix product.
namespace lapidary::cpu {
namespace {

/// Labels of an equation by what they are to the product: `batch` and `depth` stand in both operands, and
/// only those of `batch` in the result; `rows` stand in the first operand alone, `columns` in the second.
struct ProductLabels {
  std::string a, b, result;
  std::string batch, rows, columns, depth;
};

bool has_letters_once(const std::string& term) {
  return std::all_of(term.begin(), term.end(), [](unsigned char c) { return std::isalpha(c); }) &&
         std::set(term.begin(), term.end()).size() == term.size();
}

std::optional<ProductLabels> read_product(std::string equation) {
  std::erase(equation, ' ');
  const auto comma = equation.find(','), arrow = equation.find("->");
  if (comma == std::string::npos || arrow == std::string::npos || comma > arrow) return std::nullopt;
  ProductLabels p{equation.substr(0, comma),
                  equation.substr(comma + 1, arrow - comma - 1),
                  equation.substr(arrow + 2),
                  "",
                  "",
                  "",
                  ""};
  for (const std::string* term : {&p.a, &p.b, &p.result})
    if (!has_letters_once(*term)) return std::nullopt;
  const auto has = [](const std::string& term, char label) { return term.find(label) != std::string::npos; };
  for (const char label : p.result) {
    const bool in_a = has(p.a, label), in_b = has(p.b, label);
    if (!in_a && !in_b) return std::nullopt;
    (in_a && in_b ? p.batch : in_a ? p.rows : p.columns) += label;
  }
  for (const char label : p.a)
    if (!has(p.result, label)) p.depth += label;
  for (const char label : p.b)
    if (!has(p.result, label) && !has(p.a, label)) return std::nullopt;  // summed alone
  for (const char label : p.depth)
    if (!has(p.b, label)) return std::nullopt;
  return p;
}

/// Rewrites one Einsum into the list of nodes.
class Expansion {
 public:
  Expansion(LoweredGraph& graph, const LoweredNode& node, ProductLabels labels,
            std::vector<LoweredNode>& made)
      : graph_(graph), node_(node), labels_(std::move(labels)), made_(made) {}

  bool fits() {
    const auto read = [&](const std::string& term, std::size_t slot) {
      const Dims& dims = graph_.input(node_, slot).dims;
      if (dims.size() != term.size()) return false;
      for (std::size_t i = 0; i < term.size(); ++i) {
        std::int64_t& size = sizes_[static_cast<unsigned char>(term[i])];
        if (dims[i] == 0 || (size != 0 && size != dims[i])) return false;
        size = dims[i];
      }
      return true;
    };
    return read(labels_.a, 0) && read(labels_.b, 1);
  }

  void run() {
    const std::string &batch = labels_.batch, &rows = labels_.rows, &columns = labels_.columns,
                      &depth = labels_.depth;
    const ValueId a = factor(node_.inputs[0], labels_.a, rows, depth),
                  b = factor(node_.inputs[1], labels_.b, depth, columns);
    Dims product = sizes_of(batch);
    product.insert(product.end(), {count(rows), count(columns)});
    const ValueId y = add("MatMul", {a, b}, product);
    made_.back().shown = node_.shown;
    const std::string order = batch + rows + columns;
    const ValueId shaped = reshaped(y, sizes_of(order));
    made_.push_back(node_like("Transpose", {shaped}, node_.outputs[0], permutation(order, labels_.result)));
  }

 private:
  Dims sizes_of(const std::string& labels) const {
    Dims dims;
    for (const char label : labels) dims.push_back(sizes_[static_cast<unsigned char>(label)]);
    return dims;
  }
  std::int64_t count(const std::string& labels) const { return element_count(sizes_of(labels)); }

  static Dims permutation(const std::string& from, const std::string& to) {
    Dims order;
    for (const char label : to) order.push_back(static_cast<std::int64_t>(from.find(label)));
    return order;
  }

  /// An operand as [batch…, first, second].
  ValueId factor(ValueId value, const std::string& term, const std::string& first,
                 const std::string& second) {
    const std::string order = labels_.batch + first + second;
    if (order != term) value = add("Transpose", {value}, sizes_of(order), permutation(term, order));
    Dims dims = sizes_of(labels_.batch);
    dims.insert(dims.end(), {count(first), count(second)});
    return reshaped(value, dims);
  }

  ValueId reshaped(ValueId value, const Dims& dims) {
    if (graph_.values[value].dims == dims) return value;
    const ValueId shape =
        graph_.add_constant("", Tensor::of<std::int64_t>({static_cast<std::int64_t>(dims.size())}, dims));
    return add("Reshape", {value, shape}, dims);
  }

  ValueId add(const char* op, std::vector<ValueId> inputs, const Dims& dims, const Dims& order = {}) {
    const ValueId id = graph_.add_value(graph_.output(node_).name);
    graph_.values[id].element = DataType::Float32;
    graph_.values[id].dims = dims;
    graph_.values[id].is_static = true;
    made_.push_back(node_like(op, std::move(inputs), id, order));
    return id;
  }

  LoweredNode node_like(const char* op, std::vector<ValueId> inputs, ValueId output,
                        const Dims& order) const {
    auto attributes = std::make_shared<Node>();
    attributes->name = node_.node->name;
    attributes->op_type = op;
    if (!order.empty()) {
      Attribute& perm = attributes->attributes.emplace_back();
      perm.name = "perm";
      perm.value = order;
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
  ProductLabels labels_;
  std::vector<LoweredNode>& made_;
  std::int64_t sizes_[128] = {};
};

}  // namespace

void expand_einsum(LoweredGraph& graph) {
  std::vector<LoweredNode> rewritten;
  bool changed = false;
  const std::vector<LoweredNode> nodes = graph.nodes;
  for (const LoweredNode& node : nodes) {
    const bool is_candidate = node.op == "Einsum" && !node.dead && node.inputs.size() == 2 &&
                              graph.is_float(node.inputs[0]) && graph.is_float(node.inputs[1]) &&
                              graph.is_float(node.outputs[0]);
    auto labels =
        is_candidate ? read_product(node.node->attribute_or("equation", std::string())) : std::nullopt;
    if (labels) {
      Expansion expansion(graph, node, std::move(*labels), rewritten);
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
