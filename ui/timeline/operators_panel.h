#pragma once

#include <QPointer>
#include <QSortFilterProxyModel>
#include <QWidget>
#include <set>

#include "ui/document/view_keys.h"
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
  /// The table that is seen, filtered and sorted as it is, onto the clipboard as TSV.
  void copyTable();
  /// Its keys, for the list of keys.
  static QList<KeyHelp> keyHelp();

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  using Key = ViewKey<OperatorsPanel>;
  static std::span<const Key> keys();
  QTableView* table() const;
  void sortBeside(int step);
  void sort(Qt::SortOrder order);
  void showMenu(QTableView* table, const QPoint& place);
  QTableView* makeTable(QAbstractItemModel* source, QSortFilterProxyModel* proxy, int shareColumn);
  void refresh();
  void followSelection();
  std::set<const OperatorTime*> selectedTimes() const;
  void selectRows();
  void selectTypes();

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
