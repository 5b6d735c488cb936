#include <QTemporaryDir>
#include <QTest>
#include <cmath>

#include "engine/analysis/check.h"
#include "engine/backends.h"
#include "engine/io/tensor_file.h"
#include "engine/precision/error_target.h"
#include "engine/precision/linear_quantization.h"
#include "engine/precision/quantize_dynamic.h"
#include "engine/precision/quantize_static.h"
#include "engine/precision/quantize_weights_only.h"
#include "engine/precision/unfit_nodes.h"
#include "tests/support/kernel_cases.h"
#include "tests/support/passes.h"
#include "tests/support/tensors.h"

using namespace lapidary;
using namespace lapidary::test;

class QuantizationTest : public QObject {
  Q_OBJECT

 private slots:
  void findsRangesByEachMethod();
  void cutsOutliersByLeastDivergence();
  void keepsKnownWeightsExactly();
  void givesEachBlockItsScale_data();
  void givesEachBlockItsScale();
  void writesConversionsAroundChains();
  void sharesScalesWhereNumbersOnlyMove();
  void leavesOutWhatIsExcluded();
  void staysNearTheOriginal_data();
  void staysNearTheOriginal();
  void writesBlocksForBothRuntimesAlike();
  void holdsBiasesThatAreLargeBesideTheirWeights();
  void stopsAtTheTargetError();
  void findsTensorsThatOverflow();
  void findsTensorsThatUnderflow();
  void findsBodiesInWhichSomethingOverflows();
  void readsInputSetsFromFolders();
};

namespace {

using Ints = std::vector<std::int64_t>;
const Type real = Type::tensor(DataType::Float32);

/// Numbers between -1 and 1 that look random.
Tensor noise(Dims dims, std::uint32_t seed, float size = 1) {
  Tensor tensor(DataType::Float32, std::move(dims));
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    seed = seed * 1664525u + 1013904223u;
    tensor.mutable_data<float>()[i] = size * (static_cast<float>(seed >> 8) / 8388608.0f - 1);
  }
  return tensor;
}

/// Two convolutions with a residual, pooling, and a product: what int8 runs through in one chain.
ModelBuilder network(std::int64_t opset = 17) {
  ModelBuilder builder(opset);
  builder.input("x", DataType::Float32, {Dimension::symbol("N"), 3, 12, 12}).output("y", real);
  builder.initializer("w1", noise({8, 3, 3, 3}, 1, 0.4f)).initializer("b1", noise({8}, 2));
  builder.initializer("w2", noise({8, 8, 3, 3}, 3, 0.3f)).initializer("b2", noise({8}, 4));
  builder.initializer("w3", noise({8, 5}, 5)).initializer("b3", noise({5}, 6));
  const std::vector<std::pair<std::string, AttributeValue>> same = {{"pads", Ints{1, 1, 1, 1}}};
  builder.add(node("Conv", {"x", "w1", "b1"}, {"c1"}, same)).add(node("Relu", {"c1"}, {"r1"}));
  builder.add(node("Conv", {"r1", "w2", "b2"}, {"c2"}, same)).add(node("Add", {"c2", "r1"}, {"s"}));
  builder.add(node("Relu", {"s"}, {"r2"}));
  builder.add(node("MaxPool", {"r2"}, {"p"}, {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}}));
  builder.add(node("Conv", {"p", "w2", "b2"}, {"c3"}, same));
  builder.add(node("GlobalAveragePool", {"c3"}, {"g"})).add(node("Flatten", {"g"}, {"f"}));
  return builder.add(node("Gemm", {"f", "w3", "b3"}, {"y"}));
}

InputSets sets_for(const Model& model) {
  InputSets sets;
  for (std::uint32_t seed = 11; seed < 14; ++seed) {
    Dims dims;
    for (const auto& size : *model.graph->inputs[0].type.shape)
      dims.push_back(size.is_constant() ? size.value() : 2);
    sets.push_back({noise(dims, seed)});
  }
  return sets;
}

PrecisionConversion quantized(const ModelPointer& model, const QuantizationOptions& options = {}) {
  const ModelPointer prepared = prepared_for_quantization(model);
  return quantize_static(prepared, find_ranges(prepared, find_backend("reference"), sets_for(*model), {}),
                         options);
}

QString problem_of(const Model& model) {
  for (const auto& problem : check_model(model))
    if (problem.severity == Problem::Severity::Error)
      return QString::fromStdString(problem.node + ": " + problem.message);
  return {};
}

const Node& node_making(const Model& model, const std::string& value) {
  for (const auto& node : model.graph->nodes)
    for (const auto& output : node->outputs)
      if (output == value) return *node;
  qFatal("nothing makes the value");
}

const Tensor& initializer(const Model& model, const std::string& name) {
  for (const auto& tensor : model.graph->initializers)
    if (tensor->name == name) return tensor->tensor;
  qFatal("there is no such initializer");
}

}  // namespace

void QuantizationTest::findsRangesByEachMethod() {
  // 0, 0.001, …, 0.999 and -0.5.
  std::vector<float> numbers{-0.5f};
  for (int i = 0; i < 1000; ++i) numbers.push_back(0.001f * static_cast<float>(i));
  const Tensor tensor = Tensor::of({1001}, numbers);
  SizeHistogram histogram;
  histogram.widen(tensor);
  histogram.count(tensor);
  QCOMPARE(histogram.range().low, -0.5);
  QCOMPARE(histogram.range().high, static_cast<double>(numbers.back()));
  const ValueRange most = histogram.percentile(0.9);
  QVERIFY2(std::abs(most.high - 0.9) < 2e-3, qPrintable(QString::number(most.high)));
  QCOMPARE(most.low, -0.5);
  QCOMPARE(histogram.percentile(1).high, histogram.range().high);
}

void QuantizationTest::cutsOutliersByLeastDivergence() {
  // A bell around 0 and one number far outside: cutting that one off loses less than wide steps for all.
  std::vector<float> numbers{60};
  for (int i = 1; i < 20000; ++i) {
    const double u = (i + 0.5) / 20001;
    numbers.push_back(static_cast<float>(0.5 * std::log(u / (1 - u))));  // logistic
  }
  SizeHistogram histogram;
  const Tensor tensor = Tensor::of({20000}, numbers);
  histogram.widen(tensor);
  histogram.count(tensor);
  const ValueRange range = histogram.least_divergence();
  QVERIFY2(range.high > 2 && range.high < 20, qPrintable(QString::number(range.high)));
  // Evenly spread numbers have no tail to cut.
  SizeHistogram even;
  const Tensor spread = noise({20000}, 9);
  even.widen(spread);
  even.count(spread);
  QVERIFY(even.least_divergence().high > 0.95);
}

void QuantizationTest::keepsKnownWeightsExactly() {
  const Tensor weights = Tensor::of<float>({2, 3}, {63.5f, -1, 0.5f, 254, -4, 2});
  const QuantizedWeights rows = quantize_weights(weights, 0);
  QCOMPARE(rows.scales, (std::vector<float>{0.5f, 2}));
  QCOMPARE(values_as<std::int64_t>(rows.values), (Ints{127, -2, 1, 127, -2, 1}));
  const QuantizedWeights whole = quantize_weights(weights, std::nullopt);
  QCOMPARE(whole.scales, std::vector<float>{2});
  const Steps asymmetric = steps_for(-1, 1.55, false), symmetric = steps_for(-1, 1.27, true);
  QCOMPARE(asymmetric.scale, 0.01f);
  QCOMPARE(asymmetric.zero_point, 100);
  QCOMPARE(symmetric.scale, 0.01f);
  QCOMPARE(symmetric.zero_point, 0);
  QCOMPARE(steps_for(3, 25.5, false).zero_point, 0);  // 0 is always a step
}

void QuantizationTest::givesEachBlockItsScale_data() {
  QTest::addColumn<DataType>("type");
  QTest::addColumn<bool>("transposed");
  for (const DataType type : {DataType::Int4, DataType::UInt4})
    for (const bool transposed : {false, true})
      QTest::addRow("%s%s", std::string(name_of(type)).c_str(), transposed ? ", transposed" : "")
          << type << transposed;
}

/// Weights that 4 bits hold exactly, in blocks of 4 along K = 10, so that the last block is short.
void QuantizationTest::givesEachBlockItsScale() {
  QFETCH(DataType, type);
  QFETCH(bool, transposed);
  constexpr std::int64_t depth = 10, columns = 3;
  Tensor weights(DataType::Float32, transposed ? Dims{columns, depth} : Dims{depth, columns});
  for (std::int64_t k = 0; k < depth; ++k)
    for (std::int64_t c = 0; c < columns; ++c) {
      const auto scale = static_cast<float>(1 + k / 4 + 10 * c);
      // Each block reaches its ends: -7 and 7, or 0 and 15.
      const int steps[] = {7, -7, 3, 0};
      const int step = type == DataType::Int4 ? steps[k % 4] : steps[k % 4] + 7 + (k % 4 == 0 ? 1 : 0);
      weights.mutable_data<float>()[transposed ? c * depth + k : k * columns + c] =
          scale * static_cast<float>(step);
    }
  ModelBuilder builder(21);
  builder.input("x", DataType::Float32, {2, depth}).output("y", real).initializer("w", weights);
  builder.add(node("Gemm", {"x", "w"}, {"y"}, {{"transB", std::int64_t{transposed}}}));
  const ModelPointer model = builder.build();
  BlockOptions options;
  options.type = type;
  options.block_size = 4;
  const PrecisionConversion result = quantize_weights_only(model, options);
  QCOMPARE(operators(*result.model), QString("DequantizeLinear Gemm"));
  QCOMPARE(problem_of(*result.model), QString());
  QCOMPARE(parting(model, result.model, 1e-5), QString());
}

void QuantizationTest::writesConversionsAroundChains() {
  const PrecisionConversion result = quantized(network().build());
  QCOMPARE(problem_of(*result.model), QString());
  QCOMPARE(result.changed.size(), std::size_t{4});
  const QString types = operators(*result.model);
  // x, r1, c2, r2 and p (one group), c3, g and f (one group): each rounded once; the first Relu stands behind
  // its Conv.
  QCOMPARE(types.count("QuantizeLinear"), 8);
  QCOMPARE(node_making(*result.model, "y").op_type, std::string("Gemm"));
  for (const auto& node : result.model->graph->nodes)
    if (node->op_type == "Conv")
      for (const auto& input : node->inputs)
        QCOMPARE(node_making(*result.model, input).op_type, std::string("DequantizeLinear"));
  QCOMPARE(to_string(result.model->graph->inputs[0].type), std::string("float32 N × 3 × 12 × 12"));
}

void QuantizationTest::sharesScalesWhereNumbersOnlyMove() {
  const ModelPointer model = quantized(network().build()).model;
  const auto scale_of = [&](const std::string& value) {
    for (const auto& node : model->graph->nodes)
      if (node->op_type == "QuantizeLinear" && node->inputs[0] == value)
        return values_as<float>(initializer(*model, node->inputs[1]))[0];
    return 0.0f;
  };
  QVERIFY(scale_of("r2") > 0);
  QCOMPARE(scale_of("p"), scale_of("r2"));
  QCOMPARE(scale_of("f"), scale_of("g"));
  QVERIFY(scale_of("r1") != scale_of("r2"));
}

void QuantizationTest::leavesOutWhatIsExcluded() {
  const ModelPointer model = network().build();
  QuantizationOptions options;
  options.excluded = NodeSelection(*prepared_for_quantization(model), {"Gemm"}, {"Conv → c3"});
  const PrecisionConversion result = quantized(model, options);
  QCOMPARE(result.changed.size(), std::size_t{2});
  QCOMPARE(result.kept.size(), std::size_t{2});
  QCOMPARE(result.kept[0].reason, std::string("it was named"));
  QCOMPARE(node_making(*result.model, "c3").inputs[1], std::string("w2"));
}

void QuantizationTest::staysNearTheOriginal_data() {
  QTest::addColumn<QString>("form");
  QTest::addColumn<double>("least_snr");
  QTest::newRow("static") << "static" << 25.0;
  QTest::newRow("symmetric") << "symmetric" << 25.0;
  QTest::newRow("one scale a tensor") << "tensor" << 20.0;
  QTest::newRow("dynamic") << "dynamic" << 25.0;
}

void QuantizationTest::staysNearTheOriginal() {
  QFETCH(QString, form);
  QFETCH(double, least_snr);
  const ModelPointer model = network().build();
  QuantizationOptions options;
  options.symmetric = form == "symmetric";
  options.per_channel = form != "tensor";
  const PrecisionConversion result =
      form == "dynamic" ? quantize_dynamic(model, options) : quantized(model, options);
  QCOMPARE(problem_of(*result.model), QString());
  for (const char* backend : {"reference", "cpu"}) {
    const AccuracyTest test(model, find_backend(backend), sets_for(*model));
    const Accuracy accuracy = test.measure(result.model);
    QCOMPARE(accuracy.outputs.size(), std::size_t{1});
    QVERIFY2(accuracy.outputs[0].snr_db() > least_snr && accuracy.outputs[0].snr_db() < 60,
             qPrintable(QString::number(accuracy.outputs[0].snr_db())));
    QVERIFY(accuracy.layers.size() >= 7);
  }
}

void QuantizationTest::writesBlocksForBothRuntimesAlike() {
  ModelBuilder builder(21);
  builder.input("x", DataType::Float32, {3, 40}).output("y", real).initializer("w", noise({40, 6}, 7));
  builder.initializer("b", noise({6}, 8)).add(node("Gemm", {"x", "w", "b"}, {"y"}));
  const ModelPointer model = builder.build();
  for (const DataType type : {DataType::Int4, DataType::UInt4}) {
    BlockOptions options;
    options.type = type;
    options.block_size = 16;
    const ModelPointer standard = quantize_weights_only(model, options).model;
    options.form = BlockForm::MatMulNBits;
    const ModelPointer bits = quantize_weights_only(model, options).model;
    QCOMPARE(operators(*bits), QString("MatMulNBits Add"));
    QCOMPARE(problem_of(*bits), QString());
    QCOMPARE(parting(standard, bits, 1e-5), QString());
  }
  BlockOptions odd;
  odd.form = BlockForm::MatMulNBits;
  odd.block_size = 24;
  QVERIFY_THROWS_EXCEPTION(Error, quantize_weights_only(model, odd));
}

void QuantizationTest::holdsBiasesThatAreLargeBesideTheirWeights() {
  ModelBuilder builder(17);
  builder.input("x", DataType::Float32, {1, 2, 4, 4}).output("y", real);
  builder.initializer("w", noise({3, 2, 1, 1}, 1, 1e-12f))
      .initializer("b", Tensor::of<float>({3}, {1000, -1000, 0}));
  builder.add(node("Conv", {"x", "w", "b"}, {"y"}));
  const ModelPointer model = builder.build();
  QCOMPARE(parting(model, quantized(model).model, 1e-3), QString());
}

void QuantizationTest::stopsAtTheTargetError() {
  const ModelPointer model = network().build(), prepared = prepared_for_quantization(model);
  const Backend& backend = find_backend("reference");
  const InputSets sets = sets_for(*model);
  const auto ranges = find_ranges(prepared, backend, sets, {});
  const Convert convert = [&](const std::map<std::string, std::string>& kept) {
    QuantizationOptions options;
    options.kept = kept;
    return quantize_static(prepared, ranges, options);
  };
  const AccuracyTest test(model, backend, sets);
  const double all = test.worst_error(convert({}).model);
  const TargetSearch loose = search_target(*prepared, convert, test, 2 * all);
  QCOMPARE(loose.runs, 1);
  QCOMPARE(loose.conversion.changed.size(), std::size_t{4});
  const TargetSearch half = search_target(*prepared, convert, test, 0.7 * all);
  QVERIFY(half.error <= 0.7 * all);
  QVERIFY(!half.conversion.kept.empty() && half.runs <= 4);
  const TargetSearch none = search_target(*prepared, convert, test, 1e-7);
  QCOMPARE(none.conversion.changed.size(), std::size_t{0});
  QVERIFY(none.error < 1e-5 && none.runs <= 4);
}

void QuantizationTest::findsTensorsThatOverflow() {
  ModelBuilder builder;
  builder.input("x", DataType::Float32, {4}).output("y", real).initializer("c", Tensor::scalar(300.0f));
  builder.add(node("Mul", {"x", "c"}, {"a"})).add(node("Mul", {"a", "a"}, {"square"}));
  builder.add(node("Sqrt", {"square"}, {"root"})).add(node("Tanh", {"root"}, {"y"}));
  const ModelPointer model = builder.build();
  const InputSets sets = {{Tensor::of<float>({4}, {1, 0.5f, -1, 0.25f})}};
  const UnfitNodes unfit = find_unfit_nodes(model, find_backend("reference"), sets, DataType::Float16);
  QCOMPARE(unfit.reasons.size(), std::size_t{2});
  QCOMPARE(unfit.reasons.at("Mul → square"), std::string("'square' overflows float16: it reaches 9e+04"));
  QVERIFY(unfit.reasons.contains("Sqrt → root"));
  PrecisionOptions options;
  options.kept = unfit.reasons;
  const PrecisionConversion result = convert_precision(model, options);
  QCOMPARE(operators(*result.model), QString("Mul Cast Mul Sqrt Cast Tanh"));
  const AccuracyTest test(model, find_backend("reference"), sets);
  QVERIFY(test.worst_error(result.model) < 1e-3);
  QVERIFY(std::isinf(test.measure(convert_precision(model, {}).model).layers[1].relative_error));
}

void QuantizationTest::findsTensorsThatUnderflow() {
  ModelBuilder builder;
  builder.input("x", DataType::Float32, {4}).output("y", real).initializer("c", Tensor::scalar(1e-4f));
  builder.initializer("d", Tensor::scalar(10000.0f));
  builder.add(node("Mul", {"x", "c"}, {"a"})).add(node("Mul", {"a", "c"}, {"small"}));
  builder.add(node("Mul", {"small", "d"}, {"b"})).add(node("Mul", {"b", "d"}, {"y"}));
  const ModelPointer model = builder.build();
  const UnfitNodes unfit = find_unfit_nodes(
      model, find_backend("reference"), {{Tensor::of<float>({4}, {1, 0.5f, -1, 0.25f})}}, DataType::Float16);
  QCOMPARE(unfit.values, std::set<std::string>{"small"});
  QCOMPARE(unfit.reasons.size(), std::size_t{2});
}

void QuantizationTest::findsBodiesInWhichSomethingOverflows() {
  const Type any = Type::tensor(DataType::Float32);
  const auto branch = [&](const char* op, const std::string& made) {
    ModelBuilder body;
    body.add(node("Mul", {"x", "c"}, {made + "a"})).add(node("Mul", {made + "a", made + "a"}, {made + "b"}));
    return body.add(node(op, {made + "b"}, {made})).output(made, any).graph();
  };
  ModelBuilder builder;
  builder.input("x", DataType::Float32, {2}).output("y", any).initializer("c", Tensor::scalar(300.0f));
  builder.initializer("yes", Tensor::of(Dims{}, std::vector<bool>{true}));
  builder.add(node("If", {"yes"}, {"r"},
                   {{"then_branch", branch("Sqrt", "t")}, {"else_branch", branch("Log", "e")}}));
  builder.add(node("Neg", {"r"}, {"y"}));
  const ModelPointer model = builder.build();
  const InputSets sets = {{Tensor::of<float>({2}, {1, 0.5f})}};
  const Backend& backend = find_backend("reference");
  QVERIFY(find_unfit_nodes(model, backend, sets, DataType::Float16).reasons.empty());
  PrecisionOptions options;
  options.kept = find_unfit_bodies(model, convert_precision(model, options).model, backend, sets);
  QCOMPARE(options.kept.size(), std::size_t{1});
  const ModelPointer result = convert_precision(model, options).model;
  QVERIFY(find_unfit_bodies(model, result, backend, sets).empty());
  QVERIFY(AccuracyTest(model, backend, sets).worst_error(result) < 1e-3);
}

void QuantizationTest::readsInputSetsFromFolders() {
  const ModelPointer model = network().build();
  const QTemporaryDir folder;
  const std::string path = folder.path().toStdString();
  QVERIFY_THROWS_EXCEPTION(Error, read_input_sets(*model, path));
  const Tensor first = noise({1, 3, 12, 12}, 1), second = noise({2, 3, 12, 12}, 2);
  write_datum(path + "/a.npy", "x", first);
  write_data(path + "/b.npz", {{"x", Datum(second)}});
  const InputSets sets = read_input_sets(*model, path);
  QCOMPARE(sets.size(), std::size_t{2});
  COMPARE_TENSORS(sets[0][0].tensor(), first);
  COMPARE_TENSORS(sets[1][0].tensor(), second);
  QVERIFY(QDir(folder.path()).mkdir("test_data_set_0"));
  write_datum(path + "/test_data_set_0/input_0.pb", "x", first);
  QCOMPARE(read_input_sets(*model, path).size(), std::size_t{3});
  write_datum(path + "/wrong.npy", "x", noise({1, 4, 12, 12}, 1));
  QVERIFY_THROWS_EXCEPTION(Error, read_input_sets(*model, path));
}

QTEST_GUILESS_MAIN(QuantizationTest)
#include "quantization_test.moc"
