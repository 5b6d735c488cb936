#include "engine/cpu/kernels.h"
#include "engine/cpu/products.h"

namespace lapidary::cpu {
namespace {

using dnnl::memory;

/// One product of matrices as oneDNN sees it.
struct Matmul {
  Layout a, b, bias, result;  ///< bias has no axes if there is none
  Layout stored;              ///< the result in the value's own sizes
  BufferId a_buffer = -1;
  BufferId b_buffer = -1;  ///< -1: a constant, to be packed
  Layout b_given;          ///< of a constant: how its bytes lie before they are packed
};

Layout with_strides(const Dims& dims, const Dims& strides) { return {dims, memory::data_type::f32, strides}; }

/// [rows, columns], row-major or transposed.
Layout matrix(std::int64_t rows, std::int64_t columns, bool transposed) {
  return with_strides({rows, columns}, transposed ? Dims{1, rows} : Dims{columns, 1});
}

/// A strided layout with leading axes of size 1 up to `rank`.
Layout at_rank(const Layout& layout, std::size_t rank) {
  Dims dims = layout.dims();
  Dims strides(layout.data.format_desc.blocking.strides,
               layout.data.format_desc.blocking.strides + dims.size());
  while (dims.size() < rank) {
    strides.insert(strides.begin(), dims.empty() ? 1 : dims[0] * strides[0]);
    dims.insert(dims.begin(), 1);
  }
  return with_strides(dims, strides);
}

bool is_strided(const Layout& layout) { return layout.data.format_desc.blocking.inner_nblks == 0; }

/// True if rows or columns follow each other without gaps, which products can read as they are.
bool is_matrix_like(const Layout& layout) {
  if (!is_strided(layout)) return false;
  const int rank = layout.data.ndims;
  const auto* strides = layout.data.format_desc.blocking.strides;
  return strides[rank - 1] == 1 || strides[rank - 2] == 1;
}

/// The layout in which a result must be stored so that the Transpose which alone reads it gives row-major
/// bytes.
Layout result_layout(const Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  const Dims& dims = graph.output(node).dims;
  const int consumer = graph.only_consumer(node);
  if (consumer < 0 || graph.nodes[consumer].op != "Transpose" || dims.size() != 4) return plain_layout(dims);
  const auto order = graph.nodes[consumer].node->attribute_or("perm", Dims{});
  if (order != Dims{0, 2, 1, 3}) return plain_layout(dims);
  return with_strides(dims, {dims[1] * dims[2] * dims[3], dims[3], dims[1] * dims[3], 1});
}

std::string plan(Planner& planner, const LoweredNode& node, const Matmul& m) {
  const auto made = product_attributes(planner, node, m.stored, m.result);
  const bool has_bias = m.bias.data.ndims > 0;
  const dnnl::matmul::primitive_desc description(
      has_bias ? dnnl::matmul::desc(m.a, m.b, m.bias, m.result) : dnnl::matmul::desc(m.a, m.b, m.result),
      made.attributes, engine());
  BufferId b = m.b_buffer;
  if (b < 0) b = planner.packed(planner.graph.input(node, 1).constant, m.b_given, description.weights_desc());
  auto arguments = made.arguments;
  arguments.push_back({DNNL_ARG_SRC, m.a_buffer, m.a});
  arguments.push_back({DNNL_ARG_WEIGHTS, b, description.weights_desc()});
  if (has_bias) arguments.push_back({DNNL_ARG_BIAS, planner.plain(node.inputs[2]), m.bias});
  arguments.push_back({DNNL_ARG_DST, define_result(planner, node, made, m.stored), m.result, true});
  planner.add_primitive(node, description, dnnl::matmul(description), std::move(arguments));
  return "";
}

/// A [rows, K] times a constant matrix [K, N], packed once.
std::string plan_with_weights(Planner& planner, const LoweredNode& node, std::int64_t rows, bool a_transposed,
                              bool b_transposed) {
  const LoweredGraph& graph = planner.graph;
  const Dims& b = graph.input(node, 1).dims;
  const std::int64_t k = b[b.size() - (b_transposed ? 1 : 2)], n = b[b.size() - (b_transposed ? 2 : 1)];
  // The reference kernel says it in words.
  if (graph.input(node, 0).size() != rows * k) return "the matrices do not fit each other";
  Matmul m;
  m.a = matrix(rows, k, a_transposed);
  m.b = Layout({k, n}, memory::data_type::f32, memory::format_tag::any);
  m.b_given = matrix(k, n, b_transposed);
  if (graph.has_input(node, 2)) m.bias = plain_layout({1, n});
  m.result = plain_layout({rows, n});
  m.stored = plain_layout(graph.output(node).dims);
  m.a_buffer = planner.plain(node.inputs[0]);
  return plan(planner, node, m);
}

/// float32, but for constant weights that may have 16 bits. oneDNN takes no matrices without elements.
bool is_float_product(const LoweredGraph& graph, const LoweredNode& node) {
  return graph.is_float(node.inputs[0]) && has_float_weights(graph, node) &&
         graph.is_float(node.outputs[0]) && graph.input(node, 0).size() > 0 &&
         graph.input(node, 1).size() > 0;
}

}  // namespace

std::string plan_matmul(Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  if (!is_float_product(graph, node)) return "not float32, or empty";
  const LoweredValue& a = graph.input(node, 0);
  const LoweredValue& b = graph.input(node, 1);
  if (a.dims.size() < 2 || b.dims.size() < 2) return "an operand is a vector";
  const bool one_matrix = element_count(Dims(b.dims.begin(), b.dims.end() - 2)) == 1;
  if (b.is_constant() && one_matrix && a.dims.size() >= b.dims.size())
    return plan_with_weights(planner, node, a.size() / a.dims.back(), false, false);
  if (!graph.is_float(node.inputs[1])) return "16-bit weights of another rank";
  const std::size_t rank = graph.output(node).dims.size();
  Matmul m;
  m.stored = m.result = result_layout(planner, node);
  const auto operand = [&](ValueId id, BufferId& buffer) {
    if (!is_matrix_like(planner.layout_of(id))) {
      buffer = planner.plain(id);
      return at_rank(plain_layout(graph.values[id].dims), rank);
    }
    buffer = planner.in_layout(id, planner.layout_of(id));
    return at_rank(planner.layout_of(id), rank);
  };
  m.a = operand(node.inputs[0], m.a_buffer);
  m.b = operand(node.inputs[1], m.b_buffer);
  if (graph.has_input(node, 2)) return "bias of a product of two activations";
  return plan(planner, node, m);
}

std::string plan_gemm(Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  if (!is_float_product(graph, node)) return "not float32, or empty";
  if (node.node->attribute_or("alpha", 1.0f) != 1) return "alpha is not 1";
  const LoweredValue& b = graph.input(node, 1);
  const Dims& result = graph.output(node).dims;
  if (!b.is_constant() || b.dims.size() != 2 || result.size() != 2)
    return "the second matrix is not constant";
  if (graph.has_input(node, 2)) {
    const LoweredValue& c = graph.input(node, 2);
    if (!graph.is_float(node.inputs[2]) || c.size() != result[1] ||
        (c.size() > 1 && c.dims.back() != result[1]))
      return "C is not one row";
    if (node.node->attribute_or("beta", 1.0f) != 1) return "beta is not 1";
  }
  const bool a_transposed = node.node->attribute_or("transA", std::int64_t{0}) != 0;
  const bool b_transposed = node.node->attribute_or("transB", std::int64_t{0}) != 0;
  return plan_with_weights(planner, node, result[0], a_transposed, b_transposed);
}

}  // namespace lapidary::cpu
