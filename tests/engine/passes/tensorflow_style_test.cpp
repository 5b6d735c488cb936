#include <QtTest>
#include <cmath>

#include "engine/backends.h"
#include "engine/passes/pass.h"
#include "tests/support/kernel_cases.h"

using namespace lapidary;
using namespace lapidary::test;

/// Graphs as TensorFlow's exporters write them, against plain loops over the data: channels stand last, with
/// a Transpose before and after each convolution, and recurrent nets are Loops that gather one time step.
class TensorFlowStyleTest : public QObject {
  Q_OBJECT

 private slots:
  void convolvesWithChannelsLast_data() { add_rows(); }
  void convolvesWithChannelsLast();
  void recursInALoop_data() { add_rows(); }
  void recursInALoop();

 private:
  static void add_rows() {
    QTest::addColumn<QString>("backend");
    QTest::addColumn<bool>("optimized");
    for (const auto& backend : backends())
      for (const bool optimized : {false, true})
        QTest::addRow("%s%s", backend.name.c_str(), optimized ? ", optimized" : "")
            << QString::fromStdString(backend.name) << optimized;
  }
  static std::vector<Datum> run(ModelPointer model, const std::vector<Datum>& inputs) {
    QFETCH(QString, backend);
    QFETCH(bool, optimized);
    if (optimized) model = optimize(model, passes()).model;
    return find_backend(backend.toStdString()).compile(model, {})->run(inputs);
  }
};

namespace {

/// Numbers between -1 and 1 that differ from place to place.
Tensor wave(Dims dims, double pace) {
  Tensor tensor(DataType::Float32, std::move(dims));
  for (std::int64_t i = 0; i < tensor.size(); ++i)
    tensor.mutable_data<float>()[i] = static_cast<float>(std::sin(pace * static_cast<double>(i + 1)));
  return tensor;
}

double at(const Tensor& tensor, std::int64_t index) {
  return static_cast<double>(tensor.data<float>()[index]);
}

// --- channels last ---

constexpr std::int64_t side = 7, inputs_wide = 3, outputs_wide = 4, window = 3, pooled = 4;

/// relu(conv(x) + bias), then the largest of 2 × 2 with padding "same", then the mean of each channel.
ModelPointer convolution_model(const Tensor& kernel, const Tensor& bias) {
  const std::vector<std::int64_t> to_first{0, 3, 1, 2}, to_last{0, 2, 3, 1};
  return ModelBuilder(13)
      .input("x", DataType::Float32, {1, side, side, inputs_wide})
      .initializer("w", kernel)
      .initializer("b", bias)
      .add(node("Transpose", {"x"}, {"x1"}, {{"perm", to_first}}))
      .add(node("Conv", {"x1", "w"}, {"c1"},
                {{"auto_pad", std::string("SAME_UPPER")}, {"kernel_shape", list({window, window})}}))
      .add(node("Transpose", {"c1"}, {"c"}, {{"perm", to_last}}))
      .add(node("Add", {"c", "b"}, {"sum"}))
      .add(node("Relu", {"sum"}, {"r"}))
      .add(node("Transpose", {"r"}, {"r1"}, {{"perm", to_first}}))
      .add(node("MaxPool", {"r1"}, {"p1"},
                {{"auto_pad", std::string("SAME_UPPER")},
                 {"kernel_shape", list({2, 2})},
                 {"strides", list({2, 2})}}))
      .add(node("Transpose", {"p1"}, {"p"}, {{"perm", to_last}}))
      .add(node("ReduceMean", {"p"}, {"mean"}, {{"axes", list({1, 2})}, {"keepdims", std::int64_t{0}}}))
      .output("p")
      .output("mean")
      .build();
}

/// One element of relu(conv(x) + bias), channels last; what lies outside of x counts as 0.
double convolved(const Tensor& x, const Tensor& kernel, const Tensor& bias, std::int64_t row,
                 std::int64_t column, std::int64_t channel) {
  double sum = at(bias, channel);
  for (std::int64_t i = 0; i < window; ++i)
    for (std::int64_t j = 0; j < window; ++j)
      for (std::int64_t c = 0; c < inputs_wide; ++c) {
        const std::int64_t y = row + i - 1, z = column + j - 1;
        if (y < 0 || y >= side || z < 0 || z >= side) continue;
        sum += at(x, (y * side + z) * inputs_wide + c) *
               at(kernel, ((channel * inputs_wide + c) * window + i) * window + j);
      }
  return std::max(sum, 0.0);
}

// --- a recurrent net ---

constexpr std::int64_t steps = 5, batch = 2, features = 3, hidden = 4;

/// (i, keep, t, h) → (t + 1 < steps, t + 1, next h, next h): next h = tanh(x[t]·w + h·u + b).
GraphPointer time_step() {
  return ModelBuilder(13)
      .input("i", DataType::Int64, {})
      .input("keep", DataType::Bool, {})
      .input("t", DataType::Int32, {})
      .input("h", DataType::Float32, {Dimension::unknown(), hidden})
      .initializer("one", Tensor::scalar<std::int32_t>(1))
      .initializer("limit", Tensor::scalar<std::int32_t>(steps))
      .add(node("Gather", {"by_time", "t"}, {"now"}, {{"axis", std::int64_t{0}}}))
      .add(node("MatMul", {"now", "w"}, {"from_input"}))
      .add(node("MatMul", {"h", "u"}, {"from_state"}))
      .add(node("Add", {"from_input", "from_state"}, {"both"}))
      .add(node("Add", {"both", "b"}, {"biased"}))
      .add(node("Tanh", {"biased"}, {"next"}))
      .add(node("Identity", {"next"}, {"seen"}))
      .add(node("Add", {"t", "one"}, {"t_next"}))
      .add(node("Less", {"t_next", "limit"}, {"goes_on"}))
      .output("goes_on", Type::tensor(DataType::Bool, Shape{}))
      .output("t_next", Type::tensor(DataType::Int32, Shape{}))
      .output("next", floats({"?", "4"}))
      .output("seen", floats({"?", "4"}))
      .graph();
}

/// x [batch, steps, features] → all states [batch, steps, hidden], and the last.
ModelPointer recurrent_model(const Tensor& w, const Tensor& u, const Tensor& b) {
  return ModelBuilder(13)
      .input("x", DataType::Float32, {Dimension::symbol("N"), steps, features})
      .initializer("w", w)
      .initializer("u", u)
      .initializer("b", b)
      .initializer("most", Tensor::scalar<std::int64_t>(INT32_MAX))
      .initializer("begin", Tensor::scalar(true))
      .initializer("start", Tensor::scalar<std::int32_t>(0))
      .initializer("width", ints({hidden}))
      .add(node("Transpose", {"x"}, {"by_time"}, {{"perm", list({1, 0, 2})}}))
      .add(node("Shape", {"x"}, {"sizes"}))
      .initializer("zero", ints({0}))
      .initializer("first", ints({1}))
      .add(node("Slice", {"sizes", "zero", "first"}, {"n"}))
      .add(node("Concat", {"n", "width"}, {"state_sizes"}, {{"axis", std::int64_t{0}}}))
      .add(node("ConstantOfShape", {"state_sizes"}, {"h0"}))
      .add(node("Loop", {"most", "begin", "start", "h0"}, {"t_end", "last", "states"},
                {{"body", time_step()}}))
      .add(node("Transpose", {"states"}, {"all"}, {{"perm", list({1, 0, 2})}}))
      .output("all")
      .output("last")
      .build();
}

}  // namespace

void TensorFlowStyleTest::convolvesWithChannelsLast() {
  const Tensor x = wave({1, side, side, inputs_wide}, 0.37),
               kernel = wave({outputs_wide, inputs_wide, window, window}, 1.7),
               bias = wave({outputs_wide}, 2.9);
  Tensor p(DataType::Float32, {1, pooled, pooled, outputs_wide});
  Tensor mean = Tensor(DataType::Float32, {1, outputs_wide});
  for (std::int64_t channel = 0; channel < outputs_wide; ++channel) {
    double sum = 0;
    for (std::int64_t row = 0; row < pooled; ++row)
      for (std::int64_t column = 0; column < pooled; ++column) {
        double most = 0;
        for (std::int64_t y = 2 * row; y < std::min(2 * row + 2, side); ++y)
          for (std::int64_t z = 2 * column; z < std::min(2 * column + 2, side); ++z)
            most = std::max(most, convolved(x, kernel, bias, y, z, channel));
        p.mutable_data<float>()[(row * pooled + column) * outputs_wide + channel] = static_cast<float>(most);
        sum += most;
      }
    mean.mutable_data<float>()[channel] = static_cast<float>(sum / (pooled * pooled));
  }
  const auto got = run(convolution_model(kernel, bias), {x});
  COMPARE_TENSORS(got.at(0).tensor(), p);
  COMPARE_TENSORS(got.at(1).tensor(), mean);
}

void TensorFlowStyleTest::recursInALoop() {
  const Tensor x = wave({batch, steps, features}, 0.9), w = wave({features, hidden}, 1.1),
               u = wave({hidden, hidden}, 2.3), b = wave({hidden}, 0.4);
  Tensor all(DataType::Float32, {batch, steps, hidden}), last(DataType::Float32, {batch, hidden});
  for (std::int64_t n = 0; n < batch; ++n) {
    std::vector<double> state(hidden, 0);
    for (std::int64_t t = 0; t < steps; ++t) {
      std::vector<double> next;
      for (std::int64_t j = 0; j < hidden; ++j) {
        double sum = at(b, j);
        for (std::int64_t i = 0; i < features; ++i)
          sum += at(x, (n * steps + t) * features + i) * at(w, i * hidden + j);
        for (std::int64_t i = 0; i < hidden; ++i)
          sum += state[static_cast<std::size_t>(i)] * at(u, i * hidden + j);
        next.push_back(std::tanh(sum));
        all.mutable_data<float>()[(n * steps + t) * hidden + j] = static_cast<float>(next.back());
      }
      state = next;
    }
    for (std::int64_t j = 0; j < hidden; ++j)
      last.mutable_data<float>()[n * hidden + j] = static_cast<float>(state[static_cast<std::size_t>(j)]);
  }
  const auto got = run(recurrent_model(w, u, b), {x});
  COMPARE_TENSORS(got.at(0).tensor(), all);
  COMPARE_TENSORS(got.at(1).tensor(), last);
}

QTEST_GUILESS_MAIN(TensorFlowStyleTest)
#include "tensorflow_style_test.moc"
