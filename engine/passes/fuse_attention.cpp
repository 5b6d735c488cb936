#include <algorithm>
#include <numeric>

#include "engine/passes/all_passes.h"
#include "engine/passes/constants.h"
#include "engine/passes/fusion.h"
#include "engine/passes/sized_operand.h"

namespace lapidary {
namespace {

using Integers = std::vector<std::int64_t>;

/// Queries [B, H, T, D], keys [B, H, S, D] and their scores [B, H, T, S]; in place of B and H one axis where
/// the tensors have three.
struct Sizes {
  Shape queries, keys, values, scores;
};

bool is_part(const Dimension& size, const Dimension& whole) { return size == whole || size == 1; }

std::optional<Sizes> sizes_of(const GraphRewriter& graph, const Match& found) {
  const auto queries = graph.shape_of_value(found.value("queries")),
             turned = graph.shape_of_value(found.nodes("turned")[0]->outputs[0]),
             values = graph.shape_of_value(found.value("values"));
  if (!queries || !turned || !values || queries->size() < 3 || queries->size() > 4 ||
      turned->size() != queries->size() || values->size() != queries->size())
    return std::nullopt;
  Sizes sizes{*queries, *turned, *values, *queries};
  std::swap(sizes.keys.back(), *(sizes.keys.end() - 2));
  sizes.scores.back() = turned->back();
  // MatMul would repeat what is 1 in any of them; Attention shares heads of keys and values among queries.
  const std::size_t heads = queries->size() - 3;
  for (std::size_t axis = 0; axis <= heads; ++axis) {
    const bool shared = axis == heads && heads > 0 && (*turned)[axis] == 1;
    if (!((*turned)[axis] == (*values)[axis]) || (!shared && !((*turned)[axis] == (*queries)[axis])))
      return std::nullopt;
  }
  if (!(sizes.keys.back() == queries->back())) return std::nullopt;
  return sizes;
}

/// Keys as [.., S, D], from the Transpose that makes them [.., D, S].
std::optional<Operand> keys_operand(const Node& turned) {
  Integers perm = turned.attribute_or("perm", Integers());
  if (perm.size() < 3) return std::nullopt;
  std::swap(perm.back(), *(perm.end() - 2));
  if (std::is_sorted(perm.begin(), perm.end())) return Operand(turned.inputs[0]);
  return result_of({"Transpose", {turned.inputs[0]}, {make_attribute("perm", perm)}});
}

/// The mask with all queries and keys, which runtimes insist on; before them what broadcasts.
std::optional<Operand> mask_operand(const GraphRewriter& graph, const Match& found, const Sizes& sizes) {
  const std::string& name = found.value("mask");
  const auto mask = graph.shape_of_value(name);
  if (!mask || mask->size() > sizes.scores.size()) return std::nullopt;
  const std::size_t missing = sizes.scores.size() - mask->size();
  for (std::size_t i = 0; i < mask->size(); ++i)
    if (!is_part((*mask)[i], sizes.scores[missing + i])) return std::nullopt;
  // [B·H, T, S] of tensors with three axes is not [H, T, S], which Attention would take it for.
  if (sizes.scores.size() == 3 && mask->size() == 3 && !((*mask)[0] == 1)) return std::nullopt;
  const std::size_t rank = sizes.queries.size();
  return with_sizes(graph, name,
                    {{found.value("queries"), rank - 2}, {found.nodes("turned")[0]->outputs[0], rank - 1}});
}

std::optional<Replacement> attention(const GraphRewriter& graph, const Match& found) {
  const auto sizes = sizes_of(graph, found);
  const auto keys = keys_operand(*found.nodes("turned")[0]);
  const double scale = found.number_or("scale", 1) * found.number_or("query scale", 1);
  if (!sizes || !keys || !(scale > 0) || !is_said_by_attribute(graph, found.value("queries"), scale))
    return std::nullopt;
  Replacement made{"Attention",
                   {found.value("queries"), *keys, found.value("values")},
                   {make_attribute("scale", static_cast<float>(scale))}};
  if (sizes->queries.size() == 3)
    for (const char* heads : {"q_num_heads", "kv_num_heads"})
      made.attributes.push_back(make_attribute(heads, std::int64_t{1}));
  if (!found.has_value("mask")) return made;
  const auto mask = mask_operand(graph, found, *sizes);
  if (!mask) return std::nullopt;
  made.operands.push_back(*mask);
  return made;
}

/// The version before 13 works along all axes from the one that is named.
bool works_on_last_axis(const GraphRewriter& graph, const Node& node) {
  const auto shape = graph.shape_of_value(node.inputs[0]);
  const std::int64_t axis = node.attribute_or("axis", std::int64_t{graph.opset() < 13 ? 1 : -1});
  return axis == -1 || (shape && axis + 1 == static_cast<std::int64_t>(shape->size()));
}

Pattern weighted_values() {
  const Pattern queries = value("queries");
  const Pattern turned = call("Transpose", {value("keys")}).named("turned");
  const Pattern product = call("MatMul", {either({number("query scale") * queries, queries}), turned});
  const Pattern scores = either({number("scale") * product, product});
  const Pattern masked = either({scores + value("mask"), scores});
  const Pattern shares = call("Softmax", {masked}).where(works_on_last_axis);
  return call("MatMul", {shares, value("values")});
}

// --- heads that lie beside each other ---

/// [B, T, H·D] taken apart to [B, H, T, D].
Pattern taken_apart(const std::string& name) {
  return call("Transpose", {call("Reshape", {value(name)}).with_more_inputs()})
      .where([](const GraphRewriter&, const Node& node) {
        return node.attribute_or("perm", Integers()) == Integers{0, 2, 1, 3};
      })
      .named(name);
}

bool is_joined(const Shape& flat, const Shape& parts) {
  return flat.size() == 3 && parts.size() == 4 && flat[0] == parts[0] && flat[1] == parts[1] &&
         flat[2] == parts[2] * parts[3];
}

std::optional<Replacement> flat_attention(const GraphRewriter& graph, const Match& found) {
  const Node& inner = *found.nodes("attention")[0];
  Replacement made{"Attention", {}, inner.attributes};
  Shape parts;
  for (const char* name : {"queries", "keys", "values"}) {
    const auto flat = graph.shape_of_value(found.value(name)),
               apart = graph.shape_of_value(found.nodes(name)[0]->inputs[0]);
    if (!flat || !apart || !is_joined(*flat, *apart) || !(*apart)[2].is_constant()) return std::nullopt;
    made.operands.emplace_back(found.value(name));
    if (made.operands.size() == 1)
      made.attributes.push_back(make_attribute("q_num_heads", (*apart)[2].value()));
    if (made.operands.size() == 2)
      made.attributes.push_back(make_attribute("kv_num_heads", (*apart)[2].value()));
    parts = *apart;
  }
  const Node& together = *found.nodes("together")[0];
  const auto joined = graph.shape_of_value(found.nodes("result")[0]->outputs[0]),
             apart = graph.shape_of_value(together.outputs[0]);
  if (!joined || !apart || !is_joined(*joined, *apart)) return std::nullopt;
  if (inner.inputs.size() > 3) made.operands.emplace_back(inner.inputs[3]);
  return made;
}

Pattern joined_heads() {
  const auto has_no_cache = [](const GraphRewriter&, const Node& node) {
    return node.inputs.size() <= 4 && node.outputs.size() == 1;
  };
  const Pattern attention =
      call("Attention", {taken_apart("queries"), taken_apart("keys"), taken_apart("values")})
          .where(has_no_cache)
          .named("attention");
  const Pattern together = call("Transpose", {attention})
                               .where([](const GraphRewriter&, const Node& node) {
                                 return node.attribute_or("perm", Integers()) == Integers{0, 2, 1, 3};
                               })
                               .named("together");
  return call("Reshape", {together}).with_more_inputs().named("result");
}

}  // namespace

/// Softmax(scale·queries·keysᵀ + mask)·values → Attention, and where heads are taken apart before and joined
/// behind it, Attention that does so itself. Not where sizes cannot be told, what MatMul would repeat is more
/// than heads of keys and values, or scores are read elsewhere.
PassResult fuse_attention(const ModelPointer& model, const PassContext& context) {
  static const std::vector<Fusion> all = {{weighted_values(), 23, attention},
                                          {joined_heads(), 23, flat_attention}};
  return fuse(model, context, all);
}

}  // namespace lapidary
