#include "engine/model/dimension.h"

#include <QTest>

#include <random>

using namespace lapidary;

namespace {

QString text(const Dimension& dimension) { return QString::fromStdString(dimension.to_string()); }
Dimension read(const QString& written) { return Dimension::parse(written.toStdString()); }

const Dimension N = Dimension::symbol("N"), H = Dimension::symbol("H"), W = Dimension::symbol("W");

/// A random expression over N, H and W; `depth` bounds its size.
Dimension random_dimension(std::mt19937& random, int depth) {
  const auto number = [&] { return Dimension(static_cast<std::int64_t>(random() % 9)); };
  if (depth == 0) return std::vector<Dimension>{N, H, W, number()}[random() % 4];
  const Dimension a = random_dimension(random, depth - 1), b = random_dimension(random, depth - 1);
  const Dimension divisor = static_cast<std::int64_t>(1 + random() % 5);
  switch (random() % 8) {
    case 0:
      return a - b;
    case 1:
      return a * b;
    case 2:
      return floor_div(a, divisor);
    case 3:
      return ceil_div(a, divisor);
    case 4:
      return min(a, b);
    case 5:
      return max(a, b);
    case 6:
      return mod(a, divisor);
    default:
      return a + b;
  }
}

}  // namespace

class DimensionTest : public QObject {
  Q_OBJECT
 private slots:
  void equalExpressionsCompareEqual_data() {
    QTest::addColumn<QString>("one");
    QTest::addColumn<QString>("other");
    QTest::newRow("sum in any order") << "N + H"
                                      << "H + N";
    QTest::newRow("product in any order") << "2*N*H"
                                          << "H*N*2";
    QTest::newRow("terms collected") << "N + N + 1"
                                     << "2*N + 1";
    QTest::newRow("terms cancelled") << "N + H - N"
                                     << "H";
    QTest::newRow("distributed") << "2*(N + 1)"
                                 << "2*N + 2";
    QTest::newRow("binomial") << "(N + 1)*(N - 1)"
                              << "N*N - 1";
    QTest::newRow("exact quotient") << "floor(4*N/2)"
                                    << "2*N";
    QTest::newRow("exact quotient rounded up") << "ceil(4*N/2)"
                                               << "2*N";
    QTest::newRow("quotient of itself") << "floor((N + 1)/(N + 1))"
                                        << "1";
    QTest::newRow("symbol cancelled") << "floor((2*N*H)/N)"
                                      << "2*H";
    QTest::newRow("remainder of a multiple") << "mod(6*N, 3)"
                                             << "0";
    QTest::newRow("minimum of shifted") << "min(N, N + 2)"
                                        << "N";
    QTest::newRow("maximum of shifted") << "max(N, N + 2)"
                                        << "N + 2";
    QTest::newRow("minimum in any order") << "min(N, H)"
                                          << "min(H, N)";
    QTest::newRow("spaces") << " N+1 "
                            << "N + 1";
  }
  void equalExpressionsCompareEqual() {
    QFETCH(QString, one);
    QFETCH(QString, other);
    QCOMPARE(text(read(one)), text(read(other)));
    QVERIFY(read(one) == read(other));
  }

  void writesAsPeopleWould_data() {
    QTest::addColumn<Dimension>("dimension");
    QTest::addColumn<QString>("expected");
    QTest::newRow("number") << Dimension(224) << "224";
    QTest::newRow("unknown") << Dimension() << "?";
    QTest::newRow("sum") << N * 2 + 1 << "2*N + 1";
    QTest::newRow("difference") << N - 3 << "N - 3";
    QTest::newRow("negative") << Dimension(3) - N << "-N + 3";
    QTest::newRow("rounded down") << floor_div(H + 1, 2) << "floor((H + 1)/2)";
    QTest::newRow("rounded up") << ceil_div(H, 2) << "ceil(H/2)";
    QTest::newRow("product of quotients") << floor_div(H, 2) * floor_div(W, 2) << "floor(H/2)*floor(W/2)";
  }
  void writesAsPeopleWould() {
    QFETCH(Dimension, dimension);
    QFETCH(QString, expected);
    QCOMPARE(text(dimension), expected);
  }

  void numbersFoldWithTheSignOfMathematics() {
    QCOMPARE(text(floor_div(Dimension(-7), 2)), QString("-4"));
    QCOMPARE(text(ceil_div(Dimension(-7), 2)), QString("-3"));
    QCOMPARE(text(ceil_div(Dimension(7), 2)), QString("4"));
    QCOMPARE(text(mod(Dimension(-7), 3)), QString("2"));
    QVERIFY(!floor_div(N, 0).is_known());
    QVERIFY(!mod(Dimension(3), 0).is_known());
  }

  void unknownEqualsNothingAndSpreads() {
    const Dimension unknown;
    QVERIFY(!(unknown == unknown));
    QVERIFY(!(unknown + 1).is_known());
    QVERIFY(!(N * unknown).is_known());
    QCOMPARE(text(unknown * 0), QString("0"));
  }

  void whatIsWrittenIsReadBack() {
    std::mt19937 random(11);
    for (int i = 0; i < 3000; ++i) {
      const Dimension dimension = random_dimension(random, i % 4);
      const Dimension again = Dimension::parse(dimension.to_string());
      QVERIFY2(again == dimension, qPrintable(text(dimension) + " was read as " + text(again)));
    }
  }

  void textThatIsNoExpressionIsOneName_data() {
    QTest::addColumn<QString>("written");
    for (const char* name : {"unk__12", "batch size", "H//2", "a(b)", "3x", "(", "dim:0", "höhe"})
      QTest::newRow(name) << QString::fromUtf8(name);
  }
  void textThatIsNoExpressionIsOneName() {
    QFETCH(QString, written);
    const Dimension dimension = read(written);
    QVERIFY(dimension.is_known() && !dimension.is_constant());
    QCOMPARE(dimension.symbols(), std::vector<std::string>{written.toStdString()});
    QCOMPARE(text(dimension), written);
  }

  void deepNestingIsOneName() {
    const std::string deep = std::string(100'000, '(').append(1, 'N').append(100'000, ')');
    QCOMPARE(Dimension::parse(deep).symbols().size(), std::size_t{1});
  }

  void substitutionEvaluates() {
    std::mt19937 random(5);
    const auto find = [](const std::string& name) -> std::optional<std::int64_t> {
      return name == "N" ? 6 : name == "H" ? 7 : 10;
    };
    for (int i = 0; i < 500; ++i) QVERIFY(random_dimension(random, 3).substitute(find).is_constant());
    QCOMPARE(text(floor_div(H + 1, 2).substitute(find)), QString("4"));
    const auto only_n = [](const std::string& name) {
      return name == "N" ? std::optional<std::int64_t>(6) : std::nullopt;
    };
    QCOMPARE(text((N * H + 1).substitute(only_n)), QString("6*H + 1"));
  }

  void roundedQuotientsSplitAsTheyShould() {
    // floor(x/n) ≤ ceil(x/n), and x = n·floor(x/n) + mod(x, n), whatever the numbers.
    for (std::int64_t x = -20; x <= 20; ++x)
      for (std::int64_t n : {-4, -1, 1, 2, 3, 7}) {
        const std::int64_t down = floor_div(Dimension(x), n).value(), up = ceil_div(Dimension(x), n).value();
        QVERIFY(down <= up && up <= down + 1);
        QCOMPARE(n * down + mod(Dimension(x), n).value(), x);
      }
  }

  void shapesAreWrittenAndCounted() {
    QCOMPARE(QString::fromStdString(to_string(Shape{N, 3, H})), QString("N × 3 × H"));
    QCOMPARE(QString::fromStdString(to_string(Shape{})), QString("scalar"));
    QCOMPARE(text(element_count(Shape{N, 3, 4})), QString("12*N"));
    QVERIFY(!constant_dims(Shape{N, 3}));
    QCOMPARE(constant_dims(Shape{2, 3}).value(), (Dims{2, 3}));
  }
};

QTEST_GUILESS_MAIN(DimensionTest)
#include "dimension_test.moc"
