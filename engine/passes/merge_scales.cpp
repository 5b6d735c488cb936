#include "engine/passes/all_passes.h"
#include "engine/passes/constants.h"

namespace lapidary {
namespace {

/// x scaled, or x moved, by a constant.
struct Step {
  enum class Kind { Scale, Move };
  Kind kind;
  std::string source, constant;
  bool inverse;  ///< Div or Sub
};

std::optional<Step> step_of(const GraphRewriter& graph, const Node& node) {
  const bool scales = is_standard(node, "Mul") || is_standard(node, "Div");
  const bool moves = is_standard(node, "Add") || is_standard(node, "Sub");
  if ((!scales && !moves) || node.inputs.size() != 2 || graph.opset() < 7) return std::nullopt;
  const bool inverse = node.op_type == "Div" || node.op_type == "Sub";
  const bool first = graph.constant(node.inputs[0]) != nullptr,
             second = graph.constant(node.inputs[1]) != nullptr;
  if (first == second || (first && inverse)) return std::nullopt;
  const std::size_t constant = first ? 0 : 1;
  const DataType type = graph.constant(node.inputs[constant])->tensor.type();
  if (!is_floating(type) || bits_of(type) < 16) return std::nullopt;
  return Step{scales ? Step::Kind::Scale : Step::Kind::Move, node.inputs[1 - constant], node.inputs[constant],
              inverse};
}

double joined(Step::Kind kind, double a, bool inverse_a, double b, bool inverse_b) {
  if (kind == Step::Kind::Move) return (inverse_a ? -a : a) + (inverse_b ? -b : b);
  return (inverse_a ? 1 / a : a) * (inverse_b ? 1 / b : b);
}

/// Both constants as one, where one of them is a single number that makes nothing larger.
std::optional<Tensor> joined_constants(const GraphRewriter& graph, const Step& first, const Step& second) {
  const Tensor &a = graph.constant(first.constant)->tensor, &b = graph.constant(second.constant)->tensor;
  const bool a_is_one = a.size() == 1 && a.rank() <= b.rank(),
             b_is_one = b.size() == 1 && b.rank() <= a.rank();
  if ((!a_is_one && !b_is_one) || a.type() != b.type()) return std::nullopt;
  const auto of_a = values_as<double>(a.aligned()), of_b = values_as<double>(b.aligned());
  std::vector<double> values;
  for (std::size_t i = 0; i < std::max(of_a.size(), of_b.size()); ++i)
    values.push_back(
        joined(first.kind, of_a[a_is_one ? 0 : i], first.inverse, of_b[b_is_one ? 0 : i], second.inverse));
  return tensor_from(a.type(), (b_is_one ? a : b).dims(), values);
}

void rewrite(GraphRewriter& graph) {
  const std::size_t count = graph.size();
  for (std::size_t i = 0; i < count; ++i) {
    const Node* node = graph.node(i);
    const auto second = node ? step_of(graph, *node) : std::nullopt;
    if (!second || !graph.is_private(second->source)) continue;
    const int producer = graph.producer(second->source);
    const auto first =
        producer < 0 ? std::nullopt : step_of(graph, *graph.node(static_cast<std::size_t>(producer)));
    if (!first || first->kind != second->kind) continue;
    auto constant = joined_constants(graph, *first, *second);
    if (!constant || !graph.admit(*node)) continue;
    const std::string name = graph.add_constant(second->constant + "_joined", std::move(*constant));
    graph.replace(i, node_like(*node, first->kind == Step::Kind::Scale ? "Mul" : "Add", {first->source, name},
                               node->outputs));
  }
}

}  // namespace

/// (x · a) / b → x · (a/b), and (x + a) - b → x + (a-b), for constants of which one is a single number. Not
/// where somebody else reads what lies between.
PassResult merge_scales(const ModelPointer& model, const PassContext& context) {
  return rewrite_graphs(model, context, rewrite);
}

}  // namespace lapidary
