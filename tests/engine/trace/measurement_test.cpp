#include "engine/trace/measurement.h"

#include <QTest>
#include <random>

using namespace lapidary;

namespace {

/// Skewed as run times are: never below a floor, now and then far above.
double run_time(std::mt19937& random, double scale) {
  std::lognormal_distribution<double> noise(-3, 1);
  return scale * (1 + noise(random));
}

Comparison compare(std::mt19937& random, double scale, int pairs) {
  std::vector<double> first, second;
  for (int i = 0; i < pairs; ++i) {
    const double drift = 1 + 0.3 * std::sin(i * 0.2);  // a clock that changes: it meets both
    first.push_back(drift * run_time(random, 1));
    second.push_back(drift * run_time(random, scale));
  }
  return compare_pairs(first, second);
}

}  // namespace

class MeasurementTest : public QObject {
  Q_OBJECT
 private slots:
  void theIntervalHoldsTheMedianNineteenTimesInTwenty() {
    for (const int count : {6, 7, 10, 20, 51, 200}) {
      std::mt19937 random(static_cast<unsigned>(count));
      const double truth = 1 + std::exp(-3.0);  // a lognormal's median
      constexpr int trials = 1000;
      int held = 0;
      for (int trial = 0; trial < trials; ++trial) {
        std::vector<double> times;
        for (int i = 0; i < count; ++i) times.push_back(run_time(random, 1));
        const Interval interval = median_interval(times);
        held += interval.low <= truth && truth <= interval.high;
      }
      QVERIFY2(held >= 0.935 * trials, qPrintable(QString("%1 measurements: %2").arg(count).arg(held)));
      if (count >= 20) QVERIFY2(held <= 0.99 * trials, "the interval is wider than it must be");
    }
  }

  void equalProgramsAreSeldomCalledDifferent() {
    std::mt19937 random(7);
    int claimed = 0;
    for (int trial = 0; trial < 200; ++trial) claimed += compare(random, 1, 20).differs();
    QVERIFY2(claimed <= 10, qPrintable(QString::number(claimed)));
  }

  void aDifferenceIsFoundThroughNoiseAndDrift() {
    std::mt19937 random(8);
    int found = 0;
    for (int trial = 0; trial < 100; ++trial) found += compare(random, 1.2, 30).differs();
    QVERIFY2(found >= 95, qPrintable(QString::number(found)));
  }

  void fewMeasurementsClaimNothing() {
    QVERIFY(!compare_pairs({1, 1, 1, 1, 1}, {2, 2, 2, 2, 2}).differs());
    QVERIFY(compare_pairs({1, 1, 1, 1, 1, 1}, {2, 2, 2, 2, 2, 2}).differs());
    QVERIFY(!compare_pairs({}, {}).differs());
    const Interval one = median_interval({3});
    QVERIFY(one.low == 3 && one.middle == 3 && one.high == 3);
    QCOMPARE(median_interval({}).middle, 0.0);
  }

  void manyMeasurementsNarrowTheInterval() {
    std::vector<double> values;
    for (int i = 0; i < 100'000; ++i) values.push_back(i);
    const Interval interval = median_interval(values);
    QVERIFY(interval.low > 45'000 && interval.low < interval.middle);
    QVERIFY(interval.high < 55'000 && interval.high > interval.middle);
  }

  void turnsSwapWhoIsFirst() {
    std::string order;
    const PairedTimes times = time_in_turns([&] { order += 'a'; }, [&] { order += 'b'; }, 4);
    QCOMPARE(order, std::string("abbaabba"));
    QCOMPARE(times.first_ms.size(), std::size_t{4});
    QCOMPARE(times.second_ms.size(), std::size_t{4});
  }

  void warmUpEndsOnceRunsTakeEquallyLong() {
    int runs = 0;
    const int counted = warm_up([&] { QTest::qSleep(std::max(20, 100 - 20 * ++runs)); });
    QCOMPARE(counted, runs);
    QVERIFY2(runs >= 6 && runs < 50, qPrintable(QString::number(runs)));
  }
};

QTEST_APPLESS_MAIN(MeasurementTest)
#include "measurement_test.moc"
