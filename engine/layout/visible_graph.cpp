#include "engine/layout/visible_graph.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <unordered_set>
#include <utility>

#include "engine/analysis/wiring.h"
#include "engine/layout/group_boxes.h"
#include "engine/layout/silhouette.h"
#include "engine/layout/text_width.h"
#include "engine/model/graph_index.h"
#include "engine/ops/operator_table.h"

namespace lapidary {
namespace {

/// Subgraphs nested deeper than this stay closed: no picture shows them, and hostile files nest without end.
constexpr int deepest_subgraph = 32;
constexpr double widest_box = 320, narrowest_box = 136, narrowest_group = 192, silhouette_width = 40;
/// Larger groups get no silhouette: it would cost more than all the rest.
constexpr int most_silhouetted = 4000;

/// A shape for a label: dimensions that are long expressions would cover the picture, and stand as "…".
std::string short_text(const Shape& shape) {
  constexpr std::size_t longest = 10;
  std::string text;
  for (const Dimension& dimension : shape) {
    const std::string one = dimension.to_string();
    text += (text.empty() ? "" : " × ") + (one.size() <= longest ? one : "…");
  }
  return text;
}

class Builder {
 public:
  Builder(const Model& model, const Hierarchy& hierarchy, const InferredTypes& types,
          const LayoutOptions& options)
      : model_(model), hierarchy_(hierarchy), types_(types), options_(options) {}

  VisibleGraph build() {
    add_graph(*model_.graph, nullptr, -1, "", nullptr, 0);
    label_connections();
    result_.children.resize(result_.boxes.size());
    for (std::size_t i = 0; i < result_.boxes.size(); ++i) {
      const int parent = result_.boxes[i].parent;
      (parent < 0 ? result_.top_level : result_.children[parent]).push_back(static_cast<int>(i));
    }
    return std::move(result_);
  }

 private:
  /// The values of one graph, and the box where each comes from: constant_source if it is not drawn.
  struct Scope {
    const Graph* graph;
    const Scope* outer;
    const GraphIndex& index;
    std::vector<int> sources;  ///< by the value's number in the index
    std::vector<bool> hidden;  ///< by node

    int& source(int id) { return sources[static_cast<std::size_t>(id)]; }
  };
  static constexpr int constant_source = -1, unknown_source = -2;
  /// What flows along a connection: "float32", "N × 64"; empty where it is not known.
  struct Carried {
    std::string element, shape;
  };

  static int source_of(const Scope* scope, std::string_view value) {
    for (; scope; scope = scope->outer) {
      const int id = scope->index.id_of(value);
      const int source = id < 0 ? unknown_source : scope->sources[static_cast<std::size_t>(id)];
      if (source != unknown_source) return source;
    }
    return unknown_source;
  }
  /// Of the input that has this number in `scope`. The node is looked at only where a graph around is asked:
  /// in a large graph that costs more than all the rest.
  static int source_of(const Scope& scope, int id, const Node& node, std::size_t slot) {
    const int source = scope.sources[static_cast<std::size_t>(id)];
    return source == unknown_source && scope.outer ? source_of(scope.outer, node.inputs[slot]) : source;
  }

  /// `tag` is what Box::graph says; `prefix` begins the ids of its parts.
  void add_graph(const Graph& graph, const Graph* tag, int parent, const std::string& prefix,
                 const Scope* outer, int depth) {
    std::optional<GraphIndex> own;
    const bool is_indexed = !tag && options_.index;
    Scope scope{&graph, outer, is_indexed ? *options_.index : own.emplace(graph), {}, {}};
    scope.sources.assign(scope.index.id_count(), unknown_source);
    add_inputs(scope, tag, parent, prefix);
    hide_constants(scope, tag);
    const std::vector<bool>& hidden = scope.hidden;
    const std::vector<int> box = add_nodes(graph, tag, parent, prefix, hidden);
    for (int i = 0; i < static_cast<int>(box.size()); ++i)
      for (const int output : scope.index.outputs_of(i))
        if (output >= 0 && !hidden[i]) scope.source(output) = box[i];
    if (options_.show_constants) add_initializers(scope, tag, box, prefix);
    std::vector<const Node*> nodes;  // looked at where something is drawn: in a large graph, hardly any
    nodes.reserve(graph.nodes.size());
    for (const auto& node : graph.nodes) nodes.push_back(node.get());
    for (int i = 0; i < static_cast<int>(nodes.size()); ++i) {
      if (!hidden[i]) connect_inputs(scope, i, *nodes[i], box[i]);
    }
    add_all_insides(scope, nodes, tag, box, prefix, depth);
    for (const Value& output : graph.outputs)
      connect(scope, source_of(&scope, output.name), output.name,
              add_value_box(Box::Kind::Output, output, tag, parent, prefix));
    if (!tag) {
      result_.box_of_main_node = box;
      for (std::size_t i = 0; i < box.size(); ++i) {
        if (hidden[i]) result_.box_of_main_node[i] = -1;
      }
    }
  }

  void connect_inputs(const Scope& scope, int position, const Node& node, int to) {
    const auto inputs = scope.index.inputs_of(position);
    for (std::size_t slot = 0; slot < inputs.size(); ++slot) {
      if (inputs[slot] < 0) continue;
      const int from = source_of(scope, inputs[slot], node, slot);
      if (from >= 0 && from != to) connect(scope, from, node.inputs[slot], to);
    }
  }

  void add_all_insides(const Scope& scope, const std::vector<const Node*>& nodes, const Graph* tag,
                       const std::vector<int>& box, const std::string& prefix, int depth) {
    const auto add = [&](int i) {
      if (!scope.hidden[i]) add_insides(*nodes[i], i, scope, tag, box[i], prefix, depth);
    };
    if (!types_.has_function_bodies()) {
      for (const int i : scope.index.nodes_with_subgraphs()) add(i);
      return;
    }
    for (int i = 0; i < static_cast<int>(nodes.size()); ++i) add(i);
  }

  /// Boxes for the graph's inputs, those left out that an initializer gives and hardly anyone replaces.
  void add_inputs(Scope& scope, const Graph* tag, int parent, const std::string& prefix) {
    for (const Value& input : scope.graph->inputs) {
      const int id = scope.index.id_of(input.name);
      if (id >= 0 && !scope.index.initializer(id))
        scope.source(id) = add_value_box(Box::Kind::Input, input, tag, parent, prefix);
    }
  }

  /// Initializers, and nodes that only make constants.
  void hide_constants(Scope& scope, const Graph* tag) const {
    const Graph& graph = *scope.graph;
    const auto hide = [&](int id) {
      if (id >= 0 && scope.source(id) == unknown_source) scope.source(id) = constant_source;
    };
    for (int id = 0; id < static_cast<int>(scope.sources.size()); ++id)
      if (scope.index.initializer(id)) hide(id);
    for (const auto& initializer : graph.sparse_initializers) hide(scope.index.id_of(initializer->name));
    if (tag || options_.show_constants || hierarchy_.constant.size() != graph.nodes.size()) {
      scope.hidden = hidden_nodes(scope);
      return;
    }
    scope.hidden = hierarchy_.constant;
    for (std::size_t i = 0; i < scope.hidden.size(); ++i) {
      if (!scope.hidden[i]) continue;
      for (const int output : scope.index.outputs_of(static_cast<int>(i))) hide(output);
    }
  }

  /// A box for each initializer that a visible node reads, beside the first of them.
  void add_initializers(Scope& scope, const Graph* tag, const std::vector<int>& box,
                        const std::string& prefix) {
    for_each_node(*scope.graph, [&](int i, const Node& node) {
      if (box[i] < 0 || result_.boxes[box[i]].kind != Box::Kind::Node) return;
      const auto inputs = scope.index.inputs_of(i);
      for (std::size_t slot = 0; slot < inputs.size(); ++slot) {
        const NamedTensor* initializer = scope.index.initializer(inputs[slot]);
        if (!initializer || scope.source(inputs[slot]) != constant_source) continue;
        Value value;
        value.name = node.inputs[slot];
        value.type = initializer->tensor.full_type();
        scope.source(inputs[slot]) =
            add_value_box(Box::Kind::Initializer, value, tag, result_.boxes[box[i]].parent, prefix);
      }
    });
  }

  template <class Visit>
  static void for_each_node(const Graph& graph, Visit visit) {
    int position = 0;
    for (const auto& node : graph.nodes) visit(position++, *node);
  }

  /// Nodes that only make constants, by the rule of Wiring::constant.
  std::vector<bool> hidden_nodes(Scope& scope) const {
    const Graph& graph = *scope.graph;
    std::vector<bool> hidden(graph.nodes.size());
    if (options_.show_constants) return hidden;
    for_each_node(graph, [&](int i, const Node& node) {
      const auto inputs = scope.index.inputs_of(i), outputs = scope.index.outputs_of(i);
      const auto is_constant = [&](std::size_t slot) {
        return inputs[slot] < 0 || source_of(scope, inputs[slot], node, slot) == constant_source;
      };
      hidden[i] = can_make_constants(node) && std::none_of(outputs.begin(), outputs.end(), [&](int output) {
                    return scope.index.is_output(output);
                  });
      for (std::size_t slot = 0; slot < inputs.size() && hidden[i]; ++slot) hidden[i] = is_constant(slot);
      if (!hidden[i]) return;
      for (const int output : outputs)
        if (output >= 0) scope.source(output) = constant_source;
    });
    return hidden;
  }

  /// Boxes of all nodes that are drawn, by position; nodes in closed groups share the group's.
  std::vector<int> add_nodes(const Graph& graph, const Graph* tag, int parent, const std::string& prefix,
                             const std::vector<bool>& hidden) {
    std::vector<int> box(graph.nodes.size(), -1);
    if (tag || hierarchy_.group_of_node.size() != graph.nodes.size()) {
      for_each_node(graph, [&](int i, const Node& node) {
        if (!hidden[i]) box[i] = add_node_box(node, graph, tag, i, parent, prefix);
      });
      return box;
    }
    std::vector<const Node*> nodes;
    nodes.reserve(graph.nodes.size());
    for (const auto& node : graph.nodes) nodes.push_back(node.get());
    const GroupBoxes groups = group_boxes(hierarchy_, hidden, options_);
    std::vector<int> index_of(groups.parts.size(), -1);
    for (std::size_t p = 0; p < groups.parts.size(); ++p) {
      const GroupBoxes::Part& part = groups.parts[p];
      const int around = part.parent < 0 ? parent : index_of[part.parent];
      index_of[p] = part.node >= 0 ? add_node_box(*nodes[part.node], graph, tag, part.node, around, prefix)
                                   : add_group_box(part, around, graph, hidden);
      if (part.node >= 0) box[part.node] = index_of[p];
    }
    for (std::size_t i = 0; i < box.size(); ++i) {
      if (box[i] < 0 && !hidden[i]) box[i] = index_of[groups.part_of_group[hierarchy_.group_of_node[i]]];
    }
    return box;
  }

  int add_box(Box box, double least_width) {
    const double title =
        text_width(box.title + (box.repeats > 1 ? " × " + std::to_string(box.repeats) : ""), true);
    const double beside = 34 + (box.silhouette >= 0 ? silhouette_width : 0);
    box.rectangle.width = std::clamp(std::max(title, text_width(box.subtitle, false)) + beside, least_width,
                                     widest_box + beside - 34);
    box.rectangle.width = std::ceil(box.rectangle.width / 8) * 8;
    box.rectangle.height = box.subtitle.empty() ? 30 : 44;
    result_.boxes.push_back(std::move(box));
    return static_cast<int>(result_.boxes.size()) - 1;
  }

  double text_width(const std::string& text, bool bold) const {
    return options_.text_width ? options_.text_width(text, bold) : average_text_width(text, bold);
  }

  /// The text cut to what the widest box holds.
  std::string fitting(std::string text, bool bold) const {
    if (text_width(text, bold) <= widest_box - 34) return text;
    while (!text.empty() && text_width(text + "…", bold) > widest_box - 34) {
      do text.pop_back();
      while (!text.empty() && (text.back() & 0xc0) == 0x80);
      if (!text.empty() && (text.back() & 0xc0) == 0xc0) text.pop_back();
    }
    return text + "…";
  }

  int add_node_box(const Node& node, const Graph& graph, const Graph* tag, int position, int parent,
                   const std::string& prefix) {
    Box box;
    box.id = "node:" + prefix + std::to_string(position);
    box.node = position;
    box.graph = tag;
    box.parent = parent;
    box.operator_kind = kind_of_node(node);
    box.title = fitting(node.op_type, true);
    box.subtitle = fitting(key_attributes(node, graph, types_), false);
    return add_box(std::move(box), narrowest_box);
  }

  int add_value_box(Box::Kind kind, const Value& value, const Graph* tag, int parent,
                    const std::string& prefix) {
    Box box;
    box.kind = kind;
    box.id = (kind == Box::Kind::Input    ? "input:"
              : kind == Box::Kind::Output ? "output:"
                                          : "initializer:") +
             prefix + value.name;
    box.graph = tag;
    box.parent = parent;
    box.title = fitting(value.name, true);
    const Type& inferred = types_.type_in(tag, value.name);
    const Type& type = inferred.is_known() ? inferred : value.type;
    if (type.is_known()) box.subtitle = fitting(to_string(type), false);
    return add_box(std::move(box), 96);
  }

  OperatorKind kind_of_node(const Node& node) {
    const auto [kind, fresh] = kinds_.try_emplace(node.op_type, OperatorKind::Other);
    if (fresh) kind->second = kind_of(node.domain, node.op_type);
    return kind->second;
  }

  /// Of a closed group: index in the result's silhouettes, one for all groups of its structure.
  int silhouette_index(int group, const Graph& graph, const std::vector<bool>& hidden) {
    const Group& inside = hierarchy_.groups[group];
    if (inside.node_count > most_silhouetted || inside.node_count < 2) return -1;
    const int key = inside.structure >= 0 ? inside.structure : -2 - group;
    const auto [found, fresh] = silhouette_of_.try_emplace(key, static_cast<int>(result_.silhouettes.size()));
    if (fresh)
      result_.silhouettes.push_back(silhouette_of(graph, hierarchy_, group, hidden,
                                                  [this](const Node& node) { return kind_of_node(node); }));
    return found->second;
  }

  int add_group_box(const GroupBoxes::Part& part, int parent, const Graph& graph,
                    const std::vector<bool>& hidden) {
    const Group& group = hierarchy_.groups[part.group];
    Box box;
    box.kind = Box::Kind::Group;
    box.id = (part.repeats > 1 ? "repeat:" : "group:") + group.path;
    box.part = part.repeats > 1 ? box.id : group.path;
    box.group = part.group;
    box.parent = parent;
    box.open = part.open;
    box.repeats = part.repeats;
    box.count = part.node_count;
    if (!part.open) box.silhouette = silhouette_index(part.group, graph, hidden);
    const std::string last = part.repeats > 1 ? " – " + hierarchy_.groups[part.last_group].name : "";
    box.title = fitting(group.name + last, true);
    box.subtitle = std::to_string(box.count) + (box.count == 1 ? " node" : " nodes");
    return add_box(std::move(box), narrowest_group);
  }

  void connect(const Scope& scope, int from, const std::string& value, int to) {
    if (from < 0 || from == to) return;
    const std::uint64_t pair = static_cast<std::uint64_t>(from) << 32 | static_cast<std::uint32_t>(to);
    const auto [found, fresh] =
        connection_of_.try_emplace(pair, static_cast<int>(result_.connections.size()));
    if (fresh) {
      result_.connections.push_back({from, to, value, 1, {}});
      carried_.push_back(carried_by(types_.type_in(scope.graph, value)));
    } else if (result_.connections[found->second].value != value) {
      ++result_.connections[found->second].values;
    }
  }

  /// Subgraphs and function bodies: inside the node's box if it is open, else as connections from what they
  /// read.
  void add_insides(const Node& node, int position, const Scope& scope, const Graph* tag, int box,
                   const std::string& prefix, int depth) {
    const GraphPointer function = types_.function_body(tag, node);
    const auto subgraphs = subgraphs_of(node);
    if (subgraphs.empty() && !function) return;
    const std::string id = "node:" + prefix + std::to_string(position);
    const bool own_box = result_.boxes[box].node == position && result_.boxes[box].graph == tag;
    if (own_box) result_.boxes[box].part = id;
    const bool open =
        own_box && depth < deepest_subgraph &&
        (options_.open_all || options_.open.contains(id) || depth_of(box) < options_.open_depth);
    if (!open) {
      for (const auto& [name, subgraph] : subgraphs) {
        for (const std::string& value : outer_names(*subgraph))
          connect(scope, source_of(&scope, value), value, box);
      }
      return;
    }
    result_.boxes[box].open = true;
    const std::string inner = prefix + std::to_string(position) + "/";
    for (const auto& [name, subgraph] : subgraphs) {
      const int around = add_subgraph_box(name, inner + name, *subgraph, box);
      add_graph(*subgraph, subgraph.get(), around, inner + name + "/", &scope, depth + 1);
    }
    if (function) {
      const int around = add_subgraph_box(function->name, inner + "body", *function, box);
      add_graph(*function, function.get(), around, inner + "body/", nullptr, depth + 1);
    }
  }

  int add_subgraph_box(const std::string& title, const std::string& id, const Graph& graph, int parent) {
    Box box;
    box.kind = Box::Kind::Subgraph;
    box.id = "subgraph:" + id;
    box.graph = &graph;
    box.parent = parent;
    box.open = true;
    box.title = fitting(title, true);
    box.count = static_cast<int>(graph.nodes.size());
    box.subtitle = std::to_string(box.count) + (box.count == 1 ? " node" : " nodes");
    return add_box(std::move(box), narrowest_box);
  }

  int depth_of(int box) const {
    int depth = 0;
    for (int b = result_.boxes[box].parent; b >= 0; b = result_.boxes[b].parent) ++depth;
    return depth;
  }

  static Carried carried_by(const Type& type) {
    if (!type.is_tensor()) return {type.is_known() ? to_string(type) : "", ""};
    return {std::string(name_of(type.element)), type.shape ? short_text(*type.shape) : ""};
  }

  /// Shapes and element types stand where they change: on the first connection that leaves a box, if no
  /// connection that enters it has the same. Inputs say theirs themselves.
  void label_connections() {
    std::vector<std::vector<const Carried*>> entering(result_.boxes.size());
    for (std::size_t i = 0; i < carried_.size(); ++i)
      entering[result_.connections[i].to].push_back(&carried_[i]);
    std::vector<std::unordered_set<std::string_view>> said(result_.boxes.size());
    for (std::size_t i = 0; i < carried_.size(); ++i) {
      auto& connection = result_.connections[i];
      const auto changes = [&](std::string Carried::*part) {
        const auto& before = entering[connection.from];
        return !(carried_[i].*part).empty() &&
               std::none_of(before.begin(), before.end(),
                            [&](const Carried* entered) { return entered->*part == carried_[i].*part; });
      };
      const bool has_new_type = changes(&Carried::element), has_new_shape = changes(&Carried::shape);
      if (is_value(result_.boxes[connection.from].kind) || !(has_new_type || has_new_shape) ||
          !said[connection.from].insert(connection.value).second)
        continue;
      connection.label = carried_[i].shape;
      if (has_new_type)
        connection.label.insert(0, carried_[i].element + (connection.label.empty() ? "" : " "));
    }
  }

  const Model& model_;
  const Hierarchy& hierarchy_;
  const InferredTypes& types_;
  const LayoutOptions& options_;
  VisibleGraph result_;
  std::unordered_map<std::string, OperatorKind> kinds_;
  std::unordered_map<int, int> silhouette_of_;  ///< by structure
  std::unordered_map<std::uint64_t, int> connection_of_;
  std::vector<Carried> carried_;  ///< by connection
};

}  // namespace

VisibleGraph visible_graph(const Model& model, const Hierarchy& hierarchy, const InferredTypes& types,
                           const LayoutOptions& options) {
  return Builder(model, hierarchy, types, options).build();
}

}  // namespace lapidary
