#include <complex>
#include <numbers>
#include <random>

#include "engine/ops/fourier.h"
#include "tests/support/kernel_cases.h"

using namespace lapidary;
using namespace lapidary::test;

class SignalTest : public QObject {
  Q_OBJECT

 private slots:
  void transformsEveryLengthExactly_data();
  void transformsEveryLengthExactly();
  void transformsShortOnesInSinglePrecision();
  void computes_data();
  void computes() { check_kernel_case(); }
  void infers_data();
  void infers() { check_inference_case(); }
};

namespace {

using Complex = std::complex<double>;

/// The defining sum.
std::vector<Complex> slow_transform(const std::vector<Complex>& x) {
  const auto n = static_cast<double>(x.size());
  std::vector<Complex> result(x.size());
  for (std::size_t k = 0; k < x.size(); ++k)
    for (std::size_t i = 0; i < x.size(); ++i)
      result[k] += x[i] * std::polar(1.0, -2 * std::numbers::pi * static_cast<double>(k * i % x.size()) / n);
  return result;
}

Tensor column(const std::vector<float>& values) {
  return Tensor::of({1, static_cast<std::int64_t>(values.size()), 1}, values);
}

Tensor one(std::int64_t value) { return Tensor::scalar(value); }

Node dft(std::vector<std::pair<std::string, AttributeValue>> attributes = {}) {
  return node("DFT", {"x", "length", "axis"}, {"y"}, std::move(attributes));
}

Node mel() { return node("MelWeightMatrix", {"bands", "length", "rate", "low", "high"}, {"y"}); }

Node counting_n_grams(std::string mode, std::int64_t skips, std::vector<float> weights = {}) {
  std::vector<std::pair<std::string, AttributeValue>> attributes = {
      {"mode", std::move(mode)},
      {"min_gram_length", std::int64_t{1}},
      {"max_gram_length", std::int64_t{2}},
      {"max_skip_count", skips},
      {"ngram_counts", list({0, 2})},
      {"ngram_indexes", list({0, 1, 3})},
      {"pool_strings", std::vector<std::string>{"a", "b", "a", "b"}}};
  if (!weights.empty()) attributes.emplace_back("weights", std::move(weights));
  return node("TfIdfVectorizer", {"x"}, {"y"}, std::move(attributes));
}

Tensor texts(std::vector<std::string> values) {
  const auto count = static_cast<std::int64_t>(values.size());
  return Tensor::of_strings({count}, std::move(values));
}

}  // namespace

void SignalTest::transformsEveryLengthExactly_data() {
  QTest::addColumn<int>("length");
  for (const int length : {1, 2, 3, 4, 5, 7, 8, 12, 31, 64, 97, 100, 256, 400, 509})
    QTest::addRow("%d", length) << length;
}

void SignalTest::transformsEveryLengthExactly() {
  QFETCH(int, length);
  std::mt19937 random(7);
  std::normal_distribution<double> normal;
  std::vector<Complex> signal(static_cast<std::size_t>(length));
  for (auto& value : signal) value = {normal(random), normal(random)};
  const FourierTransform transform(length);
  auto result = signal;
  transform.forward(result.data());
  const auto wanted = slow_transform(signal);
  for (std::size_t k = 0; k < result.size(); ++k) QVERIFY(std::abs(result[k] - wanted[k]) < 1e-11);
  transform.inverse(result.data());
  for (std::size_t k = 0; k < result.size(); ++k) QVERIFY(std::abs(result[k] - signal[k]) < 1e-12);
}

/// Lengths of small factors, within what single precision can tell.
void SignalTest::transformsShortOnesInSinglePrecision() {
  std::mt19937 random(7);
  std::normal_distribution<double> normal;
  for (const std::size_t length : {2u, 3u, 4u, 6u, 8u, 10u, 12u, 21u, 35u, 44u, 60u, 64u}) {
    std::vector<Complex> signal(length);
    for (auto& value : signal) value = {normal(random), normal(random)};
    std::vector<std::complex<float>> values(signal.begin(), signal.end());
    QVERIFY(short_transform(values, false));
    const auto wanted = slow_transform(signal);
    for (std::size_t k = 0; k < length; ++k) QVERIFY(std::abs(Complex(values[k]) - wanted[k]) < 2e-5);
    QVERIFY(short_transform(values, true));
    for (std::size_t k = 0; k < length; ++k) QVERIFY(std::abs(Complex(values[k]) - signal[k]) < 2e-6);
  }
  for (const std::size_t length : {0u, 1u, 13u, 26u, 65u, 100u}) {
    std::vector<std::complex<float>> values(length, 1.0f);
    QVERIFY(!short_transform(values, false));
    for (const auto& value : values) QCOMPARE(value.real(), 1.0f);
  }
}

void SignalTest::computes_data() {
  kernel_columns();
  const Tensor signal = column({1, 2, 3, 4});
  const Tensor spectrum = Tensor::of<float>({1, 4, 2}, {10, 0, -2, 2, -2, 0, -2, -2});
  const Tensor half = Tensor::of<float>({1, 3, 2}, {10, 0, -2, 2, -2, 0});
  const std::int64_t yes = 1;
  add_kernel_case("forward", dft(), {signal, {}, {}}, {spectrum});
  add_kernel_case("forward as of version 17", node("DFT", {"x"}, {"y"}), {signal}, {spectrum}, 17);
  add_kernel_case("one-sided", dft({{"onesided", yes}}), {signal, {}, {}}, {half});
  add_kernel_case("cut", dft(), {signal, one(2), one(1)}, {Tensor::of<float>({1, 2, 2}, {3, 0, -1, 0})});
  add_kernel_case("filled up", dft({{"onesided", yes}}), {column({1, 1}), one(4), {}},
                  {Tensor::of<float>({1, 3, 2}, {2, 0, 1, -1, 0, 0})});
  add_kernel_case("inverse", dft({{"inverse", yes}}), {spectrum, {}, {}},
                  {Tensor::of<float>({1, 4, 2}, {1, 0, 2, 0, 3, 0, 4, 0})});
  add_kernel_case("inverse of half a spectrum", dft({{"inverse", yes}, {"onesided", yes}}), {half, {}, {}},
                  {signal});
  add_kernel_case("inverse of half a spectrum of odd length", dft({{"inverse", yes}, {"onesided", yes}}),
                  {Tensor::of<float>({1, 2, 2}, {6, 0, -1.5f, 0.8660254f}), one(3), {}}, {column({1, 2, 3})});
  add_kernel_case("along the first axis", dft(), {Tensor::of<float>({2, 2, 1}, {1, 2, 3, 4}), {}, one(-3)},
                  {Tensor::of<float>({2, 2, 2}, {4, 0, 6, 0, -2, 0, -2, 0})});
  add_refusal("along the parts", dft(), {signal, {}, one(2)}, "cannot be transformed");
  add_refusal("axis out of range", dft(), {signal, {}, one(9)}, "axis");
  add_refusal("no points", dft(), {signal, one(0), {}}, "at least one point");
  add_refusal("too many points", dft(), {signal, one(std::int64_t{1} << 50), {}}, "not possible");
  add_refusal("one-sided complex", dft({{"onesided", yes}}), {spectrum, {}, {}}, "needs a real signal");

  const Node stft = node("STFT", {"x", "step", "window", "length"}, {"y"});
  add_kernel_case("pieces", stft, {column({1, 2, 3, 4, 5}), one(3), {}, one(2)},
                  {Tensor::of<float>({1, 2, 2, 2}, {3, 0, -1, 0, 9, 0, -1, 0})});
  add_kernel_case("weighted pieces", stft, {column({1, 2, 3}), one(1), reals({2, 1}), {}},
                  {Tensor::of<float>({1, 2, 2, 2}, {4, 0, 0, 0, 7, 0, 1, 0})});
  add_refusal("no step", stft, {column({1, 2, 3}), one(0), {}, one(2)}, "frame_step");

  add_kernel_case("triangles", mel(), {one(2), one(8), one(16), Tensor::scalar(0.0f), Tensor::scalar(8.0f)},
                  {Tensor::of<float>({5, 2}, {0, 0, 1, 0, 0, 1, 0, 0, 0, 0})});
  add_refusal("bands beyond the spectrum", mel(),
              {one(2), one(8), one(16), Tensor::scalar(0.0f), Tensor::scalar(800.0f)}, "beyond");

  const Tensor words = texts({"a", "c", "b", "a", "b"});
  add_kernel_case("counts", counting_n_grams("TF", 0), {words}, {reals({2, 2, 0, 1})});
  add_kernel_case("counts with skips", counting_n_grams("TF", 1), {words}, {reals({2, 2, 0, 2})});
  add_kernel_case("occurrences", counting_n_grams("IDF", 0, {1, 2, 3, 4}), {words}, {reals({1, 2, 0, 4})});
  add_kernel_case("weighted counts", counting_n_grams("TFIDF", 0, {1, 2, 3, 4}), {words},
                  {reals({2, 4, 0, 4})});
  add_kernel_case("no words", counting_n_grams("TF", 0), {texts({})}, {reals({0, 0, 0, 0})});
  add_refusal("too few weights", counting_n_grams("IDF", 0, {1}), {words}, "too few");
  add_refusal("numbers for words", counting_n_grams("TF", 0), {ints({1})}, "other items");
}

void SignalTest::infers_data() {
  inference_columns();
  const std::int64_t yes = 1;
  add_inference_case("one-sided", {node("DFT", {"x"}, {"y"}, {{"onesided", yes}}),
                                   {floats({"B", "16", "1"})},
                                   {},
                                   {"float32 B × 9 × 2"},
                                   "",
                                   ""});
  add_inference_case("inverse of half a spectrum",
                     {node("DFT", {"x"}, {"y"}, {{"onesided", yes}, {"inverse", yes}}),
                      {floats({"B", "N", "2"})},
                      {},
                      {"float32 B × 2*N - 2 × 1"},
                      "",
                      ""});
  add_inference_case("pieces", {node("STFT", {"x", "step", "window"}, {"y"}),
                                {floats({"B", "100", "1"}), {}, floats({"20"})},
                                {{}, one(10)},
                                {"float32 B × 9 × 11 × 2"},
                                "",
                                ""});
}

QTEST_GUILESS_MAIN(SignalTest)
#include "signal_test.moc"
