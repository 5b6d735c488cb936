#include <QTest>

#include "engine/io/standard_checker.h"
#include "tests/support/model_builder.h"

using namespace lapidary;
using namespace lapidary::test;

class StandardCheckerTest : public QObject {
  Q_OBJECT

  static ModelPointer model(std::int64_t opset, const char* attribute) {
    return ModelBuilder(opset)
        .input("x", DataType::Float32, {2, 2})
        .initializer("w", Tensor(DataType::Float32, {100, 100}))
        .add(node("Softmax", {"x"}, {"y"}, {{attribute, std::int64_t{1}}}))
        .output("y", Type::tensor(DataType::Float32, Shape{2, 2}))
        .build();
  }

 private slots:
  void isContentWithAValidModel() { QVERIFY(standard_checker_messages(*model(13, "axis")).empty()); }

  void saysWhatIsWrong() {
    const auto messages = standard_checker_messages(*model(13, "axes"));
    QCOMPARE(messages.size(), std::size_t{1});
    QVERIFY2(messages[0].find("axes") != std::string::npos, messages[0].c_str());
    QVERIFY(messages[0].find('\n') == std::string::npos);
  }

  void isNotAskedAboutWhatItDoesNotKnow() { QVERIFY(standard_checker_messages(*model(21, "axes")).empty()); }
};

QTEST_GUILESS_MAIN(StandardCheckerTest)
#include "standard_checker_test.moc"
