#include "engine/analysis/inferred_types.h"
#include "engine/reference/reference_backend.h"
#include "tests/support/kernel_cases.h"

using namespace lapidary;
using namespace lapidary::test;

class ControlFlowTest : public QObject {
  Q_OBJECT

 private slots:
  void runs_data();
  void runs();
  void knowsShapesThroughBodies();
  void keepsWhatChangesUnknown();
  void carriesSizesThroughComputedShapes();
  void stopsBetweenIterations();
};

namespace {

struct Run {
  ModelPointer model;
  std::vector<Datum> inputs, wanted;
  std::string refusal;
};

std::vector<Datum> run(const ModelPointer& model, const std::vector<Datum>& inputs,
                       const RunOptions& options = {}) {
  return reference_backend().compile(model, {})->run(inputs, options);
}

/// sum, condition → sum + 1, and the sum before as a collected value.
GraphPointer counting_body(bool collects) {
  ModelBuilder body;
  body.input("i", DataType::Int64, {}).input("c", DataType::Bool, {}).input("sum", DataType::Int64, {1});
  body.initializer("one", ints({1})).initializer("limit", ints({3}));
  body.add(node("Add", {"sum", "one"}, {"next"})).add(node("Less", {"next", "limit"}, {"goes"}));
  body.add(node("Squeeze", {"goes"}, {"goes_on"}));
  body.output("goes_on", Type::tensor(DataType::Bool, Shape{}))
      .output("next", Type::tensor(DataType::Int64, Shape{1}));
  if (collects)
    body.add(node("Identity", {"sum"}, {"seen"})).output("seen", Type::tensor(DataType::Int64, Shape{1}));
  return body.graph();
}

ModelPointer loop(bool collects) {
  ModelBuilder model;
  model.input("m", DataType::Int64, {}).input("start", DataType::Int64, {1});
  std::vector<std::string> outputs{"last"};
  model.output("last");
  if (collects) model.output("all"), outputs.push_back("all");
  model.add(node("Loop", {"m", "", "start"}, outputs, {{"body", counting_body(collects)}}));
  return model.build();
}

/// state, x → state + x, twice: as state and collected.
GraphPointer adding_body() {
  ModelBuilder body;
  body.input("state", DataType::Float32, {2}).input("x", DataType::Float32, {2});
  body.add(node("Add", {"state", "x"}, {"next"})).add(node("Identity", {"next"}, {"seen"}));
  return body.output("next", floats({"2"})).output("seen", floats({"2"})).graph();
}

ModelPointer scan(std::int64_t opset, std::vector<std::pair<std::string, AttributeValue>> attributes) {
  attributes.push_back({"body", adding_body()});
  attributes.push_back({"num_scan_inputs", std::int64_t{1}});
  ModelBuilder model(opset);
  std::vector<std::string> inputs{"state", "x"};
  if (opset == 8)
    inputs.insert(inputs.begin(), "lengths"), model.input("lengths", Type::tensor(DataType::Int64));
  model.input("state", Type::tensor(DataType::Float32)).input("x", Type::tensor(DataType::Float32));
  model.add(node("Scan", inputs, {"last", "all"}, attributes));
  return model.output("last").output("all").build();
}

Tensor numbers(Dims dims, std::vector<float> values) { return Tensor::of(std::move(dims), values); }

}  // namespace

Q_DECLARE_METATYPE(Run)

void ControlFlowTest::runs_data() {
  QTest::addColumn<Run>("row");
  const auto add = [](const char* name, Run row) { QTest::newRow(name) << std::move(row); };
  ModelBuilder choice;
  const auto branch = [](float value) {
    return ModelBuilder()
        .initializer("v", Tensor::scalar(value))
        .add(node("Add", {"v", "x"}, {"r"}))
        .output("r")
        .graph();
  };
  choice.input("c", DataType::Bool, {}).input("x", DataType::Float32, {});
  choice.add(node("If", {"c"}, {"y"}, {{"then_branch", branch(10)}, {"else_branch", branch(20)}}))
      .output("y");
  const Tensor x = Tensor::scalar(1.0f);
  add("then, with a name from outside",
      {choice.build(), {Tensor::scalar(true), x}, {Tensor::scalar(11.0f)}, {}});
  add("else", {choice.build(), {Tensor::scalar(false), x}, {Tensor::scalar(21.0f)}, {}});

  const auto turns = [](std::int64_t most) { return Tensor::scalar(most); };
  add("loop until the condition fails", {loop(true),
                                         {turns(100), ints({0})},
                                         {ints({3}), Tensor::of({3, 1}, std::vector<std::int64_t>{0, 1, 2})},
                                         {}});
  add("loop until the count is reached", {loop(false), {turns(2), ints({0})}, {ints({2})}, {}});
  add("loop not at all",
      {loop(true), {turns(0), ints({7})}, {ints({7}), Tensor(DataType::Int64, {0, 1})}, {}});

  const Tensor start = numbers({2}, {0, 0}), steps = numbers({2, 2}, {1, 2, 3, 4});
  add("scan rows", {scan(9, {}), {start, steps}, {numbers({2}, {4, 6}), numbers({2, 2}, {1, 2, 4, 6})}, {}});
  add("scan rows backwards", {scan(9, {{"scan_input_directions", list({1})}}),
                              {start, steps},
                              {numbers({2}, {4, 6}), numbers({2, 2}, {3, 4, 4, 6})},
                              {}});
  add("scan columns, collected in columns, last first",
      {scan(9, {{"scan_input_axes", list({1})},
                {"scan_output_axes", list({-1})},
                {"scan_output_directions", list({1})}}),
       {start, steps},
       {numbers({2}, {3, 7}), numbers({2, 2}, {3, 1, 7, 3})},
       {}});
  add("scan nothing", {scan(9, {}), {start, numbers({0, 2}, {})}, {start, numbers({0, 2}, {})}, {}});
  add("scan a batch whose sequences end early",
      {scan(8, {}),
       {ints({1, 2}), numbers({2, 2}, {0, 0, 5, 5}), numbers({2, 2, 2}, {1, 2, 3, 4, 1, 2, 3, 4})},
       {numbers({2, 2}, {1, 2, 9, 11}), numbers({2, 2, 2}, {1, 2, 0, 0, 6, 7, 9, 11})},
       {}});
  add("scan of more than there is",
      {scan(8, {}), {ints({3}), numbers({1, 2}, {0, 0}), numbers({1, 2, 2}, {1, 2, 3, 4})}, {}, "longer"});

  ModelBuilder map;
  map.input("s", Type::sequence(Type::tensor(DataType::Float32))).input("x", DataType::Float32, {1});
  const auto adding = ModelBuilder()
                          .input("e", DataType::Float32, {1})
                          .input("t", DataType::Float32, {1})
                          .add(node("Add", {"e", "t"}, {"r"}))
                          .output("r", floats({"1"}))
                          .graph();
  map.add(node("SequenceMap", {"s", "x"}, {"r"}, {{"body", adding}}))
      .output("r", Type::sequence(Type::tensor(DataType::Float32)));
  add("map a sequence", {map.build(),
                         {Datum::sequence({numbers({1}, {1}), numbers({1}, {2})}), numbers({1}, {5})},
                         {Datum::sequence({numbers({1}, {6}), numbers({1}, {7})})},
                         {}});
}

void ControlFlowTest::runs() {
  QFETCH(Run, row);
  try {
    const auto got = run(row.model, row.inputs);
    QVERIFY2(row.refusal.empty(), "the kernel was to refuse this");
    QCOMPARE(got.size(), row.wanted.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      if (row.wanted[i].is_tensor()) {
        COMPARE_TENSORS(got[i].tensor(), row.wanted[i].tensor());
        continue;
      }
      QCOMPARE(got[i].sequence().size(), row.wanted[i].sequence().size());
      for (std::size_t k = 0; k < got[i].sequence().size(); ++k)
        COMPARE_TENSORS(got[i].sequence()[k].tensor(), row.wanted[i].sequence()[k].tensor());
    }
  } catch (const Error& error) {
    QVERIFY2(!row.refusal.empty() && std::string(error.what()).find(row.refusal) != std::string::npos,
             error.what());
  }
}

void ControlFlowTest::knowsShapesThroughBodies() {
  const auto model = loop(true);
  const auto types = infer_types(*model);
  QCOMPARE(QString::fromStdString(to_string(types.type_of("last"))), QStringLiteral("int64 1"));
  QCOMPARE(QString::fromStdString(to_string(types.type_of("all"))), QString::fromUtf8("int64 ? × 1"));
}

void ControlFlowTest::keepsWhatChangesUnknown() {
  ModelBuilder body;
  body.input("i", DataType::Int64, {})
      .input("c", DataType::Bool, {})
      .input("x", Type::tensor(DataType::Float32));
  body.add(node("Concat", {"x", "x"}, {"y"}, {{"axis", std::int64_t{0}}}))
      .add(node("Identity", {"c"}, {"d"}));
  body.output("d", Type::tensor(DataType::Bool, Shape{})).output("y", Type::tensor(DataType::Float32));
  ModelBuilder model;
  model.input("m", DataType::Int64, {}).input("x", floats({"4", "N"}));
  model.add(node("Loop", {"m", "", "x"}, {"y"}, {{"body", body.graph()}})).output("y");
  const auto built = model.build();
  QCOMPARE(QString::fromStdString(to_string(infer_types(*built).type_of("y"))),
           QString::fromUtf8("float32 ? × N"));
}

void ControlFlowTest::carriesSizesThroughComputedShapes() {
  // As exporters write x.reshape(x.shape[0], x.shape[1], 12, 64).
  ModelBuilder model;
  model.input("x", floats({"N", "T", "768"}));
  model.initializer("zero", Tensor::scalar(std::int64_t{0}))
      .initializer("one", Tensor::scalar(std::int64_t{1}));
  model.initializer("front", ints({0})).initializer("heads", ints({12})).initializer("rest", ints({-1}));
  model.add(node("Shape", {"x"}, {"shape"}));
  model.add(node("Gather", {"shape", "zero"}, {"n"})).add(node("Gather", {"shape", "one"}, {"t"}));
  model.add(node("Unsqueeze", {"n", "front"}, {"n1"})).add(node("Unsqueeze", {"t", "front"}, {"t1"}));
  model.add(node("Concat", {"n1", "t1", "heads", "rest"}, {"sizes"}, {{"axis", std::int64_t{0}}}));
  model.add(node("Reshape", {"x", "sizes"}, {"y"})).output("y");
  const auto built = model.build();
  QCOMPARE(QString::fromStdString(to_string(infer_types(*built).type_of("y"))),
           QString::fromUtf8("float32 N × T × 12 × 64"));
}

void ControlFlowTest::stopsBetweenIterations() {
  RunOptions options;
  options.cancel.cancel();
  const auto model = loop(false);
  QVERIFY_EXCEPTION_THROWN(run(model, {Tensor::scalar(std::int64_t{2}), ints({0})}, options), Cancelled);
}

QTEST_GUILESS_MAIN(ControlFlowTest)
#include "control_flow_test.moc"
