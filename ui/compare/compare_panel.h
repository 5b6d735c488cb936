#pragma once

#include <QPointer>
#include <QSortFilterProxyModel>
#include <QWidget>

#include "ui/compare/comparing_runs.h"
#include "ui/compare/depth_plot.h"
#include "ui/compare/tensors_model.h"

class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;
class QProgressBar;
class QPushButton;
class QTableView;

namespace lapidary::ui {

/// Holds the document's run against another: what to hold it against, where both part first, all tensors with
/// their errors as table and along the model, and the one that is selected in words.
class ComparePanel : public QWidget {
  Q_OBJECT

 public:
  explicit ComparePanel(Theme* theme, QWidget* parent = nullptr);
  void setDocument(Document* document);
  /// Compares with what is chosen.
  void start();
  /// Selects the next tensor behind the selected one that is off; after the last one, the first.
  void showNextOff();

 private:
  QWidget* makeTools();
  QWidget* makeTable();
  QWidget* makeDetail();
  void fillChoices();
  void choose(int index);
  void refresh();
  void showState();
  void showFirst();
  void followSelection();
  void selectRow(int row);
  void describe(int row);
  int selectedRow() const;

  Theme* theme_;
  QPointer<Document> document_;
  QPointer<ComparingRuns> comparison_;
  std::vector<Against> choices_;
  int chosen_ = 0;
  TensorsModel* tensors_;
  QSortFilterProxyModel* proxy_;
  QComboBox* against_;
  QPushButton* run_;
  QProgressBar* progress_;
  QLabel* line_;
  QPushButton* first_;
  QPushButton* next_;
  QCheckBox* onlyOff_;
  QTableView* table_;
  DepthPlot* plot_;
  QLabel* detail_;
  QLabel* empty_;
  QWidget* content_;
  bool following_ = false;
};

}  // namespace lapidary::ui
