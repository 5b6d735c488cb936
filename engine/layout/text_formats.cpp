#include <nlohmann/json.hpp>

#include "engine/layout/drawing.h"

namespace lapidary {
namespace {

std::string dot_text(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (c == '\n')
      result += "\\n";
    else
      result += c;
  }
  return result + "\"";
}

const char* name_of(Box::Kind kind) {
  switch (kind) {
    case Box::Kind::Node:
      return "node";
    case Box::Kind::Group:
      return "group";
    case Box::Kind::Input:
      return "input";
    case Box::Kind::Output:
      return "output";
    case Box::Kind::Subgraph:
      return "subgraph";
    case Box::Kind::Initializer:
      return "initializer";
  }
  return "";
}

/// The box and what is inside, one statement a line.
void write_dot(const Layout& layout, const std::vector<std::vector<int>>& children, int index, int depth,
               std::string& out) {
  const Box& box = layout.boxes[index];
  const std::string indent(2 * static_cast<std::size_t>(depth), ' ');
  if (!box.open) {
    std::string label = box.title + (box.repeats > 1 ? " × " + std::to_string(box.repeats) : "");
    if (!box.subtitle.empty()) label += "\n" + box.subtitle;
    out += indent + "b" + std::to_string(index) + " [label=" + dot_text(label);
    if (is_value(box.kind)) out += ", style=\"rounded\"";
    out += "];\n";
    return;
  }
  out += indent + "subgraph cluster_" + std::to_string(index) + " {\n" + indent +
         "  label=" + dot_text(box.title) + ";\n";
  for (const int child : children[index]) write_dot(layout, children, child, depth + 1, out);
  out += indent + "}\n";
}

/// A closed box inside an open one, for edges that end at the open one itself.
int representative(const std::vector<std::vector<int>>& children, int box) {
  while (!children[box].empty()) box = children[box].front();
  return box;
}

}  // namespace

std::string to_dot(const Layout& layout) {
  std::vector<std::vector<int>> children(layout.boxes.size());
  for (std::size_t b = 0; b < layout.boxes.size(); ++b) {
    if (layout.boxes[b].parent >= 0) children[layout.boxes[b].parent].push_back(static_cast<int>(b));
  }
  std::string out = "digraph model {\n  compound=true;\n  node [shape=box, fontname=\"sans-serif\"];\n";
  for (std::size_t b = 0; b < layout.boxes.size(); ++b) {
    if (layout.boxes[b].parent < 0) write_dot(layout, children, static_cast<int>(b), 1, out);
  }
  for (const Curve& curve : layout.curves) {
    const int from = representative(children, curve.from), to = representative(children, curve.to);
    out += "  b" + std::to_string(from) + " -> b" + std::to_string(to);
    std::string attributes = curve.label.empty() ? "" : "label=" + dot_text(curve.label);
    const auto cluster = [&](const char* end, int closed, int meant) {
      if (closed == meant) return;
      attributes += (attributes.empty() ? "" : ", ") + std::string(end) + "=cluster_" + std::to_string(meant);
    };
    cluster("ltail", from, curve.from);
    cluster("lhead", to, curve.to);
    out += (attributes.empty() ? "" : " [" + attributes + "]") + ";\n";
  }
  return out + "}\n";
}

std::string to_json(const Layout& layout) {
  nlohmann::json boxes = nlohmann::json::array(), curves = nlohmann::json::array();
  for (const Box& box : layout.boxes) {
    const Rectangle& r = box.rectangle;
    boxes.push_back({{"id", box.id},
                     {"kind", name_of(box.kind)},
                     {"parent", box.parent},
                     {"open", box.open},
                     {"title", box.title},
                     {"subtitle", box.subtitle},
                     {"operator_kind", std::string(name_of(box.operator_kind))},
                     {"repeats", box.repeats},
                     {"x", r.x},
                     {"y", r.y},
                     {"width", r.width},
                     {"height", r.height}});
  }
  for (const Curve& curve : layout.curves) {
    nlohmann::json points = nlohmann::json::array();
    for (const Point& point : curve.points) points.push_back({point.x, point.y});
    curves.push_back({{"from", curve.from},
                      {"to", curve.to},
                      {"value", curve.value},
                      {"label", curve.label},
                      {"skip", curve.skip},
                      {"points", std::move(points)}});
  }
  const nlohmann::json document = {{"width", layout.width},
                                   {"height", layout.height},
                                   {"boxes", std::move(boxes)},
                                   {"curves", std::move(curves)}};
  return document.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace lapidary
