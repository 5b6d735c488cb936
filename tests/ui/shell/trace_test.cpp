#include <QFile>

#include "tests/ui/fixtures.h"
#include "tests/ui/window_fixture.h"
#include "ui/shell/document_page.h"
#include "ui/shell/panel_dock.h"

using namespace lapidary;
using namespace lapidary::ui;

namespace {

/// A profile as ONNX Runtime writes it: two operators of the model, and one that it does not have.
const char* const profile = R"([
{"cat":"Session","pid":1,"tid":2,"dur":400,"ts":1,"ph":"X","name":"model_run","args":{}},
{"cat":"Node","pid":1,"tid":2,"dur":100,"ts":5,"ph":"X","name":"/stem/embed/MatMul_kernel_time",
 "args":{"op_name":"MatMul","provider":"CPUExecutionProvider","node_index":"0"}},
{"cat":"Node","pid":1,"tid":2,"dur":50,"ts":110,"ph":"X","name":"/stem/act/Relu_kernel_time",
 "args":{"op_name":"Relu","provider":"CPUExecutionProvider","node_index":"1"}},
{"cat":"Node","pid":1,"tid":2,"dur":20,"ts":170,"ph":"X","name":"elsewhere_kernel_time",
 "args":{"op_name":"Det","provider":"CPUExecutionProvider","node_index":"2"}}
])";

}  // namespace

class TraceTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    fixture_ = std::make_unique<WindowFixture>();
    document_ = fixture_->open(fixture_->save(ui::test::blocks_model(2)));
  }
  void cleanup() { fixture_.reset(); }

  void showsWhatAnotherProgramTraced() {
    fixture_->window->openTrace(write(profile));
    QTRY_VERIFY(document_->result());
    QCOMPARE(document_->heat()->valueAt(0), 0.1);
    QCOMPARE(document_->heat()->valueAt(1), 0.05);
    const QString said = fixture_->window->page()->banner()->text();
    QVERIFY2(said.contains(QStringLiteral("2 of 3 operators")), qPrintable(said));
    QVERIFY2(said.contains(QStringLiteral("ONNX Runtime")), qPrintable(said));
  }

  void aFileThatIsNoTraceIsRefusedInWords() {
    fixture_->window->openTrace(write("hello"));
    QTRY_COMPARE(fixture_->window->bottom()->currentPage(), static_cast<int>(MainWindow::JobsPage));
    QVERIFY(!document_->result());
  }

 private:
  QString write(const char* content) {
    const QString path = folder_.filePath(QStringLiteral("profile.json"));
    QFile file(path);
    if (file.open(QIODevice::WriteOnly)) file.write(content);
    return path;
  }

  std::unique_ptr<WindowFixture> fixture_;
  Document* document_ = nullptr;
  QTemporaryDir folder_;
};

QTEST_MAIN(TraceTest)
#include "trace_test.moc"
