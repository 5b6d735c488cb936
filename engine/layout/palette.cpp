#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "engine/layout/drawing.h"

namespace lapidary {
namespace {

struct Colour {
  double red = 0, green = 0, blue = 0;  ///< 0 to 255
};

Colour parsed(const std::string& text) {
  unsigned red = 0, green = 0, blue = 0;
  std::sscanf(text.c_str(), "#%2x%2x%2x", &red, &green, &blue);
  return {static_cast<double>(red), static_cast<double>(green), static_cast<double>(blue)};
}

std::string written(const Colour& colour) {
  std::array<char, 8> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "#%02x%02x%02x",
                static_cast<unsigned>(std::lround(colour.red)) & 0xffu,
                static_cast<unsigned>(std::lround(colour.green)) & 0xffu,
                static_cast<unsigned>(std::lround(colour.blue)) & 0xffu);
  return buffer.data();
}

/// Relative luminance as WCAG 2 defines it.
double luminance(const std::string& text) {
  const Colour colour = parsed(text);
  const auto linear = [](double value) {
    value /= 255;
    return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * linear(colour.red) + 0.7152 * linear(colour.green) + 0.0722 * linear(colour.blue);
}

}  // namespace

double contrast(const std::string& a, const std::string& b) {
  const double la = luminance(a), lb = luminance(b);
  return (std::max(la, lb) + 0.05) / (std::min(la, lb) + 0.05);
}

std::string Palette::kind(OperatorKind operator_kind) const {
  switch (operator_kind) {
    case OperatorKind::MatrixAndConvolution:
      return "#3b76d9";
    case OperatorKind::Normalization:
      return "#1f9a8a";
    case OperatorKind::Activation:
      return "#d0892b";
    case OperatorKind::ElementWise:
      return "#7b8494";
    case OperatorKind::PoolingAndReduction:
      return "#8a5fd0";
    case OperatorKind::ShapeAndLayout:
      return "#9aa3b2";
    case OperatorKind::ControlFlow:
      return "#c9548b";
    case OperatorKind::Quantization:
      return "#b7622c";
    case OperatorKind::Other:
      break;
  }
  return theme == Theme::Light ? "#b9bfca" : "#5f6673";
}

std::string Palette::heat(double share) const {
  static constexpr std::array<const char*, 5> light = {"#fdebd0", "#fbcb8a", "#f59c51", "#dd6b33", "#b33e1e"};
  static constexpr std::array<const char*, 5> dark = {"#33291f", "#573718", "#83471b", "#b4551f", "#dd6a28"};
  const auto& steps = theme == Theme::Light ? light : dark;
  const double at = std::clamp(share, 0.0, 1.0) * static_cast<double>(steps.size() - 1);
  const std::size_t low = std::min(static_cast<std::size_t>(at), steps.size() - 2);
  const double rest = at - static_cast<double>(low);
  const Colour a = parsed(steps[low]), b = parsed(steps[low + 1]);
  return written({a.red + (b.red - a.red) * rest, a.green + (b.green - a.green) * rest,
                  a.blue + (b.blue - a.blue) * rest});
}

std::string Palette::text_on(const std::string& background) const {
  // Anything but pure black and white would miss 4.5 : 1 on the middle tones.
  const std::string dark = "#000000", light = "#ffffff";
  return contrast(dark, background) >= contrast(light, background) ? dark : light;
}

Palette palette_for(Theme theme) {
  Palette palette;
  palette.theme = theme;
  if (theme == Theme::Light) {
    palette.window = "#fafbfd";
    palette.surface = "#ffffff";
    palette.group = "#f1f3f7";
    palette.node = "#ffffff";
    palette.border = "#d9dde5";
    palette.text = "#14171f";
    palette.weak_text = "#5f6776";
    palette.edge = "#a3a9b5";
    palette.accent = "#2f6fed";
  } else {
    palette.window = "#14161a";
    palette.surface = "#1c1f26";
    palette.group = "#1d2027";
    palette.node = "#272b34";
    palette.border = "#363b46";
    palette.text = "#eceef2";
    palette.weak_text = "#a2a9b6";
    palette.edge = "#666d7a";
    palette.accent = "#6ea0ff";
  }
  return palette;
}

}  // namespace lapidary
