#include "ui/timeline/operators_panel.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHeaderView>
#include <QLineEdit>
#include <QPainter>
#include <QTabBar>
#include <QTableView>

#include "tests/ui/fixtures.h"
#include "ui/document/tabular_text.h"

using namespace lapidary;
using namespace lapidary::ui;

namespace {

struct Fixture : ui::test::OpenDocument {
  OperatorsPanel panel{&theme};

  Fixture() : OpenDocument(ui::test::blocks_model()) {
    document.takeResult(ui::test::made_up_result(document));
    panel.resize(900, 400);
    panel.setDocument(&document);
    panel.show();
    if (!QTest::qWaitForWindowActive(&panel)) qWarning("the panel is not shown");
  }
  /// The table that is seen.
  QTableView* table() const {
    for (QTableView* one : panel.findChildren<QTableView*>())
      if (one->isVisible()) return one;
    return nullptr;
  }
  QStringList column(int column) const {
    QStringList cells;
    for (int row = 0; row < table()->model()->rowCount(); ++row)
      cells += table()->model()->index(row, column).data().toString();
    return cells;
  }
};

}  // namespace

class OperatorsTableTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void showsTheSlowestFirstAndSortsByKey() {
    Fixture f;
    const auto slowest = std::max_element(
        f.document.result()->summary.operators.begin(), f.document.result()->summary.operators.end(),
        [](const OperatorTime& a, const OperatorTime& b) { return a.total_ms < b.total_ms; });
    QCOMPARE(f.column(OperatorsModel::Node).front().toStdString(), slowest->node);
    f.table()->setFocus();
    QTest::keyClick(f.table(), Qt::Key_Up, Qt::ControlModifier);
    QCOMPARE(f.column(OperatorsModel::Node).back().toStdString(), slowest->node);
    QTest::keyClick(f.table(), Qt::Key_Left, Qt::ControlModifier);
    QCOMPARE(f.table()->horizontalHeader()->sortIndicatorSection(), int(OperatorsModel::Type));
    QStringList types = f.column(OperatorsModel::Type);
    const QStringList shown = types;
    types.sort();
    QCOMPARE(shown, types);
  }

  void filtersBothTablesAndCopiesWhatIsLeft() {
    Fixture f;
    f.panel.findChild<QLineEdit*>()->setText(QStringLiteral("relu"));
    QCOMPARE(f.column(OperatorsModel::Type).size(), 5);
    f.table()->setFocus();
    QTest::keySequence(f.table(), QKeySequence::Copy);
    const QStringList lines = QGuiApplication::clipboard()->text().trimmed().split(QLatin1Char('\n'));
    QCOMPARE(lines.size(), 6);
    QVERIFY(lines[0].startsWith(QStringLiteral("Operator\tType\tMedian\tSpread\t")));
    QCOMPARE(lines[1].count(QLatin1Char('\t')), int(OperatorsModel::ColumnCount) - 1);
    f.panel.findChild<QTabBar*>()->setCurrentIndex(1);
    QCOMPARE(f.column(OperatorTypesModel::Type), QStringList{QStringLiteral("Relu")});
    QVERIFY(f.column(OperatorTypesModel::Spread).front().startsWith(QStringLiteral("± ")));
  }

  void aRowSelectsItsNode() {
    Fixture f;
    f.table()->selectRow(0);
    QVERIFY(f.document.selection()->current());
    QCOMPARE(f.document.nameOf(*f.document.selection()->current()), f.column(OperatorsModel::Node).front());
  }

  void digitsAlignWhateverTheirShapes() {
    QFont font = QGuiApplication::font();
    font.setPixelSize(20);
    // The left edge of the first digit's ink, of numbers that end in narrow and in wide digits.
    const auto firstInk = [&](const QString& text) {
      QImage picture(120, 30, QImage::Format_RGB32);
      picture.fill(Qt::white);
      QPainter painter(&picture);
      painter.setFont(font);
      draw_tabular(painter, picture.rect(), text);
      for (int x = 0; x < picture.width(); ++x)
        for (int y = 0; y < picture.height(); ++y)
          if (qGray(picture.pixel(x, y)) < 128) return x;
      return -1;
    };
    QVERIFY(firstInk(QStringLiteral("4.11 ms")) > 0);
    QCOMPARE(firstInk(QStringLiteral("4.11 ms")), firstInk(QStringLiteral("4.88 ms")));
  }
};

QTEST_MAIN(OperatorsTableTest)
#include "operators_table_test.moc"
