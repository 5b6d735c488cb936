#pragma once

#include <QPointer>
#include <QSortFilterProxyModel>
#include <QWidget>
#include <set>

#include "ui/timeline/operators_model.h"

class QLineEdit;
class QStackedLayout;
class QTableView;

namespace lapidary::ui {

class RunHint;

/// The last run's operators as a table, each for itself or by type, sortable and filterable; a row selects
/// its nodes.
class OperatorsPanel : public QWidget {
  Q_OBJECT

 public:
  explicit OperatorsPanel(Theme* theme, QWidget* parent = nullptr);
  void setDocument(Document* document);

 private:
  QTableView* makeTable(QAbstractItemModel* source, QSortFilterProxyModel* proxy, int shareColumn);
  void refresh();
  void followSelection();
  std::set<const OperatorTime*> selectedTimes() const;
  void selectRows();
  void selectTypes();
  void copyTable();

  Theme* theme_;
  QPointer<Document> document_;
  OperatorsModel* operators_;
  OperatorTypesModel* types_;
  QSortFilterProxyModel* operatorsProxy_;
  QSortFilterProxyModel* typesProxy_;
  QTableView* operatorsTable_;
  QTableView* typesTable_;
  QLineEdit* filter_;
  RunHint* empty_;
  QWidget* content_;
  QStackedLayout* tables_;
  bool following_ = false;
};

}  // namespace lapidary::ui
