#include "app/studio/startup_report.h"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <QAction>
#include <QApplication>
#include <QEvent>
#include <QFile>
#include <QJsonDocument>
#include <QPixmap>
#include <QTimer>

#include "ui/canvas/canvas.h"
#include "ui/document/document.h"
#include "ui/shell/commands.h"
#include "ui/shell/document_page.h"
#include "ui/shell/main_window.h"
#include "ui/shell/panel_dock.h"

namespace lapidary::ui {

namespace {

constexpr int settledRounds = 8;  ///< of 50 ms without a job: longer than any motion

/// When the process began, in milliseconds since boot: field 22 of /proc/self/stat, in clock ticks.
double processBegin() {
  QFile file(QStringLiteral("/proc/self/stat"));
  if (!file.open(QIODevice::ReadOnly)) return 0;
  // The second field, the program's name, may hold blanks; count from its closing parenthesis.
  const QByteArray line = file.readAll();
  const QList<QByteArray> fields = line.mid(line.lastIndexOf(')') + 2).split(' ');
  return fields.value(19).toDouble() * 1000.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double millisecondsSinceBegin() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<double>(now.tv_sec) * 1000.0 + static_cast<double>(now.tv_nsec) / 1e6 - processBegin();
}

double peakBytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024.0;
}

}  // namespace

StartupReport::StartupReport(MainWindow* window, Wishes wishes)
    : QObject(window), window_(window), wishes_(std::move(wishes)) {}

void StartupReport::mark(const QString& step) { report_[step] = millisecondsSinceBegin(); }

void StartupReport::windowShown() { mark(QStringLiteral("window_shown")); }

void StartupReport::watch(Document* document) {
  document_ = document;
  if (!document) {
    QTimer::singleShot(0, this, &StartupReport::painted);
    return;
  }
  connect(document, &Document::stateChanged, this, [this] {
    if (document_->state() == Document::State::Ready) mark(QStringLiteral("model_loaded"));
    if (document_->state() == Document::State::Failed) QTimer::singleShot(0, this, &StartupReport::painted);
  });
  connect(document, &Document::layoutChanged, this, [this] {
    if (laidOut_) return;
    laidOut_ = true;
    mark(QStringLiteral("layout_done"));
    window_->page()->canvas()->installEventFilter(this);
    window_->page()->canvas()->update();
  });
}

bool StartupReport::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::Paint && laidOut_ && !painted_) {
    painted_ = true;
    // This event is still to be handled: the paint is over when the queue is empty again.
    QTimer::singleShot(0, this, &StartupReport::painted);
  }
  return QObject::eventFilter(watched, event);
}

void StartupReport::painted() {
  if (report_.contains(QStringLiteral("first_full_paint"))) return;
  mark(QStringLiteral("first_full_paint"));
  report_[QStringLiteral("peak_rss_bytes")] = peakBytes();
  if (!wishes_.reportPath.isEmpty()) {
    QFile file(wishes_.reportPath);
    if (file.open(QIODevice::WriteOnly)) file.write(QJsonDocument(report_).toJson());
  }
  if (wishes_.run && document_ && document_->state() == Document::State::Ready)
    runAndFinish();
  else if (!wishes_.screenshotPath.isEmpty())
    finish();
  else if (wishes_.quit)
    window_->close();
}

/// Runs with what the graph suggests, without asking: nobody is there to answer.
void StartupReport::runAndFinish() {
  if (window_->jobs()->firstRunning()) {
    QTimer::singleShot(20, this, &StartupReport::runAndFinish);
    return;
  }
  document_->run();
  connect(document_, &Document::runChanged, this, [this] {
    if (!document_->isRunning()) finish();
  });
}

/// Opens the panel and selects the node that the picture is to show.
void StartupReport::prepare() {
  for (PanelDock* dock : {window_->left(), window_->right(), window_->bottom()})
    for (int page = 0; page < dock->pageCount(); ++page)
      if (dock->pageTitle(page).compare(wishes_.panel, Qt::CaseInsensitive) == 0) dock->showPage(page);
  if (const std::optional<Element> node = document_->nodeNamed(wishes_.node.toStdString())) {
    document_->reveal(*node);
    document_->selection()->select(*node);
  }
  for (QAction* action : window_->commands()->all())
    if (action->text() == wishes_.command) action->trigger();
}

void StartupReport::finish() {
  if (document_ && document_->model()) prepare();
  takeWhenIdle();
}

/// What was prepared may have started jobs, and motion on the canvas: the picture waits until both are over.
void StartupReport::takeWhenIdle() {
  const bool busy = window_->jobs()->firstRunning() != nullptr;
  if (busy || settled_ < settledRounds) {
    settled_ = busy ? 0 : settled_ + 1;
    QTimer::singleShot(50, this, &StartupReport::takeWhenIdle);
    return;
  }
  if (!wishes_.screenshotPath.isEmpty()) window_->grab().save(wishes_.screenshotPath);
  if (wishes_.quit) window_->close();
}

}  // namespace lapidary::ui
