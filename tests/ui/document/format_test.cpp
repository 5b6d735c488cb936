#include "ui/document/format.h"

#include <QTest>

using namespace lapidary;
using namespace lapidary::ui;

class FormatTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void aUnitThatBothHaveStandsOnce() {
    QCOMPARE(transition(count(401), count(153)), QStringLiteral("401 → 153"));
    QCOMPARE(transition(flops(2.39e6), flops(2.37e6)), QStringLiteral("2.39 → ") + flops(2.37e6));
    QCOMPARE(transition(bytes(2e6), bytes(5e3)), bytes(2e6) + QStringLiteral(" → ") + bytes(5e3));
    QCOMPARE(transition(bytes(7), bytes(7)), bytes(7));
  }

  void showsThreeSignificantDigits_data() {
    QTest::addColumn<double>("value");
    QTest::addColumn<QString>("shown");
    const auto row = [](double value, const char* shown) {
      QTest::newRow(shown) << value << QString::fromUtf8(shown);
    };
    row(0, "0");
    row(0.6234, "0.623");
    row(1.2345, "1.23");
    row(12.345, "12.3");
    row(123.45, "123");
    row(64, "64");
    row(1e-9, "1e-09");
    row(std::numeric_limits<double>::quiet_NaN(), "NaN");
  }
  void showsThreeSignificantDigits() {
    QFETCH(double, value);
    QFETCH(QString, shown);
    QCOMPARE(number(value), shown);
  }

  void givesEveryFigureItsUnit() {
    const QString space(QChar(0x202f));
    QCOMPARE(milliseconds(0.012), QStringLiteral("12") + space + QStringLiteral("µs"));
    QCOMPARE(milliseconds(25.9), QStringLiteral("25.9") + space + QStringLiteral("ms"));
    QCOMPARE(milliseconds(1400), QStringLiteral("1.40") + space + QStringLiteral("s"));
    QCOMPARE(bytes(12'800'000), QStringLiteral("12.8") + space + QStringLiteral("MB"));
    QCOMPARE(flops(8.21e9), QStringLiteral("8.21") + space + QStringLiteral("GFLOP"));
    QCOMPARE(count(25'600'000), QStringLiteral("25.6") + space + QStringLiteral("M"));
    QCOMPARE(count(169), QStringLiteral("169"));
    QCOMPARE(percent(0.081), QStringLiteral("8.1") + space + QStringLiteral("%"));
  }

  void writesShapesAsPythonTuples() {
    QCOMPARE(pythonTuple({1, 3, 224}), QStringLiteral("(1, 3, 224)"));
    QCOMPARE(pythonTuple({Dimension::symbol("N")}), QStringLiteral("(N,)"));
    QCOMPARE(pythonTuple({}), QStringLiteral("()"));
  }

  void shortensInTheMiddle() {
    QCOMPARE(shortened(QStringLiteral("abcdefghij"), 5), QStringLiteral("ab…ij"));
  }
};

QTEST_GUILESS_MAIN(FormatTest)
#include "format_test.moc"
