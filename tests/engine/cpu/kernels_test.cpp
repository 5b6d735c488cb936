#include <QTest>

#include "engine/backends.h"
#include "tests/support/model_builder.h"
#include "tests/support/tensors.h"

using namespace lapidary;
using test::ModelBuilder;
using test::node;

namespace {

using Ints = std::vector<std::int64_t>;

/// Numbers between -2 and 2 that look random and are the same everywhere.
Tensor numbers(Dims dims, std::uint32_t seed = 1, float offset = 0) {
  Tensor tensor(DataType::Float32, std::move(dims));
  float* values = tensor.mutable_data<float>();
  std::uint32_t state = seed * 2654435761u + 12345u;
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    state = state * 1664525u + 1013904223u;
    values[i] = static_cast<float>(state >> 8) / 4194304.0f - 2.0f + offset;
  }
  return tensor;
}

std::vector<Datum> random_inputs(const Model& model) {
  std::vector<Datum> inputs;
  std::uint32_t seed = 7;
  for (const auto& input : model.graph->inputs)
    inputs.emplace_back(numbers(*constant_dims(*input.type.shape), ++seed));
  return inputs;
}

ModelBuilder with_input(Dims dims) {
  ModelBuilder model;
  model.input("x", DataType::Float32, shape_of(dims)).output("y");
  return model;
}

ModelPointer convolution(Dims x, Dims w, std::vector<std::pair<std::string, AttributeValue>> attributes,
                         std::vector<std::string> activation = {}, const std::string& op = "Conv") {
  auto model = with_input(x);
  const std::int64_t channels = op == "Conv" ? w[0] : w[1];
  model.initializer("w", numbers(w, 3)).initializer("b", numbers({channels}, 4));
  model.add(node(op, {"x", "w", "b"}, {activation.empty() ? "y" : "c"}, std::move(attributes)));
  if (!activation.empty()) model.add(node(activation[0], {"c"}, {"y"}));
  return model.build();
}

}  // namespace

/// Every fast kernel and every fusion gives what the reference kernels give.
class CpuKernelsTest : public QObject {
  Q_OBJECT

 private slots:
  void givesWhatTheReferenceGives_data();
  void givesWhatTheReferenceGives();
  void fusesIntoOneStep_data();
  void fusesIntoOneStep();

 private:
  static void addConvolutions();
  static void addProducts();
  static void addPoolingAndResize();
  static void addElementwise();
  static void addMovement();
  static void addRows();
};

Q_DECLARE_METATYPE(lapidary::ModelPointer)

namespace {

void row(const char* name, const ModelPointer& model) { QTest::newRow(name) << model; }

}  // namespace

void CpuKernelsTest::addConvolutions() {
  row("3 x 3 with padding", convolution({1, 5, 9, 7}, {6, 5, 3, 3}, {{"pads", Ints{1, 1, 1, 1}}}));
  row("a stride that leaves a rest", convolution({2, 3, 11, 10}, {4, 3, 3, 2}, {{"strides", Ints{2, 3}}}));
  row("dilated", convolution({1, 4, 12, 12}, {8, 4, 3, 3}, {{"dilations", Ints{2, 3}}}));
  row("groups", convolution({1, 6, 8, 8}, {4, 3, 3, 3}, {{"group", std::int64_t{2}}}));
  row("one channel a group",
      convolution({1, 19, 8, 8}, {19, 1, 3, 3}, {{"group", std::int64_t{19}}}, {"Relu"}));
  row("more padding after than before",
      convolution({1, 3, 8, 8}, {5, 3, 3, 3}, {{"pads", Ints{0, 1, 2, 1}}}));
  row("same upper", convolution({1, 3, 9, 8}, {5, 3, 2, 3},
                                {{"auto_pad", std::string("SAME_UPPER")}, {"strides", Ints{2, 2}}}));
  row("one spatial axis", convolution({2, 3, 15}, {7, 3, 4}, {{"strides", Ints{2}}}, {"Sigmoid"}));
  row("three spatial axes", convolution({1, 2, 5, 6, 7}, {3, 2, 2, 3, 2}, {}));
  row("hard swish behind", convolution({1, 16, 6, 6}, {33, 16, 1, 1}, {}, {"HardSwish"}));
  row("hard sigmoid behind", convolution({1, 16, 6, 6}, {33, 16, 1, 1}, {}, {"HardSigmoid"}));
  row("transposed", convolution({1, 4, 5, 6}, {4, 3, 3, 3},
                                {{"strides", Ints{2, 2}}, {"pads", Ints{1, 1, 1, 1}}}, {}, "ConvTranspose"));
  row("transposed, output padding",
      convolution({1, 4, 5, 6}, {4, 3, 3, 3}, {{"strides", Ints{2, 2}}, {"output_padding", Ints{1, 1}}}, {},
                  "ConvTranspose"));
  row("transposed, windows side by side",
      convolution({2, 5, 4, 3}, {5, 3, 2, 2}, {{"strides", Ints{2, 2}}}, {"Relu"}, "ConvTranspose"));
  auto grouped = with_input({1, 6, 4, 4});
  row("transposed in groups", grouped.initializer("w", numbers({6, 2, 3, 3}))
                                  .add(node("ConvTranspose", {"x", "w"}, {"y"},
                                            {{"group", std::int64_t{2}}, {"strides", Ints{2, 2}}}))
                                  .build());
}

void CpuKernelsTest::addProducts() {
  const auto matmul = [](Dims a, Dims b) {
    auto model = with_input(a);
    return model.initializer("w", numbers(b, 5)).add(node("MatMul", {"x", "w"}, {"y"})).build();
  };
  row("rows by constant", matmul({3, 7, 20}, {20, 33}));
  row("one row", matmul({1, 65}, {65, 3}));
  row("a constant batch", matmul({2, 3, 4, 5}, {3, 5, 6}));
  auto vector = with_input({6});
  vector.initializer("w", numbers({6, 5})).initializer("b", numbers({5}));
  row("a vector by a matrix, and more", vector.add(node("MatMul", {"x", "w"}, {"p"}))
                                            .add(node("Add", {"p", "b"}, {"q"}))
                                            .add(node("Relu", {"q"}, {"y"}))
                                            .build());
  auto capped = with_input({2, 5, 6});
  capped.initializer("w", numbers({2, 6, 5})).initializer("c", Tensor::scalar(2.0f));
  capped.add(node("MatMul", {"x", "w"}, {"p"}))
      .add(node("Div", {"p", "c"}, {"q"}))
      .add(node("Tanh", {"q"}, {"r"}))
      .add(node("Mul", {"r", "c"}, {"s"}));
  row("a capped product with a mask of fewer axes", capped.input("mask", DataType::Float32, shape_of({5, 5}))
                                                        .add(node("Add", {"s", "mask"}, {"y"}))
                                                        .build());
  ModelBuilder attention;
  attention.input("q", DataType::Float32, shape_of({1, 5, 12}))
      .input("k", DataType::Float32, shape_of({1, 5, 12}));
  attention.initializer("s", Tensor::of(Dims{4}, Ints{1, 5, 3, 4}))
      .initializer("root", Tensor::scalar(0.5f))
      .output("y");
  attention.add(node("Reshape", {"q", "s"}, {"q4"}))
      .add(node("Transpose", {"q4"}, {"qt"}, {{"perm", Ints{0, 2, 1, 3}}}));
  attention.add(node("Reshape", {"k", "s"}, {"k4"}))
      .add(node("Transpose", {"k4"}, {"kt"}, {{"perm", Ints{0, 2, 3, 1}}}));
  attention.add(node("MatMul", {"qt", "kt"}, {"scores"})).add(node("Mul", {"scores", "root"}, {"scaled"}));
  attention.add(node("Softmax", {"scaled"}, {"p"}, {{"axis", std::int64_t{-1}}}))
      .add(node("MatMul", {"p", "qt"}, {"c"}));
  attention.add(node("Transpose", {"c"}, {"y"}, {{"perm", Ints{0, 2, 1, 3}}}));
  row("attention", attention.build());
  const auto gemm = [](std::vector<std::pair<std::string, AttributeValue>> attributes, Dims a, Dims b,
                       Dims c) {
    auto model = with_input(a);
    return model.initializer("w", numbers(b, 5))
        .initializer("c", numbers(c, 6))
        .add(node("Gemm", {"x", "w", "c"}, {"y"}, std::move(attributes)))
        .build();
  };
  row("gemm", gemm({}, {4, 10}, {10, 7}, {7}));
  row("gemm, both transposed",
      gemm({{"transA", std::int64_t{1}}, {"transB", std::int64_t{1}}}, {10, 4}, {7, 10}, {7}));
  row("gemm, scaled", gemm({{"alpha", 0.5f}, {"beta", 2.0f}}, {4, 10}, {10, 7}, {4, 7}));
  row("gemm, one number added", gemm({}, {4, 10}, {10, 7}, {1}));
}

void CpuKernelsTest::addPoolingAndResize() {
  const auto pool = [](const std::string& op, Dims x,
                       std::vector<std::pair<std::string, AttributeValue>> attributes) {
    auto model = with_input(x);
    return model.add(node(op, {"x"}, {"y"}, std::move(attributes))).build();
  };
  row("max pool", pool("MaxPool", {1, 5, 9, 9},
                       {{"kernel_shape", Ints{3, 3}}, {"strides", Ints{2, 2}}, {"pads", Ints{1, 1, 1, 1}}}));
  row("max pool, ceil",
      pool("MaxPool", {1, 5, 8, 8},
           {{"kernel_shape", Ints{3, 3}}, {"strides", Ints{2, 2}}, {"ceil_mode", std::int64_t{1}}}));
  row("max pool, dilated",
      pool("MaxPool", {1, 3, 9, 9}, {{"kernel_shape", Ints{2, 2}}, {"dilations", Ints{2, 2}}}));
  row("average pool",
      pool("AveragePool", {1, 5, 9, 9}, {{"kernel_shape", Ints{3, 3}}, {"pads", Ints{1, 1, 1, 1}}}));
  row("average pool, padding counts", pool("AveragePool", {1, 5, 9, 9},
                                           {{"kernel_shape", Ints{3, 3}},
                                            {"pads", Ints{1, 1, 1, 1}},
                                            {"count_include_pad", std::int64_t{1}}}));
  row("global average", pool("GlobalAveragePool", {2, 5, 4, 3}, {}));
  row("global maximum", pool("GlobalMaxPool", {2, 5, 4, 3}, {}));
  const auto resize = [](const std::string& mode, const std::string& coordinates, std::vector<float> scales,
                         bool behind_convolution) {
    auto model = with_input({1, 3, 5, 4});
    model.initializer("w", numbers({6, 3, 1, 1})).initializer("scales", Tensor::of(Dims{4}, scales));
    if (behind_convolution) model.add(node("Conv", {"x", "w"}, {"c"}));
    return model
        .add(node("Resize", {behind_convolution ? "c" : "x", "", "scales"}, {"y"},
                  {{"mode", mode}, {"coordinate_transformation_mode", coordinates}}))
        .build();
  };
  row("nearest", resize("nearest", "asymmetric", {1, 1, 2, 2}, false));
  row("nearest, smaller", resize("nearest", "half_pixel", {1, 1, 0.6f, 0.7f}, false));
  row("nearest behind a convolution", resize("nearest", "asymmetric", {1, 1, 2, 3}, true));
  row("linear", resize("linear", "half_pixel", {1, 1, 2, 2.5f}, false));
  row("linear with corners", resize("linear", "align_corners", {1, 1, 2, 3}, true));
}

void CpuKernelsTest::addElementwise() {
  for (const char* op : {"Relu", "LeakyRelu", "Abs", "Neg", "Exp", "Sigmoid", "Tanh", "Erf", "Elu",
                         "HardSigmoid", "HardSwish", "Softplus", "Floor", "Ceil", "Round", "Gelu"}) {
    auto model = with_input({3, 37});
    QTest::addRow("%s", op) << model.add(node(op, {"x"}, {"y"})).build();
  }
  const auto binary = [](const char* op, Dims x, Dims other) {
    auto model = with_input(x);
    return model.initializer("o", numbers(other, 9, 4)).add(node(op, {"x", "o"}, {"y"})).build();
  };
  for (const char* op : {"Add", "Sub", "Mul", "Div", "Max", "Min"}) {
    QTest::addRow("%s of a row", op) << binary(op, {2, 3, 17}, {17});
    QTest::addRow("%s of a column", op) << binary(op, {2, 3, 17}, {3, 1});
    QTest::addRow("%s of a number", op) << binary(op, {2, 3, 17}, {1});
    QTest::addRow("%s that widens", op) << binary(op, {3, 1}, {2, 1, 5});
  }
  auto chain = with_input({2, 1100});
  row("a chain longer than a tile", chain.add(node("Exp", {"x"}, {"a"}))
                                        .add(node("Add", {"a", "x"}, {"b"}))
                                        .add(node("Tanh", {"b"}, {"c"}))
                                        .add(node("Mul", {"c", "a"}, {"y"}))
                                        .build());
  auto squeeze = with_input({1, 3, 8, 8});
  squeeze.initializer("w", numbers({18, 3, 3, 3})).initializer("v", numbers({18, 18, 1, 1}));
  row("channels scaled by themselves", squeeze.add(node("Conv", {"x", "w"}, {"c"}))
                                           .add(node("GlobalAveragePool", {"c"}, {"p"}))
                                           .add(node("Conv", {"p", "v"}, {"s"}))
                                           .add(node("HardSigmoid", {"s"}, {"g"}))
                                           .add(node("Mul", {"c", "g"}, {"y"}))
                                           .build());
  ModelBuilder two;
  two.input("x", DataType::Float32, shape_of({2, 3}))
      .input("z", DataType::Float32, shape_of({3, 2}))
      .output("y");
  row("an operand read in another order",
      two.add(node("Transpose", {"z"}, {"t"})).add(node("Sub", {"x", "t"}, {"y"})).build());
  auto self = with_input({3, 3});
  row("a matrix and itself transposed", self.add(node("Exp", {"x"}, {"e"}))
                                            .add(node("Transpose", {"e"}, {"t"}))
                                            .add(node("Sub", {"e", "t"}, {"y"}))
                                            .build());
}

void CpuKernelsTest::addMovement() {
  auto slices = with_input({4, 9, 6});
  slices.initializer("from", Tensor::of(Dims{2}, Ints{1, -5}))
      .initializer("to", Tensor::of(Dims{2}, Ints{4, 100}));
  slices.initializer("axes", Tensor::of(Dims{2}, Ints{0, 1}))
      .initializer("steps", Tensor::of(Dims{2}, Ints{2, 3}));
  row("slice with steps", slices.add(node("Slice", {"x", "from", "to", "axes", "steps"}, {"s"}))
                              .add(node("Relu", {"s"}, {"y"}))
                              .build());
  auto backward = with_input({4, 9});
  backward.initializer("from", Tensor::of(Dims{1}, Ints{-1}))
      .initializer("to", Tensor::of(Dims{1}, Ints{-100}));
  backward.initializer("axes", Tensor::of(Dims{1}, Ints{1}))
      .initializer("steps", Tensor::of(Dims{1}, Ints{-1}));
  row("slice backward", backward.add(node("Slice", {"x", "from", "to", "axes", "steps"}, {"y"})).build());
  auto split = with_input({2, 7, 3});
  split.initializer("sizes", Tensor::of(Dims{2}, Ints{3, 4}));
  row("split and join the other way round",
      split.add(node("Split", {"x", "sizes"}, {"a", "b"}, {{"axis", std::int64_t{1}}}))
          .add(node("Concat", {"b", "a"}, {"y"}, {{"axis", std::int64_t{1}}}))
          .build());
  auto gather = with_input({5, 4, 3});
  gather.initializer("i", Tensor::of(Dims{2, 2}, Ints{0, -1, 2, 1}));
  row("gather", gather.add(node("Gather", {"x", "i"}, {"y"}, {{"axis", std::int64_t{1}}})).build());
  auto one = with_input({5, 4, 3});
  row("gather one", one.initializer("i", Tensor::scalar(std::int64_t{-2}))
                        .add(node("Gather", {"x", "i"}, {"y"}, {{"axis", std::int64_t{1}}}))
                        .build());
  auto transposed = with_input({2, 3, 4, 5});
  transposed.initializer("s", Tensor::of(Dims{2}, Ints{-1, 6}));
  row("transpose and reshape", transposed.add(node("Transpose", {"x"}, {"t"}, {{"perm", Ints{3, 1, 0, 2}}}))
                                   .add(node("Reshape", {"t", "s"}, {"y"}))
                                   .build());
  auto joined = with_input({2, 3, 6, 6});
  joined.initializer("w", numbers({16, 3, 1, 1})).initializer("v", numbers({7, 3, 1, 1}));
  row("join channels of convolutions",
      joined.add(node("Conv", {"x", "w"}, {"a"}))
          .add(node("Conv", {"x", "v"}, {"b"}))
          .add(node("Concat", {"a", "b", "a"}, {"c"}, {{"axis", std::int64_t{1}}}))
          .add(node("Relu", {"c"}, {"y"}))
          .build());
  auto empty = with_input({0, 3});
  row("nothing", empty.add(node("Relu", {"x"}, {"y"})).build());
}

void CpuKernelsTest::addRows() {
  for (const char* direction : {"forward", "reverse"}) {
    auto lstm = with_input({4, 2, 5});
    lstm.initializer("w", numbers({1, 12, 5}))
        .initializer("r", numbers({1, 12, 3}, 5))
        .initializer("b", numbers({1, 24}, 6));
    QTest::addRow("lstm %s", direction)
        << lstm.add(node("LSTM", {"x", "w", "r", "b"}, {"y", "h", "c"},
                         {{"hidden_size", std::int64_t{3}}, {"direction", std::string(direction)}}))
               .build();
  }
  for (const std::int64_t length : {1, 5, 16, 33, 100}) {
    auto soft = with_input({3, length});
    QTest::addRow("softmax over %d", static_cast<int>(length))
        << soft.add(node("Softmax", {"x"}, {"y"})).build();
    auto normal = with_input({3, length});
    normal.initializer("s", numbers({length})).initializer("b", numbers({length}, 5));
    QTest::addRow("layer normalization over %d", static_cast<int>(length))
        << normal.add(node("LayerNormalization", {"x", "s", "b"}, {"y"})).build();
  }
  auto middle = with_input({2, 5, 3});
  row("softmax along a middle axis",
      middle.add(node("Softmax", {"x"}, {"y"}, {{"axis", std::int64_t{1}}})).build());
  auto spelled = with_input({4, 24});
  spelled.initializer("two", Tensor::scalar(2.0f))
      .initializer("e", Tensor::scalar(1e-5f))
      .initializer("s", numbers({24}))
      .initializer("b", numbers({24}, 5));
  spelled.initializer("axes", Tensor::of(Dims{1}, Ints{-1}));
  spelled.add(node("ReduceMean", {"x", "axes"}, {"m"}))
      .add(node("Sub", {"x", "m"}, {"d"}))
      .add(node("Pow", {"d", "two"}, {"q"}));
  spelled.add(node("ReduceMean", {"q", "axes"}, {"v"}))
      .add(node("Add", {"v", "e"}, {"ve"}))
      .add(node("Sqrt", {"ve"}, {"r"}));
  row("layer normalization spelled out", spelled.add(node("Div", {"d", "r"}, {"n"}))
                                             .add(node("Mul", {"n", "s"}, {"ns"}))
                                             .add(node("Add", {"ns", "b"}, {"y"}))
                                             .build());
  auto mean = with_input({2, 3, 4, 5});
  row("mean of the last axes", mean.initializer("axes", Tensor::of(Dims{2}, Ints{2, 3}))
                                   .add(node("ReduceMean", {"x", "axes"}, {"y"}))
                                   .build());
  auto batch = with_input({2, 6, 3, 3});
  batch.initializer("s", numbers({6}))
      .initializer("b", numbers({6}, 2))
      .initializer("m", numbers({6}, 3))
      .initializer("v", numbers({6}, 4, 3));
  row("batch normalization", batch.add(node("BatchNormalization", {"x", "s", "b", "m", "v"}, {"y"})).build());
}

void CpuKernelsTest::givesWhatTheReferenceGives_data() {
  QTest::addColumn<ModelPointer>("model");
  addConvolutions();
  addProducts();
  addPoolingAndResize();
  addElementwise();
  addMovement();
  addRows();
}

void CpuKernelsTest::givesWhatTheReferenceGives() {
  QFETCH(ModelPointer, model);
  const auto inputs = random_inputs(*model);
  const auto want = find_backend("reference").compile(model, {})->run(inputs);
  for (const int threads : {1, 2}) {
    CompileOptions options;
    options.threads = threads;
    const auto program = find_backend("cpu").compile(model, options);
    COMPARE_TENSORS(program->run(inputs)[0].tensor(), want[0].tensor(), 1e-4, 2e-5);
    COMPARE_TENSORS(program->run(inputs)[0].tensor(), want[0].tensor(), 1e-4, 2e-5);
  }
}

namespace {

class StepNames : public RunObserver {
 public:
  void step(const Step& step, std::int64_t, std::int64_t, int) override {
    names << QString::fromStdString(step.op_type);
  }
  QStringList names;
};

}  // namespace

void CpuKernelsTest::fusesIntoOneStep_data() {
  QTest::addColumn<ModelPointer>("model");
  QTest::addColumn<QString>("step");
  auto residual = with_input({1, 16, 6, 6});
  residual.initializer("w", numbers({16, 16, 3, 3})).initializer("v", numbers({16, 16, 1, 1}));
  residual.add(node("Conv", {"x", "v"}, {"a"}))
      .add(node("Conv", {"a", "w"}, {"b"}, {{"pads", Ints{1, 1, 1, 1}}}));
  QTest::newRow("a residual")
      << residual.add(node("Add", {"b", "a"}, {"s"})).add(node("Relu", {"s"}, {"y"})).build()
      << "Conv + Add + Relu";
  auto swish = with_input({1, 3, 6, 6});
  swish.initializer("w", numbers({5, 3, 3, 3}))
      .initializer("three", Tensor::scalar(3.0f))
      .initializer("six", Tensor::scalar(6.0f))
      .initializer("zero", Tensor::scalar(0.0f));
  swish.add(node("Conv", {"x", "w"}, {"c"}))
      .add(node("Add", {"c", "three"}, {"a"}))
      .add(node("Clip", {"a", "zero", "six"}, {"b"}));
  QTest::newRow("hard swish spelled out")
      << swish.add(node("Mul", {"c", "b"}, {"m"})).add(node("Div", {"m", "six"}, {"y"})).build()
      << "Conv + Add + Clip + Mul + Div";
  auto gelu = with_input({3, 8});
  gelu.initializer("w", numbers({8, 5}))
      .initializer("bias", numbers({5}))
      .initializer("root", Tensor::scalar(1.41421356f))
      .initializer("one", Tensor::scalar(1.0f))
      .initializer("half", Tensor::scalar(0.5f));
  gelu.add(node("MatMul", {"x", "w"}, {"p"}))
      .add(node("Add", {"bias", "p"}, {"h"}))
      .add(node("Div", {"h", "root"}, {"d"}))
      .add(node("Erf", {"d"}, {"e"}));
  QTest::newRow("gelu spelled out") << gelu.add(node("Add", {"e", "one"}, {"f"}))
                                           .add(node("Mul", {"h", "f"}, {"g"}))
                                           .add(node("Mul", {"g", "half"}, {"y"}))
                                           .build()
                                    << "MatMul + Add + Div + Erf + Add + Mul + Mul";
  auto batch = with_input({1, 3, 6, 6});
  batch.initializer("w", numbers({5, 3, 3, 3}))
      .initializer("s", numbers({5}))
      .initializer("b", numbers({5}, 2))
      .initializer("m", numbers({5}, 3))
      .initializer("v", numbers({5}, 4, 3));
  QTest::newRow("batch normalization")
      << batch.add(node("Conv", {"x", "w"}, {"c"}))
             .add(node("BatchNormalization", {"c", "s", "b", "m", "v"}, {"n"}))
             .add(node("LeakyRelu", {"n"}, {"y"}))
             .build()
      << "Conv + BatchNormalization + LeakyRelu";
  auto twice = with_input({1, 16, 6, 6});
  twice.initializer("w", numbers({16, 16, 1, 1}))
      .initializer("a", Tensor::scalar(1.5f))
      .initializer("b", Tensor::scalar(-0.5f));
  twice.add(node("Conv", {"x", "w"}, {"c"}))
      .add(node("Sigmoid", {"c"}, {"d"}))
      .add(node("Mul", {"d", "a"}, {"e"}))
      .add(node("Relu", {"e"}, {"f"}));
  QTest::newRow("two scalings around an activation")
      << twice.add(node("Add", {"f", "b"}, {"y"})).build() << "Conv + Sigmoid + Mul + Relu + Add";
}

void CpuKernelsTest::fusesIntoOneStep() {
  QFETCH(ModelPointer, model);
  QFETCH(QString, step);
  const auto inputs = random_inputs(*model);
  StepNames names;
  RunOptions options;
  options.observer = &names;
  const auto got = find_backend("cpu").compile(model, {})->run(inputs, options);
  const auto want = find_backend("reference").compile(model, {})->run(inputs);
  COMPARE_TENSORS(got[0].tensor(), want[0].tensor(), 1e-4, 2e-5);
  QVERIFY2(names.names.contains(step), qPrintable(names.names.join(", ")));
}

QTEST_GUILESS_MAIN(CpuKernelsTest)
#include "kernels_test.moc"
