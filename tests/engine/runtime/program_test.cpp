#include <QTest>
#include <cmath>
#include <limits>

#include "engine/backends.h"
#include "engine/cpu/runner.h"
#include "engine/trace/statistics.h"
#include "tests/support/model_builder.h"
#include "tests/support/tensors.h"

using namespace lapidary;
using test::ModelBuilder;
using test::node;

Q_DECLARE_METATYPE(lapidary::Type)
Q_DECLARE_METATYPE(lapidary::Datum)

namespace {

constexpr const char* backend_names[] = {"cpu", "reference"};

std::shared_ptr<Program> compiled(const char* backend, const ModelPointer& model) {
  return find_backend(backend).compile(model, {});
}

/// y = start + turns · x, and its double.
ModelPointer summing_loop(std::int64_t turns) {
  ModelBuilder body;
  body.input("i", DataType::Int64, Shape{})
      .input("go", DataType::Bool, Shape{})
      .input("sum", DataType::Float32, shape_of({2}));
  body.output("go_on", Type::tensor(DataType::Bool)).output("next", Type::tensor(DataType::Float32));
  body.add(node("Identity", {"go"}, {"go_on"})).add(node("Add", {"sum", "x"}, {"next"}));
  return ModelBuilder()
      .input("x", DataType::Float32, shape_of({2}))
      .initializer("n", Tensor::scalar(turns))
      .initializer("start", Tensor::of({2}, std::vector<float>{1, 2}))
      .add(node("Loop", {"n", "", "start"}, {"sum"}, {{"body", body.graph()}}))
      .add(node("Add", {"sum", "sum"}, {"y"}))
      .output("y")
      .build();
}

ModelPointer chain(int length) {
  ModelBuilder model;
  model.input("v0", DataType::Float32, Shape{Dimension::symbol("N"), 4});
  for (int i = 0; i < length; ++i)
    model.add(node("Softmax", {"v" + std::to_string(i)}, {"v" + std::to_string(i + 1)}));
  return model.output("v" + std::to_string(length)).build();
}

/// Asks to stop after some steps, and counts all that it is shown.
class Stopper : public RunObserver {
 public:
  Stopper(CancelToken cancel, int after) : cancel_(std::move(cancel)), after_(after) {}
  void step(const Step&, std::int64_t, std::int64_t, int) override {
    if (++steps == after_) cancel_.cancel();
  }
  int steps = 0;

 private:
  CancelToken cancel_;
  int after_;
};

Datum map_datum() {
  Datum datum;
  datum.value = std::make_shared<const MapDatum>(
      MapDatum{Tensor::of({1}, std::vector<std::int64_t>{1}), {Tensor::scalar(1.0f)}});
  return datum;
}

}  // namespace

/// What every backend's programs promise.
class ProgramTest : public QObject {
  Q_OBJECT
 private slots:
  void dataOfAnotherKindIsRefused_data() {
    QTest::addColumn<Type>("wanted");
    QTest::addColumn<Datum>("given");
    QTest::addColumn<QString>("message");
    const Type pair = Type::tensor(DataType::Float32, Shape{2}), list = Type::sequence(pair);
    const Datum floats(Tensor::of({2}, std::vector<float>{1, 2}));
    const Datum integers(Tensor::of({2}, std::vector<std::int64_t>{1, 2}));
    const Datum row(Tensor::of({1, 2}, std::vector<float>{1, 2}));
    const auto add = [](const char* name, const Type& type, const Datum& datum, const char* message) {
      QTest::newRow(name) << type << datum << message;
    };
    add("fits", pair, floats, "");
    add("another element type", pair, integers, "and int64 2 was given. Convert the data to float32");
    add("another rank", pair, row, "and float32 1 × 2 was given. Give data of that size");
    add("sequence for a tensor", pair, Datum::sequence({floats}), "and a sequence of float32 2 was given");
    add("map for a tensor", pair, map_datum(), "and a map was given");
    add("tensor for a sequence", list, floats, "wants sequence of float32");
    add("map for a sequence", list, map_datum(), "and a map was given");
    add("sequence", list, Datum::sequence({floats, floats}), "");
    add("empty sequence", list, Datum::sequence({}), "");
    add("sequence of another type", list, Datum::sequence({floats, integers}), "wants sequence");
    add("sequence of sequences", list, Datum::sequence({Datum::sequence({floats})}),
        "a sequence of a sequence");
    add("tensor for a map", Type::map(DataType::Int64, pair), floats, "for this input");
    add("map", Type::map(DataType::Int64, pair), map_datum(), "");
    add("tensor for an optional one", Type::optional(pair), floats, "");
    add("sequence for an optional tensor", Type::optional(pair), Datum::sequence({floats}), "a sequence");
    add("type not known", Type(), Datum::sequence({floats}), "");
  }
  void dataOfAnotherKindIsRefused() {
    QFETCH(const Type, wanted);
    QFETCH(const Datum, given);
    QFETCH(const QString, message);
    Value value;
    value.name = "x";
    value.type = wanted;
    try {
      check_input(value, given);
      QVERIFY(message.isEmpty());
    } catch (const Error& error) {
      QVERIFY2(!message.isEmpty() && QString(error.what()).contains(message), error.what());
      QCOMPARE(error.tensor(), std::string("x"));
    }
  }

  void programsRefuseDataOfAnotherKind() {
    const ModelPointer takes_tensor =
        ModelBuilder().input("x", DataType::Float32, {2}).add(node("Relu", {"x"}, {"y"})).output("y").build();
    const ModelPointer takes_sequence = ModelBuilder()
                                            .input("x", Type::sequence(Type::tensor(DataType::Float32)))
                                            .add(node("SequenceLength", {"x"}, {"y"}))
                                            .output("y")
                                            .build();
    const Datum tensor(Tensor::of({2}, std::vector<float>{1, 2}));
    for (const char* backend : backend_names) {
      QVERIFY_EXCEPTION_THROWN(compiled(backend, takes_tensor)->run({Datum::sequence({tensor})}), Error);
      QVERIFY_EXCEPTION_THROWN(compiled(backend, takes_sequence)->run({tensor}), Error);
    }
  }

  void operatorsInBodiesAreSeenInsideTheirNode() {
    constexpr int turns = 4;
    for (const char* backend : backend_names) {
      const auto program = compiled(backend, summing_loop(turns));
      TraceRecorder recorder;
      RunOptions options;
      options.observer = &recorder;
      const auto outputs = program->run({Tensor::of({2}, std::vector<float>{1, 10})}, options);
      COMPARE_TENSORS(outputs[0].tensor(), Tensor::of({2}, std::vector<float>{10, 84}));
      const Trace trace = recorder.finish();
      const Span* loop = nullptr;
      for (const Span& span : trace.spans)
        if (trace.steps[static_cast<std::size_t>(span.step)].op_type == "Loop") loop = &span;
      QVERIFY2(loop, backend);
      int inside = 0;
      for (const Span& span : trace.spans) {
        const Step& step = trace.steps[static_cast<std::size_t>(span.step)];
        if (step.name != "Add → next") continue;
        ++inside;
        QVERIFY(span.begin_ns >= loop->begin_ns && span.end_ns <= loop->end_ns);
        QVERIFY(step.nodes.empty());  // it is none of the main graph
      }
      QCOMPARE(inside, turns);
      // What the loop's body takes is not the loop's own time as well.
      const TraceSummary summary = summarize(trace);
      double sum_ms = 0;
      for (const auto& row : summary.operators) sum_ms += row.total_ms;
      QVERIFY(sum_ms <= summary.total_ms * (1 + 1e-9));
      const auto row = std::find_if(summary.operators.begin(), summary.operators.end(),
                                    [](const OperatorTime& time) { return time.node == "Add → next"; });
      QCOMPARE(row->calls, turns);
    }
  }

  void aRunStopsBetweenOperators() {
    constexpr int length = 40, after = 5;
    for (const char* backend : backend_names) {
      const auto program = compiled(backend, chain(length));
      const Datum input(Tensor::of({1, 4}, std::vector<float>{1, 2, 3, 4}));
      program->run({input});
      RunOptions options;
      Stopper stopper(options.cancel, after);
      options.observer = &stopper;
      QVERIFY_EXCEPTION_THROWN(program->run({input}, options), Cancelled);
      QCOMPARE(stopper.steps, after);
      QCOMPARE(program->run({input})[0].tensor().dims(), (Dims{1, 4}));  // and serves the next
    }
  }

  void aLoopStopsInsideItsBody() {
    constexpr int after = 10;
    for (const char* backend : backend_names) {
      const auto program = compiled(backend, summing_loop(std::int64_t{1} << 40));
      RunOptions options;
      Stopper stopper(options.cancel, after);
      options.observer = &stopper;
      QVERIFY_EXCEPTION_THROWN(program->run({Tensor::of({2}, std::vector<float>{1, 1})}, options), Cancelled);
      QVERIFY(stopper.steps < after + 10);
    }
  }

  void aNewShapeIsNotCompiledForARunThatWasCancelled() {
    cpu::Runner runner(chain(3), {"v0"}, {"v3"}, 1, 0);
    const Datum input(Tensor::of({1, 4}, std::vector<float>{1, 2, 3, 4}));
    RunOptions options;
    options.cancel.cancel();
    QVERIFY_EXCEPTION_THROWN(runner.run({input}, options), Cancelled);
    QCOMPARE(runner.executable_count(), std::size_t{0});
    runner.run({input}, {});
    QCOMPARE(runner.executable_count(), std::size_t{1});
  }

  void notANumberAndInfinityGoThroughAWholeRun() {
    constexpr float nan = std::numeric_limits<float>::quiet_NaN(),
                    inf = std::numeric_limits<float>::infinity();
    // y = relu(x · 2 - 1) · w, transposed: each column on its own.
    const ModelPointer model = ModelBuilder()
                                   .input("x", DataType::Float32, {2, 4})
                                   .initializer("two", Tensor::scalar(2.0f))
                                   .initializer("one", Tensor::scalar(1.0f))
                                   .initializer("w", Tensor::of({4}, std::vector<float>{1, 1, -1, 1}))
                                   .add(node("Mul", {"x", "two"}, {"a"}))
                                   .add(node("Sub", {"a", "one"}, {"b"}))
                                   .add(node("Abs", {"b"}, {"c"}))
                                   .add(node("Mul", {"c", "w"}, {"d"}))
                                   .add(node("Transpose", {"d"}, {"y"}))
                                   .output("y")
                                   .build();
    const Datum input(Tensor::of({2, 4}, std::vector<float>{nan, inf, inf, 1, 2, -inf, 3, nan}));
    const Tensor want = Tensor::of({4, 2}, std::vector<float>{nan, 3, inf, inf, -inf, -5, 1, nan});
    for (const char* backend : backend_names)
      COMPARE_TENSORS(compiled(backend, model)->run({input})[0].tensor(), want);
  }

  void sizesOfZeroGoThroughSeveralOperators() {
    const ModelPointer model = ModelBuilder()
                                   .input("x", DataType::Float32, Shape{Dimension::symbol("N"), 3})
                                   .initializer("w", Tensor::of({3, 2}, std::vector<float>{1, 2, 3, 4, 5, 6}))
                                   .initializer("more", Tensor::of({1, 2}, std::vector<float>{7, 8}))
                                   .add(node("MatMul", {"x", "w"}, {"a"}))
                                   .add(node("Softmax", {"a"}, {"b"}))
                                   .add(node("Transpose", {"b"}, {"c"}))
                                   .add(node("Relu", {"c"}, {"d"}))
                                   .add(node("Transpose", {"d"}, {"e"}))
                                   .add(node("Concat", {"e", "more"}, {"y"}, {{"axis", std::int64_t{0}}}))
                                   .output("y")
                                   .output("d")
                                   .build();
    for (const char* backend : backend_names) {
      const auto outputs = compiled(backend, model)->run({Tensor(DataType::Float32, {0, 3})});
      COMPARE_TENSORS(outputs[0].tensor(), Tensor::of({1, 2}, std::vector<float>{7, 8}));
      QCOMPARE(outputs[1].tensor().dims(), (Dims{2, 0}));
    }
  }

  void aReshapeThatDoesNotFitNamesItsNode_data() {
    QTest::addColumn<bool>("inside");
    QTest::newRow("of an input") << false;
    QTest::newRow("inside the graph") << true;
  }
  void aReshapeThatDoesNotFitNamesItsNode() {
    QFETCH(const bool, inside);
    ModelBuilder builder;
    builder.input("x", DataType::Float32, Shape{Dimension::symbol("N")})
        .initializer("sizes", Tensor::of({2}, std::vector<std::int64_t>{20, 20}));
    if (inside) builder.add(node("Neg", {"x"}, {"a"}));
    builder.add(node("Reshape", {inside ? "a" : "x", "sizes"}, {inside ? "b" : "y"}));
    if (inside) builder.add(node("Softmax", {"b"}, {"y"}));
    const ModelPointer model = builder.output("y").build();
    for (const char* backend : backend_names) {
      try {
        compiled(backend, model)->run({Tensor::of({3}, std::vector<float>{1, 2, 3})});
        QFAIL("ran");
      } catch (const Error& error) {
        QCOMPARE(error.node(), std::string(inside ? "Reshape → b" : "Reshape → y"));
      }
    }
  }

  void sayHowManyThreadsTheyUsed() {
    const auto reference = compiled("reference", chain(2)), fast = compiled("cpu", chain(2));
    QCOMPARE(reference->threads(), 1);
    fast->run({Tensor::of({1, 4}, std::vector<float>{1, 2, 3, 4})});
    QCOMPARE(fast->threads(), 1);  // too small a graph for several
  }
};

QTEST_GUILESS_MAIN(ProgramTest)
#include "program_test.moc"
