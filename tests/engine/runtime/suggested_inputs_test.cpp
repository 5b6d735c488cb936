#include "engine/runtime/suggested_inputs.h"

#include <QTest>

#include "tests/support/model_builder.h"

using namespace lapidary;
using test::ModelBuilder;
using test::node;

namespace {

SuggestedInputs suggest(const ModelPointer& model) { return suggest_inputs(*model, infer_types(*model)); }

Tensor zeros(const Dims& dims) {
  return Tensor::of<float>(dims, std::vector<float>(static_cast<std::size_t>(element_count(dims))));
}

}  // namespace

class SuggestedInputsTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void namesEveryFreeDimensionOnce() {
    const ModelPointer model =
        ModelBuilder()
            .input("a", DataType::Float32, {Dimension::symbol("N"), Dimension::symbol("T")})
            .input("b", DataType::Float32, {Dimension::symbol("T"), Dimension::unknown()})
            .build();
    QCOMPARE(free_dimensions(*model), (std::vector<std::string>{"N", "T", "b.1"}));
  }

  void leavesOutWhatAnInitializerFills() {
    const ModelPointer model = ModelBuilder()
                                   .input("w", DataType::Float32, {Dimension::symbol("N")})
                                   .initializer("w", zeros({3}))
                                   .build();
    QVERIFY(free_dimensions(*model).empty());
    QVERIFY(unfilled_inputs(*model).empty());
  }

  void takesUsualSizesByNameAndPlace_data() {
    QTest::addColumn<QString>("sizes");
    QTest::addColumn<bool>("integers");
    QTest::addColumn<QString>("name");
    QTest::addColumn<qint64>("size");
    QTest::newRow("batch by name") << "batch_size,7" << false << "batch_size" << qint64{1};
    QTest::newRow("N") << "N,3,224,224" << false << "N" << qint64{1};
    QTest::newRow("batch by place") << "?,7" << false << "x.0" << qint64{1};
    QTest::newRow("name that says nothing") << "dynamic_0,7" << false << "dynamic_0" << qint64{1};
    QTest::newRow("image side by place") << "1,3,?,?" << false << "x.2" << qint64{224};
    QTest::newRow("image side by name") << "1,width" << false << "width" << qint64{224};
    QTest::newRow("channels") << "1,?,8,8" << false << "x.1" << qint64{3};
    QTest::newRow("batch of a state") << "2,?,128" << false << "x.1" << qint64{1};
    QTest::newRow("tokens") << "B,T" << true << "T" << qint64{128};
    QTest::newRow("samples") << "batch,sequence" << false << "sequence" << qint64{512};
  }
  void takesUsualSizesByNameAndPlace() {
    QFETCH(QString, sizes);
    QFETCH(bool, integers);
    QFETCH(QString, name);
    QFETCH(qint64, size);
    Shape shape;
    for (const QString& one : sizes.split(','))
      shape.push_back(one == "?" ? Dimension::unknown() : Dimension::parse(one.toStdString()));
    const ModelPointer model =
        ModelBuilder().input("x", integers ? DataType::Int64 : DataType::Float32, shape).build();
    QCOMPARE(suggest(model).dimensions.at(name.toStdString()), size);
  }

  void findsTheSizeThatAWeightAsksFor() {
    const ModelPointer model =
        ModelBuilder()
            .input("x", DataType::Float32, {Dimension::symbol("N"), Dimension::symbol("features")})
            .initializer("w", zeros({300, 10}))
            .add(node("MatMul", {"x", "w"}, {"y"}))
            .output("y")
            .build();
    QCOMPARE(suggest(model).dimensions.at("features"), 300);
    QCOMPARE(suggest(model).dimensions.at("N"), 1);
  }

  void findsTheSizeThatAConcatenationAsksFor() {
    const ModelPointer model =
        ModelBuilder()
            .input("x", DataType::Float32, {Dimension::symbol("M"), 4, Dimension::symbol("K")})
            .initializer("c", zeros({1, 4, 9}))
            .add(node("Concat", {"x", "c"}, {"y"}, {{"axis", std::int64_t{1}}}))
            .output("y")
            .build();
    QCOMPARE(suggest(model).dimensions.at("K"), 9);
  }

  void givesInputsTheNumberTheyAreComparedTo() {
    const ModelPointer model = ModelBuilder()
                                   .input("rate", DataType::Int64, {})
                                   .initializer("wanted", Tensor::of<std::int64_t>({}, {16000}))
                                   .add(node("Identity", {"rate"}, {"same"}))
                                   .add(node("Equal", {"wanted", "same"}, {"y"}))
                                   .output("y")
                                   .build();
    QCOMPARE(suggest(model).values.at("rate"), 16000);
    QVERIFY(suggest(model).guessed.empty());
  }

  void looksOnlyAtTheBranchThatWillRun() {
    const auto branch = [](std::int64_t rows) {
      return ModelBuilder()
          .initializer("w" + std::to_string(rows), zeros({rows, 2}))
          .add(node("MatMul", {"x", "w" + std::to_string(rows)}, {"m" + std::to_string(rows)}))
          .output("m" + std::to_string(rows))
          .graph();
    };
    const ModelPointer model =
        ModelBuilder()
            .input("x", DataType::Float32, {1, Dimension::symbol("samples")})
            .input("rate", DataType::Int64, {})
            .initializer("wanted", Tensor::of<std::int64_t>({}, {16000}))
            .add(node("Equal", {"rate", "wanted"}, {"is_fast"}))
            .add(node("If", {"is_fast"}, {"y"}, {{"then_branch", branch(512)}, {"else_branch", branch(7)}}))
            .output("y")
            .build();
    QCOMPARE(suggest(model).dimensions.at("samples"), 512);
  }

  void keepsIndicesInsideTheTable() {
    for (const std::int64_t rows : {std::int64_t{1}, std::int64_t{1000}}) {
      const ModelPointer model = ModelBuilder()
                                     .input("ids", DataType::Int64, {1, 4})
                                     .initializer("table", zeros({rows, 2}))
                                     .add(node("Gather", {"table", "ids"}, {"y"}))
                                     .output("y")
                                     .build();
      QCOMPARE(suggest(model).values.at("ids"), rows == 1 ? 0 : 1);
    }
  }

  void admitsWhatItCannotKnow() {
    const ModelPointer model = ModelBuilder()
                                   .input("count", DataType::Int32, {1})
                                   .input("x", DataType::Float32, {1})
                                   .add(node("Neg", {"count"}, {"y"}))
                                   .output("y")
                                   .build();
    QCOMPARE(suggest(model).guessed, std::vector<std::string>{"count"});
  }

  void canBeStopped() {
    const ModelPointer model = ModelBuilder()
                                   .input("x", DataType::Float32, {1, Dimension::symbol("features")})
                                   .initializer("w", zeros({300, 10}))
                                   .add(node("MatMul", {"x", "w"}, {"y"}))
                                   .output("y")
                                   .build();
    QVERIFY_EXCEPTION_THROWN(suggest_inputs(*model, infer_types(*model), [] { throw Error("stopped"); }),
                             Error);
  }
};

QTEST_GUILESS_MAIN(SuggestedInputsTest)
#include "suggested_inputs_test.moc"
