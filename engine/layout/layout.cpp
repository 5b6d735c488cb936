#include "engine/layout/layout.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <unordered_map>

#include "engine/layout/layered.h"
#include "engine/layout/text_width.h"
#include "engine/layout/visible_graph.h"
#include "engine/ops/kernel.h"

namespace lapidary {
namespace {

constexpr double header_height = 30;
/// In pictures of more boxes, ports stand where it suits the inside of their container alone.
constexpr std::size_t most_boxes_to_align = 2000;

/// Where an edge ends inside one container: a box there, possibly at one of that box's own ports, or a port
/// of the container itself.
struct EdgeEnd {
  int box = -1;
  int port = -1;  ///< of `box` if it is open; else of the container, when `box` is -1
};

/// An opening in a container's border, for everything that comes from one box outside (or goes out from one
/// inside).
struct Port {
  bool entry = true;
  int item = -1;   ///< in the container's problem
  int place = -1;  ///< as LayeredProblem::Item has it
};

/// The content of an open box, or of the whole picture.
struct Container {
  struct Edge {
    EdgeEnd from, to;
    double label_width = 0;
  };
  std::vector<int> children;
  std::vector<Port> ports;
  std::vector<Edge> edges;
  std::shared_ptr<const LayeredResult> result;
  double anchor = 0;
};

/// Lays out containers from the inside to the outside, then places everything.
class Composer {
 public:
  Composer(VisibleGraph visible, const LayoutOptions& options)
      : visible_(std::move(visible)), options_(options) {}

  Layout compose() {
    containers_.resize(visible_.boxes.size() + 1);
    container(-1).children = visible_.top_level;
    for (std::size_t b = 0; b < visible_.boxes.size(); ++b) {
      if (visible_.boxes[b].open) container(static_cast<int>(b)).children = visible_.children[b];
    }
    segments_.resize(visible_.connections.size());
    for (std::size_t c = 0; c < visible_.connections.size(); ++c) split(c);
    if (visible_.boxes.size() <= most_boxes_to_align) {
      quick_ = true;
      solve_all();
      align_ports();
      quick_ = false;
    }
    solve_all();
    place();
    return finished();
  }

 private:
  /// An edge of a container, by its index there.
  struct Segment {
    int container, edge;
  };

  Container& container(int box) { return containers_[box + 1]; }
  int parent(int box) const { return visible_.boxes[box].parent; }

  int depth(int box) const {
    int result = 0;
    for (; box >= 0; box = parent(box)) ++result;
    return result;
  }

  /// The edge of `inside` for `source`'s value towards `target` (a box, or -1 for out of the container), made
  /// once.
  Segment edge_once(int inside, int source, int target, EdgeEnd from, EdgeEnd to, double label_width) {
    auto& edges = container(inside).edges;
    const std::uint64_t key =
        target >= 0 ? static_cast<std::uint64_t>(source) << 32 | static_cast<std::uint32_t>(target)
                    : ~(static_cast<std::uint64_t>(source) << 32 | static_cast<std::uint32_t>(inside));
    const auto [found, fresh] = edges_.try_emplace(key, static_cast<int>(edges.size()));
    if (fresh) edges.push_back({from, to, label_width});
    edges[found->second].label_width = std::max(edges[found->second].label_width, label_width);
    return {inside, found->second};
  }

  int port_of(int box, int source, bool entry) {
    const std::uint64_t key =
        static_cast<std::uint64_t>(source) << 33 | static_cast<std::uint64_t>(box) << 1 | entry;
    auto& ports = container(box).ports;
    const auto [found, fresh] = ports_.try_emplace(key, static_cast<int>(ports.size()));
    if (fresh) ports.push_back({entry, -1});
    return found->second;
  }

  /// Cuts a connection where it crosses the borders of open boxes.
  void split(std::size_t c) {
    const auto& connection = visible_.connections[c];
    double label = connection.label.empty() ? 0 : text_width(connection.label) + 8;
    int out = parent(connection.from), in = parent(connection.to);
    int out_depth = depth(out), in_depth = depth(in);
    std::vector<int> inward = {connection.to};  // boxes to go into, the innermost first
    EdgeEnd end{connection.from, -1};
    const auto leave = [&] {
      const int port = port_of(out, connection.from, false);
      segments_[c].push_back(edge_once(out, connection.from, -1, end, {-1, port}, std::exchange(label, 0)));
      end = {out, port};
      out = parent(out);
      --out_depth;
    };
    const auto enter = [&] {
      inward.push_back(in);
      in = parent(in);
      --in_depth;
    };
    while (out_depth > in_depth) leave();
    while (in_depth > out_depth) enter();
    while (out != in) {
      leave();
      enter();
    }
    for (std::size_t i = inward.size(); i-- > 0;) {
      const int target = inward[i];
      const int port = i > 0 ? port_of(target, connection.from, true) : -1;
      segments_[c].push_back(
          edge_once(parent(target), connection.from, target, end, {target, port}, std::exchange(label, 0)));
      end = {-1, port};
    }
  }

  double text_width(const std::string& text, bool bold = false) const {
    return options_.text_width ? options_.text_width(text, bold) : average_text_width(text, bold);
  }

  LayeredProblem problem_of(int box) {
    Container& inside = container(box);
    LayeredProblem problem;
    std::unordered_map<int, int> item_of_box;
    for (const int child : inside.children) {
      const Box& content = visible_.boxes[child];
      const double anchor = content.open ? container(child).anchor : content.rectangle.width / 2;
      item_of_box[child] = static_cast<int>(problem.items.size());
      problem.items.push_back(
          {LayeredProblem::Role::Box, anchor, content.rectangle.width - anchor, content.rectangle.height});
    }
    for (Port& port : inside.ports) {
      port.item = static_cast<int>(problem.items.size());
      problem.items.push_back(
          {port.entry ? LayeredProblem::Role::Entry : LayeredProblem::Role::Exit, 0, 0, 0, port.place});
    }
    for (const Container::Edge& edge : inside.edges) {
      LayeredProblem::Edge local;
      const auto attach = [&](const EdgeEnd& end, int& item, double& x, bool& fixed) {
        item = end.box < 0 ? inside.ports[end.port].item : item_of_box.at(end.box);
        fixed = end.box >= 0 && end.port >= 0;
        if (fixed) x = port_x(end.box, end.port) - container(end.box).anchor;
      };
      attach(edge.from, local.from, local.from_x, local.from_fixed);
      attach(edge.to, local.to, local.to_x, local.to_fixed);
      local.label_width = edge.label_width;
      problem.edges.push_back(local);
    }
    if (box < 0) {
      problem.padding = 24;
      problem.header_height = 12;
    } else {
      const Box& around = visible_.boxes[box];
      problem.header_height = header_height;
      problem.header_width = text_width(around.title, true) + text_width(around.subtitle) + 52;
    }
    return problem;
  }

  double port_x(int box, int port) {
    const Container& inside = container(box);
    return inside.result->places[inside.ports[port].item].x;
  }

  /// Equal problems have equal solutions: isomorphic groups are laid out once.
  void solve(int box) {
    if (options_.cancelled && options_.cancelled()) throw Cancelled();
    LayeredProblem problem = problem_of(box);
    problem.quick = quick_;
    auto& [solution, quick] = solutions_[key_of(problem)];
    if (!solution || (quick && !quick_ && solution->crossings > 0)) {
      solution = std::make_shared<const LayeredResult>(layered_layout(problem, [this] {
        if (options_.cancelled && options_.cancelled()) throw Cancelled();
      }));
      quick = quick_;
    }
    Container& inside = container(box);
    inside.result = solution;
    if (box < 0) return;
    Rectangle& rectangle = visible_.boxes[box].rectangle;
    rectangle.width = solution->width;
    rectangle.height = solution->height;
    inside.anchor = inside.ports.empty() ? solution->width / 2 : port_x(box, 0);
  }

  void solve_all() {
    for (std::size_t b = visible_.boxes.size(); b-- > 0;) {
      if (!visible_.boxes[b].open) continue;
      if (options_.progress)
        options_.progress(1 - static_cast<double>(b) / static_cast<double>(visible_.boxes.size()));
      solve(static_cast<int>(b));
    }
    solve(-1);
  }

  /// Where the edges at a box's ports come from and go to outside, as x in the container around it; by port.
  std::vector<double> outside_x(int box) {
    std::vector<double> sum(container(box).ports.size()), count(sum.size());
    const Container& around = container(parent(box));
    for (std::size_t e = 0; e < around.edges.size(); ++e) {
      const Container::Edge& edge = around.edges[e];
      const auto& points = around.result->routes[e].points;
      if (points.size() < 4) continue;
      if (edge.to.box == box && edge.to.port >= 0) {
        sum[edge.to.port] += points[points.size() - 4].x;
        ++count[edge.to.port];
      }
      if (edge.from.box == box && edge.from.port >= 0) {
        std::size_t turn = 3;
        while (turn + 3 < points.size() && std::abs(points[turn].x - points[0].x) < 0.01) turn += 3;
        sum[edge.from.port] += points[turn].x;
        ++count[edge.from.port];
      }
    }
    for (std::size_t p = 0; p < sum.size(); ++p) sum[p] /= std::max(count[p], 1.0);
    return sum;
  }

  /// Each kind of port from left to right as its edges come from outside.
  void set_places(int box, const std::vector<double>& x) {
    auto& ports = container(box).ports;
    for (const bool entry : {true, false}) {
      std::vector<int> order;
      for (std::size_t p = 0; p < ports.size(); ++p) {
        if (ports[p].entry == entry) order.push_back(static_cast<int>(p));
      }
      std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return x[a] < x[b]; });
      for (std::size_t i = 0; i < order.size(); ++i) ports[order[i]].place = static_cast<int>(i);
    }
  }

  /// Orders ports by what is outside, wherever fewer edges cross then, inside and around together. Outer
  /// boxes come first.
  void align_ports() {
    for (int box = 0; box < static_cast<int>(visible_.boxes.size()); ++box) {
      if (!visible_.boxes[box].open || container(box).ports.size() < 2) continue;
      const auto crossings = [&] {
        return container(box).result->crossings + container(parent(box)).result->crossings;
      };
      const std::size_t before = crossings();
      if (before == 0) continue;
      const std::vector<Port> ports = container(box).ports;
      set_places(box, outside_x(box));
      solve(box);
      solve(parent(box));
      if (crossings() < before) continue;
      container(box).ports = ports;
      solve(box);
      solve(parent(box));
    }
  }

  static std::string key_of(const LayeredProblem& problem) {
    std::string key;
    const auto add = [&key](auto value) {
      char bytes[sizeof value];
      std::memcpy(bytes, &value, sizeof value);
      key.append(bytes, sizeof value);
    };
    add(problem.items.size());
    for (const auto& item : problem.items) {
      add(item.role);
      add(item.left);
      add(item.right);
      add(item.height);
      add(item.place);
    }
    for (const auto& edge : problem.edges) {
      add(edge.from);
      add(edge.to);
      add(edge.from_fixed ? edge.from_x : -1e9);
      add(edge.to_fixed ? edge.to_x : -1e9);
      add(edge.label_width);
    }
    add(problem.header_width);
    add(problem.padding);
    return key;
  }

  Point origin(int box) const {
    return box < 0 ? Point{} : Point{visible_.boxes[box].rectangle.x, visible_.boxes[box].rectangle.y};
  }

  void place() {
    for (int box = -1; box < static_cast<int>(visible_.boxes.size()); ++box) {
      const Container& inside = container(box);
      const Point corner = origin(box);
      for (std::size_t i = 0; i < inside.children.size(); ++i) {
        Box& child = visible_.boxes[inside.children[i]];
        const double anchor = child.open ? container(inside.children[i]).anchor : child.rectangle.width / 2;
        child.rectangle.x = corner.x + inside.result->places[i].x - anchor;
        child.rectangle.y = corner.y + inside.result->places[i].y;
      }
    }
  }

  Layout finished() {
    Layout layout;
    for (std::size_t c = 0; c < segments_.size(); ++c) {
      auto& connection = visible_.connections[c];
      Curve curve;
      curve.from = connection.from;
      curve.to = connection.to;
      curve.value = std::move(connection.value);
      curve.values = connection.values;
      curve.label = std::move(connection.label);
      for (const Segment& segment : segments_[c]) {
        const Point corner = origin(segment.container);
        const auto& route = container(segment.container).result->routes[segment.edge];
        // A segment begins where the one before ended.
        for (std::size_t p = curve.points.empty() ? 0 : 1; p < route.points.size(); ++p)
          curve.points.push_back({corner.x + route.points[p].x, corner.y + route.points[p].y});
        if (&segment == &segments_[c].front())
          curve.label_place = {corner.x + route.label.x, corner.y + route.label.y};
        curve.skip |= route.skip;
      }
      layout.curves.push_back(std::move(curve));
    }
    layout.width = container(-1).result->width;
    layout.height = container(-1).result->height;
    layout.boxes = std::move(visible_.boxes);
    layout.silhouettes = std::move(visible_.silhouettes);
    layout.box_of_main_node = std::move(visible_.box_of_main_node);
    return layout;
  }

  VisibleGraph visible_;
  const LayoutOptions& options_;
  std::vector<Container> containers_;           ///< by box + 1
  std::vector<std::vector<Segment>> segments_;  ///< by connection, from source to target
  std::unordered_map<std::uint64_t, int> edges_, ports_;
  struct Solution {
    std::shared_ptr<const LayeredResult> result;
    bool quick = false;
  };
  std::unordered_map<std::string, Solution> solutions_;
  bool quick_ = false;  ///< first orders will do for now
};

}  // namespace

int Layout::box_of_node(int index, const Graph* graph) const {
  if (!graph)
    return index >= 0 && index < static_cast<int>(box_of_main_node.size()) ? box_of_main_node[index] : -1;
  for (std::size_t b = 0; b < boxes.size(); ++b) {
    if (boxes[b].node == index && boxes[b].graph == graph) return static_cast<int>(b);
  }
  return -1;
}

Layout layout_model(const Model& model, const Hierarchy& hierarchy, const InferredTypes& types,
                    const LayoutOptions& options) {
  return Composer(visible_graph(model, hierarchy, types, options), options).compose();
}

}  // namespace lapidary
