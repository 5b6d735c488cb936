#include <QtTest>
#include <cmath>
#include <random>
#include <set>

#include "engine/backends.h"
#include "engine/differentiation/gradient.h"
#include "tests/support/model_builder.h"

using namespace lapidary;
using namespace lapidary::test;

namespace {

/// Nodes that compute "y" from "a", "b" and "c", of which the first `inputs.size()` are given and
/// differentiated by.
struct GradientCase {
  std::vector<Dims> inputs;
  std::vector<Node> nodes;
  std::int64_t opset = 24;
  double low = -2, high = 2;  ///< between which the elements lie
  std::vector<std::pair<std::string, Tensor>> constants = {};
};

const std::vector<std::string> names = {"a", "b", "c"};

std::vector<Datum> random_inputs(const GradientCase& row) {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> uniform(row.low, row.high);
  std::vector<Datum> inputs;
  for (const auto& dims : row.inputs) {
    Tensor tensor(DataType::Float64, dims);
    for (std::int64_t i = 0; i < tensor.size(); ++i) tensor.mutable_data<double>()[i] = uniform(random);
    inputs.emplace_back(tensor);
  }
  return inputs;
}

ModelBuilder builder_of(const GradientCase& row) {
  ModelBuilder builder(row.opset);
  builder.opset("ai.onnx.preview.training", 1);
  for (std::size_t i = 0; i < row.inputs.size(); ++i)
    builder.input(names[i], DataType::Float64, shape_of(row.inputs[i]));
  for (const auto& [name, tensor] : row.constants) builder.initializer(name, tensor);
  for (const auto& node : row.nodes) builder.add(node);
  return builder;
}

Node gradient_node(const GradientCase& row, const std::string& of = "y", const std::string& prefix = "d") {
  const std::vector<std::string> xs(names.begin(),
                                    names.begin() + static_cast<std::ptrdiff_t>(row.inputs.size()));
  std::vector<std::string> outputs;
  for (const auto& x : xs) outputs.push_back(prefix + x);
  return node("Gradient", xs, outputs, {{"xs", xs}, {"y", of}}, "ai.onnx.preview.training");
}

double sum_of(const Datum& datum) {
  double sum = 0;
  for (const double value : values_as<double>(datum.tensor())) sum += value;
  return sum;
}

/// The derivatives of the sum of y by central differences.
std::vector<std::vector<double>> slow_derivatives(Program& program, const std::vector<Datum>& inputs) {
  constexpr double step = 1e-5;
  std::vector<std::vector<double>> result;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    result.emplace_back();
    for (std::int64_t at = 0; at < inputs[i].tensor().size(); ++at) {
      const auto shifted = [&](double by) {
        auto values = values_as<double>(inputs[i].tensor());
        values[static_cast<std::size_t>(at)] += by;
        auto moved = inputs;
        moved[i] = Tensor::of(inputs[i].tensor().dims(), values);
        return sum_of(program.run(moved)[0]);
      };
      result.back().push_back((shifted(step) - shifted(-step)) / (2 * step));
    }
  }
  return result;
}

Node n(const char* op, std::vector<std::string> inputs,
       std::vector<std::pair<std::string, AttributeValue>> attributes = {}, const char* output = "y") {
  return node(op, std::move(inputs), {output}, std::move(attributes));
}

Tensor integers(std::vector<std::int64_t> values) {
  const auto count = static_cast<std::int64_t>(values.size());
  return Tensor::of({count}, values);
}

using Ints = std::vector<std::int64_t>;

}  // namespace

Q_DECLARE_METATYPE(GradientCase)

class GradientTest : public QObject {
  Q_OBJECT

 private slots:
  void agreesWithDifferences_data();
  void agreesWithDifferences();
  void differentiatesTwice();
  void differentiatesAtOtherValues();
  void refuses_data();
  void refuses();
  void coversWhatItNames();

 private:
  std::set<std::string> tested_;
};

void GradientTest::agreesWithDifferences_data() {
  QTest::addColumn<GradientCase>("row");
  const auto add = [&](const std::string& name, GradientCase row) {
    for (const auto& node : row.nodes) tested_.insert(node.op_type);
    QTest::newRow(name.c_str()) << row;
  };
  const auto one = [&](const char* op, double low = -2, double high = 2,
                       std::vector<std::pair<std::string, AttributeValue>> attributes = {}) {
    add(op, {{{2, 3}},
             {
                 n(op, {"a"}, std::move(attributes)),
             },
             24,
             low,
             high,
             {}});
  };
  for (const char* op :
       {"Abs",  "Atan",           "Asinh",       "Celu",      "Cos",      "Cosh",      "Elu",      "Erf",
        "Exp",  "Gelu",           "HardSigmoid", "HardSwish", "Identity", "LeakyRelu", "Mish",     "Neg",
        "Relu", "Selu",           "Sigmoid",     "Sin",       "Sinh",     "Softplus",  "Softsign", "Swish",
        "Tanh", "ThresholdedRelu"})
    one(op);
  for (const char* op : {"Acos", "Asin", "Atanh", "Tan"}) one(op, -0.9, 0.9);
  for (const char* op : {"Log", "Reciprocal", "Sqrt", "ReduceLogSum"}) one(op, 0.5, 2);
  one("Acosh", 1.5, 3);
  one("Cast", -2, 2, {{"to", std::int64_t{11}}});
  one("Flatten");
  one("Dropout");
  add("Gelu by tanh", {{{3}}, {n("Gelu", {"a"}, {{"approximate", std::string("tanh")}})}});
  for (const char* op : {"Add", "Sub", "Mul"}) add(op, {{{2, 1, 3}, {4, 1}}, {n(op, {"a", "b"})}});
  for (const char* op : {"Div", "Pow"}) add(op, {{{2, 3}, {3}}, {n(op, {"a", "b"})}, 24, 0.5, 2, {}});
  for (const char* op : {"Max", "Min", "Sum", "Mean"})
    add(op, {{{2, 3}, {3}, {2, 1}}, {n(op, {"a", "b", "c"})}});
  add("PRelu", {{{2, 3}, {3}}, {n("PRelu", {"a", "b"})}});
  add("CastLike", {{{2}, {1}}, {n("CastLike", {"a", "b"})}});
  const Tensor low = Tensor::scalar(-0.7), high = Tensor::scalar(0.9);
  add("Clip", {{{8}}, {n("Clip", {"a", "low", "high"})}, 24, -2, 2, {{"low", low}, {"high", high}}});
  for (const char* op : {"ReduceL1", "ReduceL2", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin",
                         "ReduceProd", "ReduceSum", "ReduceSumSquare"})
    add(op, {{{2, 3, 2}},
             {n(op, {"a", "axes"}, {{"keepdims", std::int64_t{0}}})},
             24,
             -2,
             2,
             {{"axes", integers({1})}}});
  add("ReduceMean of old", {{{2, 3}}, {n("ReduceMean", {"a"}, {{"axes", Ints{-1}}})}, 13, -2, 2, {}});
  // A softmax alone sums to 1; its square does not.
  const auto squared = [](Node node) {
    node.outputs = {"before"};
    return std::vector<Node>{node, n("Mul", {"before", "before"})};
  };
  add("Softmax", {{{2, 3}}, squared(n("Softmax", {"a"}, {{"axis", std::int64_t{0}}}))});
  add("Softmax of old", {{{2, 3, 2}}, squared(n("Softmax", {"a"})), 11, -2, 2, {}});
  add("LogSoftmax", {{{2, 3}}, squared(n("LogSoftmax", {"a"}))});
  add("CumSum", {{{4}},
                 squared(n("CumSum", {"a", "axis"}, {{"exclusive", std::int64_t{1}}})),
                 24,
                 -2,
                 2,
                 {{"axis", Tensor::scalar<std::int64_t>(0)}}});
  add("TopK", {{{2, 4}}, {node("TopK", {"a", "k"}, {"y", "places"})}, 24, -2, 2, {{"k", integers({2})}}});

  add("MatMul", {{{2, 2, 3}, {3, 4}}, squared(n("MatMul", {"a", "b"}))});
  add("MatMul of vectors", {{{3}, {3}}, squared(n("MatMul", {"a", "b"}))});
  add("MatMul of a matrix and a vector", {{{2, 3}, {3}}, squared(n("MatMul", {"a", "b"}))});
  for (const std::int64_t ta : {0, 1})
    for (const std::int64_t tb : {0, 1})
      add("Gemm " + std::to_string(ta) + std::to_string(tb),
          {{ta ? Dims{3, 2} : Dims{2, 3}, tb ? Dims{4, 3} : Dims{3, 4}, {4}},
           squared(n("Gemm", {"a", "b", "c"},
                     {{"alpha", 0.5f}, {"beta", 2.0f}, {"transA", ta}, {"transB", tb}}))});
  add("Einsum", {{{2, 3, 4}, {2, 4, 5}},
                 squared(n("Einsum", {"a", "b"}, {{"equation", std::string("bij, bjk -> bik")}}))});
  add("Conv", {{{2, 2, 5, 6}, {3, 2, 3, 2}, {3}},
               squared(n("Conv", {"a", "b", "c"},
                         {{"strides", Ints{2, 3}}, {"pads", Ints{1, 0, 1, 1}}, {"dilations", Ints{1, 2}}}))});
  add("MaxPool", {{{1, 2, 5, 5}},
                  squared(n("MaxPool", {"a"}, {{"kernel_shape", Ints{3, 3}}, {"strides", Ints{2, 2}}}))});
  add("GlobalAveragePool", {{{2, 2, 3, 2}}, squared(n("GlobalAveragePool", {"a"}))});
  add("LayerNormalization", {{{2, 4}, {4}, {4}}, squared(n("LayerNormalization", {"a", "b", "c"}))});
  add("BatchNormalization", {{{2, 3, 2}, {3}, {3}},
                             squared(n("BatchNormalization", {"a", "b", "c", "mean", "variance"})),
                             24,
                             -2,
                             2,
                             {{"mean", Tensor::of<double>({3}, {0.1, 0.2, 0.3})},
                              {"variance", Tensor::of<double>({3}, {1, 2, 3})}}});

  add("GlobalMaxPool", {{{2, 2, 3, 2}}, squared(n("GlobalMaxPool", {"a"}))});
  add("GlobalLpPool", {{{2, 2, 3, 2}}, squared(n("GlobalLpPool", {"a"}, {{"p", std::int64_t{3}}}))});
  for (const std::int64_t counts : {0, 1})
    add("AveragePool " + std::to_string(counts), {{{2, 2, 5, 6}},
                                                  squared(n("AveragePool", {"a"},
                                                            {{"kernel_shape", Ints{3, 2}},
                                                             {"strides", Ints{2, 3}},
                                                             {"pads", Ints{1, 0, 1, 1}},
                                                             {"count_include_pad", counts}}))});
  add("ConvTranspose",
      {{{2, 2, 3, 2}, {2, 3, 3, 2}, {3}},
       squared(n("ConvTranspose", {"a", "b", "c"},
                 {{"strides", Ints{2, 3}}, {"pads", Ints{1, 0, 1, 1}}, {"dilations", Ints{1, 2}}}))});
  add("InstanceNormalization", {{{2, 2, 5}, {2}, {2}}, squared(n("InstanceNormalization", {"a", "b", "c"}))});
  add("GroupNormalization",
      {{{2, 4, 3}, {4}, {4}},
       squared(n("GroupNormalization", {"a", "b", "c"}, {{"num_groups", std::int64_t{2}}}))});
  add("MeanVarianceNormalization",
      {{{2, 2, 3, 2}}, {n("MeanVarianceNormalization", {"a"}, {}, "m"), n("Exp", {"m"})}});
  for (const std::int64_t p : {1, 2})
    add("LpNormalization " + std::to_string(p), {{{2, 4}}, squared(n("LpNormalization", {"a"}, {{"p", p}}))});
  const Tensor targets = Tensor::of<std::int64_t>({2, 2}, {2, 0, 1, 2});
  const Tensor class_weights = Tensor::of<double>({3}, {1, 2, 3});
  for (const char* loss : {"NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"})
    for (const char* reduction : {"none", "sum", "mean"})
      add(std::string(loss) + " " + reduction,
          {{{2, 3, 2}},
           {n(loss, {"a", "t", "w"},
              {{"reduction", std::string(reduction)}, {"ignore_index", std::int64_t{1}}}, "loss"),
            n("Mul", {"loss", "loss"})},
           24,
           -2,
           2,
           {{"t", targets}, {"w", class_weights}}});
  add("Shrink", {{{2, 3}}, {n("Shrink", {"a"}, {{"bias", 0.1f}})}});
  add("Mod", {{{2, 3}, {3}}, {n("Mod", {"a", "b"}, {{"fmod", std::int64_t{1}}})}, 24, 0.5, 4, {}});
  add("Hardmax", {{{2, 3}}, {n("Hardmax", {"a"}, {}, "h"), n("Mul", {"h", "a"})}});

  add("Concat", {{{2, 2}, {2, 3}}, squared(n("Concat", {"a", "b"}, {{"axis", std::int64_t{1}}}))});
  add("Transpose", {{{2, 3}}, squared(n("Transpose", {"a"}))});
  const auto with = [&](const char* op, Dims dims, Tensor parameter,
                        std::vector<std::pair<std::string, AttributeValue>> attributes = {}) {
    add(op, {{std::move(dims)},
             squared(n(op, {"a", "p"}, std::move(attributes))),
             24,
             -2,
             2,
             {{"p", std::move(parameter)}}});
  };
  with("Reshape", {2, 3}, integers({3, -1}));
  with("Squeeze", {2, 1, 3}, integers({1}));
  with("Unsqueeze", {2, 3}, integers({0}));
  with("Expand", {2, 1}, integers({3, 2, 4}));
  with("Tile", {2, 2}, integers({2, 3}));
  with("Gather", {4, 2}, integers({3, 0, 3}));
  with("GatherElements", {3, 2}, Tensor::of<std::int64_t>({2, 2}, {0, 2, 2, 1}));
  with("GatherND", {3, 2}, Tensor::of<std::int64_t>({2, 1}, {2, 2}));
  with("Compress", {4}, Tensor::of({4}, std::vector<bool>{true, false, true, true}));
  with("Pad", {2, 2}, integers({1, 0, 0, 2}), {{"mode", std::string("edge")}});
  with("CenterCropPad", {4, 3}, integers({2, 5}));
  with("Trilu", {3, 3}, Tensor::scalar<std::int64_t>(0));
  with("ReverseSequence", {3, 2}, integers({2, 3}));
  add("Pad with a value", {{{2, 2}},
                           squared(n("Pad", {"a", "p", "v"})),
                           24,
                           -2,
                           2,
                           {{"p", integers({1, 0, 0, 2})}, {"v", Tensor::scalar(3.0)}}});
  add("Slice", {{{5, 2}},
                squared(n("Slice", {"a", "s", "e", "x", "t"})),
                24,
                -2,
                2,
                {{"s", integers({4})}, {"e", integers({0})}, {"x", integers({0})}, {"t", integers({-2})}}});
  add("Slice of old",
      {{{5}}, squared(n("Slice", {"a"}, {{"starts", Ints{1}}, {"ends", Ints{4}}})), 9, -2, 2, {}});
  add("Split",
      {{{4, 2}},
       {node("Split", {"a"}, {"p", "q"}, {{"num_outputs", std::int64_t{2}}}), n("Mul", {"p", "q"})}});
  add("DepthToSpace", {{{1, 4, 2, 2}}, squared(n("DepthToSpace", {"a"}, {{"blocksize", std::int64_t{2}}}))});
  add("SpaceToDepth", {{{1, 1, 4, 2}}, squared(n("SpaceToDepth", {"a"}, {{"blocksize", std::int64_t{2}}}))});
  add("Resize", {{{1, 1, 2, 2}},
                 squared(n("Resize", {"a", "", "p"}, {{"mode", std::string("nearest")}})),
                 24,
                 -2,
                 2,
                 {{"p", Tensor::of<float>({4}, {1, 1, 2, 3})}}});
  add("Where", {{{2, 3}, {3}},
                squared(n("Where", {"p", "a", "b"})),
                24,
                -2,
                2,
                {{"p", Tensor::of({2, 1}, std::vector<bool>{true, false})}}});
  add("ScatterElements",
      {{{4}, {2}}, squared(n("ScatterElements", {"a", "p", "b"})), 24, -2, 2, {{"p", integers({3, 0})}}});
  add("ScatterElements that adds",
      {{{4}, {2}},
       squared(n("ScatterElements", {"a", "p", "b"}, {{"reduction", std::string("add")}})),
       24,
       -2,
       2,
       {{"p", integers({3, 3})}}});
  add("ScatterND", {{{4}, {2}},
                    squared(n("ScatterND", {"a", "p", "b"})),
                    24,
                    -2,
                    2,
                    {{"p", Tensor::of<std::int64_t>({2, 1}, {3, 0})}}});
  add("a small network",
      {{{2, 3}, {3, 4}, {4}},
       {n("MatMul", {"a", "b"}, {}, "h"), n("Add", {"h", "c"}, {}, "i"), n("Tanh", {"i"}, {}, "j"),
        n("Mul", {"j", "h"}, {}, "k"), n("ReduceMean", {"k"})}});
  add("through sizes",
      {{{2, 3}}, {n("Shape", {"a"}, {}, "s"), n("Mul", {"a", "a"}, {}, "b"), n("Reshape", {"b", "s"})}});
}

void GradientTest::agreesWithDifferences() {
  QFETCH(GradientCase, row);
  const auto inputs = random_inputs(row);
  auto plain = builder_of(row).output("y").build();
  const auto wanted = slow_derivatives(*find_backend("reference").compile(plain, {}), inputs);
  auto builder = builder_of(row).add(gradient_node(row));
  for (std::size_t i = 0; i < row.inputs.size(); ++i) builder.output("d" + names[i]);
  for (const char* backend : {"reference", "cpu"}) {
    const auto got = find_backend(backend).compile(builder.build(), {})->run(inputs);
    QCOMPARE(got.size(), wanted.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      QCOMPARE(got[i].tensor().dims(), row.inputs[i]);
      const auto values = values_as<double>(got[i].tensor());
      for (std::size_t at = 0; at < values.size(); ++at)
        QVERIFY2(std::fabs(values[at] - wanted[i][at]) <= 1e-6 * (1 + std::fabs(wanted[i][at])),
                 qPrintable(QStringLiteral("%1: by %2[%3] it is %4, and by differences %5")
                                .arg(QString::fromLatin1(backend), QString::fromStdString(names[i]))
                                .arg(at)
                                .arg(values[at])
                                .arg(wanted[i][at])));
    }
  }
}

/// d²(a³)/da² = 6a
void GradientTest::differentiatesTwice() {
  const GradientCase row{{{3}}, {n("Mul", {"a", "a"}, {}, "square"), n("Mul", {"square", "a"})}};
  const auto model =
      builder_of(row).add(gradient_node(row)).add(gradient_node(row, "da", "dd")).output("dda").build();
  const Tensor a = Tensor::of<double>({3}, {1, -2, 0.5});
  for (const char* backend : {"reference", "cpu"})
    QCOMPARE(values_as<double>(find_backend(backend).compile(model, {})->run({a})[0].tensor()),
             (std::vector<double>{6, -12, 3}));
}

/// The inputs of Gradient need not be the values that the graph has itself; zs are given, not differentiated
/// by.
void GradientTest::differentiatesAtOtherValues() {
  ModelBuilder builder(21);
  builder.opset("ai.onnx.preview.training", 1)
      .input("a", DataType::Float64, {2})
      .input("other", DataType::Float64, {2});
  builder.add(n("Exp", {"a"}, {}, "e")).add(n("Mul", {"a", "e"}));
  builder.add(node(
      "Gradient", {"other", "a"}, {"da"},
      {{"xs", std::vector<std::string>{"a"}}, {"zs", std::vector<std::string>{"e"}}, {"y", std::string("y")}},
      "ai.onnx.preview.training"));
  const auto model = builder.output("da").build();
  const Tensor a = Tensor::of<double>({2}, {3, 4}), other = Tensor::of<double>({2}, {7, 8});
  // e is held at a's value, so that the derivative of a·e by a is e itself.
  for (const char* backend : {"reference", "cpu"})
    QCOMPARE(values_as<double>(find_backend(backend).compile(model, {})->run({a, other})[0].tensor()),
             (std::vector<double>{3, 4}));
}

void GradientTest::refuses_data() {
  QTest::addColumn<GradientCase>("row");
  QTest::addColumn<QString>("message");
  QTest::newRow("an operator without rule")
      << GradientCase{{{2, 2}}, {n("Det", {"a"})}} << "derivative of Det";
  QTest::newRow("a value that is not there")
      << GradientCase{{{2}}, {n("Exp", {"a"}, {}, "z")}} << "no value 'y'";
}

void GradientTest::refuses() {
  QFETCH(GradientCase, row);
  QFETCH(QString, message);
  try {
    with_gradients(builder_of(row).add(gradient_node(row)).output("da").build());
  } catch (const Error& error) {
    QVERIFY2(QString::fromUtf8(error.what()).contains(message), error.what());
    return;
  }
  QFAIL("this was to be refused");
}

void GradientTest::coversWhatItNames() {
  for (const auto& name : differentiable_operators()) QVERIFY2(tested_.contains(name), name.c_str());
}

QTEST_GUILESS_MAIN(GradientTest)
#include "gradient_test.moc"
