#pragma once

#include <map>
#include <string>

#include "engine/layout/layout.h"

namespace lapidary {

enum class Theme { Light, Dark };

/// Colours of the studio's look, shared by the canvas and by pictures; "#rrggbb".
struct Palette {
  std::string window, surface, group, node, border, text, weak_text, edge, accent;
  std::string kind(OperatorKind kind) const;
  /// From pale to deep for a share of 0 to 1.
  std::string heat(double share) const;
  /// The colour for text on `background`: the one of light and dark that can be read better.
  std::string text_on(const std::string& background) const;
  Theme theme = Theme::Light;
};
Palette palette_for(Theme theme);
/// The contrast of two colours as WCAG 2 defines it, 1 to 21.
double contrast(const std::string& a, const std::string& b);

/// The text as XML and HTML want it.
std::string xml_escaped(const std::string& text);
/// The picture as an SVG document. `heat` gives a share of 0 to 1 by box index, for boxes that have one.
std::string to_svg(const Layout& layout, Theme theme, const std::map<int, double>& heat = {});
/// The visible graph for Graphviz: open groups as clusters, without coordinates.
std::string to_dot(const Layout& layout);
/// Boxes and curves with their coordinates, for other programs.
std::string to_json(const Layout& layout);
/// Writes OUT.svg, .png, .pdf, .dot or .json by the name's ending. A png is drawn at twice its size where
/// that stays within 64 megapixels, else smaller. `heat` as for to_svg. Throws Error, also where nothing on a
/// png could be read.
void draw(const Layout& layout, const std::string& path, Theme theme, const std::map<int, double>& heat = {});

}  // namespace lapidary
