#include <QTest>

#include "engine/analysis/inferred_types.h"
#include "engine/ops/kernel.h"
#include "tests/support/model_builder.h"

using namespace lapidary;
using test::ModelBuilder;
using test::node;

namespace {

using Ints = std::vector<std::int64_t>;

Type float_of(const std::string& sizes) {
  Shape shape;
  for (const auto& size : QString::fromStdString(sizes).split(' ', Qt::SkipEmptyParts))
    shape.push_back(Dimension::parse(size.toStdString()));
  return Type::tensor(DataType::Float32, shape);
}

QString text(const Type& type) { return QString::fromStdString(to_string(type)); }

}  // namespace

class InferTypesTest : public QObject {
  Q_OBJECT
 private slots:
  void unknownOperatorsLeaveDeclaredTypes() {
    const auto model = ModelBuilder()
                           .input("x", float_of("2 3"))
                           .output("y", float_of("N 3"))
                           .add(node("Mystery", {"x"}, {"h", "y"}, {}, "somewhere"))
                           .build();
    const InferredTypes types = infer_types(*model);
    QCOMPARE(text(types.type_of("x")), QString("float32 2 × 3"));
    QVERIFY(!types.type_of("h").is_known());
    QCOMPARE(text(types.type_of("y")), QString("float32 N × 3"));
    QVERIFY(types.problems().empty());
  }

  void unnamedSizesOfInputsGetNames() {
    const auto model = ModelBuilder().input("image", float_of("? 3 -1 W")).build();
    QCOMPARE(text(infer_types(*model).type_of("image")), QString("float32 image.0 × 3 × image.2 × W"));
  }

  void givenNumbersReplaceNames() {
    const auto model = ModelBuilder().input("a", float_of("N 2*N")).input("b", float_of("M N")).build();
    InferenceOptions options;
    options.dimensions = {{"N", 4}};
    const InferredTypes types = infer_types(*model, options);
    QCOMPARE(text(types.type_of("a")), QString("float32 4 × 8"));
    QCOMPARE(text(types.type_of("b")), QString("float32 M × 4"));
  }

  void sizesGivenForOneInputNumberTheOthers() {
    const auto model = ModelBuilder().input("a", float_of("M N")).input("b", float_of("N 5")).build();
    InferenceOptions options;
    options.inputs = {{"b", float_of("7 5")}};
    const InferredTypes types = infer_types(*model, options);
    QCOMPARE(text(types.type_of("a")), QString("float32 M × 7"));
    QCOMPARE(text(types.type_of("b")), QString("float32 7 × 5"));
  }

  void initializersAreConstants() {
    const auto model = ModelBuilder().initializer("w", Tensor::of({2, 1}, Ints{3, 4})).build();
    const InferredTypes types = infer_types(*model);
    QCOMPARE(text(types.type_of("w")), QString("int64 2 × 1"));
    QVERIFY(types.constant_in(nullptr, "w"));
    QVERIFY(!types.constant_in(nullptr, "absent"));
  }

  void nodesOnACycleAreLeftOutAndReported() {
    const auto model = ModelBuilder()
                           .input("x", float_of("2"))
                           .add(node("Add", {"x", "b"}, {"a"}))
                           .add(node("Relu", {"a"}, {"b"}))
                           .build();
    const InferredTypes types = infer_types(*model);
    QVERIFY(!types.type_of("a").is_known());
    QCOMPARE(types.problems().size(), std::size_t{1});
    QCOMPARE(types.problems()[0].node, std::string("Add → a"));
  }

  void subgraphsSeeTheGraphAround() {
    const auto body = ModelBuilder().output("y").add(node("Mystery", {"outside"}, {"y"})).graph();
    const auto model = ModelBuilder()
                           .input("outside", float_of("5"))
                           .add(node("Strange", {}, {"z"}, {{"body", body}}, "somewhere"))
                           .build();
    const InferredTypes types = infer_types(*model);
    QCOMPARE(text(types.type_in(body.get(), "outside")), QString("float32 5"));
  }

  void sizesComputedByNodesAreKnown() {
    // Flatten as exporters write it: Reshape to [Shape(x)[0], -1] through Shape, Gather, Unsqueeze and
    // Concat.
    const auto model = ModelBuilder(13)
                           .input("x", float_of("N 3 4"))
                           .initializer("zero", Tensor::scalar(std::int64_t{0}))
                           .initializer("axes", Tensor::of({1}, Ints{0}))
                           .initializer("rest", Tensor::of({1}, Ints{-1}))
                           .add(node("Shape", {"x"}, {"shape"}))
                           .add(node("Gather", {"shape", "zero"}, {"batch"}))
                           .add(node("Unsqueeze", {"batch", "axes"}, {"batch1"}))
                           .add(node("Concat", {"batch1", "rest"}, {"wanted"}, {{"axis", std::int64_t{0}}}))
                           .add(node("Reshape", {"x", "wanted"}, {"flat"}))
                           .build();
    QCOMPARE(text(infer_types(*model).type_of("flat")), QString("float32 N × 12"));
    InferenceOptions options;
    options.dimensions = {{"N", 5}};
    const InferredTypes types = infer_types(*model, options);
    QCOMPARE(text(types.type_of("flat")), QString("float32 5 × 12"));
    const Tensor* wanted = types.constant_in(nullptr, "wanted");
    QVERIFY(wanted && values_as<std::int64_t>(*wanted) == (Ints{5, -1}));
  }

  void smallConstantExpressionsAreFolded() {
    const auto model = ModelBuilder()
                           .initializer("a", Tensor::of({2}, Ints{3, 4}))
                           .initializer("b", Tensor::of({2}, Ints{10, 20}))
                           .add(node("Mul", {"a", "b"}, {"c"}))
                           .build();
    const InferredTypes types = infer_types(*model);
    const Tensor* folded = types.constant_in(nullptr, "c");
    QVERIFY(folded && values_as<std::int64_t>(*folded) == (Ints{30, 80}));
    InferenceOptions options;
    options.fold_constants = false;
    QVERIFY(!infer_types(*model, options).constant_in(nullptr, "c"));
  }

  void namesThatExportersMadeUpGetTheirMeaning() {
    // "made_up" is N, as the first output shows; the second, of an unknown operator, is declared with the
    // same name.
    const auto model = ModelBuilder()
                           .input("x", float_of("N 3"))
                           .output("y", float_of("made_up 3"))
                           .output("z", float_of("made_up"))
                           .add(node("Relu", {"x"}, {"y"}))
                           .add(node("Mystery", {"y"}, {"z"}, {}, "somewhere"))
                           .build();
    const InferredTypes types = infer_types(*model);
    QCOMPARE(text(types.type_of("y")), QString("float32 N × 3"));
    QCOMPARE(text(types.type_of("z")), QString("float32 N"));
  }

  void contradictionsAreReportedAndInferenceStands() {
    const auto model = ModelBuilder()
                           .input("x", float_of("2 3"))
                           .output("y", float_of("2 4"))
                           .add(node("Relu", {"x"}, {"y"}))
                           .build();
    const InferredTypes types = infer_types(*model);
    QCOMPARE(text(types.type_of("y")), QString("float32 2 × 3"));
    QCOMPARE(types.problems().size(), std::size_t{1});
    QCOMPARE(types.problems()[0].tensor, std::string("y"));
    QCOMPARE(types.problems()[0].message, std::string("declared as float32 2 × 4, but is float32 2 × 3"));
  }

  void functionsAreEnteredWithTheirAttributes() {
    Function function;
    function.name = "Flat";
    function.domain = "local";
    function.inputs = {"in"};
    function.outputs = {"out"};
    function.attributes = {"from"};
    function.opset_imports = {{"", 13}};
    Node flatten = node("Flatten", {"in"}, {"out"});
    Attribute axis;
    axis.name = "axis";
    axis.reference = "from";
    axis.declared_type = AttributeType::Int;
    flatten.attributes = {axis};
    function.nodes = {std::make_shared<const Node>(flatten)};
    Model model = *ModelBuilder()
                       .input("x", float_of("2 3 4"))
                       .add(node("Flat", {"x"}, {"y"}, {{"from", std::int64_t{2}}}, "local"))
                       .add(node("Flat", {"x"}, {"z"}, {{"from", std::int64_t{0}}}, "local"))
                       .build();
    model.functions = {std::make_shared<const Function>(function)};
    const InferredTypes types = infer_types(model);
    QCOMPARE(text(types.type_of("y")), QString("float32 6 × 4"));
    QCOMPARE(text(types.type_of("z")), QString("float32 1 × 24"));
  }

  void bodiesOfFunctionsHaveTypesAndConstantsOfTheirOwn() {
    const GraphPointer body = ModelBuilder()
                                  .input("in", Type())
                                  .input("sizes", Type())
                                  .add(node("Reshape", {"in", "sizes"}, {"inner"}))
                                  .add(node("Relu", {"inner"}, {"out"}))
                                  .output("out")
                                  .graph();
    const ModelPointer model = ModelBuilder()
                                   .input("x", float_of("2 3"))
                                   .initializer("flat", Tensor::of<std::int64_t>({1}, {6}))
                                   .initializer("tall", Tensor::of<std::int64_t>({2}, {6, 1}))
                                   .add(node("Shaped", {"x", "flat"}, {"y"}, {}, "local"))
                                   .add(node("Shaped", {"x", "tall"}, {"z"}, {}, "local"))
                                   .function("local", "Shaped", body)
                                   .build();
    const InferredTypes types = infer_types(*model);
    const GraphPointer first = types.function_body(nullptr, *model->graph->nodes[0]);
    const GraphPointer second = types.function_body(model->graph.get(), *model->graph->nodes[1]);
    QVERIFY(first && second && first != second);
    QCOMPARE(text(types.type_in(first.get(), "inner")), QString("float32 6"));
    QCOMPARE(text(types.type_in(second.get(), "inner")), QString("float32 6 × 1"));
    QVERIFY(types.constant_in(second.get(), "sizes"));
    QVERIFY(!types.function_body(first.get(), *first->nodes[0]));
  }

  void subgraphsInFunctionsSeeTheFunctionsValues() {
    const auto branch = [](const char* op) {
      return ModelBuilder().add(node(op, {"inner"}, {"chosen"})).output("chosen").graph();
    };
    const GraphPointer body =
        ModelBuilder()
            .input("in", Type())
            .input("which", Type())
            .add(node("Transpose", {"in"}, {"inner"}))
            .add(node("If", {"which"}, {"out"},
                      {{"then_branch", branch("Relu")}, {"else_branch", branch("Neg")}}))
            .output("out")
            .graph();
    const ModelPointer model = ModelBuilder()
                                   .input("x", float_of("2 3"))
                                   .input("c", DataType::Bool, Shape{})
                                   .add(node("Turned", {"x", "c"}, {"y"}, {}, "local"))
                                   .function("local", "Turned", body)
                                   .build();
    const InferredTypes types = infer_types(*model);
    const GraphPointer called = types.function_body(nullptr, *model->graph->nodes[0]);
    QVERIFY(called);
    const GraphPointer then = subgraphs_of(*called->nodes[1])[0].second;
    QCOMPARE(text(types.type_in(then.get(), "inner")), QString("float32 3 × 2"));
  }

  void stopsWhereItIsAskedTo() {
    ModelBuilder builder;
    builder.input("x", float_of("2"));
    for (int i = 0; i < 200; ++i)
      builder.add(node("Relu", {i == 0 ? "x" : "v" + std::to_string(i - 1)}, {"v" + std::to_string(i)}));
    const GraphPointer branch = builder.graph();
    const ModelPointer model =
        ModelBuilder()
            .input("c", DataType::Bool, Shape{})
            .add(node("If", {"c"}, {"y"}, {{"then_branch", branch}, {"else_branch", branch}}))
            .build();
    InferenceOptions options;
    options.checkpoint = [] { throw Cancelled(); };
    QVERIFY_THROWS_EXCEPTION(Cancelled, infer_types(*model, options));
  }

  void functionsThatCallThemselvesAreReported() {
    Function function;
    function.name = "Again";
    function.domain = "local";
    function.inputs = {"in"};
    function.outputs = {"out"};
    function.nodes = {std::make_shared<const Node>(node("Again", {"in"}, {"out"}, {}, "local"))};
    Model model = *ModelBuilder().add(node("Again", {"x"}, {"y"}, {}, "local")).build();
    model.functions = {std::make_shared<const Function>(function)};
    const InferredTypes types = infer_types(model);
    QCOMPARE(types.problems().size(), std::size_t{1});
    QCOMPARE(types.problems()[0].node, std::string("Again → y"));
  }

  void bothBranchesOfAnIfAgreeOnTheResult() {
    const auto branch = [](const char* op) {
      return ModelBuilder().output("b").add(node(op, {"x"}, {"b"})).graph();
    };
    const auto then_branch = branch("Relu"), else_branch = branch("Neg");
    const auto model =
        ModelBuilder()
            .input("x", float_of("N 3"))
            .input("c", DataType::Bool, Shape{})
            .add(node("If", {"c"}, {"y"}, {{"then_branch", then_branch}, {"else_branch", else_branch}}))
            .build();
    const InferredTypes types = infer_types(*model);
    QCOMPARE(text(types.type_of("y")), QString("float32 N × 3"));
    QCOMPARE(text(types.type_in(else_branch.get(), "b")), QString("float32 N × 3"));
  }

  void functionsThatCallEachOtherTooOftenEnd() {
    // Each of 40 functions calls the next one twice: 2^40 calls if nothing bounded the work.
    Model model =
        *ModelBuilder().input("x", float_of("2")).add(node("F0", {"x"}, {"y"}, {}, "local")).build();
    for (int i = 0; i < 40; ++i) {
      Function function;
      function.name = "F" + std::to_string(i);
      function.domain = "local";
      function.inputs = {"in"};
      function.outputs = {"out"};
      const std::string next = "F" + std::to_string(i + 1);
      function.nodes = {std::make_shared<const Node>(node(next, {"in"}, {"mid"}, {}, "local")),
                        std::make_shared<const Node>(node(next, {"mid"}, {"out"}, {}, "local"))};
      model.functions.push_back(std::make_shared<const Function>(function));
    }
    QVERIFY(!infer_types(model).type_of("y").is_known());
  }
};

QTEST_GUILESS_MAIN(InferTypesTest)
#include "infer_types_test.moc"
