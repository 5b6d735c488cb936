#include "ui/timeline/operators_panel.h"

#include <QTableView>

#include "tests/ui/fixtures.h"

using namespace lapidary;
using namespace lapidary::ui;

namespace {

/// The panel with its two tables: each operator for itself, and by type.
struct Fixture : ui::test::OpenDocument {
  OperatorsPanel panel{&theme};

  explicit Fixture(const ModelPointer& model) : OpenDocument(model) {}
  void show() {
    panel.setDocument(&document);
    panel.show();
    if (!QTest::qWaitForWindowActive(&panel)) qWarning("the panel is not shown");
  }
  QTableView* table(int columns) const {
    for (auto* one : panel.findChildren<QTableView*>())
      if (one->model()->columnCount() == columns) return one;
    return nullptr;
  }
  /// First cells of the selected rows, by blank.
  QString selected(int columns) const {
    QStringList names;
    for (const QModelIndex& row : table(columns)->selectionModel()->selectedRows())
      names += row.data().toString();
    names.sort();
    return names.join(QLatin1Char(' '));
  }
};

constexpr int each = OperatorsModel::ColumnCount, byType = OperatorTypesModel::ColumnCount;

}  // namespace

class OperatorsPanelTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void bothTablesFollowTheSelection() {
    Fixture f(ui::test::blocks_model(2));
    f.document.takeResult(ui::test::made_up_result(f.document));
    f.show();
    f.document.selection()->select({Element::node(0), Element::node(1)});
    QCOMPARE(f.selected(each), QStringLiteral("/stem/act/Relu /stem/embed/MatMul"));
    QCOMPARE(f.selected(byType), QStringLiteral("MatMul Relu"));
    f.document.selection()->clear();
    QCOMPARE(f.selected(each), QString());
    QCOMPARE(f.selected(byType), QString());
  }

  void choosingATypeSelectsItsOperators() {
    Fixture f(ui::test::blocks_model(2));
    f.document.takeResult(ui::test::made_up_result(f.document));
    f.show();
    const QAbstractItemModel* types = f.table(byType)->model();
    for (int row = 0; row < types->rowCount(); ++row)
      if (types->index(row, 0).data() == QStringLiteral("Relu")) f.table(byType)->selectRow(row);
    QCOMPARE(f.document.selection()->elements().size(), std::size_t{3});
    QCOMPARE(f.selected(byType), QStringLiteral("Relu"));
    QVERIFY(f.selected(each).contains(QStringLiteral("/stem/act/Relu")));
  }

  void rowsOfNodesInsideNodesSelectThem() {
    Fixture f(ui::test::nested_model());
    RunSettings settings = f.document.runSettings();
    settings.backend = "reference";
    f.document.setRunSettings(settings);
    f.document.run();
    QVERIFY(QTest::qWaitFor([&] { return f.document.result() != nullptr; }, 20'000));
    f.show();
    const Element neg = *f.document.nodeNamed("/then/neg");
    f.document.selection()->select(neg);
    QCOMPARE(f.selected(each), QStringLiteral("/then/neg"));
    // What did not run is shown as a part of its node.
    f.document.selection()->select(*f.document.nodeNamed("/else/abs"));
    QCOMPARE(f.selected(each), QStringLiteral("/choose"));
    const QAbstractItemModel* rows = f.table(each)->model();
    for (int row = 0; row < rows->rowCount(); ++row)
      if (rows->index(row, 0).data() == QStringLiteral("/then/neg")) f.table(each)->selectRow(row);
    QCOMPARE(*f.document.selection()->current(), neg);
  }
};

QTEST_MAIN(OperatorsPanelTest)
#include "operators_panel_test.moc"
