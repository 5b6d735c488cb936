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

#include "engine/layout/drawing.h"

// Q_INIT_RESOURCE must stand outside any namespace.
static void initializeResources() { Q_INIT_RESOURCE(studio); }

namespace lapidary::ui {

namespace {

QColor rgb(unsigned value) { return QColor::fromRgb(value); }
QColor parsed(const std::string& color) { return QColor(QString::fromStdString(color)); }

/// The colours that pictures share with the window come from the engine; those of controls are said here.
ThemeColors colorsOf(const Palette& palette) {
  const bool dark = palette.theme == lapidary::Theme::Dark;
  ThemeColors c;
  c.canvas = parsed(palette.window);
  c.surface = parsed(palette.surface);
  c.raised = c.surface;
  c.field = dark ? rgb(0x2a2f38) : rgb(0xeef1f5);
  c.group = parsed(palette.group);
  c.node = parsed(palette.node);
  c.border = dark ? rgb(0x2b3039) : rgb(0xe3e6eb);
  c.text = parsed(palette.text);
  c.weakText = parsed(palette.weak_text);
  c.edge = parsed(palette.edge);
  c.accent = parsed(palette.accent);
  c.accentText = dark ? rgb(0x0d1420) : rgb(0xffffff);
  c.selection = dark ? rgb(0x22304d) : rgb(0xe8f0fe);
  c.hover = dark ? rgb(0x252931) : rgb(0xf4f6f9);
  c.problem = dark ? rgb(0xff8a80) : rgb(0xb3261e);
  return c;
}

QColor mixed(const QColor& a, const QColor& b, double share) {
  const auto mix = [share](int x, int y) { return static_cast<int>(std::lround(x + (y - x) * share)); };
  return QColor(mix(a.red(), b.red()), mix(a.green(), b.green()), mix(a.blue(), b.blue()));
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

Theme::Theme(QObject* parent) : QObject(parent) {
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
  if (dark == dark_ && colors_.text.isValid()) return;
  dark_ = dark;
  const Palette shared = palette_for(dark ? lapidary::Theme::Dark : lapidary::Theme::Light);
  colors_ = colorsOf(shared);
  for (std::size_t i = 0; i < kinds_.size(); ++i)
    kinds_[i] = parsed(shared.kind(static_cast<OperatorKind>(i)));
  for (std::size_t i = 0; i < heat_.size(); ++i)
    heat_[i] = parsed(shared.heat(static_cast<double>(i) / static_cast<double>(heat_.size() - 1)));
  if (applied_) {
    QApplication::setPalette(palette());
    qApp->setStyleSheet(styleSheet());
  }
  Q_EMIT changed();
}

QColor Theme::kind(OperatorKind kind) const { return kinds_[static_cast<std::size_t>(kind)]; }

QColor Theme::change(Change change) const {
  switch (change) {
    case Change::Added:
      return kind(OperatorKind::Normalization);
    case Change::Removed:
      return kind(OperatorKind::Activation);
    case Change::Changed:
      break;
  }
  return kind(OperatorKind::PoolingAndReduction);
}

QColor Theme::heat(double share) const {
  const auto step = std::lround(std::clamp(share, 0.0, 1.0) * static_cast<double>(heat_.size() - 1));
  return heat_[static_cast<std::size_t>(step)];
}

QColor Theme::textOn(const QColor& ground) { return parsed(Palette{}.text_on(ground.name().toStdString())); }

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
