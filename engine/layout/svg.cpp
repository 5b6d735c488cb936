#include <array>
#include <charconv>
#include <cmath>

#include "engine/layout/drawing.h"
#include "engine/layout/text_width.h"

namespace lapidary {

std::string xml_escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        if (static_cast<unsigned char>(c) >= 32) result += c;  // control characters are not allowed in XML
    }
  }
  return result;
}

namespace {

/// Appends to one text; numbers with at most two decimals.
class Writer {
 public:
  Writer& operator<<(const std::string& text) {
    text_ += text;
    return *this;
  }
  Writer& operator<<(const char* text) {
    text_ += text;
    return *this;
  }
  Writer& operator<<(double value) {
    std::array<char, 32> buffer{};
    value = std::round(value * 100) / 100;
    const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    text_.append(buffer.data(), end);
    return *this;
  }
  Writer& operator<<(Point point) { return *this << point.x << "," << point.y; }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

class Picture {
 public:
  Picture(const Layout& layout, Theme theme, const std::map<int, double>& heat)
      : layout_(layout), palette_(palette_for(theme)), heat_(heat) {}

  std::string draw() {
    begin();
    for (const Box& box : layout_.boxes) {
      if (box.open) open_box(box);
    }
    for (const Curve& curve : layout_.curves) edge(curve);
    for (std::size_t b = 0; b < layout_.boxes.size(); ++b) {
      if (!layout_.boxes[b].open) closed_box(layout_.boxes[b], static_cast<int>(b));
    }
    for (const Curve& curve : layout_.curves) {
      if (!curve.label.empty())
        text(curve.label_place.x, curve.label_place.y + 4, "l", curve.label, palette_.weak_text);
    }
    out_ << "</svg>\n";
    return out_.take();
  }

 private:
  void begin() {
    out_ << "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" << layout_.width << "\" height=\""
         << layout_.height << "\" viewBox=\"0 0 " << layout_.width << " " << layout_.height << "\">\n<style>"
         << "text{font-family:Inter,'Segoe UI','Noto Sans','DejaVu Sans',sans-serif;font-size:"
         << text_font_px << "px}.t{font-size:" << title_font_px << "px;font-weight:600}"
         << ".l{paint-order:stroke;stroke:" << palette_.window << ";stroke-width:3px;stroke-linejoin:round}"
         << ".e{fill:none;stroke:" << palette_.edge << ";stroke-width:1.4}.a{fill:" << palette_.edge
         << "}</style>\n"
         << "<rect width=\"100%\" height=\"100%\" fill=\"" << palette_.window << "\"/>\n";
  }

  void rectangle(const Rectangle& r, double radius, const std::string& fill, const char* more = "") {
    out_ << "<rect x=\"" << r.x << "\" y=\"" << r.y << "\" width=\"" << r.width << "\" height=\"" << r.height
         << "\" rx=\"" << radius << "\" fill=\"" << fill << "\" stroke=\"" << palette_.border << "\"" << more
         << "/>\n";
  }

  void text(double x, double y, const char* style, const std::string& content, const std::string& colour,
            const char* anchor = "start") {
    out_ << "<text class=\"" << style << "\" x=\"" << x << "\" y=\"" << y << "\" fill=\"" << colour << "\"";
    if (*anchor != 's') out_ << " text-anchor=\"" << anchor << "\"";
    out_ << ">" << xml_escaped(content) << "</text>\n";
  }

  /// A small triangle before a group's title: pointing right if it is closed, down if it is open.
  void disclosure(double x, double y, bool open) {
    out_ << "<path fill=\"" << palette_.weak_text << "\" d=\"M";
    if (open)
      out_ << Point{x, y - 2.5} << "h8l-4,5z\"/>\n";
    else
      out_ << Point{x + 1.5, y - 4} << "v8l5,-4z\"/>\n";
  }

  void silhouette(const Silhouette& content, const Rectangle& box) {
    for (const Silhouette::Mark& mark : content.marks) {
      const Rectangle r = content.place(mark, silhouette_area(box));
      out_ << "<rect x=\"" << r.x << "\" y=\"" << r.y << "\" width=\"" << r.width << "\" height=\""
           << r.height << "\" fill=\"" << palette_.kind(mark.kind) << "\" fill-opacity=\"0.55\"/>\n";
    }
  }

  void open_box(const Box& box) {
    const Rectangle& r = box.rectangle;
    rectangle(r, 10, box.kind == Box::Kind::Subgraph ? palette_.surface : palette_.group,
              box.kind == Box::Kind::Subgraph ? " stroke-dasharray=\"4 3\"" : "");
    if (box.kind != Box::Kind::Subgraph) disclosure(r.x + 12, r.y + 15, true);
    text(r.x + (box.kind == Box::Kind::Subgraph ? 14 : 25), r.y + 19.5, "t", box.title, palette_.text);
  }

  void closed_box(const Box& box, int index) {
    const Rectangle& r = box.rectangle;
    std::string fill = box.kind == Box::Kind::Group ? palette_.group : palette_.node;
    std::string title = palette_.text, subtitle = palette_.weak_text;
    if (const auto share = heat_.find(index); share != heat_.end()) {
      fill = palette_.heat(share->second);
      title = subtitle = palette_.text_on(fill);
    }
    const bool value = is_value(box.kind);
    if (box.repeats > 1) {  // a stack of cards
      rectangle({r.x + 6, r.y + 6, r.width, r.height}, 10, fill);
      rectangle({r.x + 3, r.y + 3, r.width, r.height}, 10, fill);
    }
    rectangle(r, value ? r.height / 2 : box.kind == Box::Kind::Group ? 10 : 7, fill);
    if (box.kind == Box::Kind::Node) stripe(r, palette_.kind(box.operator_kind));
    const double first_line = r.y + (box.subtitle.empty() ? r.height / 2 + 4.5 : 18.5);
    if (value) {
      text(r.x + r.width / 2, first_line, "t", box.title, title, "middle");
      if (!box.subtitle.empty()) text(r.x + r.width / 2, r.y + 34.5, "s", box.subtitle, subtitle, "middle");
      return;
    }
    if (box.kind == Box::Kind::Group) disclosure(r.x + 11, first_line - 4.5, false);
    const double indent = box.kind == Box::Kind::Group ? 23 : 15;
    text(r.x + indent, first_line, "t", box.title, title);
    if (box.silhouette >= 0) silhouette(layout_.silhouettes[box.silhouette], r);
    const double end = box.silhouette >= 0 ? silhouette_area(r).x - 6 : r.x + r.width - 10;
    if (box.repeats > 1)
      text(end, first_line, "t", "× " + std::to_string(box.repeats), palette_.accent, "end");
    if (!box.subtitle.empty()) text(r.x + indent, r.y + 34.5, "s", box.subtitle, subtitle);
  }

  /// Five pixels at the left border, inside the rounded corners.
  void stripe(const Rectangle& r, const std::string& colour) {
    out_ << "<path fill=\"" << colour << "\" d=\"M" << Point{r.x + 5, r.y + 0.3} << "A7,7 0 0 0 "
         << Point{r.x, r.y + 7} << "V" << r.y + r.height - 7 << "A7,7 0 0 0 "
         << Point{r.x + 5, r.y + r.height - 0.3} << "z\"/>\n";
  }

  void edge(const Curve& curve) {
    if (curve.points.size() < 4) return;
    out_ << "<path class=\"e\" d=\"M" << curve.points.front();
    for (std::size_t i = 1; i + 2 < curve.points.size(); i += 3)
      out_ << "C" << curve.points[i] << " " << curve.points[i + 1] << " " << curve.points[i + 2];
    const Point end = curve.points.back();
    out_ << "\"/><path class=\"a\" d=\"M" << end << "l-3.5,-6h7z\"/>\n";
  }

  const Layout& layout_;
  Palette palette_;
  const std::map<int, double>& heat_;
  Writer out_;
};

}  // namespace

std::string to_svg(const Layout& layout, Theme theme, const std::map<int, double>& heat) {
  return Picture(layout, theme, heat).draw();
}

}  // namespace lapidary
