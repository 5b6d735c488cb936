#include <QTest>

#include "engine/analysis/inferred_types.h"
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
};

QTEST_GUILESS_MAIN(InferTypesTest)
#include "infer_types_test.moc"
