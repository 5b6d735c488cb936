#include <QTest>

#include "tests/support/backends.h"
#include "tests/support/model_builder.h"

using namespace lapidary;
using test::ModelBuilder;
using test::node;

Q_DECLARE_METATYPE(lapidary::ModelPointer)

namespace {

using Ints = std::vector<std::int64_t>;
using Attributes = std::vector<std::pair<std::string, AttributeValue>>;

Tensor small_numbers(DataType type, Dims dims) {
  std::vector<double> values(static_cast<std::size_t>(element_count(dims)));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i % 7 + 1);
  return tensor_from(type, std::move(dims), values);
}

ModelPointer binary(const char* op, DataType type, Dims x, Dims other) {
  ModelBuilder model;
  model.input("x", type, shape_of(x)).output("y").initializer("o", small_numbers(type, std::move(other)));
  return model.add(node(op, {"x", "o"}, {"y"})).build();
}

ModelPointer unary(const char* op, DataType type, Dims x, Attributes attributes = {}) {
  ModelBuilder model;
  model.input("x", type, shape_of(x)).output("y");
  return model.add(node(op, {"x"}, {"y"}, std::move(attributes))).build();
}

ModelPointer moved(DataType type, const char* op, std::vector<Tensor> more, Attributes attributes = {},
                   Dims x = {4, 5, 6}) {
  ModelBuilder model;
  model.input("x", type, shape_of(x)).output("y");
  std::vector<std::string> inputs = {"x"};
  for (auto& tensor : more) {
    inputs.push_back(tensor.is_present() ? "i" + std::to_string(inputs.size()) : "");
    if (tensor.is_present()) model.initializer(inputs.back(), std::move(tensor));
  }
  return model.add(node(op, inputs, {"y"}, std::move(attributes))).build();
}

Tensor list(Ints values) { return Tensor::of(Dims{static_cast<std::int64_t>(values.size())}, values); }

const DataType numbers[] = {DataType::Float64, DataType::Float16, DataType::BFloat16, DataType::Int8,
                            DataType::UInt8,   DataType::Int16,   DataType::UInt16,   DataType::Int32,
                            DataType::UInt32,  DataType::Int64,   DataType::UInt64};

QString named(const char* op, DataType type) {
  return QStringLiteral("%1 of %2").arg(op, QString::fromStdString(std::string(name_of(type))));
}

}  // namespace

/// Element-wise arithmetic and movement give what the reference gives, for every type, by kernels of their
/// own.
class ElementTypesTest : public QObject {
  Q_OBJECT

 private slots:
  void givesWhatTheReferenceGives_data() {
    QTest::addColumn<ModelPointer>("model");
    const auto row = [](const QString& name, const ModelPointer& model) {
      QTest::newRow(qPrintable(name)) << model;
    };
    for (const DataType type : numbers) {
      for (const char* op : {"Add", "Sub", "Mul", "Div", "Max", "Min", "Equal", "Less", "GreaterOrEqual"}) {
        row(named(op, type), binary(op, type, {3, 1100}, {1100}));
        row(named(op, type) + " that widens", binary(op, type, {3, 1}, {2, 1, 5}));
      }
      row(named("Transpose", type), moved(type, "Transpose", {}, {{"perm", Ints{2, 0, 1}}}, {3, 40, 50}));
      row(named("Slice", type),
          moved(type, "Slice", {list({-1, 1}), list({-9, 5}), list({1, 2}), list({-2, 3})}));
      row(named("Expand", type), moved(type, "Expand", {list({2, 4, 5, 6})}, {}, {4, 1, 6}));
      row(named("Tile", type), moved(type, "Tile", {list({2, 1, 3})}));
      row(named("Split", type), moved(type, "Split", {list({5})}, {{"axis", std::int64_t{1}}}));
    }
    for (const DataType type : {DataType::Int32, DataType::Int64, DataType::UInt8, DataType::Float64}) {
      row(named("Abs", type), unary("Abs", type, {7, 5}));
      row(named("Mod", type), binary("Mod", DataType::Int64, {7, 5}, {5}));
    }
    for (const char* op :
         {"Sin", "Cos", "Sign", "Softsign", "ThresholdedRelu", "Celu", "Selu", "Mish", "IsNaN"})
      row(named(op, DataType::Float32), unary(op, DataType::Float32, {3, 37}));
    for (const char* op : {"Exp", "Log", "Sqrt", "Tanh", "Erf", "Floor", "Round", "Sigmoid"})
      row(named(op, DataType::Float64), unary(op, DataType::Float64, {3, 37}));
    row(QStringLiteral("depth to space"),
        unary("DepthToSpace", DataType::Float32, {2, 12, 3, 4}, {{"blocksize", std::int64_t{2}}}));
    row(QStringLiteral("depth to space, columns first"),
        unary("DepthToSpace", DataType::Int32, {2, 12, 3, 4},
              {{"blocksize", std::int64_t{2}}, {"mode", std::string("CRD")}}));
    row(QStringLiteral("space to depth"),
        unary("SpaceToDepth", DataType::Float32, {2, 3, 4, 6}, {{"blocksize", std::int64_t{2}}}));
  }

  void givesWhatTheReferenceGives() {
    QFETCH(ModelPointer, model);
    COMPARE_BACKENDS(model, 1e-2, 1e-5);
    const QString kernels = test::implementations(model);
    QVERIFY2(!kernels.contains(QStringLiteral("reference")), qPrintable(kernels));
  }

  void convertsEveryTypeToEvery() {
    QList<DataType> types(std::begin(numbers), std::end(numbers));
    types << DataType::Float32 << DataType::Bool;
    for (const DataType from : types)
      for (const DataType to : types) {
        ModelBuilder model;
        model.input("r", DataType::Float32, shape_of(Dims{3, 50}))
            .initializer("scale", Tensor::scalar(200.0f))
            .output("y");
        model.add(node("Mul", {"r", "scale"}, {"s"}))
            .add(node("Cast", {"s"}, {"x"}, {{"to", static_cast<std::int64_t>(from)}}))
            .add(node("Cast", {"x"}, {"y"}, {{"to", static_cast<std::int64_t>(to)}}));
        const QString found = test::difference_of_backends(model.build(), 1e-6, 1e-6);
        QVERIFY2(found.isEmpty(),
                 qPrintable(named("Cast", from) + " to " + QString::fromStdString(std::string(name_of(to))) +
                            ": " + found));
      }
  }

  void masksBecomeOneStep() {
    ModelBuilder model;
    model.input("x", DataType::Float32, shape_of(Dims{4, 33}))
        .input("z", DataType::Float32, shape_of(Dims{4, 33}))
        .initializer("low", Tensor::scalar(-1e9f))
        .output("y");
    model.add(node("Less", {"x", "z"}, {"a"}))
        .add(node("Greater", {"x", "low"}, {"b"}))
        .add(node("And", {"a", "b"}, {"c"}))
        .add(node("Not", {"c"}, {"d"}))
        .add(node("Where", {"d", "x", "low"}, {"y"}));
    const auto built = model.build();
    COMPARE_BACKENDS(built);
    QCOMPARE(test::implementations(built),
             QStringLiteral("Greater + Less + And + Not + Where: Highway element-wise"));
  }
};

QTEST_GUILESS_MAIN(ElementTypesTest)
#include "element_types_test.moc"
