#include <QTemporaryDir>
#include <QTest>

#include "engine/backends.h"
#include "engine/edit/data_json.h"
#include "engine/edit/edit.h"
#include "engine/edit/subgraph.h"
#include "engine/model/error.h"
#include "engine/runtime/backend.h"
#include "tests/support/edit_text.h"
#include "tests/support/model_builder.h"

using namespace lapidary;
using namespace lapidary::test;

namespace {

QString text_of(const ModelPointer& model) { return QString::fromStdString(edit_text(*model)); }

std::vector<std::string> names(const std::vector<Value>& values) {
  std::vector<std::string> all;
  for (const Value& value : values) all.push_back(value.name);
  return all;
}

std::vector<std::string> operators(const ModelPointer& model) {
  std::vector<std::string> all;
  for (const auto& node : model->graph->nodes) all.push_back(node->op_type);
  return all;
}

std::vector<double> run(const ModelPointer& model, const std::vector<Tensor>& inputs) {
  const auto program = find_backend("reference").compile(model, {});
  return values_as<double>(program->run({inputs.begin(), inputs.end()})[0].tensor());
}

QString refusal(const ModelPointer& model, const EditStep& step) {
  try {
    apply_step(model, step);
  } catch (const Error& error) {
    return QString::fromUtf8(error.what());
  }
  return {};
}

using Names = std::vector<std::string>;

}  // namespace

/// Edits that take models apart and put them together.
class PartsTest : public QObject {
  Q_OBJECT
 private slots:
  void aPartBetweenTensorsHasTheirTypesAndItsWeights() {
    const ModelPointer part =
        apply_step(model_of_text(chain_text), {"extract", {{"inputs", {"a"}}, {"outputs", {"b"}}}});
    QCOMPARE(operators(part), Names{"Add"});
    QCOMPARE(names(part->graph->inputs), Names{"a"});
    QCOMPARE(names(part->graph->outputs), Names{"b"});
    QCOMPARE(to_string(part->graph->inputs[0].type), to_string(Type::tensor(DataType::Float32, Shape{2})));
    QCOMPARE(part->graph->initializers.size(), std::size_t{1});
    QCOMPARE(run(part, {Tensor::of<float>({2}, {5, 5})}), (std::vector<double>{6, 7}));
  }

  void withoutInputsAPartReachesBackToThoseOfTheModel() {
    const ModelPointer part = apply_step(model_of_text(chain_text), {"extract", {{"outputs", {"a"}}}});
    QCOMPARE(operators(part), Names{"Relu"});
    QCOMPARE(names(part->graph->inputs), Names{"x"});
    QVERIFY(part->graph->initializers.size() == 0);
  }

  void aPartSaysWhatElseItNeeds() {
    const char* const two =
        "(float[2] x, float[2] z) => (float[2] y) { a = Relu(x) b = Abs(z) y = Add(a, b) }";
    QVERIFY(refusal(model_of_text(two), {"extract", {{"inputs", {"a"}}, {"outputs", {"y"}}}})
                .contains(QStringLiteral("'z'")));
    QVERIFY(refusal(model_of_text(two), {"extract", {{"inputs", {"q"}}, {"outputs", {"y"}}}})
                .contains(QStringLiteral("no such tensor")));
    QVERIFY(refusal(model_of_text(two), {"extract", {{"inputs", {"y"}}, {"outputs", {"y"}}}})
                .contains(QStringLiteral("as input and as output")));
  }

  void aPartTakesWhatItsBodiesReadFromAround() {
    const ModelPointer part =
        apply_step(model_of_text(branches_text), {"extract", {{"inputs", {"a", "c"}}, {"outputs", {"y"}}}});
    QCOMPARE(operators(part), Names{"If"});
    QCOMPARE(part->graph->initializers.size(), std::size_t{1});
    const ModelPointer body =
        apply_step(model_of_text(branches_text),
                   {"extract",
                    {{"graph", EditJson::array({{{"node", "If_1"}, {"attribute", "else_branch"}}})},
                     {"outputs", {"s"}}}});
    QCOMPARE(operators(body), Names{"Add"});
    QCOMPARE(names(body->graph->inputs), Names{"a"});
    QCOMPARE(run(body, {Tensor::of<float>({2}, {5, 5})}), (std::vector<double>{6, 7}));
  }

  void aPartKeepsOnlyTheFunctionsItCalls() {
    const auto body = [](const char* op_type) {
      return ModelBuilder()
          .input("v", DataType::Float32, {2})
          .add(node(op_type, {"v"}, {"r"}))
          .output("r")
          .graph();
    };
    const ModelPointer model = ModelBuilder()
                                   .opset("local", 1)
                                   .opset("other", 1)
                                   .input("x", DataType::Float32, {2})
                                   .function("local", "F", body("Relu"))
                                   .function("other", "G", body("Neg"))
                                   .add(node("F", {"x"}, {"a"}, {}, "local"))
                                   .add(node("G", {"a"}, {"y"}, {}, "other"))
                                   .output("y")
                                   .build();
    const ModelPointer part = apply_step(model, {"extract", {{"outputs", {"a"}}}});
    QCOMPARE(part->functions.size(), std::size_t{1});
    QCOMPARE(part->functions[0]->name, std::string("F"));
    QCOMPARE(part->opset("other"), std::int64_t{0});
    QCOMPARE(part->opset("local"), std::int64_t{1});
  }

  void selectedNodesBecomeAPartThatCanBePasted() {
    const ModelPointer model = model_of_text(chain_text);
    const ModelPointer part = subgraph_of_nodes(*model, {}, {1, 2});
    QCOMPARE(operators(part), (Names{"Add", "Sigmoid"}));
    QCOMPARE(names(part->graph->inputs), Names{"a"});
    QCOMPARE(names(part->graph->outputs), Names{"y"});
    const ModelPointer pasted = apply_step(model, {"paste", {{"model", to_json(*part)}}});
    QCOMPARE(operators(pasted).size(), std::size_t{5});
    // The weight is shared, names are fresh, and what the part read is read again.
    QCOMPARE(pasted->graph->initializers.size(), std::size_t{1});
    const QString text = text_of(pasted);
    QVERIFY(text.contains(QStringLiteral("Add_1_2: b_2 = Add(a, w)")));
    QVERIFY(text.contains(QStringLiteral("Sigmoid_2_2: y_2 = Sigmoid(b_2)")));
  }

  void pastedNodesBringTheirWeightsAndReadWhatTheyAreGiven() {
    const ModelPointer part = subgraph_of_nodes(*model_of_text(chain_text), {}, {1});
    const ModelPointer other =
        model_of_text("(float[2] p) => (float[2] q) <float[2] w = {7, 7}> { q = Mul(p, w) }");
    const ModelPointer loose = apply_step(other, {"paste", {{"model", to_json(*part)}}});
    QVERIFY(text_of(loose).contains(QStringLiteral("Add_1: b = Add(, w_2)")));
    const ModelPointer connected =
        apply_step(other, {"paste", {{"model", to_json(*part)}, {"connect", {{"a", "q"}}}}});
    QVERIFY(text_of(connected).contains(QStringLiteral("Add_1: b = Add(q, w_2)")));
    QCOMPARE(connected->graph->initializers.size(), std::size_t{2});
  }

  void oneModelsOutputsBecomeAnothersInputs() {
    const ModelPointer first =
        model_of_text("(float[2] x) => (float[2] a) <float[2] w = {1, 2}> { a = Mul(x, w) }");
    const ModelPointer second = model_of_text(
        "(float[2] x, float[2] z) => (float[2] y) <float[2] w = {3, 4}> { t = Add(x, w) y = Sub(t, z) }");
    const ModelPointer merged =
        apply_step(first, {"merge_models", {{"model", to_json(*second)}, {"connect", {{"a", "x"}}}}});
    QCOMPARE(names(merged->graph->inputs), (Names{"x", "z"}));
    QCOMPARE(names(merged->graph->outputs), Names{"y"});
    QCOMPARE(run(merged, {Tensor::of<float>({2}, {10, 10}), Tensor::of<float>({2}, {1, 1})}),
             (std::vector<double>{12, 23}));
    const ModelPointer kept = apply_step(first, {"merge_models",
                                                 {{"model", to_json(*second)},
                                                  {"connect", {{"a", "x"}}},
                                                  {"keep_outputs", true},
                                                  {"prefix", "second/"}}});
    QCOMPARE(names(kept->graph->outputs), (Names{"a", "second/y"}));
    QVERIFY(refusal(first, {"merge_models", {{"model", to_json(*second)}, {"connect", {{"a", "nothing"}}}}})
                .contains(QStringLiteral("nothing")));
  }

  void modelsOfDifferentOperatorSetsMeetAtTheNewer() {
    const ModelPointer older =
        model_of_text("(float[2, 3] x) => (float[2, 3] a) { a = Softmax<axis = 1>(x) }",
                      "<ir_version: 8, opset_import: [\"\" : 11]>");
    const ModelPointer newer = model_of_text("(float[2, 3] v) => (float[2, 3] y) { y = Relu(v) }");
    const ModelPointer merged =
        apply_step(older, {"merge_models", {{"model", to_json(*newer)}, {"connect", {{"a", "v"}}}}});
    QCOMPARE(merged->opset(), newer->opset());
  }

  void modelsThatDoNotFitAreNotMerged() {
    const ModelPointer integers = model_of_text("(int64[2] v) => (int64[2] y) { y = Neg(v) }");
    QVERIFY(refusal(model_of_text(chain_text),
                    {"merge_models", {{"model", to_json(*integers)}, {"connect", {{"y", "v"}}}}})
                .contains(QStringLiteral("takes")));
  }

  void wrappedInputsTakeWhatCallersHave() {
    const ModelPointer model =
        model_of_text("(float[1, 3, 1, 1] x) => (float[1, 3, 1, 1] y) { y = Identity(x) }");
    const ModelPointer normalized = apply_step(
        model, {"wrap_input",
                {{"tensor", "x"}, {"template", "normalize"}, {"mean", {1, 2, 3}}, {"deviation", {2, 2, 2}}}});
    QCOMPARE(run(normalized, {Tensor::of<float>({1, 3, 1, 1}, {3, 4, 5})}), (std::vector<double>{1, 1, 1}));
    const ModelPointer bytes =
        apply_steps(model, {{"wrap_input", {{"tensor", "x"}, {"template", "from_bytes"}}},
                            {"wrap_input", {{"tensor", "x"}, {"template", "channels_last"}}}});
    QCOMPARE(to_string(bytes->graph->inputs[0].type),
             to_string(Type::tensor(DataType::UInt8, (Shape{1, 1, 1, 3}))));
    const auto got = run(bytes, {Tensor::of<std::uint8_t>({1, 1, 1, 3}, {0, 51, 255})});
    QVERIFY(std::abs(got[1] - 0.2) < 1e-6 && std::abs(got[2] - 1) < 1e-6);
    QVERIFY(refusal(model, {"wrap_input", {{"tensor", "x"}, {"template", "normalize"}}})
                .contains(QStringLiteral("mean")));
  }

  void picturesOfAnySizeAreResized() {
    const ModelPointer model =
        model_of_text("(float[1, 1, 2, 2] x) => (float[1, 1, 2, 2] y) { y = Identity(x) }",
                      "<ir_version: 9, opset_import: [\"\" : 18]>");
    const ModelPointer resized = apply_step(model, {"wrap_input", {{"tensor", "x"}, {"template", "resize"}}});
    QCOMPARE(run(resized, {Tensor::of<float>({1, 1, 1, 1}, {4})}), (std::vector<double>{4, 4, 4, 4}));
    QVERIFY(refusal(model_of_text("(float[1, 1, 2, 2] x) => (float[1, 1, 2, 2] y) { y = Identity(x) }"),
                    {"wrap_input", {{"tensor", "x"}, {"template", "resize"}}})
                .contains(QStringLiteral("operator set 18")));
  }

  void wrappedOutputsGiveWhatCallersWant() {
    const ModelPointer model = model_of_text("(float[1, 3] x) => (float[1, 3] y) { y = Identity(x) }");
    const Tensor scores = Tensor::of<float>({1, 3}, {1, 3, 2});
    const ModelPointer best = apply_step(model, {"wrap_output", {{"tensor", "y"}, {"template", "argmax"}}});
    QCOMPARE(best->graph->outputs[0].name, std::string("y"));
    QCOMPARE(to_string(best->graph->outputs[0].type), to_string(Type::tensor(DataType::Int64, Shape{1})));
    QCOMPARE(run(best, {scores}), std::vector<double>{1});
    const auto probabilities =
        run(apply_step(model, {"wrap_output", {{"tensor", "y"}, {"template", "softmax"}}}), {scores});
    QVERIFY(std::abs(probabilities[0] + probabilities[1] + probabilities[2] - 1) < 1e-6);
    const auto bytes =
        run(apply_step(model, {"wrap_output", {{"tensor", "y"}, {"template", "to_bytes"}, {"scale", 100}}}),
            {scores});
    QCOMPARE(bytes, (std::vector<double>{100, 255, 200}));
  }

  void nodesBecomeAFunctionAndNodesAgain() {
    const ModelPointer model = model_of_text(chain_text);
    const ModelPointer called =
        apply_step(model, {"make_function", {{"nodes", {"Relu_0", "Add_1"}}, {"name", "Block"}}});
    QCOMPARE(operators(called), (Names{"Block", "Sigmoid"}));
    QCOMPARE(called->functions.size(), std::size_t{1});
    QCOMPARE(called->functions[0]->inputs, (Names{"x", "w"}));
    const Tensor data = Tensor::of<float>({2}, {-1, 3});
    QCOMPARE(run(called, {data}), run(model, {data}));
    const ModelPointer again = apply_step(called, {"inline_functions"});
    QCOMPARE(operators(again), (Names{"Relu", "Add", "Sigmoid"}));
    QCOMPARE(run(again, {data}), run(model, {data}));
  }

  void aFunctionLeavesNoNodeBetween() {
    QVERIFY(refusal(model_of_text(chain_text),
                    {"make_function", {{"nodes", {"Relu_0", "Sigmoid_2"}}, {"name", "F"}}})
                .contains(QStringLiteral("'b'")));
  }

  void onlyTheNamedFunctionsAreInlined() {
    const ModelPointer model = apply_steps(model_of_text(chain_text),
                                           {{"make_function", {{"nodes", {"Relu_0"}}, {"name", "F"}}},
                                            {"make_function", {{"nodes", {"Sigmoid_2"}}, {"name", "G"}}}});
    QCOMPARE(operators(model), (Names{"F", "Add", "G"}));
    QCOMPARE(operators(apply_step(model, {"inline_functions", {{"functions", {"G"}}}})),
             (Names{"F", "Add", "Sigmoid"}));
  }

  void optimizingIsAnEdit() {
    const ModelPointer model =
        model_of_text("(float[2] x) => (float[2] y) { a = Identity(x) b = Neg(a) y = Relu(b) }");
    QCOMPARE(operators(apply_step(model, {"optimize"})), (Names{"Neg", "Relu"}));
    QCOMPARE(operators(apply_step(
                 model, {"optimize",
                         {{"left_out", {"eliminate_identity Identity_0", "eliminate_no_ops Identity_0"}}}})),
             (Names{"Identity", "Neg", "Relu"}));
    QVERIFY(refusal(model, {"optimize", {{"passes", {"polish"}}}}).contains(QStringLiteral("polish")));
  }
};

QTEST_GUILESS_MAIN(PartsTest)
#include "parts_test.moc"
