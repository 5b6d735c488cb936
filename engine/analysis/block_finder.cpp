#include "engine/analysis/block_finder.h"

#include <algorithm>
#include <functional>
#include <set>
#include <string_view>

namespace lapidary {
namespace {

/// Modules with no more parts than this are readable as they are.
constexpr std::size_t many_parts = 24;

std::uint64_t mixed(std::uint64_t hash, std::uint64_t value) {
  hash ^= value + 0x9e3779b97f4a7c15u + (hash << 6) + (hash >> 2);
  hash *= 0xff51afd7ed558ccdu;
  return hash ^ (hash >> 33);
}

/// The modules that two dotted names share: "layers.3" of "layers.3.query.bias" and "layers.3.norm.weight".
std::string shared_prefix(const std::string& a, const std::string& b) {
  const auto [end, other] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  std::size_t length = static_cast<std::size_t>(end - a.begin());
  const bool whole = (length == a.size() || a[length] == '.') && (length == b.size() || b[length] == '.');
  if (!whole) {
    const std::size_t dot = length == 0 ? std::string::npos : a.rfind('.', length - 1);
    length = dot == std::string::npos ? 0 : dot;
  }
  return a.substr(0, length);
}

/// The path up to its first number: "layers.3" of "layers.3.blocks.1.norm"; empty if it has none.
std::string list_member(const std::string& path) {
  for (std::size_t dot = path.find('.'); dot != std::string::npos; dot = path.find('.', dot + 1)) {
    const std::size_t end = std::min(path.find('.', dot + 1), path.size());
    const bool number = end > dot + 1 && path.find_first_not_of("0123456789", dot + 1) >= end;
    if (number) return path.substr(0, end);
  }
  return "";
}

}  // namespace

BlockFinder::BlockFinder(ModuleTree& tree, const Graph& graph, const Wiring& wiring)
    : tree_(tree),
      wiring_(wiring),
      items_(tree.modules.size()),
      outer_(tree.modules.size()),
      item_of_node_(graph.nodes.size(), -1),
      item_of_module_(tree.modules.size(), -1) {
  for (const auto& node : graph.nodes) nodes_.push_back(node.get());
  std::vector<int> first(tree.modules.size(), static_cast<int>(nodes_.size()));
  for (std::size_t i = nodes_.size(); i-- > 0;) {
    if (wiring.constant[i]) continue;
    const int position = static_cast<int>(i);
    items_[tree.group_of_node[i]].push_back({position, -1, position});
    for (int m = tree.group_of_node[i]; m >= 0; m = tree.modules[m].parent) first[m] = position;
  }
  for (std::size_t m = 1; m < tree.modules.size(); ++m)
    items_[tree.modules[m].parent].push_back({-1, static_cast<int>(m), first[m]});
  for (auto& items : items_)
    std::sort(items.begin(), items.end(),
              [](const Item& a, const Item& b) { return a.first_node < b.first_node; });
}

void BlockFinder::run() {
  for (std::size_t m = tree_.modules.size(); m-- > 0;) finish(static_cast<int>(m));
}

std::uint64_t BlockFinder::symbol(const Item& item) const {
  if (item.module >= 0) return mixed(1, static_cast<std::uint64_t>(tree_.modules[item.module].structure));
  const std::hash<std::string_view> hash;
  return mixed(hash(nodes_[item.node]->op_type), hash(nodes_[item.node]->domain));
}

const std::vector<int>& BlockFinder::producers_of(const Item& item) const {
  return item.module >= 0 ? outer_[item.module] : wiring_.producers[item.node];
}

BlockFinder::Feeds BlockFinder::feeds_of(int module, const std::vector<Item>& items,
                                         std::vector<int>* from_outside) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    (items[i].module >= 0 ? item_of_module_[items[i].module] : item_of_node_[items[i].node]) =
        static_cast<int>(i);
  }
  const auto item_with = [&](int node) {
    int m = tree_.group_of_node[node];
    if (m == module) return item_of_node_[node];
    while (m >= 0 && tree_.modules[m].parent != module) m = tree_.modules[m].parent;
    return m < 0 ? -1 : item_of_module_[m];
  };
  Feeds feeds(items.size());
  std::set<int> outside;
  for (std::size_t i = 0; i < items.size(); ++i) {
    for (const int producer : producers_of(items[i])) {
      if (wiring_.constant[producer]) continue;
      const int from = item_with(producer);
      if (from >= 0 && from != static_cast<int>(i)) feeds[i].push_back(from);
      if (from < 0 && outside.insert(producer).second && from_outside) from_outside->push_back(producer);
    }
    std::sort(feeds[i].begin(), feeds[i].end());
    feeds[i].erase(std::unique(feeds[i].begin(), feeds[i].end()), feeds[i].end());
  }
  return feeds;
}

void BlockFinder::number_structure(int module, const std::vector<Item>& items, const Feeds& feeds) {
  std::uint64_t hash = items.size();
  for (std::size_t i = 0; i < items.size(); ++i) {
    hash = mixed(hash, symbol(items[i]));
    for (const int from : feeds[i]) hash = mixed(hash, static_cast<std::uint64_t>(from) + 7);
  }
  const auto [found, fresh] = structures_.try_emplace(hash, static_cast<int>(structures_.size()));
  tree_.modules[module].structure = items.empty() ? -1 : found->second;
}

void BlockFinder::finish(int module) {
  std::vector<Item> items = items_[module];
  Feeds feeds = feeds_of(module, items, &outer_[module]);
  if (items.size() > many_parts) {
    std::vector<Item> shorter = folded(module, items, feeds);
    if (shorter.size() < items.size()) {
      items = std::move(shorter);
      feeds = feeds_of(module, items, nullptr);
    }
  }
  number_structure(module, items, feeds);
}

/// Where weights are named after members of a list ("layers.3.query.bias"), a border between two members is
/// better than one inside a member, whatever crosses there.
void BlockFinder::discourage_borders_inside_modules(const std::vector<Item>& items,
                                                    std::vector<int>& cuts) const {
  constexpr int penalty = 4;
  std::size_t after_last = 0;
  std::string last;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string member = list_member(weight_path(items[i]));
    if (member.empty()) continue;
    if (member == last) {
      for (std::size_t border = after_last; border <= i; ++border) cuts[border] += penalty;
    }
    last = member;
    after_last = i + 1;
  }
}

std::vector<BlockFinder::Item> BlockFinder::folded(int module, const std::vector<Item>& items,
                                                   const Feeds& feeds) {
  std::vector<std::uint64_t> symbols;
  std::vector<int> last_reader(items.size()), cuts(items.size() + 1);
  for (std::size_t i = 0; i < items.size(); ++i) {
    symbols.push_back(symbol(items[i]));
    for (const int from : feeds[i]) last_reader[from] = std::max(last_reader[from], static_cast<int>(i));
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (last_reader[i] <= static_cast<int>(i)) continue;
    ++cuts[i + 1];
    --cuts[last_reader[i] + 1];
  }
  for (std::size_t i = 1; i < cuts.size(); ++i) cuts[i] += cuts[i - 1];
  discourage_borders_inside_modules(items, cuts);

  std::vector<Item> result;
  std::size_t next = 0;
  int number = 0;
  for (const Repeat& run : find_repeats(symbols, cuts)) {
    for (; next < run.begin; ++next) result.push_back(items[next]);
    const auto names = names_for(module, items, run, number);
    for (std::size_t copy = 0; copy < run.copies; ++copy, next += run.period) {
      const int block = tree_.child(module, names[copy]);
      const auto begin = items.begin() + static_cast<std::ptrdiff_t>(next);
      std::vector<Item> parts(begin, begin + static_cast<std::ptrdiff_t>(run.period));
      for (const Item& part : parts)
        (part.module >= 0 ? tree_.modules[part.module].parent : tree_.group_of_node[part.node]) = block;
      result.push_back({-1, block, parts.front().first_node});
      items_.push_back(std::move(parts));
      outer_.emplace_back();
      item_of_module_.push_back(-1);
    }
  }
  for (; next < items.size(); ++next) result.push_back(items[next]);
  for (const Item& item : result) {
    if (item.module >= 0 && tree_.modules[item.module].structure < 0) finish(item.module);
  }
  return result;
}

/// What the weights of an item are called in common; empty if they say nothing.
std::string BlockFinder::weight_path(const Item& item) const {
  std::string path;
  const auto join = [&path](const std::string& name) {
    path = path.empty() ? name : shared_prefix(path, name);
    return !path.empty();
  };
  if (item.module >= 0) {
    for (const Item& part : items_[item.module]) {
      const std::string inner = weight_path(part);
      if (!inner.empty() && !join(inner)) return "";
    }
    return path;
  }
  for (const std::string& input : nodes_[item.node]->inputs) {
    const std::size_t dot = input.rfind('.');
    if (dot == std::string::npos || input.find_first_of("/:") != std::string::npos) continue;
    if (!join(input.substr(0, dot))) return "";
  }
  return path;
}

std::vector<std::string> BlockFinder::names_for(int module, const std::vector<Item>& items, const Repeat& run,
                                                int& next_number) const {
  std::vector<std::string> names;
  for (std::size_t copy = 0; copy < run.copies; ++copy) {
    std::string path;
    for (std::size_t i = 0; i < run.period; ++i) {
      const std::string part = weight_path(items[run.begin + copy * run.period + i]);
      if (part.empty()) continue;
      path = path.empty() ? part : shared_prefix(path, part);
      if (path.empty()) break;
    }
    names.push_back(path);
  }
  const std::set<std::string> distinct(names.begin(), names.end());
  const auto is_free = [&](const std::string& name) {
    return !name.empty() && !tree_.has_child(module, name);
  };
  // "layers.3" names a member of a list of modules; a single word is a weight's own name.
  const auto is_module = [&](const std::string& name) {
    return name.find('.') != std::string::npos && is_free(name);
  };
  if (distinct.size() == names.size() && std::all_of(names.begin(), names.end(), is_module)) return names;
  for (std::string& name : names) {
    do name = "block " + std::to_string(next_number++);
    while (!is_free(name));
  }
  return names;
}

}  // namespace lapidary
