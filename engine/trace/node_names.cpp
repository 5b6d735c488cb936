#include "engine/trace/node_names.h"

#include <algorithm>
#include <cctype>
#include <map>

namespace lapidary {
namespace {

void add(std::unordered_map<std::string, int>& index, const std::string& name, int node) {
  if (name.empty()) return;
  const auto [place, fresh] = index.try_emplace(name, node);
  if (!fresh && place->second != node) place->second = -1;
}

void add_bodies(std::unordered_map<std::string, int>& index, const Node& node, int position) {
  for (const auto& [attribute, body] : subgraphs_of(node))
    for (const auto& inner : body->nodes) {
      add(index, inner->name, position);
      for (const auto& output : inner->outputs) add(index, output, position);
      add_bodies(index, *inner, position);
    }
}

bool drop(std::string_view& name, std::string_view ending) {
  if (!name.ends_with(ending) || name.size() == ending.size()) return false;
  name.remove_suffix(ending.size());
  return true;
}

bool drop_token(std::string_view& name) {
  const auto place = name.rfind("_token_");
  if (place == std::string_view::npos || place == 0) return false;
  const auto digits = name.substr(place + 7);
  if (digits.empty() ||
      !std::all_of(digits.begin(), digits.end(), [](unsigned char c) { return std::isdigit(c); }))
    return false;
  name = name.substr(0, place);
  return true;
}

/// "/mlp/MatMul/MatMulAddFusion" and "ln/LayerNormFusion/".
bool drop_fusion(std::string_view& name) {
  const std::string_view path = name.ends_with('/') ? name.substr(0, name.size() - 1) : name;
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos || slash == 0) return false;
  if (path.substr(slash).find("Fusion") == std::string_view::npos) return false;
  name = path.substr(0, slash);
  return true;
}

bool shorten(std::string_view& name) {
  return drop(name, "_kernel_time") || drop(name, "_nchwc") || drop(name, "_quant") || drop_token(name) ||
         drop_fusion(name);
}

}  // namespace

NodeNames::NodeNames(const Model& model) {
  int position = 0;
  for (const auto& node : model.graph->nodes) {
    labels_.push_back(node->label());
    add(nodes_, node->name, position);
    add(nodes_, node->label(), position);
    for (const auto& output : node->outputs) add(makers_, output, position);
    add_bodies(around_, *node, position);
    ++position;
  }
}

NodeNames::Found NodeNames::find_exactly(const std::string& name) const {
  const auto in = [&](const std::unordered_map<std::string, int>& index) {
    const auto found = index.find(name);
    return found == index.end() ? -1 : found->second;
  };
  if (const int node = in(nodes_); node >= 0) return {node, "node name"};
  if (const int node = in(makers_); node >= 0) return {node, "makes tensor '" + name + "'"};
  if (const int node = in(around_); node >= 0)
    return {node, "inside node '" + labels_[static_cast<std::size_t>(node)] + "'"};
  return {};
}

NodeNames::Found NodeNames::find(std::string_view name) const {
  do {
    Found found = find_exactly(std::string(name));
    if (found.node >= 0) return found;
  } while (shorten(name));
  return {};
}

std::vector<std::string> operator_names(std::string_view op_type) {
  static const std::map<std::string, std::vector<std::string>> others = {
      {"convolution", {"conv"}},
      {"linear", {"gemm", "matmul"}},
      {"addmm", {"gemm", "matmul"}},
      {"bmm", {"matmul"}},
      {"mm", {"matmul", "gemm"}},
      {"batchnorm", {"batchnormalization"}},
      {"cat", {"concat"}},
      {"permute", {"transpose"}},
      {"layernorm", {"layernormalization"}},
      {"view", {"reshape"}},
      {"embedding", {"gather"}},
      {"groupnorm", {"groupnormalization"}},
      {"indexselect", {"gather"}},
      {"clamp", {"clip"}},
      {"adaptiveavgpool", {"globalaveragepool"}},
      {"hardtanh", {"clip"}},
      {"avgpool", {"averagepool"}},
      {"mean", {"reducemean", "globalaveragepool"}},
      {"rsub", {"sub"}},
      {"silu", {"swish"}},
      {"upsamplenearest", {"resize"}},
      {"relu6", {"clip"}},
      {"lstm", {"lstm"}},
      {"scaleddotproductattention", {"attention"}}};
  if (op_type.starts_with("aten::")) op_type.remove_prefix(6);
  if (op_type.starts_with("Fused")) op_type.remove_prefix(5);
  std::string plain;
  for (const char c : op_type)
    if (c != '_') plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (plain.size() > 2 && plain.back() == 'd' &&
      std::isdigit(static_cast<unsigned char>(plain[plain.size() - 2])))
    plain.resize(plain.size() - 2);
  const auto found = others.find(plain);
  return found == others.end() ? std::vector<std::string>{plain} : found->second;
}

}  // namespace lapidary
