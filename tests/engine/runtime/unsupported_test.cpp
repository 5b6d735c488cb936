#include "engine/runtime/unsupported.h"

#include <QtTest>

#include "engine/backends.h"
#include "tests/support/model_builder.h"

using namespace lapidary;

/// What is said of models with operators that nothing here can run.
class UnsupportedTest : public QObject {
  Q_OBJECT
 private slots:
  void namesAllAndSaysWhatToDo_data() {
    QTest::addColumn<QString>("domain");
    QTest::addColumn<QString>("op_type");
    QTest::addColumn<QString>("advice");
    QTest::newRow("somebody's own") << "my.domain"
                                    << "Frobnicate"
                                    << "opened, drawn and saved";
    QTest::newRow("PyTorch's fallback") << "org.pytorch.aten"
                                        << "ATen"
                                        << "Export again";
    QTest::newRow("PyTorch's older fallback") << "aten"
                                              << "cdist"
                                              << "Export again";
    QTest::newRow("PyTorch's oldest fallback") << ""
                                               << "ATen"
                                               << "Export again";
  }
  void namesAllAndSaysWhatToDo() {
    QFETCH(QString, domain);
    QFETCH(QString, op_type);
    QFETCH(QString, advice);
    test::ModelBuilder builder;
    if (!domain.isEmpty()) builder.opset(domain.toStdString(), 1);
    builder.input("x", DataType::Float32, {1}).output("y");
    builder.add(test::node(op_type.toStdString(), {"x"}, {"y"}, {}, domain.toStdString()));
    for (const auto& backend : backends()) {
      if (backend.name != "cpu" && backend.name != "reference") continue;
      try {
        backend.compile(builder.build(), {});
        QFAIL("compiled");
      } catch (const UnsupportedOperatorError& error) {
        const QString text = QString::fromUtf8(error.what()) + QString::fromStdString(error.advice());
        QVERIFY2(text.contains(op_type) && text.contains(advice), qPrintable(text));
      }
    }
  }
};

QTEST_GUILESS_MAIN(UnsupportedTest)
#include "unsupported_test.moc"
