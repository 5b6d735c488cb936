#include "ui/shell/panel_dock.h"

#include <QHBoxLayout>
#include <QStackedWidget>
#include <QTabBar>

namespace lapidary::ui {

namespace {

/// The dock asks for the hint once, before any tab is there.
class TitleBar : public QWidget {
 public:
  QSize sizeHint() const override { return {100, 36}; }
  QSize minimumSizeHint() const override { return {60, 36}; }
};

}  // namespace

PanelDock::PanelDock(const QString& name, const QString& title, QWidget* parent)
    : QDockWidget(title, parent), tabs_(new QTabBar), stack_(new QStackedWidget) {
  setObjectName(name);
  auto* bar = new TitleBar;
  row_ = new QHBoxLayout(bar);
  row_->setContentsMargins(4, 0, 8, 0);
  row_->setSpacing(4);
  row_->addWidget(tabs_, 0, Qt::AlignBottom);
  row_->addStretch(1);
  tabs_->setExpanding(false);
  tabs_->setElideMode(Qt::ElideNone);
  tabs_->setAccessibleName(title);
  setTitleBarWidget(bar);
  setWidget(stack_);
  connect(tabs_, &QTabBar::currentChanged, this, &PanelDock::makeCurrent);
}

int PanelDock::addPage(const QString& title, std::function<QWidget*()> make) {
  pages_.push_back({std::move(make), nullptr});
  const int page = tabs_->addTab(title);
  // A tab bar that was never shown does not tell its layout that it grew.
  tabs_->updateGeometry();
  return page;
}

void PanelDock::setPageTitle(int page, const QString& title) { tabs_->setTabText(page, title); }
QString PanelDock::pageTitle(int page) const { return tabs_->tabText(page); }
int PanelDock::currentPage() const { return tabs_->currentIndex(); }

void PanelDock::setCurrentPage(int page) {
  if (page >= 0 && page < pageCount()) tabs_->setCurrentIndex(page);
}

QWidget* PanelDock::currentWidget() const { return currentPage() < 0 ? nullptr : pageWidget(currentPage()); }

void PanelDock::addCorner(QWidget* widget, int page) {
  row_->addWidget(widget);
  pages_[static_cast<std::size_t>(page)].corner = widget;
}

void PanelDock::showPage(int page) {
  tabs_->setCurrentIndex(page);
  show();
  raise();
  makeCurrent();
}

void PanelDock::makeCurrent() {
  const int current = tabs_->currentIndex();
  if (!isVisible() || current < 0) return;
  Page& page = pages_[static_cast<std::size_t>(current)];
  if (!page.widget) {
    page.widget = page.make();
    stack_->addWidget(page.widget);
  }
  stack_->setCurrentWidget(page.widget);
  for (Page& other : pages_)
    if (other.corner) other.corner->setVisible(&other == &page);
  Q_EMIT pageShown(current);
}

void PanelDock::showEvent(QShowEvent* event) {
  QDockWidget::showEvent(event);
  makeCurrent();
}

}  // namespace lapidary::ui
