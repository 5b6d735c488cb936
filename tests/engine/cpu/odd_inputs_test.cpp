#include <QTest>

#include "engine/backends.h"
#include "engine/model/memory_budget.h"
#include "tests/support/model_builder.h"
#include "tests/support/tensors.h"

using namespace lapidary;
using test::ModelBuilder;
using test::node;

namespace {

using Ints = std::vector<std::int64_t>;
using Attributes = std::vector<std::pair<std::string, AttributeValue>>;

/// A model whose integers "i" come in with each run, and integers that are right.
struct OddModel {
  ModelPointer model;
  Tensor right;
};

}  // namespace

Q_DECLARE_METATYPE(OddModel)

namespace {

Tensor numbers(Dims dims) {
  Tensor tensor(DataType::Float32, std::move(dims));
  for (std::int64_t k = 0; k < tensor.size(); ++k)
    tensor.mutable_data<float>()[k] = static_cast<float>(k % 13) * 0.25f - 1;
  return tensor;
}

Tensor integers(const Ints& values) {
  return Tensor::of(Dims{static_cast<std::int64_t>(values.size())}, values);
}

/// The operator with inputs of the names given: "i" comes in, "x" is [3, 4, 5] of numbers, and so is what
/// `more` names.
OddModel program(const char* op, std::vector<std::string> inputs, Tensor right, Attributes attributes = {},
                 const std::vector<std::pair<std::string, Tensor>>& more = {}, std::string domain = "",
                 std::vector<std::string> outputs = {"y"}) {
  ModelBuilder model;
  model.opset("com.microsoft", 1).input("i", right.type(), shape_of(right.dims()));
  model.initializer("x", numbers({3, 4, 5}));
  for (const auto& [name, tensor] : more) model.initializer(name, tensor);
  for (const auto& name : outputs) model.output(name);
  model.add(node(op, std::move(inputs), std::move(outputs), std::move(attributes), std::move(domain)));
  return {model.build(), std::move(right)};
}

/// GroupQueryAttention of one token behind a cache of 6, for two sequences.
OddModel cached_attention(const char* asked, Tensor right) {
  const Tensor cache = numbers({2, 2, 6, 8}), angles = numbers({9, 4});
  std::vector<std::string> inputs = {"q", "k", "k", "past", "past", "last", "total", "c", "c", "positions"};
  for (auto& name : inputs)
    if (name == asked) name = "i";
  return program(
      "GroupQueryAttention", inputs, std::move(right),
      {{"num_heads", std::int64_t{4}}, {"kv_num_heads", std::int64_t{2}}, {"do_rotary", std::int64_t{1}}},
      {{"q", numbers({2, 1, 32})},
       {"k", numbers({2, 1, 16})},
       {"past", cache},
       {"c", angles},
       {"last", Tensor::of<std::int32_t>({2}, {5, 3})},
       {"total", Tensor::of<std::int32_t>({1}, {6})},
       {"positions", Tensor::of<std::int64_t>({2, 1}, {5, 3})}},
      "com.microsoft", {"y", "key", "value"});
}

/// What a run gives, or why it refuses the model or its inputs.
struct Outcome {
  std::vector<Datum> outputs;
  std::optional<Error::Kind> refusal;
};

Outcome outcome(const char* backend, const ModelPointer& model, const Tensor& given) {
  const MemoryBudget::Scope scope(std::make_shared<MemoryBudget>(std::int64_t{64} << 20));
  try {
    return {find_backend(backend).compile(model, {})->run({given}), std::nullopt};
  } catch (const Error& error) {
    return {{}, error.kind()};
  }
}

/// The right integers with one of them, or all, at each of a few odd values.
std::vector<Tensor> odd_variations(const Tensor& right) {
  constexpr std::int64_t odd[] = {
      0, 1, -1, 2, -3, 4, 7, -9, 99, -100, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN, std::int64_t{1} << 40};
  std::vector<Tensor> made;
  for (const std::int64_t value : odd)
    for (std::int64_t place = -1; place < std::min<std::int64_t>(right.size(), 6); ++place) {
      auto values = values_as<std::int64_t>(right);
      for (std::int64_t k = 0; k < right.size(); ++k)
        if (place < 0 || k == place) values[static_cast<std::size_t>(k)] = value;
      made.push_back(converted(Tensor::of(right.dims(), values), right.type()));
    }
  return made;
}

}  // namespace

/// Integers that only a run brings (indices, axes, sizes, pads, counts, lengths), right and odd: a compiled
/// program gives what the reference gives, or refuses as it does. Sanitizers watch its memory.
class OddInputsTest : public QObject {
  Q_OBJECT

 private slots:
  void givesOrRefusesAsTheReferenceDoes_data();
  void givesOrRefusesAsTheReferenceDoes();
};

void OddInputsTest::givesOrRefusesAsTheReferenceDoes_data() {
  QTest::addColumn<OddModel>("made");
  const Tensor one = integers({1}), three = integers({3, 4, 5}), scalar = Tensor::scalar(std::int64_t{1});
  const Tensor square = Tensor::of<std::int64_t>({2, 2}, {0, 1, 2, 3});
  const auto at = [](std::int64_t axis) { return Attributes{{"axis", axis}}; };
  const std::vector<std::pair<std::string, Tensor>> table = {{"m", numbers({3, 4})},
                                                             {"u", numbers({2, 2})},
                                                             {"s", numbers({2, 5})},
                                                             {"e", integers({3, 4, 5})},
                                                             {"none", Tensor::of<float>({0}, {})},
                                                             {"on", numbers({2})}};
  QTest::newRow("Gather") << program("Gather", {"x", "i"}, square, at(1));
  QTest::newRow("Gather along the last axis") << program("Gather", {"x", "i"}, scalar, at(-1));
  QTest::newRow("GatherElements") << program("GatherElements", {"m", "i"}, square, at(1), table);
  QTest::newRow("GatherND") << program("GatherND", {"x", "i"}, square, {}, table);
  QTest::newRow("ScatterElements") << program("ScatterElements", {"m", "i", "u"}, square, at(1), table);
  QTest::newRow("ScatterND") << program("ScatterND", {"x", "i", "s"}, square, {}, table);
  QTest::newRow("OneHot, indices") << program("OneHot", {"i", "d", "on"}, square, {},
                                              {{"d", integers({4})}, {"on", numbers({2})}});
  QTest::newRow("OneHot, depth") << program("OneHot", {"m", "i", "on"}, one, {}, table);
  QTest::newRow("Slice, starts") << program("Slice", {"x", "i", "e"}, three, {}, table);
  QTest::newRow("Slice, ends") << program("Slice", {"x", "e", "i"}, three, {}, table);
  QTest::newRow("Slice, axes") << program("Slice", {"x", "a", "a", "i"}, one, {}, {{"a", one}});
  QTest::newRow("Slice, steps") << program("Slice", {"x", "a", "e", "", "i"}, three, {},
                                           {{"a", integers({0, 0, 0})}, {"e", three}});
  QTest::newRow("Pad") << program("Pad", {"x", "i"}, integers({1, 0, 2, 0, 1, 0}));
  QTest::newRow("Pad by reflection") << program("Pad", {"x", "i"}, integers({1, 0, 2, 0, 1, 0}),
                                                {{"mode", std::string("reflect")}});
  QTest::newRow("TopK") << program("TopK", {"x", "i"}, one, {}, {}, "", {"y", "places"});
  QTest::newRow("Expand") << program("Expand", {"x", "i"}, three);
  QTest::newRow("Tile") << program("Tile", {"x", "i"}, integers({1, 2, 1}));
  QTest::newRow("Reshape") << program("Reshape", {"x", "i"}, integers({5, -1}));
  QTest::newRow("Squeeze") << program("Squeeze", {"thin", "i"}, one, {}, {{"thin", numbers({3, 1, 5})}});
  QTest::newRow("Unsqueeze") << program("Unsqueeze", {"x", "i"}, integers({0, 2}));
  QTest::newRow("Split") << program("Split", {"x", "i"}, integers({1, 3}), at(1), {}, "", {"y", "z"});
  QTest::newRow("ReduceSum") << program("ReduceSum", {"x", "i"}, integers({0, 2}));
  QTest::newRow("CumSum") << program("CumSum", {"x", "i"}, scalar);
  QTest::newRow("Resize") << program("Resize", {"x", "", "", "i"}, three);
  QTest::newRow("Trilu") << program("Trilu", {"x", "i"}, scalar);
  QTest::newRow("ReverseSequence") << program("ReverseSequence", {"x", "i"}, integers({1, 2, 3, 3}));
  QTest::newRow("CenterCropPad") << program("CenterCropPad", {"x", "i"}, three);
  QTest::newRow("ConstantOfShape") << program("ConstantOfShape", {"i"}, integers({2, 3}));
  QTest::newRow("GroupQueryAttention, lengths")
      << cached_attention("last", Tensor::of<std::int32_t>({2}, {5, 3}));
  QTest::newRow("GroupQueryAttention, total")
      << cached_attention("total", Tensor::of<std::int32_t>({1}, {6}));
  QTest::newRow("GroupQueryAttention, positions")
      << cached_attention("positions", Tensor::of<std::int64_t>({2, 1}, {5, 3}));
}

void OddInputsTest::givesOrRefusesAsTheReferenceDoes() {
  QFETCH(OddModel, made);
  QVERIFY(!outcome("cpu", made.model, made.right).refusal);
  for (const Tensor& odd : odd_variations(made.right)) {
    const Outcome got = outcome("cpu", made.model, odd), want = outcome("reference", made.model, odd);
    // How much memory a run takes is each backend's own matter.
    if (got.refusal == Error::Kind::Machine || want.refusal == Error::Kind::Machine) continue;
    QString given;
    for (const std::int64_t value : values_as<std::int64_t>(odd)) given += QString::number(value) + " ";
    QVERIFY2(got.refusal == want.refusal,
             qPrintable(given + (want.refusal ? "is refused" : "is not refused")));
    for (std::size_t output = 0; output < got.outputs.size(); ++output)
      COMPARE_TENSORS(got.outputs[output].tensor(), want.outputs[output].tensor(), 1e-4, 2e-5);
  }
}

QTEST_GUILESS_MAIN(OddInputsTest)
#include "odd_inputs_test.moc"
