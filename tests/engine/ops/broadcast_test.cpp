#include "engine/ops/broadcast.h"

#include <QtTest>

#include "tests/support/tensors.h"

using namespace lapidary;

class BroadcastTest : public QObject {
  Q_OBJECT

 private slots:
  void addsOperandsOfManyShapes_data();
  void addsOperandsOfManyShapes();
  void refusesContradictions();
  void walksTransposedOperands();
};

Q_DECLARE_METATYPE(lapidary::Dims)

void BroadcastTest::addsOperandsOfManyShapes_data() {
  QTest::addColumn<Dims>("a");
  QTest::addColumn<Dims>("b");
  QTest::addColumn<Dims>("result");
  QTest::newRow("equal") << Dims{2, 3} << Dims{2, 3} << Dims{2, 3};
  QTest::newRow("scalar") << Dims{2, 3} << Dims{} << Dims{2, 3};
  QTest::newRow("row") << Dims{2, 3} << Dims{3} << Dims{2, 3};
  QTest::newRow("column") << Dims{2, 1} << Dims{2, 3} << Dims{2, 3};
  QTest::newRow("outer product") << Dims{4, 1} << Dims{1, 3} << Dims{4, 3};
  QTest::newRow("middle") << Dims{2, 3, 4, 5} << Dims{3, 1, 5} << Dims{2, 3, 4, 5};
  QTest::newRow("alternating") << Dims{2, 1, 4, 1} << Dims{1, 3, 1, 5} << Dims{2, 3, 4, 5};
  QTest::newRow("empty") << Dims{0, 3} << Dims{1, 3} << Dims{0, 3};
  QTest::newRow("one element each") << Dims{1, 1} << Dims{1} << Dims{1, 1};
}

void BroadcastTest::addsOperandsOfManyShapes() {
  QFETCH(Dims, a);
  QFETCH(Dims, b);
  QFETCH(Dims, result);
  QCOMPARE(broadcast_dims(a, b), result);
  Tensor left(DataType::Int64, a), right(DataType::Int64, b), sum(DataType::Int64, result);
  for (std::int64_t i = 0; i < left.size(); ++i) left.mutable_data<std::int64_t>()[i] = i;
  for (std::int64_t i = 0; i < right.size(); ++i) right.mutable_data<std::int64_t>()[i] = 100 * i;
  broadcast_binary<std::int64_t, std::int64_t, std::int64_t>(left, right, sum, std::plus<>());
  const Dims strides = row_major_strides(result), sa = broadcast_strides(a, result),
             sb = broadcast_strides(b, result);
  for (std::int64_t i = 0; i < sum.size(); ++i) {
    std::int64_t at_a = 0, at_b = 0;
    for (std::size_t axis = 0; axis < result.size(); ++axis) {
      const std::int64_t index = i / strides[axis] % result[axis];
      at_a += index * sa[axis];
      at_b += index * sb[axis];
    }
    QCOMPARE(sum.data<std::int64_t>()[i], at_a + 100 * at_b);
  }
}

void BroadcastTest::refusesContradictions() {
  QVERIFY_EXCEPTION_THROWN(broadcast_dims({2, 3}, {2}), Error);
  QVERIFY_EXCEPTION_THROWN(broadcast_strides({2, 3}, {3}), Error);
  QVERIFY_EXCEPTION_THROWN(broadcast_strides({2}, {1}), Error);
}

void BroadcastTest::walksTransposedOperands() {
  std::vector<std::int64_t> order;
  StridedWalk<1>({3, 2}, {Dims{1, 3}})
      .for_each_run([&](const auto& offsets, const auto& steps, std::int64_t count) {
        for (std::int64_t i = 0; i < count; ++i) order.push_back(offsets[0] + i * steps[0]);
      });
  QCOMPARE(order, (std::vector<std::int64_t>{0, 3, 1, 4, 2, 5}));
}

QTEST_GUILESS_MAIN(BroadcastTest)
#include "broadcast_test.moc"
