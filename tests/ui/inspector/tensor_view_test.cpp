#include <QAbstractItemModelTester>
#include <QTest>
#include <cmath>
#include <limits>

#include "ui/inspector/classes.h"
#include "ui/inspector/tensor_picture.h"
#include "ui/inspector/tensor_statistics.h"
#include "ui/inspector/tensor_table_model.h"

using namespace lapidary;
using namespace lapidary::ui;

class TensorViewTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void countsWhatIsNoNumber() {
    const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
    const auto statistics = statistics_of(Tensor::of<float>({6}, {1, 3, 0, nan, inf, -inf}), JobControl());
    QCOMPARE(statistics.elements, 6);
    QCOMPARE(statistics.nan, 1);
    QCOMPARE(statistics.infinite, 2);
    QCOMPARE(statistics.zeros, 1);
    QCOMPARE(statistics.minimum, 0.0);
    QCOMPARE(statistics.maximum, 3.0);
    QVERIFY(std::abs(statistics.mean - 4.0 / 3) < 1e-12);
    QCOMPARE(statistics.histogram.front() + statistics.histogram.back(), 2);
  }

  void readsPackedTypes() {
    const Tensor packed4 = tensor_from(DataType::Int4, {2, 3}, std::vector<double>{-8, 7, 1, 2, -3, 0});
    QCOMPARE(element_text(packed4, 0), QStringLiteral("-8"));
    QCOMPARE(element_text(packed4, 4), QStringLiteral("-3"));
    const auto statistics = statistics_of(packed4, JobControl());
    QCOMPARE(statistics.minimum, -8.0);
    QCOMPARE(statistics.maximum, 7.0);
  }

  void writesElementsByType() {
    QCOMPARE(element_text(Tensor::of<std::int64_t>({1}, {9007199254740993}), 0),
             QStringLiteral("9007199254740993"));
    QCOMPARE(element_text(Tensor::of({1}, std::vector<bool>{true}), 0), QStringLiteral("true"));
    QCOMPARE(element_text(Tensor::of_strings({1}, {"naïve"}), 0), QStringLiteral("naïve"));
    QCOMPARE(element_text(Tensor::of<float>({1}, {0.25f}), 0), QStringLiteral("0.25"));
  }

  void showsTheLastTwoDimensionsAtASlice() {
    std::vector<std::int32_t> values(24);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::int32_t>(i);
    TensorTableModel model;
    QAbstractItemModelTester tester(&model);
    model.setTensor(Tensor::of<std::int32_t>({2, 1, 3, 4}, values));
    QCOMPARE(model.rowCount(), 3);
    QCOMPARE(model.columnCount(), 4);
    QCOMPARE(model.index(1, 2).data().toString(), QStringLiteral("6"));
    model.setSlice({1, 0});
    QCOMPARE(model.index(2, 3).data().toString(), QStringLiteral("23"));
  }

  void showsTensorsOfAnyRankAndNone_data() {
    QTest::addColumn<int>("rank");
    QTest::addColumn<int>("rows");
    QTest::addColumn<int>("columns");
    QTest::newRow("scalar") << 0 << 1 << 1;
    QTest::newRow("vector") << 1 << 5 << 1;
    QTest::newRow("matrix") << 2 << 5 << 6;
    QTest::newRow("empty") << 3 << 0 << 0;
  }
  void showsTensorsOfAnyRankAndNone() {
    QFETCH(int, rank);
    QFETCH(int, rows);
    QFETCH(int, columns);
    const std::vector<Dims> dims{{}, {5}, {5, 6}, {2, 0, 3}};
    TensorTableModel model;
    QAbstractItemModelTester tester(&model);
    const auto count = static_cast<std::size_t>(element_count(dims[static_cast<std::size_t>(rank)]));
    model.setTensor(Tensor::of<float>(dims[static_cast<std::size_t>(rank)], std::vector<float>(count, 1.5f)));
    QCOMPARE(model.rowCount(), rows);
    QCOMPARE(model.columnCount(), columns);
  }

  void scrollsMillionsOfRowsWithoutCopying() {
    const std::int64_t count = 40'000'000;
    const auto owner =
        std::make_shared<std::vector<std::int8_t>>(static_cast<std::size_t>(count), std::int8_t{7});
    const Tensor large(DataType::Int8, {count}, std::as_bytes(std::span(*owner)), owner);
    TensorTableModel model;
    model.setTensor(large);
    QCOMPARE(model.rowCount(), static_cast<int>(count));
    QCOMPARE(model.index(static_cast<int>(count) - 1, 0).data().toString(), QStringLiteral("7"));
    QCOMPARE(static_cast<const void*>(model.tensor().bytes().data()),
             static_cast<const void*>(owner->data()));
  }

  void tellsImagesFromTensors_data() {
    QTest::addColumn<QList<int>>("dims");
    QTest::addColumn<int>("channels");
    QTest::newRow("colour") << QList<int>{1, 3, 224, 224} << 3;
    QTest::newRow("channels last") << QList<int>{224, 200, 3} << 3;
    QTest::newRow("grey") << QList<int>{10, 1, 8, 8} << 1;
    QTest::newRow("grey without batch") << QList<int>{1, 28, 28} << 1;
    QTest::newRow("grey, channels last") << QList<int>{4, 28, 28, 1} << 1;
    QTest::newRow("kernels of a convolution") << QList<int>{64, 3, 3, 3} << 0;
    QTest::newRow("depth-wise kernels") << QList<int>{64, 1, 5, 5} << 0;
    QTest::newRow("matrix") << QList<int>{3, 224} << 0;
  }
  void tellsImagesFromTensors() {
    QFETCH(QList<int>, dims);
    QFETCH(int, channels);
    const auto shape = image_shape(Dims(dims.begin(), dims.end()));
    QCOMPARE(shape ? int(shape->channels) : 0, channels);
  }

  void paintsOneChannelInGreyAndSignsInColour() {
    std::vector<float> values(64, 0.0f);
    values[9] = 16;
    const auto drawn = [&] {
      const Tensor tensor = Tensor::of<float>({1, 8, 8}, values);
      return TensorPicture(tensor, {0}, statistics_of(tensor, JobControl())).draw(64, false, JobControl());
    };
    QCOMPARE(drawn().pixel(1, 1), qRgb(255, 255, 255));
    QCOMPARE(drawn().pixel(0, 0), qRgb(0, 0, 0));
    values[0] = -16;
    QVERIFY(qRed(drawn().pixel(1, 1)) != qBlue(drawn().pixel(1, 1)));
  }

  void tellsWhatStandsUnderThePointer() {
    std::vector<float> values(2 * 3 * 4 * 4);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
    const Tensor image = Tensor::of<float>({2, 3, 4, 4}, values);
    const TensorPicture picture(image, {1, 0}, statistics_of(image, JobControl()));
    QCOMPARE(picture.shownDimensions(), std::size_t{3});
    QCOMPARE(picture.textAt({2, 1}, {4, 4}),
             QStringLiteral("[1, 0, 1, 2] = 54\n[1, 1, 1, 2] = 70\n[1, 2, 1, 2] = 86"));
    QCOMPARE(picture.textAt({5, 3}, {8, 8}).section(QLatin1Char('\n'), 0, 0),
             QStringLiteral("[1, 0, 1, 2] = 54"));
  }

  void paintsLargeMatricesSmall() {
    const Tensor matrix = Tensor::of<float>({1000, 2000}, std::vector<float>(2'000'000, 0.5f));
    const TensorPicture picture(matrix, {}, statistics_of(matrix, JobControl()));
    QCOMPARE(picture.draw(512, false, JobControl()).size(), QSize(512, 512));
  }

  void saysWhereATableIsCut() {
    TensorTableModel model;
    model.setTensor(Tensor::of<float>({2}, {1, 2}));
    QVERIFY(!model.isCut());
    const auto owner = std::make_shared<std::vector<std::byte>>(std::size_t{51'000'000});
    model.setTensor(Tensor(DataType::Int8, {51'000'000}, std::span(*owner), owner));
    QVERIFY(model.isCut());
  }

  void ranksClassesBySoftmax() {
    const Tensor scores = Tensor::of<float>({1, 3}, {0, std::log(2.0f), 0});
    const auto classes = likeliest_classes(scores, {"cat", "dog", "owl"}, 2);
    QCOMPARE(classes.size(), std::size_t{2});
    QCOMPARE(classes[0].label, std::string("dog"));
    QVERIFY(std::abs(classes[0].share - 0.5) < 1e-6);
  }

  void keepsSharesThatAreSharesAlready() {
    const Tensor shares = Tensor::of<float>({5}, {0.1f, 0.2f, 0.3f, 0.4f, 0.0f});
    const auto classes = likeliest_classes(shares, {}, 1);
    QCOMPARE(classes.front().index, 3);
    QVERIFY(std::abs(classes.front().share - 0.4) < 1e-6);
  }

  void ranksNothingWhereLabelsDoNotFit() {
    QVERIFY(likeliest_classes(Tensor::of<float>({1, 3}, {1, 2, 3}), {"a", "b"}, 5).empty());
    QVERIFY(likeliest_classes(Tensor::of<std::int64_t>({5}, {1, 2, 3, 4, 5}), {}, 5).empty());
  }
};

QTEST_MAIN(TensorViewTest)
#include "tensor_view_test.moc"
