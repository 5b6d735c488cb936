#include <cmath>

#include "tests/support/kernel_cases.h"

using namespace lapidary;
using namespace lapidary::test;

/// Operators whose results are random have the form and the distribution that they are to have.
class RandomTest : public QObject {
  Q_OBJECT

 private slots:
  void haveTheirDistribution_data();
  void haveTheirDistribution();
  void repeatWithTheirSeed_data() { haveTheirDistribution_data(); }
  void repeatWithTheirSeed();
  void drawClassesByTheirProbability();
  void dropoutKeepsTheMean();
  void refuses_data();
  void refuses() { check_kernel_case(); }
};

namespace {

struct RandomCase {
  Node node;
  std::vector<Datum> inputs;
  DataType type;
  Dims dims;
  double mean, deviation, low, high;
  std::int64_t opset = 22;
};

using Attributes = std::vector<std::pair<std::string, AttributeValue>>;
constexpr std::int64_t count = 20000;

Node with_attribute(Node node, const std::string& name, AttributeValue value) {
  Attribute attribute;
  attribute.name = name;
  attribute.value = std::move(value);
  node.attributes.push_back(std::move(attribute));
  return node;
}

struct Moments {
  double mean = 0, deviation = 0;
};

Moments moments_of(const std::vector<double>& values) {
  Moments moments;
  for (const double value : values) moments.mean += value / static_cast<double>(values.size());
  for (const double value : values) moments.deviation += (value - moments.mean) * (value - moments.mean);
  moments.deviation = std::sqrt(moments.deviation / static_cast<double>(values.size()));
  return moments;
}

}  // namespace

Q_DECLARE_METATYPE(RandomCase)

void RandomTest::haveTheirDistribution_data() {
  QTest::addColumn<RandomCase>("row");
  const std::vector<std::int64_t> shape = {count / 2, 2};
  const Dims dims = shape;
  const Tensor like = Tensor(DataType::Float64, dims);
  std::vector<double> quarters(static_cast<std::size_t>(count), 0.25);
  const Tensor chances = Tensor::of(dims, quarters);
  const double uniform = 1 / std::sqrt(12.0), coin = std::sqrt(0.25 * 0.75);
  const auto add = [](const char* name, RandomCase row) { QTest::newRow(name) << row; };
  add("normal", {node("RandomNormal", {}, {"y"}, {{"shape", shape}, {"mean", 3.0f}, {"scale", 2.0f}}),
                 {},
                 DataType::Float32,
                 dims,
                 3,
                 2,
                 -20,
                 20});
  add("normal as float16", {node("RandomNormal", {}, {"y"}, {{"shape", shape}, {"dtype", std::int64_t{10}}}),
                            {},
                            DataType::Float16,
                            dims,
                            0,
                            1,
                            -9,
                            9});
  add("uniform", {node("RandomUniform", {}, {"y"}, {{"shape", shape}, {"low", -1.0f}, {"high", 3.0f}}),
                  {},
                  DataType::Float32,
                  dims,
                  1,
                  4 * uniform,
                  -1,
                  3});
  add("normal like", {node("RandomNormalLike", {"x"}, {"y"}), {like}, DataType::Float64, dims, 0, 1, -9, 9});
  add("uniform like",
      {node("RandomUniformLike", {"x"}, {"y"}), {like}, DataType::Float64, dims, 0.5, uniform, 0, 1});
  add("uniform like, of old", {node("RandomUniformLike", {"x"}, {"y"}, {{"dtype", std::int64_t{1}}}),
                               {like},
                               DataType::Float32,
                               dims,
                               0.5,
                               uniform,
                               0,
                               1,
                               1});
  add("coins", {node("Bernoulli", {"x"}, {"y"}), {chances}, DataType::Float64, dims, 0.25, coin, 0, 1});
  add("coins as integers", {node("Bernoulli", {"x"}, {"y"}, {{"dtype", std::int64_t{6}}}),
                            {chances},
                            DataType::Int32,
                            dims,
                            0.25,
                            coin,
                            0,
                            1,
                            15});
}

/// Five standard errors of the mean, and as much for the deviation, are exceeded once in millions.
void RandomTest::haveTheirDistribution() {
  QFETCH(RandomCase, row);
  const Tensor y = run_kernel_once(row.node, row.inputs, row.opset);
  QCOMPARE(y.type(), row.type);
  QCOMPARE(y.dims(), row.dims);
  const auto values = values_as<double>(y);
  const Moments moments = moments_of(values);
  const double error = 5 * row.deviation / std::sqrt(static_cast<double>(count));
  QVERIFY2(std::fabs(moments.mean - row.mean) < error, qPrintable(QString::number(moments.mean)));
  QVERIFY2(std::fabs(moments.deviation - row.deviation) < 2 * error,
           qPrintable(QString::number(moments.deviation)));
  for (const double value : values) QVERIFY(value >= row.low && value <= row.high);
}

void RandomTest::repeatWithTheirSeed() {
  QFETCH(RandomCase, row);
  const auto drawn = [&](float seed) {
    return run_kernel_once(with_attribute(row.node, "seed", seed), row.inputs, row.opset);
  };
  QVERIFY(identical(drawn(1), drawn(1)));
  QVERIFY(!identical(drawn(1), drawn(2)));
}

void RandomTest::drawClassesByTheirProbability() {
  const Tensor logits = Tensor::of<float>({1, 3}, {0, std::log(2.0f), std::log(5.0f)});
  const Tensor y = run_kernel_once(
      node("Multinomial", {"x"}, {"y"}, {{"sample_size", count}, {"dtype", std::int64_t{7}}}), {logits});
  QCOMPARE(y.type(), DataType::Int64);
  QCOMPARE(y.dims(), (Dims{1, count}));
  std::vector<double> found(3, 0.0);
  for (const std::int64_t drawn : y.span<std::int64_t>())
    found.at(static_cast<std::size_t>(drawn)) += 1.0 / count;
  for (std::size_t i = 0; i < 3; ++i) {
    const double wanted = std::vector<double>{0.125, 0.25, 0.625}[i];
    QVERIFY(std::fabs(found[i] - wanted) < 5 * std::sqrt(wanted * (1 - wanted) / count));
  }
}

void RandomTest::dropoutKeepsTheMean() {
  const Tensor ones = Tensor::of<float>({count}, std::vector<float>(count, 1.0f));
  const auto outputs = run_kernel(node("Dropout", {"x", "ratio", "training"}, {"y", "mask"}),
                                  {ones, Tensor::scalar(0.75f), Tensor::of({}, std::vector<bool>{true})});
  const auto y = values_as<double>(outputs[0].tensor());
  const auto mask = values_as<double>(outputs[1].tensor());
  QVERIFY(std::fabs(moments_of(mask).mean - 0.25) < 5 * std::sqrt(0.25 * 0.75 / count));
  for (std::size_t i = 0; i < y.size(); ++i) QCOMPARE(y[i], 4 * mask[i]);
}

void RandomTest::refuses_data() {
  kernel_columns();
  add_refusal("no spread", node("RandomNormal", {}, {"y"}, {{"shape", list({2})}, {"scale", 0.0f}}), {},
              "scale");
  add_refusal("nothing between", node("RandomUniform", {}, {"y"}, {{"shape", list({2})}, {"low", 1.0f}}), {},
              "low");
  add_refusal("a negative size", node("RandomUniform", {}, {"y"}, {{"shape", list({-2})}}), {}, "negative");
  add_refusal("no classes", node("Multinomial", {"x"}, {"y"}), {counting({2, 0})}, "Multinomial");
  add_refusal("a negative number of samples",
              node("Multinomial", {"x"}, {"y"}, {{"sample_size", std::int64_t{-1}}}), {counting({2, 3})},
              "sample");
}

QTEST_GUILESS_MAIN(RandomTest)
#include "random_test.moc"
