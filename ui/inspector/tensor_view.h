#pragma once

#include <QPointer>
#include <QWidget>
#include <optional>
#include <set>

#include "engine/io/tensor_file.h"
#include "ui/document/theme.h"
#include "ui/inspector/tensor_table_model.h"
#include "ui/jobs/job_list.h"

class QComboBox;
class QGridLayout;
class QLabel;
class QPushButton;
class QSpinBox;
class QStackedWidget;
class QTabBar;
class QTableView;
class QToolButton;

namespace lapidary::ui {

class HistogramView;
class PictureView;

/// Shows the numbers of tensors, one at a time: statistics and histogram, a table, a picture; copies and
/// exports them.
class TensorView : public QWidget {
  Q_OBJECT

 public:
  TensorView(Theme* theme, JobList* jobs, QWidget* parent = nullptr);
  /// Tensors to choose from; those that are no tensors are left out.
  void setData(const NamedData& data);
  bool isEmpty() const { return data_.empty(); }
  /// Which of them are weights that can be changed here.
  void setEditable(std::set<std::string> names);
  QTableView* table() const { return table_; }
  /// Writes the tensor shown in a job: npy, npz, csv, pb or json by the name's ending.
  void exportTo(const QString& path);
  /// Asks for the file and writes it.
  void exportData();

 Q_SIGNALS:
  /// A number of the tensor was typed into the table, by its position among the elements.
  void numberTyped(const QString& tensor, qint64 position, const QString& typed);
  /// Its data shall come from a file.
  void replacementWanted(const QString& tensor);

 private:
  enum Page { HistogramPage, TablePage, PicturePage, WaitingPage };

  QWidget* makeTools();
  QWidget* makeWaiting();
  void choose(int index);
  void showEditable();
  void askForReplacement();
  QString currentName() const;
  void makeSliceBoxes();
  void startStatistics();
  void showPage();
  void say(const QString& waitingText, bool canReadAgain);
  void updatePicture();
  void updateSliceBoxes();
  void copy();
  void copyCells();
  void showLimits(const QString& copied = {});
  Slice slice() const;

  Theme* theme_;
  JobList* jobs_;
  NamedData data_;
  int current_ = -1;
  std::optional<TensorStatistics> statistics_;
  TensorTableModel* model_;
  std::set<std::string> editable_;
  QToolButton* replace_ = nullptr;
  QComboBox* names_;
  QLabel* type_;
  QGridLayout* sliceGrid_;
  QWidget* sliceBar_;
  std::vector<QSpinBox*> sliceBoxes_;
  QTabBar* tabs_;
  QStackedWidget* pages_;
  QTableView* table_;
  HistogramView* histogram_;
  PictureView* picture_;
  QLabel* waitingText_;
  QPushButton* readAgain_;
  QLabel* limits_;  ///< what the table or a copy leaves out
  QLabel* exportError_;
};

}  // namespace lapidary::ui
