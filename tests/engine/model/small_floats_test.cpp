#include "engine/model/small_floats.h"

#include <QTest>

#include <map>

using namespace lapidary;

namespace {

/// Every code of T, decoded and encoded again, is itself (a NaN: some NaN).
template <class T>
QString broken_round_trip(int codes) {
  for (int code = 0; code < codes; ++code) {
    const T value = T::from_bits(static_cast<decltype(T::bits)>(code));
    const float decoded = value;
    const T again(decoded);
    const bool same = std::isnan(decoded) ? std::isnan(static_cast<float>(again)) : again.bits == value.bits;
    if (!same) return QString("code %1 became %2").arg(code).arg(again.bits);
  }
  return {};
}

/// Rounding of T against the definition: the nearest finite value, ties to the even code; judged at every
/// finite value, at the middle between neighbours, and a little to both sides of it.
template <class T>
QString broken_rounding(int codes) {
  std::map<float, int> finite;  // positive values with their codes
  for (int code = 0; code < codes; ++code) {
    const float value = T::from_bits(static_cast<decltype(T::bits)>(code));
    if (std::isfinite(value) && !std::signbit(value)) finite.emplace(value, code);
  }
  for (auto low = finite.begin(), high = std::next(low); high != finite.end(); ++low, ++high) {
    const float middle = low->first / 2 + high->first / 2;
    if (middle == 0 || middle == low->first || middle == high->first) continue;
    const int even = low->second % 2 == 0 ? low->second : high->second;
    const std::pair<float, int> cases[] = {{middle, even},
                                           {std::nextafter(middle, 0.0f), low->second},
                                           {std::nextafter(middle, INFINITY), high->second}};
    for (const auto& [value, expected] : cases)
      if (T(value).bits != expected)
        return QString("%1 became %2, not %3").arg(value, 0, 'g', 12).arg(T(value).bits).arg(expected);
  }
  return {};
}

}  // namespace

class SmallFloatsTest : public QObject {
  Q_OBJECT
 private slots:
  void everyCodeSurvivesARoundTrip() {
    QCOMPARE(broken_round_trip<Float16>(65536), QString());
    QCOMPARE(broken_round_trip<BFloat16>(65536), QString());
    QCOMPARE(broken_round_trip<Float8E4M3FN>(256), QString());
    QCOMPARE(broken_round_trip<Float8E4M3FNUZ>(256), QString());
    QCOMPARE(broken_round_trip<Float8E5M2>(256), QString());
    QCOMPARE(broken_round_trip<Float8E5M2FNUZ>(256), QString());
    QCOMPARE(broken_round_trip<Float8E8M0>(256), QString());
    QCOMPARE(broken_round_trip<Float4E2M1>(16), QString());
  }

  void roundsToNearestEven() {
    QCOMPARE(broken_rounding<Float16>(65536), QString());
    QCOMPARE(broken_rounding<BFloat16>(65536), QString());
    QCOMPARE(broken_rounding<Float8E4M3FN>(256), QString());
    QCOMPARE(broken_rounding<Float8E4M3FNUZ>(256), QString());
    QCOMPARE(broken_rounding<Float8E5M2>(256), QString());
    QCOMPARE(broken_rounding<Float8E5M2FNUZ>(256), QString());
    QCOMPARE(broken_rounding<Float4E2M1>(16), QString());
  }

  void knownValuesHaveKnownCodes() {
    QCOMPARE(int(Float16(1.0f).bits), 0x3c00);
    QCOMPARE(int(Float16(65504.0f).bits), 0x7bff);
    QCOMPARE(int(Float16(65520.0f).bits), 0x7c00);
    QCOMPARE(int(Float16(5.9604645e-8f).bits), 0x0001);
    QCOMPARE(int(BFloat16(1.0f).bits), 0x3f80);
    QCOMPARE(int(Float8E4M3FN(448.0f).bits), 0x7e);
    QCOMPARE(int(Float8E4M3FNUZ(240.0f).bits), 0x7f);
    QCOMPARE(int(Float8E5M2(57344.0f).bits), 0x7b);
    QCOMPARE(int(Float8E5M2FNUZ(57344.0f).bits), 0x7f);
    QCOMPARE(int(Float4E2M1(6.0f).bits), 0x7);
    QCOMPARE(int(Float8E8M0(1.0f).bits), 127);
  }

  void whatIsTooLargeSaturatesOrOverflows() {
    QCOMPARE(int(Float8E4M3FN::from(1e6f, Overflow::Saturate).bits), 0x7e);
    QVERIFY(std::isnan(float(Float8E4M3FN(1e6f))));
    QCOMPARE(int(Float8E5M2::from(-INFINITY, Overflow::Saturate).bits), 0xfb);
    QVERIFY(std::isinf(float(Float8E5M2(1e6f))));
    QVERIFY(std::isnan(float(Float8E4M3FNUZ(1e6f))));
    QCOMPARE(float(Float4E2M1::from(-100.0f, Overflow::Saturate)), -6.0f);
  }

  void notANumberStaysNotANumber() {
    QVERIFY(std::isnan(float(Float16(NAN))));
    QVERIFY(std::isnan(float(BFloat16(NAN))));
    QVERIFY(std::isnan(float(Float8E4M3FN(NAN))));
    QVERIFY(std::isnan(float(Float8E4M3FNUZ(NAN))));
    QVERIFY(std::isnan(float(Float8E8M0(NAN))));
    QCOMPARE(int(Float8E4M3FNUZ(-0.0f).bits), 0);
    QCOMPARE(int(Float8E5M2(-0.0f).bits), 0x80);
  }
};

QTEST_GUILESS_MAIN(SmallFloatsTest)
#include "small_floats_test.moc"
