#include <QApplication>
#include <QCommandLineParser>
#include <QSettings>

#include "app/studio/startup_report.h"
#include "engine/backends.h"
#include "engine/runtime/plugins.h"
#include "ui/document/theme.h"
#include "ui/shell/main_window.h"

using namespace lapidary::ui;

int main(int argc, char** argv) {
  QApplication application(argc, argv);
  QApplication::setApplicationName(QStringLiteral("Lapidary"));
  QApplication::setOrganizationName(QStringLiteral("lapidary"));
  QApplication::setApplicationVersion(QStringLiteral(LAPIDARY_VERSION));
  QApplication::setDesktopFileName(QStringLiteral("org.lapidary.Studio"));

  QCommandLineParser parser;
  parser.setApplicationDescription(QApplication::translate("main", "A studio for ONNX models."));
  parser.addHelpOption();
  parser.addVersionOption();
  parser.addPositionalArgument(QStringLiteral("models"), QApplication::translate("main", "Models to open."),
                               QStringLiteral("[MODEL…]"));
  const QCommandLineOption report(QStringLiteral("startup-report"),
                                  QApplication::translate("main", "Write how long starting took to FILE."),
                                  QStringLiteral("FILE.json"));
  const QCommandLineOption screenshot(
      QStringLiteral("screenshot"),
      QApplication::translate("main", "Save the window to FILE once it is painted."),
      QStringLiteral("FILE.png"));
  const QCommandLineOption quit(QStringLiteral("quit-when-painted"),
                                QApplication::translate("main", "End once the model is painted."));
  const QCommandLineOption size(QStringLiteral("size"),
                                QApplication::translate("main", "Size of the window."),
                                QStringLiteral("WIDTHxHEIGHT"));
  const QCommandLineOption mode(QStringLiteral("theme"), QApplication::translate("main", "light or dark."),
                                QStringLiteral("THEME"));
  const QCommandLineOption run(QStringLiteral("run"),
                               QApplication::translate("main", "Run the model once it is open."));
  const QCommandLineOption select(
      QStringLiteral("select"),
      QApplication::translate("main", "Select the node NAME before the picture is taken."),
      QStringLiteral("NAME"));
  const QCommandLineOption panel(
      QStringLiteral("panel"),
      QApplication::translate("main", "Open the panel of that title before the picture is taken."),
      QStringLiteral("TITLE"));
  const QCommandLineOption command(
      QStringLiteral("command"),
      QApplication::translate("main", "Choose the menus' command of that name before the picture is taken."),
      QStringLiteral("NAME"));
  parser.addOptions({command, report, screenshot, quit, size, mode, run, select, panel});
  parser.process(application);

  Theme theme;
  theme.setMode(static_cast<Theme::Mode>(QSettings().value(QStringLiteral("view/theme"), 0).toInt()));
  if (parser.isSet(mode))
    theme.setMode(parser.value(mode) == QLatin1String("dark") ? Theme::Mode::Dark : Theme::Mode::Light);
  theme.applyToApplication();
  QApplication::setWindowIcon(QIcon(QStringLiteral(":/icons/lapidary.svg")));

  lapidary::load_plugins();
  for (const auto& plugin : lapidary::plugins())
    if (!plugin.refusal.empty())
      qWarning("plug-in %s could not be loaded: %s", plugin.path.c_str(), plugin.refusal.c_str());
  MainWindow window(&theme);
  if (parser.isSet(size)) {
    const QStringList sides = parser.value(size).split(QLatin1Char('x'));
    if (sides.size() == 2) window.resize(sides[0].toInt(), sides[1].toInt());
  }
  StartupReport watch(
      &window, {parser.value(report), parser.value(screenshot), parser.value(select), parser.value(panel),
                parser.value(command), parser.isSet(quit), parser.isSet(run)});
  window.show();
  watch.windowShown();
  window.openFiles(parser.positionalArguments());
  watch.watch(window.document());
  return QApplication::exec();
}
