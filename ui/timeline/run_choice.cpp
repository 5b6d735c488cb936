#include "ui/timeline/run_choice.h"

#include <QMenu>

#include "engine/trace/coverage.h"
#include "ui/document/format.h"
#include "ui/timeline/timeline.h"

namespace lapidary::ui {
namespace {

double lengthOf(const RunRange& run) { return static_cast<double>(run.end_ns - run.begin_ns) * 1e-6; }

}  // namespace

RunChoice::RunChoice(Timeline* timeline, QWidget* parent) : QToolButton(parent), timeline_(timeline) {
  setAutoRaise(true);
  setPopupMode(QToolButton::InstantPopup);
  setToolButtonStyle(Qt::ToolButtonTextOnly);
  setAccessibleName(tr("Choice of the run"));
  setToolTip(tr("Which of the repeats is shown · Page Up, Page Down"));
  auto* menu = new QMenu(tr("Run shown"), this);
  setMenu(menu);
  connect(menu, &QMenu::aboutToShow, this, &RunChoice::fillMenu);
  connect(timeline, &Timeline::viewChanged, this, &RunChoice::showView);
  showView();
}

void RunChoice::showView() {
  const auto& result = timeline_->result();
  setEnabled(result && !result->trace.runs.empty());
  if (!isEnabled()) return setText({});
  const auto& runs = result->trace.runs;
  const int run = timeline_->shownRun(), count = static_cast<int>(runs.size());
  const TraceSummary& summary = result->summary;
  if (run < 0)
    return setText(tr("%n runs · median %1", nullptr, count)
                       .arg(millisecondsWithSpread(summary.total_ms, summary.deviation_ms)));
  const QString median = run == result->trace.median_run() ? tr(" (median)") : QString();
  setText(tr("run %1 of %2%3 · %4 · coverage %5")
              .arg(run + 1)
              .arg(count)
              .arg(median, milliseconds(lengthOf(runs[static_cast<std::size_t>(run)])),
                   percent(coverage_of(result->trace, run))));
}

void RunChoice::fillMenu() {
  menu()->clear();
  const auto& result = timeline_->result();
  if (!result) return;
  const auto& runs = result->trace.runs;
  const TraceSummary& summary = result->summary;
  menu()->addAction(tr("Median · %1").arg(millisecondsWithSpread(summary.total_ms, summary.deviation_ms)),
                    timeline_, &Timeline::showMedianRun);
  menu()->addAction(tr("All Runs"), timeline_, &Timeline::showAll);
  menu()->addSeparator();
  for (std::size_t run = 0; run < runs.size(); ++run) {
    QAction* action =
        menu()->addAction(tr("Run %1 · %2").arg(run + 1).arg(milliseconds(lengthOf(runs[run]))), timeline_,
                          [this, run] { timeline_->showRun(static_cast<int>(run)); });
    action->setCheckable(true);
    action->setChecked(timeline_->shownRun() == static_cast<int>(run));
  }
}

}  // namespace lapidary::ui
