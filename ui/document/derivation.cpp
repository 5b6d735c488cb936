#include "ui/document/derivation.h"

#include <algorithm>
#include <future>

namespace lapidary::ui {

namespace {

/// Smaller models are derived anew within a few frames.
constexpr std::size_t fewestNodesToFollow = 4000;
/// So many nodes' types may follow from an edit before the rest waits.
constexpr int mostNodesInferred = 2000;

/// True if the graphs have the same modules, which follow from the nodes' names and connections: attributes,
/// types and weights are nothing to them.
bool haveSameModules(const Graph& graph, const GraphChange& change) {
  const auto isSame = [&](const GraphChange::Touched& touched) {
    const Node& now = *graph.nodes[static_cast<std::size_t>(touched.node)];
    return touched.before && is_wired_alike(*touched.before, now) && touched.before->name == now.name &&
           touched.before->metadata == now.metadata;
  };
  return change.gone.empty() && change.values.empty() &&
         std::all_of(change.touched.begin(), change.touched.end(), isSame) &&
         std::is_sorted(change.now.begin(), change.now.end());
}

void layOut(Derivation& derived, const LayoutOptions& options, const JobControl& control) {
  LayoutOptions cancellable = options;
  cancellable.open = moved(options.open, derived.now);
  cancellable.index = derived.index.get();
  cancellable.cancelled = [token = control.token()] { return token.is_cancelled(); };
  derived.layout = std::make_shared<const Layout>(
      layout_model(*derived.model, *derived.hierarchy, *derived.types, cancellable));
}

/// False if the edit changed more than can be followed.
bool follow(Derivation& derived, const Derivation& shown, const GraphChange& change,
            const JobControl& control) {
  const Graph& graph = *derived.model->graph;
  derived.index = std::make_shared<const GraphIndex>(graph, *shown.index, change.now);
  auto types =
      follow_edit(*shown.types, *shown.model, *derived.model, *derived.index, change, mostNodesInferred);
  control.check();
  if (!types) return false;
  derived.types = std::make_shared<const InferredTypes>(std::move(*types));
  derived.hierarchy =
      haveSameModules(graph, change)
          ? shown.hierarchy
          : std::make_shared<const Hierarchy>(follow_edit(*shown.hierarchy, graph, *derived.index, change));
  derived.isWhole = false;
  return true;
}

void deriveAnew(Derivation& derived, const Derivation& shown, const GraphChange& change,
                const JobControl& control) {
  const Graph& graph = *derived.model->graph;
  // On a thread of their own: modules and types know nothing of each other.
  auto hierarchy = std::async(std::launch::async, [&]() -> std::shared_ptr<const Hierarchy> {
    if (shown.isWhole && haveSameModules(graph, change)) return shown.hierarchy;
    return std::make_shared<const Hierarchy>(find_hierarchy(graph));
  });
  derived.index = std::make_shared<const GraphIndex>(graph);
  InferenceOptions inference;
  inference.checkpoint = [&control] { control.check(); };
  derived.types = std::make_shared<const InferredTypes>(infer_types(*derived.model, inference));
  derived.hierarchy = hierarchy.get();
}

}  // namespace

Derivation derive(const ModelPointer& model, const Derivation& shown, const LayoutOptions& options,
                  bool mayFollow, const JobControl& control) {
  Derivation derived;
  derived.model = model;
  derived.asked = options;
  GraphChange change = change_between(*shown.model->graph, *model->graph);
  derived.now = change.now;
  const bool follows = mayFollow && shown.types && model->graph->nodes.size() >= fewestNodesToFollow;
  if (!follows || !follow(derived, shown, change, control)) deriveAnew(derived, shown, change, control);
  derived.nested = std::make_shared<const NestedGraphs>(*model, *derived.types, derived.index.get());
  layOut(derived, options, control);
  return derived;
}

std::string movedPlace(const std::string& place, const std::vector<int>& now) {
  const std::size_t end = std::min(place.find('/'), place.size());
  const std::size_t position = std::stoul(place.substr(0, end));
  if (position >= now.size() || now[position] < 0) return {};
  return std::to_string(now[position]) + place.substr(end);
}

std::set<std::string> moved(const std::set<std::string>& open, const std::vector<int>& now) {
  static const std::string mark = "node:";
  std::set<std::string> result;
  for (const std::string& part : open) {
    const bool isNode = part.starts_with(mark) && part.size() > mark.size() && part[mark.size()] >= '0' &&
                        part[mark.size()] <= '9';
    const std::string place = isNode ? movedPlace(part.substr(mark.size()), now) : std::string();
    if (!isNode)
      result.insert(part);
    else if (!place.empty())
      result.insert(mark + place);
  }
  return result;
}

}  // namespace lapidary::ui
