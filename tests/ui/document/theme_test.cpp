#include "ui/document/theme.h"

#include <QApplication>
#include <QProxyStyle>
#include <QTest>

using namespace lapidary::ui;

namespace {

/// A style of a desktop that is dark or light.
class DesktopStyle : public QProxyStyle {
 public:
  explicit DesktopStyle(bool dark) : dark_(dark) {}
  QPalette standardPalette() const override { return QPalette(dark_ ? Qt::black : Qt::white); }

 private:
  bool dark_;
};

}  // namespace

class ThemeTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void followsTheSystemUntilAPersonChooses() {
    Theme theme;
    theme.applyToApplication();
    theme.setMode(Theme::Mode::System);
    turnDesktop(true);
    QVERIFY(theme.isDark());
    QVERIFY(qApp->styleSheet().contains(theme.colors().surface.name()));
    turnDesktop(false);
    QVERIFY(!theme.isDark());
    theme.setMode(Theme::Mode::Light);
    turnDesktop(true);
    QVERIFY(!theme.isDark());
    theme.setMode(Theme::Mode::System);
    QVERIFY(theme.isDark());
  }

 private:
  static void turnDesktop(bool dark) {
    QApplication::setStyle(new DesktopStyle(dark));
    QEvent changed(QEvent::ThemeChange);
    QApplication::sendEvent(qApp, &changed);
  }
};

QTEST_MAIN(ThemeTest)
#include "theme_test.moc"
