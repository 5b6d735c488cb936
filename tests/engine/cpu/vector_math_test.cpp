#include <QTest>
#include <cmath>
#include <limits>

#include "engine/cpu/elementwise.h"
#include "engine/cpu/vector_kernels.h"

using namespace lapidary::cpu;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

using Function = double (*)(double a, double b);

double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }

struct Case {
  const char* name;
  ElementStep step;
  Function want;
};

const Case cases[] = {
    {"affine", {ElementCode::Affine, 0, -1, 2.5f, -1}, [](double a, double) { return 2.5 * a - 1; }},
    {"relu",
     {ElementCode::Relu, 0, -1, 0.1f},
     [](double a, double) { return a < 0 ? static_cast<double>(0.1f) * a : a; }},
    {"clip", {ElementCode::Clip, 0, -1, -1, 2}, [](double a, double) { return a < -1  ? -1
                                                                              : a > 2 ? 2
                                                                                      : a; }},
    {"abs", {ElementCode::Abs}, [](double a, double) { return std::fabs(a); }},
    {"neg", {ElementCode::Neg}, [](double a, double) { return -a; }},
    {"exp", {ElementCode::Exp}, [](double a, double) { return std::exp(a); }},
    {"log", {ElementCode::Log}, [](double a, double) { return std::log(a); }},
    {"sqrt", {ElementCode::Sqrt}, [](double a, double) { return std::sqrt(a); }},
    {"reciprocal", {ElementCode::Reciprocal}, [](double a, double) { return 1 / a; }},
    {"square", {ElementCode::Square}, [](double a, double) { return a * a; }},
    {"sigmoid", {ElementCode::Sigmoid}, [](double a, double) { return sigmoid_of(a); }},
    {"tanh", {ElementCode::Tanh}, [](double a, double) { return std::tanh(a); }},
    {"erf", {ElementCode::Erf}, [](double a, double) { return std::erf(a); }},
    {"gelu",
     {ElementCode::Gelu},
     [](double a, double) { return a / 2 * (1 + std::erf(a / std::sqrt(2.0))); }},
    {"elu",
     {ElementCode::Elu, 0, -1, 1.5f},
     [](double a, double) { return a < 0 ? 1.5 * std::expm1(a) : a; }},
    {"hard sigmoid",
     {ElementCode::HardSigmoid, 0, -1, 0.25f, 0.5f},
     [](double a, double) { return std::max(0.0, std::min(1.0, a / 4 + 0.5)); }},
    {"hard swish",
     {ElementCode::HardSwish},
     [](double a, double) { return a * std::max(0.0, std::min(1.0, a / 6 + 0.5)); }},
    {"swish", {ElementCode::Swish, 0, -1, 1}, [](double a, double) { return a * sigmoid_of(a); }},
    {"softplus",
     {ElementCode::Softplus},
     [](double a, double) { return std::max(a, 0.0) + std::log1p(std::exp(-std::fabs(a))); }},
    {"floor", {ElementCode::Floor}, [](double a, double) { return std::floor(a); }},
    {"ceil", {ElementCode::Ceil}, [](double a, double) { return std::ceil(a); }},
    {"round", {ElementCode::Round}, [](double a, double) { return std::nearbyint(a); }},
    {"add", {ElementCode::Add, 0, 1}, [](double a, double b) { return a + b; }},
    {"sub", {ElementCode::Sub, 0, 1}, [](double a, double b) { return a - b; }},
    {"mul", {ElementCode::Mul, 0, 1}, [](double a, double b) { return a * b; }},
    {"div", {ElementCode::Div, 0, 1}, [](double a, double b) { return a / b; }},
    {"max", {ElementCode::Max, 0, 1}, [](double a, double b) { return std::max(a, b); }},
    {"min", {ElementCode::Min, 0, 1}, [](double a, double b) { return std::min(a, b); }},
    {"prelu", {ElementCode::PRelu, 0, 1}, [](double a, double b) { return a < 0 ? a * b : a; }},
};

/// -9 to 9 in steps that no vector length divides, with halves among them.
std::vector<float> samples() {
  std::vector<float> values;
  for (int i = -90; i <= 90; ++i) values.push_back(static_cast<float>(i) * 0.1f);
  for (int i = -6; i <= 6; ++i) values.push_back(static_cast<float>(i) + 0.5f);
  return values;
}

bool near(double got, double want, double relative) {
  if (std::isnan(want) || std::isinf(want)) return std::isnan(want) ? std::isnan(got) : got == want;
  return std::fabs(got - want) <= relative * std::fabs(want) + 3e-7;
}

}  // namespace

/// Every vector function on every instruction set that the machine has, against plain C++ in double
/// precision.
class VectorMathTest : public QObject {
  Q_OBJECT

 private slots:
  void agreesWithPlainArithmetic_data() {
    QTest::addColumn<int>("index");
    for (std::size_t i = 0; i < std::size(cases); ++i) QTest::newRow(cases[i].name) << static_cast<int>(i);
  }

  void agreesWithPlainArithmetic() {
    QFETCH(int, index);
    const Case& c = cases[index];
    const auto a = samples();
    std::vector<float> b(a.rbegin(), a.rend());
    for_each_instruction_set([&](const std::string& set) {
      for (const std::size_t count : {a.size(), std::size_t{1}, std::size_t{7}, std::size_t{16}}) {
        std::vector<float> out(count + 1, 77);
        apply(c.step, a.data(), b.data(), out.data(), static_cast<std::int64_t>(count));
        for (std::size_t i = 0; i < count; ++i)
          QVERIFY2(near(out[i], c.want(a[i], b[i]), 3e-6),
                   qPrintable(QString("%1: %2 gives %3").arg(set.c_str()).arg(a[i]).arg(out[i])));
        QCOMPARE(out[count], 77.0f);  // nothing is written behind the end
      }
    });
  }

  void keepsTheLimits() {
    const float nan = std::nanf("");
    struct Limit {
      ElementCode code;
      float in, want;
    };
    const Limit limits[] = {{ElementCode::Exp, -infinity, 0},       {ElementCode::Exp, infinity, infinity},
                            {ElementCode::Exp, nan, nan},           {ElementCode::Exp, 200, infinity},
                            {ElementCode::Log, 0, -infinity},       {ElementCode::Log, -1, nan},
                            {ElementCode::Log, infinity, infinity}, {ElementCode::Sigmoid, -infinity, 0},
                            {ElementCode::Sigmoid, infinity, 1},    {ElementCode::Tanh, infinity, 1},
                            {ElementCode::Tanh, -infinity, -1},     {ElementCode::Erf, 40, 1},
                            {ElementCode::Relu, nan, nan},          {ElementCode::Tanh, nan, nan}};
    for_each_instruction_set([&](const std::string& set) {
      for (const Limit& limit : limits) {
        float out = 5;
        apply({limit.code}, &limit.in, nullptr, &out, 1);
        QVERIFY2(near(out, limit.want, 1e-6),
                 qPrintable(QString("%1: %2 gives %3").arg(set.c_str()).arg(limit.in).arg(out)));
      }
    });
  }

  void normalizesRows() {
    const auto x = samples();
    for_each_instruction_set([&](const std::string&) {
      for (const std::int64_t count : {1, 5, 16, 33, 194}) {
        std::vector<float> y(x.size()), scale(x.size(), 2), bias(x.size(), 1);
        double total = 0, mean = 0, variance = 0, largest = x[static_cast<std::size_t>(count) - 1];
        for (std::int64_t i = 0; i < count; ++i)
          largest = std::max<double>(largest, x[static_cast<std::size_t>(i)]);
        for (std::int64_t i = 0; i < count; ++i) {
          total += std::exp(x[static_cast<std::size_t>(i)] - largest);
          mean += x[static_cast<std::size_t>(i)] / static_cast<double>(count);
        }
        for (std::int64_t i = 0; i < count; ++i)
          variance += std::pow(x[static_cast<std::size_t>(i)] - mean, 2) / static_cast<double>(count);
        softmax(x.data(), y.data(), count);
        for (std::int64_t i = 0; i < count; ++i)
          QVERIFY(near(y[static_cast<std::size_t>(i)],
                       std::exp(x[static_cast<std::size_t>(i)] - largest) / total, 5e-6));
        normalize(x.data(), scale.data(), bias.data(), 1e-5f, y.data(), count);
        for (std::int64_t i = 0; i < count; ++i)
          QVERIFY(std::fabs(y[static_cast<std::size_t>(i)] -
                            (2 * (x[static_cast<std::size_t>(i)] - mean) / std::sqrt(variance + 1e-5) + 1)) <
                  2e-4);
        QVERIFY(std::fabs(sum(x.data(), count) - mean * static_cast<double>(count)) < 1e-3);
      }
    });
  }
};

QTEST_GUILESS_MAIN(VectorMathTest)
#include "vector_math_test.moc"
