#include "ui/document/theme.h"

#include <QApplication>
#include <QFile>
#include <QFontInfo>
#include <QPainter>
#include <QStyle>
#include <QStyleFactory>
#include <QSvgRenderer>
#include <array>
#include <cmath>

// Q_INIT_RESOURCE must stand outside any namespace.
static void initializeResources() { Q_INIT_RESOURCE(studio); }

namespace lapidary::ui {

namespace {

QColor rgb(unsigned value) { return QColor::fromRgb(value); }

ThemeColors lightColors() {
  ThemeColors c;
  c.canvas = rgb(0xfafbfc), c.surface = rgb(0xffffff), c.raised = rgb(0xffffff), c.field = rgb(0xeef1f5);
  c.group = rgb(0xf1f3f7), c.node = rgb(0xffffff), c.border = rgb(0xe3e6eb), c.text = rgb(0x1f2430);
  c.weakText = rgb(0x5f6776), c.edge = rgb(0xa3a9b5), c.accent = rgb(0x2f6fed), c.accentText = rgb(0xffffff);
  c.selection = rgb(0xe8f0fe), c.hover = rgb(0xf4f6f9), c.problem = rgb(0xb3261e);
  return c;
}

ThemeColors darkColors() {
  ThemeColors c;
  c.canvas = rgb(0x14161a), c.surface = rgb(0x1d2026), c.raised = rgb(0x1d2026), c.field = rgb(0x2a2f38);
  c.group = rgb(0x1b1e25), c.node = rgb(0x23272f), c.border = rgb(0x31363f), c.text = rgb(0xe6e9ee);
  c.weakText = rgb(0x9aa3b2), c.edge = rgb(0x656c78), c.accent = rgb(0x6ea0ff), c.accentText = rgb(0x0d1420);
  c.selection = rgb(0x22304d), c.hover = rgb(0x252931), c.problem = rgb(0xff8a80);
  return c;
}

constexpr std::array<unsigned, 5> lightHeat{0xfde8c9, 0xfbc98a, 0xf59d52, 0xe26a33, 0xb8401f};
constexpr std::array<unsigned, 5> darkHeat{0x392b1e, 0x5a3a1d, 0x85481c, 0xb5561f, 0xdd6b2b};

QColor mixed(const QColor& a, const QColor& b, double share) {
  const auto mix = [share](int x, int y) { return static_cast<int>(std::lround(x + (y - x) * share)); };
  return QColor(mix(a.red(), b.red()), mix(a.green(), b.green()), mix(a.blue(), b.blue()));
}

/// Relative luminance as WCAG 2.1 defines it.
double luminance(const QColor& color) {
  const auto linear = [](double v) { return v <= 0.03928 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4); };
  return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) + 0.0722 * linear(color.blueF());
}

QPixmap drawnIcon(const QString& name, const QColor& color, int size, double pixelRatio) {
  QFile file(QStringLiteral(":/icons/%1.svg").arg(name));
  if (!file.open(QIODevice::ReadOnly)) return {};
  QByteArray svg = file.readAll();
  svg.replace("currentColor", color.name().toLatin1());
  QPixmap pixmap(QSize(size, size) * pixelRatio);
  pixmap.setDevicePixelRatio(pixelRatio);
  pixmap.fill(Qt::transparent);
  QPainter painter(&pixmap);
  QSvgRenderer(svg).render(&painter, QRectF(0, 0, size, size));
  return pixmap;
}

}  // namespace

Theme::Theme(QObject* parent) : QObject(parent), colors_(lightColors()) {
  initializeResources();
  systemIsDark_ = QGuiApplication::palette().color(QPalette::Window).lightness() < 128;
  update();
}

void Theme::setMode(Mode mode) {
  mode_ = mode;
  update();
}

void Theme::update() {
  const bool dark = mode_ == Mode::Dark || (mode_ == Mode::System && systemIsDark_);
  if (dark == dark_ && colors_.text.isValid() && applied_) return;
  dark_ = dark;
  colors_ = dark ? darkColors() : lightColors();
  if (applied_) {
    QApplication::setPalette(palette());
    qApp->setStyleSheet(styleSheet());
  }
  Q_EMIT changed();
}

QColor Theme::kind(OperatorKind kind) const {
  switch (kind) {
    case OperatorKind::MatrixAndConvolution:
      return rgb(0x3b76d9);
    case OperatorKind::Normalization:
      return rgb(0x1f9a8a);
    case OperatorKind::Activation:
      return rgb(0xd0892b);
    case OperatorKind::ElementWise:
      return rgb(0x7b8494);
    case OperatorKind::PoolingAndReduction:
      return rgb(0x8a5fd0);
    case OperatorKind::ShapeAndLayout:
      return rgb(0x9aa3b2);
    case OperatorKind::ControlFlow:
      return rgb(0xc9548b);
    case OperatorKind::Quantization:
      return rgb(0xb7622c);
    case OperatorKind::Other:
      break;
  }
  return rgb(0x6f7785);
}

QColor Theme::heat(double share) const {
  const auto& stops = dark_ ? darkHeat : lightHeat;
  const double place = std::clamp(share, 0.0, 1.0) * static_cast<double>(stops.size() - 1);
  const auto index = std::min(static_cast<std::size_t>(place), stops.size() - 2);
  return mixed(rgb(stops[index]), rgb(stops[index + 1]), place - static_cast<double>(index));
}

QColor Theme::textOn(const QColor& ground) {
  const double light = luminance(ground) + 0.05;
  return 1.05 / light >= light / 0.06 ? QColor(Qt::white) : rgb(0x1a1d24);
}

QIcon Theme::icon(const QString& name) const { return icon(name, colors_.text); }

QIcon Theme::icon(const QString& name, const QColor& color) const {
  QIcon icon;
  for (const int size : {16, 20}) {
    for (const double ratio : {1.0, 2.0}) {
      icon.addPixmap(drawnIcon(name, color, size, ratio));
      icon.addPixmap(drawnIcon(name, mixed(color, colors_.surface, 0.55), size, ratio), QIcon::Disabled);
    }
  }
  return icon;
}

QPalette Theme::palette() const {
  QPalette p;
  const auto& c = colors_;
  p.setColor(QPalette::Window, c.surface);
  p.setColor(QPalette::WindowText, c.text);
  p.setColor(QPalette::Base, c.surface);
  p.setColor(QPalette::AlternateBase, c.hover);
  p.setColor(QPalette::Text, c.text);
  p.setColor(QPalette::PlaceholderText, c.weakText);
  p.setColor(QPalette::Button, c.raised);
  p.setColor(QPalette::ButtonText, c.text);
  p.setColor(QPalette::BrightText, c.problem);
  p.setColor(QPalette::Highlight, c.accent);
  p.setColor(QPalette::HighlightedText, c.accentText);
  p.setColor(QPalette::Link, c.accent);
  p.setColor(QPalette::ToolTipBase, c.raised);
  p.setColor(QPalette::ToolTipText, c.text);
  p.setColor(QPalette::Light, c.border);
  p.setColor(QPalette::Midlight, c.border);
  p.setColor(QPalette::Mid, c.border);
  p.setColor(QPalette::Dark, c.border);
  p.setColor(QPalette::Shadow, c.border);
  for (const auto role : {QPalette::Text, QPalette::WindowText, QPalette::ButtonText})
    p.setColor(QPalette::Disabled, role, mixed(c.weakText, c.surface, 0.35));
  return p;
}

QString Theme::styleSheet() const {
  QFile file(QStringLiteral(":/themes/studio.qss"));
  if (!file.open(QIODevice::ReadOnly)) return {};
  QString sheet = QString::fromUtf8(file.readAll());
  const auto& c = colors_;
  const std::array<std::pair<const char*, QColor>, 12> names{{{"@canvas", c.canvas},
                                                              {"@surface", c.surface},
                                                              {"@raised", c.raised},
                                                              {"@field", c.field},
                                                              {"@border", c.border},
                                                              {"@text", c.text},
                                                              {"@weak", c.weakText},
                                                              {"@accent-text", c.accentText},
                                                              {"@accent", c.accent},
                                                              {"@selection", c.selection},
                                                              {"@hover", c.hover},
                                                              {"@problem", c.problem}}};
  for (const auto& [name, color] : names) sheet.replace(QLatin1String(name), color.name());
  return sheet.replace(QLatin1String("@theme"), dark_ ? QStringLiteral("dark") : QStringLiteral("light"));
}

void Theme::applyToApplication() {
  // Where the desktop names no font of its own, Inter's figures and widths serve tables best.
  if (QFontInfo(QApplication::font()).family().startsWith(QLatin1String("DejaVu"))) {
    QFont font(QStringLiteral("Inter"));
    font.setPixelSize(13);
    if (QFontInfo(font).family() == QLatin1String("Inter")) QApplication::setFont(font);
  }
  QApplication::setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
  QApplication::setPalette(palette());
  qApp->setStyleSheet(styleSheet());
  applied_ = true;
  qApp->installEventFilter(this);
}

bool Theme::eventFilter(QObject* watched, QEvent* event) {
  // The desktop's own change of theme arrives here as the style's standard palette changing.
  if (watched == qApp && event->type() == QEvent::ThemeChange) {
    systemIsDark_ = QApplication::style()->standardPalette().color(QPalette::Window).lightness() < 128;
    update();
  }
  return QObject::eventFilter(watched, event);
}

}  // namespace lapidary::ui
