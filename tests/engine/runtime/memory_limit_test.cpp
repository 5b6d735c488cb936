#include <QtTest>

#include "engine/backends.h"
#include "engine/model/memory_budget.h"
#include "tests/support/model_builder.h"

using namespace lapidary;
using namespace lapidary::test;

/// What needs more memory than allowed is refused before it is tried, and the message says where.
class MemoryLimitTest : public QObject {
  Q_OBJECT

 private slots:
  void refusesWhatIsTooLarge_data();
  void refusesWhatIsTooLarge();
  void givesBackWhatIsDone();
  void holdsOnlyInItsScope();
};

namespace {

constexpr std::int64_t limit_bytes = std::int64_t{1} << 20;

/// A row of `nodes` from "x" [2] and "s", the sizes [1000, 2000] as an initializer or as an input.
ModelPointer model_of(const std::vector<Node>& nodes, bool sizes_are_given) {
  ModelBuilder builder;
  builder.input("x", DataType::Float32, {Dimension(1)});
  const Tensor sizes = Tensor::of<std::int64_t>({2}, {1000, 2000});
  if (sizes_are_given)
    builder.input("s", DataType::Int64, {Dimension(2)});
  else
    builder.initializer("s", sizes);
  for (const auto& node : nodes) builder.add(node);
  return builder.output("y").build();
}

}  // namespace

void MemoryLimitTest::refusesWhatIsTooLarge_data() {
  QTest::addColumn<QString>("backend");
  QTest::addColumn<std::vector<Node>>("nodes");
  QTest::addColumn<bool>("sizes_are_given");
  QTest::addColumn<QString>("place");
  for (const char* backend : {"reference", "cpu"})
    for (const bool given : {false, true}) {
      Node grow = node("Expand", {"x", "s"}, {"y"});
      grow.name = "grow";
      QTest::addRow("an output, %s, %d", backend, given)
          << QString::fromLatin1(backend) << std::vector<Node>{grow} << given << "node 'grow': tensor 'y'";
      grow.outputs = {"big"};
      QTest::addRow("on the way, %s, %d", backend, given)
          << QString::fromLatin1(backend) << std::vector<Node>{grow, node("ReduceSum", {"big"}, {"y"})}
          << given << "node 'grow': tensor 'big'";
    }
}

void MemoryLimitTest::refusesWhatIsTooLarge() {
  QFETCH(QString, backend);
  QFETCH(std::vector<Node>, nodes);
  QFETCH(bool, sizes_are_given);
  QFETCH(QString, place);
  const MemoryBudget::Scope scope(std::make_shared<MemoryBudget>(limit_bytes));
  std::vector<Datum> inputs = {Tensor::of<float>({1}, {1})};
  if (sizes_are_given) inputs.emplace_back(Tensor::of<std::int64_t>({2}, {1000, 2000}));
  try {
    find_backend(backend.toStdString()).compile(model_of(nodes, sizes_are_given), {})->run(inputs);
  } catch (const Error& error) {
    QVERIFY2(QString::fromUtf8(error.what()).contains(place), error.what());
    QVERIFY2(QString::fromUtf8(error.what()).contains(QStringLiteral("8 MB")), error.what());
    QCOMPARE(error.kind(), Error::Kind::Machine);
    return;
  }
  QFAIL("this was to be refused");
}

void MemoryLimitTest::givesBackWhatIsDone() {
  const auto budget = std::make_shared<MemoryBudget>(limit_bytes);
  const MemoryBudget::Scope scope(budget);
  {
    const Tensor first(DataType::Float32, {200'000});
    QCOMPARE(budget->used_bytes(), 800'000);
    QVERIFY_EXCEPTION_THROWN(Tensor(DataType::Float32, {200'000}), Error);
    const Tensor& same = first;
    const Tensor other = same.reshaped({2, 100'000});
    QCOMPARE(budget->used_bytes(), 800'000);
  }
  QCOMPARE(budget->used_bytes(), 0);
  Tensor(DataType::Float32, {200'000});
}

void MemoryLimitTest::holdsOnlyInItsScope() {
  Tensor kept;
  {
    const MemoryBudget::Scope scope(std::make_shared<MemoryBudget>(limit_bytes));
    kept = Tensor(DataType::Float32, {10});
  }
  QVERIFY(!MemoryBudget::current());
  Tensor(DataType::Float32, {1'000'000});
  kept = Tensor();  // the budget outlives its scope
}

QTEST_GUILESS_MAIN(MemoryLimitTest)
#include "memory_limit_test.moc"
