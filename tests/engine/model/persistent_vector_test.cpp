#include <QTest>

#include "engine/model/persistent_vector.h"

using lapidary::PersistentVector;

class PersistentVectorTest : public QObject {
  Q_OBJECT
 private slots:
  void changedCopyLeavesTheOriginal() {
    std::vector<int> numbers(1000);
    for (int i = 0; i < 1000; ++i) numbers[i] = i;
    const PersistentVector<int> original(numbers);
    const auto changed = original.with(300, -1).inserted(0, 7).erased(999);
    QCOMPARE(original.to_vector(), numbers);
    QCOMPARE(changed[0], 7);
    QCOMPARE(changed[301], -1);
    QCOMPARE(changed.size(), std::size_t{1000});
  }

  void growsBeyondAChunkInOrder() {
    PersistentVector<int> vector;
    for (int i = 0; i < 2000; ++i) vector = vector.inserted(vector.size() / 2, i);
    QCOMPARE(vector.size(), std::size_t{2000});
    auto elements = vector.to_vector();
    std::sort(elements.begin(), elements.end());
    for (int i = 0; i < 2000; ++i) QCOMPARE(elements[i], i);
    while (!vector.empty()) vector = vector.erased(vector.size() - 1);
    QVERIFY(vector.begin() == vector.end());
  }
};

QTEST_GUILESS_MAIN(PersistentVectorTest)
#include "persistent_vector_test.moc"
