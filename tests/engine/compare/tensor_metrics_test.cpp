#include "engine/compare/tensor_metrics.h"

#include <QTest>
#include <cmath>
#include <limits>

using namespace lapidary;

namespace {

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

Tensor floats(const std::vector<float>& values) {
  return Tensor::of(Dims{static_cast<std::int64_t>(values.size())}, values);
}

}  // namespace

class TensorMetricsTest : public QObject {
  Q_OBJECT
 private slots:
  void measuresErrors() {
    const TensorMetrics found = metrics_of(floats({1, 2, 3, 4}), floats({1, 2, 3, 8}));
    QCOMPARE(found.max_absolute, 4.0);
    QCOMPARE(found.mean_absolute, 1.0);
    QCOMPARE(found.max_relative, 0.5);
    QCOMPARE(found.rmse, 2.0);
    QCOMPARE(found.snr_db, 10 * std::log10(78.0 / 16));
    QCOMPARE(found.cosine, 46 / (std::sqrt(30.0) * std::sqrt(78.0)));
    QCOMPARE(found.scale, 8.0);
    QCOMPARE(found.worst.size(), std::size_t{1});
    QCOMPARE(found.worst[0].index, std::int64_t{3});
    QVERIFY(!found.identical);
  }

  void findsNothingBetweenEqualTensors() {
    const TensorMetrics found =
        metrics_of(floats({1, not_a_number, infinity}), floats({1, not_a_number, infinity}));
    QVERIFY(found.identical);
    QCOMPARE(found.max_absolute, 0.0);
    QCOMPARE(found.nan, std::int64_t{1});
    QCOMPARE(found.infinite, std::int64_t{1});
    QCOMPARE(found.error_histogram[0], std::int64_t{3});
  }

  void countsWhatIsFiniteOnOneSideAlone() {
    const TensorMetrics found =
        metrics_of(floats({1, not_a_number, 3, infinity}), floats({1, 2, infinity, -infinity}));
    QCOMPARE(found.not_finite_on_one_side, std::int64_t{3});
    QVERIFY(std::isinf(found.max_absolute));
    QCOMPARE(found.rmse, 0.0);
    QCOMPARE(found.worst.size(), std::size_t{3});
  }

  void measuresInUnitsInTheLastPlace() {
    std::vector<float> want(1000, 1.5f), got = want;
    for (std::size_t i = 0; i < 20; ++i) got[i] = std::nextafter(1.5f, 2.0f);
    got[0] = 1.5f + 64 * std::numeric_limits<float>::epsilon();
    const TensorMetrics found = metrics_of(floats(got), floats(want));
    QCOMPARE(found.ulp_max, 64.0);
    QCOMPARE(found.ulp_median, 0.0);
    QVERIFY(found.ulp_p99 >= 1 && found.ulp_p99 <= 1.125);
  }

  void binsErrorsByDecade() {
    // Beside a largest element of 1: 1e-3 lies below 10⁻², and 0.5 below 1.
    const TensorMetrics found =
        metrics_of(Tensor::of<double>({3}, {1, 0.101, 0.5}), Tensor::of<double>({3}, {1, 0.1, 0}));
    QCOMPARE(found.error_histogram[0], std::int64_t{1});
    QCOMPARE(found.error_histogram[15], std::int64_t{1});
    QCOMPARE(found.error_histogram[17], std::int64_t{1});
  }

  void comparesTypesWithEachOther() {
    const TensorMetrics found =
        metrics_of(Tensor::of<std::int8_t>({2}, {3, -4}), Tensor::of<double>({2}, {3, -4.5}));
    QCOMPARE(found.max_absolute, 0.5);
    QVERIFY_THROWS_EXCEPTION(Error, metrics_of(floats({1, 2}), floats({1})));
    QVERIFY_THROWS_EXCEPTION(Error, metrics_of(Tensor::of_strings({1}, {"a"}), floats({1})));
  }

  void saysHowOftenTheSameClassIsFirst() {
    const TensorMetrics found = metrics_of(Tensor::of<float>({2, 3}, {0.1f, 0.2f, 0.7f, 0.5f, 0.4f, 0.1f}),
                                           Tensor::of<float>({2, 3}, {0.1f, 0.3f, 0.6f, 0.4f, 0.5f, 0.1f}));
    QCOMPARE(*found.top_1_agreement, 0.5);
    QCOMPARE(*found.top_5_agreement, 1.0);
  }
};

QTEST_APPLESS_MAIN(TensorMetricsTest)
#include "tensor_metrics_test.moc"
