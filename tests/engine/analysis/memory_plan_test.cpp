#include "engine/analysis/memory_plan.h"

#include <QTest>

#include <random>

using lapidary::Lifetime;
using lapidary::MemoryPlan;
using lapidary::peak_bytes;
using lapidary::plan_memory;

class MemoryPlanTest : public QObject {
  Q_OBJECT
 private slots:
  void buffersOfAChainTakeTurns() {
    const std::vector<Lifetime> chain = {{0, 1, 128}, {1, 2, 128}, {2, 3, 128}, {3, 4, 128}};
    QCOMPARE(peak_bytes(chain), std::int64_t{256});
    QCOMPARE(plan_memory(chain).arena_bytes, std::int64_t{256});
  }

  void buffersWithoutBytesTakeNoPlace() {
    const std::vector<Lifetime> lifetimes = {{0, 3, 0}, {1, 2, 64}};
    const MemoryPlan plan = plan_memory(lifetimes);
    QCOMPARE(plan.arena_bytes, std::int64_t{64});
    QCOMPARE(plan.offsets, (std::vector<std::int64_t>{0, 0}));
    QCOMPARE(plan_memory({}).arena_bytes, std::int64_t{0});
  }

  void theTightestGapIsTaken() {
    // At step 2 the second and fourth are gone: a gap of 512 bytes at 1024 and one of 256 at 1984.
    const std::vector<Lifetime> lifetimes = {{0, 4, 1024}, {0, 1, 512}, {0, 4, 448},
                                             {0, 1, 256},  {0, 4, 128}, {2, 2, 96}};
    const MemoryPlan plan = plan_memory(lifetimes);
    QCOMPARE(plan.offsets.back(), std::int64_t{1984});
    QCOMPARE(plan.arena_bytes, std::int64_t{1024 + 512 + 448 + 256 + 128});
  }

  void buffersAliveTogetherNeverOverlap() {
    std::mt19937 random(7);
    for (int round = 0; round < 200; ++round) {
      std::vector<Lifetime> lifetimes(1 + random() % 80);
      for (auto& lifetime : lifetimes) {
        lifetime.first = static_cast<int>(random() % 50);
        lifetime.last = lifetime.first + static_cast<int>(random() % (round % 2 ? 4 : 50));
        lifetime.size_bytes = static_cast<std::int64_t>(random() % 5000);
      }
      const MemoryPlan plan = plan_memory(lifetimes, 64);
      QVERIFY(plan.arena_bytes >= peak_bytes(lifetimes));
      for (std::size_t a = 0; a < lifetimes.size(); ++a) {
        QCOMPARE(plan.offsets[a] % 64, std::int64_t{0});
        QVERIFY(plan.offsets[a] + lifetimes[a].size_bytes <= plan.arena_bytes);
        for (std::size_t b = 0; b < a; ++b) {
          const bool together =
              lifetimes[a].first <= lifetimes[b].last && lifetimes[b].first <= lifetimes[a].last;
          const bool apart = plan.offsets[a] + lifetimes[a].size_bytes <= plan.offsets[b] ||
                             plan.offsets[b] + lifetimes[b].size_bytes <= plan.offsets[a];
          const bool empty = lifetimes[a].size_bytes == 0 || lifetimes[b].size_bytes == 0;
          QVERIFY(!together || apart || empty);
        }
      }
    }
  }
};

QTEST_GUILESS_MAIN(MemoryPlanTest)
#include "memory_plan_test.moc"
