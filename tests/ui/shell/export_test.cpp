#include <QComboBox>
#include <QListWidget>
#include <QPushButton>

#include "tests/ui/window_fixture.h"
#include "ui/changes/export_page.h"
#include "ui/shell/document_page.h"

using namespace lapidary;
using namespace lapidary::ui;

namespace {

/// x [N, 3] → Gelu → MatMul(w) → y in operator set 21.
ModelPointer withGelu() {
  return test::ModelBuilder(21)
      .input("x", DataType::Float32, {Dimension::symbol("N"), 3})
      .initializer("w", Tensor::of<float>({3, 2}, {1, 2, 3, 4, 5, 6}))
      .add(test::node("Gelu", {"x"}, {"a"}))
      .add(test::node("MatMul", {"a", "w"}, {"y"}))
      .output("y", Type::tensor(DataType::Float32, Shape{Dimension::symbol("N"), 2}))
      .build();
}

}  // namespace

class ExportTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    fixture_ = std::make_unique<WindowFixture>();
    document_ = fixture_->open(fixture_->save(withGelu()));
    fixture_->press(Qt::Key_E, Qt::ControlModifier);
    page_ = qobject_cast<ExportPage*>(fixture_->window->page()->over());
    QVERIFY(page_);
    QTRY_VERIFY(page_->made());
  }
  void cleanup() { fixture_.reset(); }

  void anotherOperatorSetIsWritten() {
    choose(QStringLiteral("Operator set"), QStringLiteral("17"));
    QTRY_VERIFY(page_->made() && page_->made()->model && page_->made()->model->opset() == 17);
    const ModelPointer written = write();
    QCOMPARE(written->opset(), std::int64_t{17});
    for (const auto& node : written->graph->nodes) QVERIFY(node->op_type != "Gelu");
    // The document stays what it is.
    QCOMPARE(document_->model()->opset(), std::int64_t{21});
    QVERIFY(!document_->isChanged());
  }

  void otherNumbersAreComparedWithTheOriginal() {
    choose(QStringLiteral("Numbers"), QStringLiteral("float16"));
    QTRY_VERIFY(page_->made() && page_->made()->model && !page_->made()->messages.isEmpty());
    QVERIFY2(page_->made()->messages.first().contains(QStringLiteral("Output y is off by")),
             qPrintable(page_->made()->messages.first()));
    const ModelPointer written = write();
    QCOMPARE(written->graph->inputs[0].type.element, DataType::Float32);
    QCOMPARE(written->graph->initializers[0]->tensor.type(), DataType::Float16);
  }

  void sizesAreFixed() {
    ExportChoice choice;
    choice.sizes["N"] = 4;
    page_->setChoice(choice);
    QTRY_VERIFY(page_->made());
    QCOMPARE(to_string(*write()->graph->inputs[0].type.shape), to_string(Shape{4, 3}));
  }

  void whatStandsAgainstItIsListedAndNothingIsWritten() {
    Document* document = fixture_->open(fixture_->save(test::ModelBuilder(21)
                                                           .input("x", DataType::BFloat16, {2})
                                                           .add(test::node("Relu", {"x"}, {"y"}))
                                                           .output("y")
                                                           .build(),
                                                       QStringLiteral("bfloat.onnx")));
    QVERIFY(document->canEdit());
    fixture_->press(Qt::Key_E, Qt::ControlModifier);
    page_ = qobject_cast<ExportPage*>(fixture_->window->page()->over());
    ExportChoice choice;
    choice.opset = 9;
    page_->setChoice(choice);
    QTRY_VERIFY(page_->made());
    QVERIFY(!page_->made()->model);
    QVERIFY(!page_->made()->messages.isEmpty());
    QVERIFY(!page_->findChild<QPushButton*>(QStringLiteral("export"))->isEnabled());
  }

 private:
  void choose(const QString& field, const QString& item) {
    for (QComboBox* box : page_->findChildren<QComboBox*>())
      if (box->accessibleName() == field) {
        box->setCurrentIndex(box->findText(item));
        Q_EMIT box->activated(box->currentIndex());
        return;
      }
    QFAIL(qPrintable(field));
  }
  ModelPointer write() {
    const QString path = fixture_->path(QStringLiteral("exported.onnx"));
    bool isWritten = false;
    connect(page_, &ExportPage::written, this, [&] { isWritten = true; });
    page_->write(path);
    [&] { QTRY_VERIFY(isWritten); }();
    return load_model(path.toStdString()).model;
  }

  std::unique_ptr<WindowFixture> fixture_;
  Document* document_ = nullptr;
  ExportPage* page_ = nullptr;
};

QTEST_MAIN(ExportTest)
#include "export_test.moc"
