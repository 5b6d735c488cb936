#include "engine/model/tensor.h"

#include <QTest>

#include "tests/support/tensors.h"

using namespace lapidary;

namespace {

std::vector<double> doubles(const Tensor& tensor) { return values_as<double>(tensor); }

}  // namespace

class TensorTest : public QObject {
  Q_OBJECT
 private slots:
  void packedTypesLieLowBitsFirst() {
    const std::vector<double> values = {1, -2, 7, -8, 3};
    const Tensor tensor = tensor_from(DataType::Int4, {5}, values);
    QCOMPARE(tensor.size_bytes(), std::size_t{3});
    QCOMPARE(std::to_integer<int>(tensor.bytes()[0]), 0xe1);
    QCOMPARE(std::to_integer<int>(tensor.bytes()[1]), 0x87);
    QCOMPARE(std::to_integer<int>(tensor.bytes()[2]), 0x03);
    QCOMPARE(doubles(tensor), values);
  }

  void everyPackedValueSurvives_data() {
    QTest::addColumn<int>("type");
    QTest::addColumn<std::vector<double>>("values");
    QTest::newRow("int4") << int(DataType::Int4)
                          << std::vector<double>{-8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7};
    QTest::newRow("uint4") << int(DataType::UInt4)
                           << std::vector<double>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    QTest::newRow("int2") << int(DataType::Int2) << std::vector<double>{-2, -1, 0, 1, 1};
    QTest::newRow("uint2") << int(DataType::UInt2) << std::vector<double>{0, 1, 2, 3, 2, 1};
    QTest::newRow("float4e2m1") << int(DataType::Float4E2M1)
                                << std::vector<double>{0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.5, -6, -3};
  }
  void everyPackedValueSurvives() {
    QFETCH(int, type);
    QFETCH(std::vector<double>, values);
    const auto count = static_cast<std::int64_t>(values.size());
    const Tensor tensor = tensor_from(static_cast<DataType>(type), {count}, values);
    QCOMPARE(doubles(tensor), values);
    const Tensor again = packed(unpacked(tensor), tensor.type());
    QVERIFY(identical(again, tensor));
  }

  void convertsBetweenAllNumberTypes() {
    for (int from = 1; from < data_type_count; ++from)
      for (int to = 1; to < data_type_count; ++to) {
        const auto source = static_cast<DataType>(from), target = static_cast<DataType>(to);
        const auto is_number = [](DataType type) { return is_floating(type) || is_integer(type); };
        if (!is_number(source) || !is_number(target)) continue;
        const Tensor tensor = tensor_from(source, {2}, std::vector<double>{1, 1});
        const Tensor result = converted(tensor, target);
        QCOMPARE(result.type(), target);
        QCOMPARE(doubles(result), (std::vector<double>{1, 1}));
      }
  }

  void truncatesToWholeNumbers() {
    const Tensor tensor = Tensor::of({4}, std::vector<float>{1.9f, -1.9f, 0.5f, 100.0f});
    COMPARE_TENSORS(converted(tensor, DataType::Int32),
                    Tensor::of({4}, std::vector<std::int32_t>{1, -1, 0, 100}));
    const Tensor flags = converted(tensor, DataType::Bool);
    QCOMPARE(doubles(flags), (std::vector<double>{1, 1, 1, 1}));
  }

  void stringsAreNoNumbers() {
    const Tensor words = Tensor::of_strings({2}, {"a", "b"});
    QVERIFY_THROWS_EXCEPTION(Error, values_as<double>(words));
    QVERIFY_THROWS_EXCEPTION(Error, converted(words, DataType::Float32));
    QCOMPARE(words.strings()[1], std::string("b"));
  }

  void refusesSizesThatCannotBe_data() {
    QTest::addColumn<std::vector<std::int64_t>>("dims");
    QTest::newRow("negative") << Dims{2, -1};
    QTest::newRow("count overflows") << Dims{INT64_MAX, 2};
    QTest::newRow("count wraps to zero") << Dims{1LL << 32, 1LL << 32};
    QTest::newRow("bytes overflow") << Dims{INT64_MAX / 4};
    QTest::newRow("more than there is memory") << Dims{1LL << 58};
  }
  void refusesSizesThatCannotBe() {
    QFETCH(std::vector<std::int64_t>, dims);
    QVERIFY_THROWS_EXCEPTION(Error, Tensor(DataType::Float64, dims));
  }

  void zeroSizesAreFine() {
    const Tensor empty(DataType::Float32, {3, 0, 1000});
    QCOMPARE(empty.size(), std::int64_t{0});
    QCOMPARE(empty.size_bytes(), std::size_t{0});
    QVERIFY(doubles(empty).empty());
  }

  void viewsShareBytesAndRefuseTooFew() {
    const auto owner = std::make_shared<std::vector<std::byte>>(16);
    const Tensor view(DataType::Float32, {2, 2}, *owner, owner);
    QCOMPARE(view.bytes().data(), owner->data());
    QCOMPARE(view.reshaped({4}).bytes().data(), owner->data());
    QVERIFY_THROWS_EXCEPTION(Error, Tensor(DataType::Float32, {5}, *owner, owner));
  }

  void copiesShareTheirBytes() {
    const Tensor tensor = Tensor::of({3}, std::vector<float>{1, 2, 3});
    const Tensor copy = tensor;
    QCOMPARE(copy.bytes().data(), tensor.bytes().data());
    QVERIFY(identical(copy, Tensor::of({3}, std::vector<float>{1, 2, 3})));
    QVERIFY(!identical(copy, Tensor::of({3}, std::vector<float>{1, 2, 4})));
    QVERIFY(!identical(copy, tensor.reshaped({1, 3})));
  }
};

QTEST_GUILESS_MAIN(TensorTest)
#include "tensor_test.moc"
