#include "ui/timeline/roofline_view.h"

#include "tests/ui/fixtures.h"

using namespace lapidary;
using namespace lapidary::ui;

namespace {

/// A run in which every operator does some arithmetic.
std::shared_ptr<const RunResult> result_with_arithmetic(const Document& document) {
  auto result = std::make_shared<RunResult>(*ui::test::made_up_result(document));
  double flops = 1000;
  for (Step& step : result->trace.steps) {
    step.flops = flops *= 2;
    step.bytes = 4000;
  }
  result->trace.steps[1].flops = 0;
  result->summary = summarize(result->trace);
  return result;
}

struct Fixture : ui::test::OpenDocument {
  RooflineView view{&theme};

  Fixture() : OpenDocument(ui::test::blocks_model(2)) {
    document.takeResult(result_with_arithmetic(document));
    view.resize(800, 300);
    view.setDocument(&document);
    Roofs roofs;
    roofs.threads = 2;
    roofs.bytes_per_second = 1e10;
    roofs.flops_per_second = {{DataType::Float32, 1e11}};
    view.setRoofs(roofs);
    view.show();
  }
  int rowOf(const std::string& node) const {
    const auto& operators = document.result()->summary.operators;
    for (std::size_t row = 0; row < operators.size(); ++row)
      if (operators[row].node == node) return static_cast<int>(row);
    return -1;
  }
};

}  // namespace

class RooflineViewTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void moreArithmeticStandsFurtherRightAndWithoutThereIsNoDot() {
    Fixture f;
    const auto first = f.view.placeOf(f.rowOf("/stem/embed/MatMul"));
    const auto later = f.view.placeOf(f.rowOf("/layers/layers.0/fc2/MatMul"));
    QVERIFY(first && later);
    QVERIFY(later->x() > first->x());
    QVERIFY(!f.view.placeOf(f.rowOf("/stem/act/Relu")));
  }

  void aClickSelectsTheOperatorsNode() {
    Fixture f;
    const auto place = f.view.placeOf(f.rowOf("/head/Mul"));
    QVERIFY(place);
    QTest::mouseClick(&f.view, Qt::LeftButton, {}, place->toPoint());
    const Element* current = f.document.selection()->current();
    QVERIFY(current);
    QCOMPARE(f.document.nameOf(*current), QStringLiteral("/head/Mul"));
  }

  void keysWalkFromTheSlowestOn() {
    Fixture f;
    QTest::keyClick(&f.view, Qt::Key_Right);
    QCOMPARE(f.document.nameOf(*f.document.selection()->current()),
             QString::fromStdString(f.document.result()->summary.operators.front().node));
    QTest::keyClick(&f.view, Qt::Key_Right);
    QCOMPARE(f.document.nameOf(*f.document.selection()->current()),
             QString::fromStdString(f.document.result()->summary.operators[1].node));
  }
};

QTEST_MAIN(RooflineViewTest)
#include "roofline_view_test.moc"
