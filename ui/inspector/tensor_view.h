#pragma once

#include <QPointer>
#include <QWidget>
#include <optional>

#include "engine/io/tensor_file.h"
#include "ui/document/theme.h"
#include "ui/inspector/tensor_table_model.h"
#include "ui/jobs/job_list.h"

class QComboBox;
class QGridLayout;
class QLabel;
class QSpinBox;
class QStackedWidget;
class QTableView;
class QToolButton;

namespace lapidary::ui {

class HistogramView;
class PictureView;

/// Shows the numbers of tensors, one at a time: statistics and histogram, a table that scrolls any size, a
/// picture; copies and exports them.
class TensorView : public QWidget {
  Q_OBJECT

 public:
  TensorView(Theme* theme, JobList* jobs, QWidget* parent = nullptr);
  /// Tensors to choose from; those that are no tensors are left out.
  void setData(const NamedData& data);
  bool isEmpty() const { return data_.empty(); }
  QTableView* table() const { return table_; }
  /// Writes the tensor shown in a job: npy, npz, csv, pb or json by the name's ending.
  void exportTo(const QString& path);

 private:
  enum Page { HistogramPage, TablePage, PicturePage };

  QWidget* makeTools();
  void choose(int index);
  void makeSliceBoxes();
  void startStatistics();
  void updatePicture();
  void copy();
  void copyCells();
  void exportData();
  Slice slice() const;

  Theme* theme_;
  JobList* jobs_;
  NamedData data_;
  int current_ = -1;
  std::optional<TensorStatistics> statistics_;
  TensorTableModel* model_;
  QComboBox* names_;
  QLabel* type_;
  QGridLayout* sliceGrid_;
  QWidget* sliceBar_;
  std::vector<QSpinBox*> sliceBoxes_;
  QStackedWidget* pages_;
  QTableView* table_;
  HistogramView* histogram_;
  PictureView* picture_;
  QLabel* exportError_;
};

}  // namespace lapidary::ui
