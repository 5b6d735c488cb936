#include "engine/layout/drawing.h"

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTemporaryDir>
#include <QTest>
#include <QXmlStreamReader>

#include "engine/model/error.h"
#include "tests/support/full_disk.h"
#include "tests/support/model_builder.h"

using namespace lapidary;
using test::ModelBuilder;

namespace {

Layout small_layout(const std::string& input = "x") {
  const ModelPointer model = ModelBuilder()
                                 .input(input, DataType::Float32, Shape{1, 4})
                                 .add(test::node("Relu", {input}, {"a"}))
                                 .add(test::node("Softmax", {"a"}, {"y"}, {{"axis", std::int64_t{1}}}))
                                 .output("y")
                                 .build();
  return layout_model(*model, find_hierarchy(*model->graph), infer_types(*model), {});
}

}  // namespace

class DrawingTest : public QObject {
  Q_OBJECT
 private slots:
  void svgIsWellFormedWhateverNamesHold() {
    QXmlStreamReader reader(QString::fromStdString(to_svg(small_layout("<a & \"b\">\x01"), Theme::Light)));
    QStringList texts;
    while (!reader.atEnd()) {
      reader.readNext();
      if (reader.isCharacters() && !reader.isWhitespace()) texts.append(reader.text().toString());
    }
    QVERIFY2(!reader.hasError(), qPrintable(reader.errorString()));
    QVERIFY(texts.contains("Relu"));
    QVERIFY(texts.contains("axis 1"));
    QVERIFY(texts.contains("<a & \"b\">"));
  }

  void jsonHoldsBoxesAndCurves() {
    const auto document = QJsonDocument::fromJson(QByteArray::fromStdString(to_json(small_layout())));
    QCOMPARE(document["boxes"].toArray().size(), 4);
    QCOMPARE(document["curves"].toArray().size(), 3);
  }

  void dotNamesEveryBoxAndEdge() {
    const QString dot = QString::fromStdString(to_dot(small_layout("a\"b")));
    QCOMPARE(dot.count(" -> "), 3);
    QVERIFY(dot.contains("label=\"a\\\"b"));
  }

  void writesEveryFormat_data() {
    QTest::addColumn<QByteArray>("begin");
    QTest::newRow("svg") << QByteArray("<svg ");
    QTest::newRow("png") << QByteArray("\x89PNG");
    QTest::newRow("pdf") << QByteArray("%PDF-");
    QTest::newRow("dot") << QByteArray("digraph");
    QTest::newRow("json") << QByteArray("{");
  }
  void writesEveryFormat() {
    QFETCH(QByteArray, begin);
    QTemporaryDir folder;
    const QString path = folder.filePath(QString("picture.") + QTest::currentDataTag());
    draw(small_layout(), path.toStdString(), Theme::Dark);
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    QVERIFY(file.readAll().startsWith(begin));
  }

  void aFullDiskLeavesThePictureThatWasThere_data() { writesEveryFormat_data(); }
  void aFullDiskLeavesThePictureThatWasThere() {
    QTemporaryDir folder;
    const QString path = folder.filePath(QString("picture.") + QTest::currentDataTag());
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadWrite));
    file.write("what was there");
    file.close();
    {
      const test::FullDisk full(50);
      try {
        draw(small_layout(), path.toStdString(), Theme::Dark);
        QFAIL("drawn");
      } catch (const Error& error) {
        QCOMPARE(static_cast<int>(error.kind()), static_cast<int>(Error::Kind::Machine));
      }
    }
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(file.readAll(), QByteArray("what was there"));
    QCOMPARE(QDir(folder.path()).entryList(QDir::Files).size(), 1);
  }

  void shrinksPicturesThatAreTooLarge() {
    Layout layout = small_layout();
    layout.height = 1e5;
    QTemporaryDir folder;
    draw(layout, folder.filePath("tall.png").toStdString(), Theme::Light);
    QVERIFY(QFile::exists(folder.filePath("tall.png")));
  }

  void refusesAPngThatNobodyCouldRead() {
    Layout layout = small_layout();
    layout.height = 7e6;
    QTemporaryDir folder;
    QVERIFY_EXCEPTION_THROWN(draw(layout, folder.filePath("tall.png").toStdString(), Theme::Light), Error);
  }

  void refusesWithAdvice_data() {
    QTest::addColumn<QString>("path");
    QTest::addColumn<int>("kind");
    QTest::newRow("unknown ending") << "picture.bmp" << static_cast<int>(Error::Kind::Usage);
    QTest::newRow("no folder, svg") << "/no/such/folder/picture.svg"
                                    << static_cast<int>(Error::Kind::Machine);
    QTest::newRow("no folder, png") << "/no/such/folder/picture.png"
                                    << static_cast<int>(Error::Kind::Machine);
    QTest::newRow("no folder, pdf") << "/no/such/folder/picture.pdf"
                                    << static_cast<int>(Error::Kind::Machine);
  }
  void refusesWithAdvice() {
    QFETCH(QString, path);
    QFETCH(int, kind);
    try {
      draw(small_layout(), path.toStdString(), Theme::Light);
      QFAIL("nothing thrown");
    } catch (const Error& error) {
      QCOMPARE(static_cast<int>(error.kind()), kind);
    }
  }

  /// WCAG's 4.5 : 1, which text on heat keeps too.
  void textCanBeReadOnHeat() {
    for (const Theme theme : {Theme::Light, Theme::Dark}) {
      const Palette palette = palette_for(theme);
      for (int i = 0; i <= 20; ++i) {
        const std::string background = palette.heat(i / 20.0);
        QVERIFY2(contrast(palette.text_on(background), background) >= 4.5, background.c_str());
      }
      QVERIFY(contrast(palette.weak_text, palette.node) >= 4.5);
      QVERIFY(contrast(palette.weak_text, palette.group) >= 4.5);
      QVERIFY(contrast(palette.weak_text, palette.window) >= 4.5);
    }
  }
};

QTEST_GUILESS_MAIN(DrawingTest)
#include "drawing_test.moc"
