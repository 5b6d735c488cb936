#include "ui/shell/outline_model.h"

#include <QAbstractItemModelTester>
#include <QTemporaryDir>
#include <QTest>

#include "engine/io/model_file.h"
#include "tests/support/model_builder.h"

using namespace lapidary;
using namespace lapidary::ui;

namespace {

Node named(std::string name, std::string op, std::string input, std::string output) {
  Node made = test::node(std::move(op), {std::move(input)}, {std::move(output)});
  made.name = std::move(name);
  return made;
}

/// Two modules of two nodes each, and one node outside.
ModelPointer twoModules() {
  return test::ModelBuilder()
      .input("x", DataType::Float32, {1, 4})
      .add(named("/first/Relu", "Relu", "x", "a"))
      .add(named("/first/Abs", "Abs", "a", "b"))
      .add(named("/second/Neg", "Neg", "b", "c"))
      .add(named("/second/Exp", "Exp", "c", "d"))
      .add(named("/Sigmoid", "Sigmoid", "d", "y"))
      .output("y")
      .build();
}

/// The tree as lines, indented by depth: name, count.
QString printed(const QAbstractItemModel& model, const QModelIndex& parent = {}, int depth = 0) {
  QString lines;
  for (int row = 0; row < model.rowCount(parent); ++row) {
    const QModelIndex index = model.index(row, 0, parent);
    lines += QString(depth, QLatin1Char(' ')) + index.data().toString() + QLatin1Char(' ') +
             index.data(OutlineModel::CountRole).toString() + QLatin1Char('\n');
    lines += printed(model, index, depth + 1);
  }
  return lines;
}

}  // namespace

class OutlineModelTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase() {
    QVERIFY(folder_.isValid());
    path_ = folder_.filePath(QStringLiteral("two.onnx"));
    save_model(*twoModules(), path_.toStdString());
  }

  void showsModulesWithWhatIsInsideThem() {
    Theme theme;
    JobList jobs;
    Document document(&theme, &jobs);
    OutlineModel model;
    QAbstractItemModelTester tester(&model);
    model.setDocument(&document);
    QCOMPARE(model.rowCount(), 0);
    document.open(path_);
    QTRY_COMPARE(document.state(), Document::State::Ready);
    QCOMPARE(printed(model),
             QStringLiteral("two 5\n first 2\n  Relu Relu\n  Abs Abs\n second 2\n  Neg Neg\n  Exp Exp\n"
                            " Sigmoid Sigmoid\n"));
  }

  void leadsFromElementsToRowsAndBack() {
    Theme theme;
    JobList jobs;
    Document document(&theme, &jobs);
    OutlineModel model;
    model.setDocument(&document);
    document.open(path_);
    QTRY_COMPARE(document.state(), Document::State::Ready);
    for (int node = 0; node < 5; ++node) {
      const QModelIndex index = model.indexOf(Element::node(node));
      QVERIFY(index.isValid());
      QCOMPARE(model.elementAt(index), Element::node(node));
    }
    QVERIFY(!model.indexOf(Element::named("x")).isValid());
    QVERIFY(!model.indexOf(Element::node(5)).isValid());
  }

  void sumsTimeOverModules() {
    Theme theme;
    JobList jobs;
    Document document(&theme, &jobs);
    OutlineModel model;
    model.setDocument(&document);
    document.open(path_);
    QTRY_COMPARE(document.state(), Document::State::Ready);
    document.heat()->setValues({1, 2, 3, 0, 4}, QStringLiteral("ms"));
    const QModelIndex first = model.indexOf(Element::node(0)).parent();
    QCOMPARE(first.data(OutlineModel::TimeShareRole).toDouble(), 0.3);
    QCOMPARE(model.index(0, 0).data(OutlineModel::TimeShareRole).toDouble(), 1.0);
  }

 private:
  QTemporaryDir folder_;
  QString path_;
};

QTEST_MAIN(OutlineModelTest)
#include "outline_model_test.moc"
