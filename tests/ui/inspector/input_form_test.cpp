#include "ui/inspector/input_form.h"

#include <QComboBox>
#include <QDropEvent>
#include <QImage>
#include <QLineEdit>
#include <QMimeData>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTemporaryDir>
#include <QTest>

#include "engine/io/tensor_file.h"
#include "tests/support/tensors.h"

using namespace lapidary;
using namespace lapidary::ui;

namespace {

Value input(const char* name, DataType type, Shape shape) {
  return {name, Type::tensor(type, std::move(shape)), {}, {}, {}};
}

template <class Widget>
Widget* named(const QWidget& parent, const QString& name) {
  for (Widget* widget : parent.findChildren<Widget*>())
    if (widget->accessibleName() == name && widget->isVisibleTo(&parent)) return widget;
  return nullptr;
}

}  // namespace

class InputFormTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() { folder_ = std::make_unique<QTemporaryDir>(); }

  void choosesTheSourceByKey() {
    InputForm form(input("x", DataType::Float32, {2}), {});
    form.show();
    QSignalSpy changed(&form, &InputForm::changed);
    auto* kind = named<QComboBox>(form, QStringLiteral("Source of x"));
    QVERIFY(kind);
    QCOMPARE(form.source().kind, InputSource::Kind::Random);
    kind->setFocus();
    QTest::keyClick(kind, Qt::Key_Down);
    QCOMPARE(form.source().kind, InputSource::Kind::Constant);
    QCOMPARE(form.source().text, std::string("0"));
    QCOMPARE(changed.size(), 1);
  }

  void takesAConstant() {
    const Value x = input("x", DataType::Float32, {3});
    InputForm form(x, {InputSource::Kind::Constant, "0", {}});
    form.show();
    auto* field = named<QLineEdit>(form, QStringLiteral("Numbers for x"));
    QVERIFY(field);
    field->selectAll();
    QTest::keyClicks(field, QStringLiteral("2.5"));
    COMPARE_TENSORS(make_data(x, form.source(), {}).tensor(), Tensor::of<float>({3}, {2.5f, 2.5f, 2.5f}));
  }

  void takesNumbersAsTyped() {
    const Value x = input("x", DataType::Int64, {1, 3});
    InputForm form(x, {InputSource::Kind::Typed, "", {}});
    form.show();
    auto* field = named<QLineEdit>(form, QStringLiteral("Numbers for x"));
    QVERIFY(field);
    QTest::keyClicks(field, QStringLiteral("101, 7 102"));
    COMPARE_TENSORS(make_data(x, form.source(), {}).tensor(),
                    Tensor::of<std::int64_t>({1, 3}, {101, 7, 102}));
  }

  void showsOnlyWhatTheKindNeeds_data() {
    QTest::addColumn<int>("kind");
    QTest::addColumn<QString>("file");
    QTest::addColumn<int>("fields");
    QTest::newRow("random") << int(InputSource::Kind::Random) << QString() << 0;
    QTest::newRow("constant") << int(InputSource::Kind::Constant) << QStringLiteral("1") << 1;
    QTest::newRow("tensor file") << int(InputSource::Kind::File) << QStringLiteral("a.npy") << 0;
    QTest::newRow("image") << int(InputSource::Kind::File) << QStringLiteral("a.png") << 4;
    QTest::newRow("typed") << int(InputSource::Kind::Typed) << QString() << 1;
  }
  void showsOnlyWhatTheKindNeeds() {
    QFETCH(int, kind);
    QFETCH(QString, file);
    QFETCH(int, fields);
    InputForm form(input("x", DataType::Float32, {1, 3, 8, 8}),
                   {static_cast<InputSource::Kind>(kind), file.toStdString(), {}});
    form.show();
    int shown = 0;
    for (const QLineEdit* field : form.findChildren<QLineEdit*>()) shown += field->isVisible() ? 1 : 0;
    QCOMPARE(shown, fields);
  }

  void readsATensorFromAFile_data() {
    QTest::addColumn<QString>("name");
    for (const char* name : {"x.npy", "x.npz", "x.pb", "x.safetensors", "x.json"})
      QTest::newRow(name) << QString::fromLatin1(name);
  }
  void readsATensorFromAFile() {
    QFETCH(QString, name);
    const Value x = input("x", DataType::Float32, {2, 2});
    const Tensor wanted = Tensor::of<float>({2, 2}, {1, -2, 3.5f, 4});
    const std::string path = folder_->filePath(name).toStdString();
    if (name.endsWith(QStringLiteral("npz")) || name.endsWith(QStringLiteral("safetensors")))
      write_data(path, {{"x", wanted}});
    else
      write_datum(path, "x", wanted);
    InputForm form(x, {});
    form.take(QString::fromStdString(path));
    COMPARE_TENSORS(make_data(x, form.source(), {}).tensor(), wanted);
  }

  void turnsAnImageIntoWhatTheModelWants() {
    const Value x = input("x", DataType::Float32, {1, 3, 2, 4});
    QImage image(8, 8, QImage::Format_RGB888);
    image.fill(QColor(255, 0, 51));
    const QString path = folder_->filePath(QStringLiteral("picture.png"));
    QVERIFY(image.save(path));
    InputForm form(x, {});
    form.show();
    form.take(path);
    QCOMPARE(named<QSpinBox>(form, QStringLiteral("Width of the image"))->value(), 4);
    QCOMPARE(named<QSpinBox>(form, QStringLiteral("Height of the image"))->value(), 2);
    for (const auto& [name, text] : {std::pair{"Mean", "0, 0, 0"}, std::pair{"Scale", "1, 1, 0.5"}}) {
      auto* field = named<QLineEdit>(form, QString::fromLatin1(name));
      QVERIFY(field);
      field->selectAll();
      QTest::keyClicks(field, QString::fromLatin1(text));
    }
    const Tensor rgb = make_data(x, form.source(), {}).tensor();
    QCOMPARE(rgb.dims(), (Dims{1, 3, 2, 4}));
    QCOMPARE(rgb.data<float>()[0], 1.0f);
    QCOMPARE(rgb.data<float>()[8], 0.0f);
    QCOMPARE(rgb.data<float>()[16], 0.4f);
    QTest::keyClick(named<QComboBox>(form, QStringLiteral("Order of the channels")), Qt::Key_Down);
    QVERIFY(form.source().image.bgr);
    QTest::keyClick(named<QComboBox>(form, QStringLiteral("Order of the axes")), Qt::Key_Down);
    QCOMPARE(make_data(x, form.source(), {}).tensor().dims(), (Dims{1, 2, 4, 3}));
  }

  void takesAFileThatIsDropped() {
    const QString path = folder_->filePath(QStringLiteral("x.npy"));
    write_datum(path.toStdString(), "x", Tensor::of<float>({1}, {3}));
    InputForm form(input("x", DataType::Float32, {1}), {});
    form.show();
    QMimeData data;
    data.setUrls({QUrl::fromLocalFile(path)});
    QDragEnterEvent enter(QPoint(5, 5), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(&form, &enter);
    QVERIFY(enter.isAccepted());
    QDropEvent drop(QPointF(5, 5), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(&form, &drop);
    QCOMPARE(form.source().kind, InputSource::Kind::File);
    QCOMPARE(form.source().text, path.toStdString());
    QCOMPARE(named<QComboBox>(form, QStringLiteral("Source of x"))->currentIndex(),
             int(InputSource::Kind::File));
  }

  void leavesOtherFilesAlone() {
    InputForm form(input("x", DataType::Float32, {1}), {});
    form.show();
    QMimeData data;
    data.setUrls({QUrl::fromLocalFile(folder_->filePath(QStringLiteral("model.onnx")))});
    QDragEnterEvent enter(QPoint(5, 5), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    enter.ignore();
    QApplication::sendEvent(&form, &enter);
    QVERIFY(!enter.isAccepted());
  }

 private:
  std::unique_ptr<QTemporaryDir> folder_;
};

QTEST_MAIN(InputFormTest)
#include "input_form_test.moc"
