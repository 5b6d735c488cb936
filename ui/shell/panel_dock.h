#pragma once

#include <QDockWidget>
#include <functional>
#include <vector>

class QHBoxLayout;
class QStackedWidget;
class QTabBar;

namespace lapidary::ui {

/// One of the places around the canvas: a dock whose title bar is a row of tabs. A page is made when it is
/// first shown.
class PanelDock : public QDockWidget {
  Q_OBJECT

 public:
  PanelDock(const QString& name, const QString& title, QWidget* parent);

  /// Adds a page at the end; `make` is called when the page is first shown.
  int addPage(const QString& title, std::function<QWidget*()> make);
  void setPageTitle(int page, const QString& title);
  /// Opens the dock on this page.
  void showPage(int page);
  int currentPage() const;
  /// Chooses the page without opening the dock.
  void setCurrentPage(int page);
  /// The current page's widget; nullptr if it was never shown.
  QWidget* currentWidget() const;
  int pageCount() const { return static_cast<int>(pages_.size()); }
  QString pageTitle(int page) const;
  /// The page's widget if it was made, or nullptr.
  QWidget* pageWidget(int page) const { return pages_[static_cast<std::size_t>(page)].widget; }
  /// Puts a widget at the right end of the tab row, seen while `page` is.
  void addCorner(QWidget* widget, int page);

 Q_SIGNALS:
  void pageShown(int page);

 protected:
  void showEvent(QShowEvent* event) override;

 private:
  struct Page {
    std::function<QWidget*()> make;
    QWidget* widget = nullptr;
    QWidget* corner = nullptr;
  };
  void makeCurrent();

  QTabBar* tabs_;
  QHBoxLayout* row_;
  QStackedWidget* stack_;
  std::vector<Page> pages_;
};

}  // namespace lapidary::ui
