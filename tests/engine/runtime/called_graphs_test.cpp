#include <QtTest>
#include <cmath>

#include "engine/backends.h"
#include "tests/support/kernel_cases.h"

using namespace lapidary;
using namespace lapidary::test;

/// What nodes call gives its own results on every backend: the overloads of a function, the graphs of
/// FlexAttention, the body of a SequenceMap.
class CalledGraphsTest : public QObject {
  Q_OBJECT

 private slots:
  void overloadsGiveTheirOwnResults_data() { add_backends(); }
  void overloadsGiveTheirOwnResults();
  void anUnknownOverloadIsRefused_data() { add_backends(); }
  void anUnknownOverloadIsRefused();
  void flexAttentionModifiesScoresAndProbabilities_data();
  void flexAttentionModifiesScoresAndProbabilities();
  void sequenceMapSeesElementsTensorsAndNamesAround_data() { add_backends(); }
  void sequenceMapSeesElementsTensorsAndNamesAround();

 private:
  static void add_backends() {
    QTest::addColumn<QString>("backend");
    for (const auto& backend : backends())
      QTest::newRow(backend.name.c_str()) << QString::fromStdString(backend.name);
  }
  static std::vector<Datum> run(const ModelPointer& model, const std::vector<Datum>& inputs) {
    QFETCH(QString, backend);
    return find_backend(backend.toStdString()).compile(model, {})->run(inputs);
  }
};

namespace {

// --- overloads ---

/// local:Change of x, once plainly and once for each overload.
ModelPointer overload_model(const std::vector<std::string>& called) {
  const auto function = [](const std::string& overload, const char* op_type) {
    Function made;
    made.name = "Change";
    made.domain = "local";
    made.overload = overload;
    made.inputs = {"v"};
    made.outputs = {"w"};
    made.opset_imports = {{"", 21}};
    made.nodes = {std::make_shared<const Node>(node(op_type, {"v"}, {"w"}))};
    return std::make_shared<const Function>(made);
  };
  ModelBuilder builder;
  builder.opset("local", 1).input("x", DataType::Float32, {Dimension(3)});
  for (std::size_t i = 0; i < called.size(); ++i) {
    Node call = node("Change", {"x"}, {"y" + std::to_string(i)}, {}, "local");
    call.overload = called[i];
    builder.add(call).output("y" + std::to_string(i));
  }
  Model model = *builder.build();
  model.functions = {function("", "Neg"), function("positive", "Abs"), function("whole", "Floor")};
  return std::make_shared<const Model>(model);
}

// --- attention ---

constexpr int heads = 2, length = 3, keys = 4, width = 5;

Tensor wave(Dims dims, double pace) {
  Tensor tensor(DataType::Float32, std::move(dims));
  for (std::int64_t i = 0; i < tensor.size(); ++i)
    tensor.mutable_data<float>()[i] = static_cast<float>(std::sin(pace * static_cast<double>(i + 1)));
  return tensor;
}

/// t = 2·tanh(s): a soft cap.
GraphPointer soft_cap() {
  return ModelBuilder()
      .input("s", DataType::Float32, {1, heads, length, keys})
      .initializer("cap", Tensor::scalar(2.0f))
      .add(node("Tanh", {"s"}, {"squashed"}))
      .add(node("Mul", {"squashed", "cap"}, {"t"}))
      .output("t", floats({"1", "2", "3", "4"}))
      .graph();
}

/// r = p·p, so that rows no longer sum to 1.
GraphPointer squared() {
  return ModelBuilder()
      .input("p", DataType::Float32, {1, heads, length, keys})
      .add(node("Mul", {"p", "p"}, {"r"}))
      .output("r", floats({"1", "2", "3", "4"}))
      .graph();
}

/// softmax of the (capped) scores, (squared) as weights of the values: one row after the other, in double.
Tensor attention_by_hand(const Tensor& q, const Tensor& k, const Tensor& v, bool capped, bool squares) {
  Tensor y(DataType::Float32, {1, heads, length, width});
  for (int head = 0; head < heads; ++head)
    for (int row = 0; row < length; ++row) {
      double weights[keys], sum = 0;
      for (int key = 0; key < keys; ++key) {
        double score = 0;
        for (int i = 0; i < width; ++i)
          score += static_cast<double>(q.data<float>()[(head * length + row) * width + i]) *
                   static_cast<double>(k.data<float>()[(head * keys + key) * width + i]);
        score /= std::sqrt(static_cast<double>(width));
        sum += weights[key] = std::exp(capped ? 2 * std::tanh(score) : score);
      }
      for (int i = 0; i < width; ++i) {
        double total = 0;
        for (int key = 0; key < keys; ++key) {
          const double weight = weights[key] / sum;
          total += (squares ? weight * weight : weight) *
                   static_cast<double>(v.data<float>()[(head * keys + key) * width + i]);
        }
        y.mutable_data<float>()[(head * length + row) * width + i] = static_cast<float>(total);
      }
    }
  return y;
}

}  // namespace

void CalledGraphsTest::overloadsGiveTheirOwnResults() {
  const auto got = run(overload_model({"positive", "", "whole"}), {reals({-1.5f, 0.25f, 2})});
  COMPARE_TENSORS(got.at(0).tensor(), reals({1.5f, 0.25f, 2}));
  COMPARE_TENSORS(got.at(1).tensor(), reals({1.5f, -0.25f, -2}));
  COMPARE_TENSORS(got.at(2).tensor(), reals({-2, 0, 2}));
}

void CalledGraphsTest::anUnknownOverloadIsRefused() {
  QVERIFY_EXCEPTION_THROWN(run(overload_model({"backwards"}), {reals({1, 2, 3})}), UnsupportedOperatorError);
}

void CalledGraphsTest::flexAttentionModifiesScoresAndProbabilities_data() {
  QTest::addColumn<QString>("backend");
  QTest::addColumn<bool>("capped");
  QTest::addColumn<bool>("squares");
  for (const auto& backend : backends())
    for (const bool capped : {false, true})
      for (const bool squares : {false, true})
        QTest::addRow("%s, %s, %s", backend.name.c_str(), capped ? "score_mod" : "plain scores",
                      squares ? "prob_mod" : "plain probabilities")
            << QString::fromStdString(backend.name) << capped << squares;
}

void CalledGraphsTest::flexAttentionModifiesScoresAndProbabilities() {
  QFETCH(bool, capped);
  QFETCH(bool, squares);
  std::vector<std::pair<std::string, AttributeValue>> attributes;
  if (capped) attributes.emplace_back("score_mod", soft_cap());
  if (squares) attributes.emplace_back("prob_mod", squared());
  const auto model = ModelBuilder()
                         .opset("ai.onnx.preview", 1)
                         .input("q", DataType::Float32, {1, heads, length, width})
                         .input("k", DataType::Float32, {1, heads, keys, width})
                         .input("v", DataType::Float32, {1, heads, keys, width})
                         .add(node("FlexAttention", {"q", "k", "v"}, {"y"}, attributes, "ai.onnx.preview"))
                         .output("y")
                         .build();
  const Tensor q = wave({1, heads, length, width}, 0.7), k = wave({1, heads, keys, width}, 1.3),
               v = wave({1, heads, keys, width}, 2.1);
  COMPARE_TENSORS(run(model, {q, k, v}).at(0).tensor(), attention_by_hand(q, k, v, capped, squares));
}

/// Two sequences are walked together, a tensor is the same for all elements, and the body sees what stands
/// around the node.
void CalledGraphsTest::sequenceMapSeesElementsTensorsAndNamesAround() {
  const auto body = ModelBuilder()
                        .input("a", DataType::Float32, {Dimension::unknown()})
                        .input("b", DataType::Float32, {Dimension::unknown()})
                        .input("t", DataType::Float32, {1})
                        .add(node("Mul", {"a", "b"}, {"product"}))
                        .add(node("Add", {"product", "t"}, {"sum"}))
                        .add(node("Sub", {"sum", "around"}, {"r"}))
                        .add(node("Shape", {"a"}, {"size"}))
                        .output("r", floats({"?"}))
                        .output("size", int64s({"1"}))
                        .graph();
  const auto sequence = Type::sequence(Type::tensor(DataType::Float32, Shape{Dimension::unknown()}));
  const auto model = ModelBuilder()
                         .input("first", sequence)
                         .input("second", sequence)
                         .input("t", DataType::Float32, {1})
                         .input("x", DataType::Float32, {1})
                         .add(node("Neg", {"x"}, {"around"}))
                         .add(node("SequenceMap", {"first", "second", "t"}, {"r", "sizes"}, {{"body", body}}))
                         .output("r", sequence)
                         .output("sizes", Type::sequence(Type::tensor(DataType::Int64, Shape{1})))
                         .build();
  const auto got = run(model, {Datum::sequence({reals({1, 2}), reals({3})}),
                               Datum::sequence({reals({10, 20}), reals({30})}), reals({0.5f}), reals({100})});
  QCOMPARE(got.at(0).sequence().size(), std::size_t{2});
  COMPARE_TENSORS(got[0].sequence()[0].tensor(), reals({110.5f, 140.5f}));
  COMPARE_TENSORS(got[0].sequence()[1].tensor(), reals({190.5f}));
  COMPARE_TENSORS(got.at(1).sequence().at(1).tensor(), ints({1}));
}

QTEST_GUILESS_MAIN(CalledGraphsTest)
#include "called_graphs_test.moc"
