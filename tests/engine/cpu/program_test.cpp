#include <QTest>
#include <thread>

#include "engine/backends.h"
#include "engine/cpu/runner.h"
#include "tests/support/model_builder.h"
#include "tests/support/tensors.h"

using namespace lapidary;
using test::ModelBuilder;
using test::node;

namespace {

/// y = relu(w·x) for x [N, 8], and its mean.
ModelPointer any_rows() {
  ModelBuilder model;
  std::vector<float> weights(32);
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = static_cast<float>(i % 7) - 3;
  model.input("x", DataType::Float32, Shape{Dimension::symbol("N"), 8})
      .initializer("w", Tensor::of(Dims{8, 4}, weights));
  model.add(node("MatMul", {"x", "w"}, {"p"})).add(node("Relu", {"p"}, {"y"})).output("y");
  return model.build();
}

Tensor ramp(Dims dims) {
  Tensor tensor(DataType::Float32, std::move(dims));
  for (std::int64_t i = 0; i < tensor.size(); ++i)
    tensor.mutable_data<float>()[i] = static_cast<float>(i % 11) * 0.25f - 1;
  return tensor;
}

}  // namespace

Q_DECLARE_METATYPE(lapidary::Dims)

class CpuProgramTest : public QObject {
  Q_OBJECT

 private slots:
  void runsShapesFromSeveralThreadsAtOnce();
  void keepsABoundedNumberOfShapes();
  void stopsWhenItIsCancelled();
  void givesEveryValueWhenAsked();
  void choosesABranchByItsInput();
  void followsSizesThatChangeWithEveryRun();
  void runsLoopsWhoseBodiesReadFromAround();
  void namesWhatItCannotRun();
  void hasAnArena();
  void refusesMatricesThatDoNotFit_data();
  void refusesMatricesThatDoNotFit();
  void refusesNodesThatLackInputs();
};

void CpuProgramTest::refusesMatricesThatDoNotFit_data() {
  QTest::addColumn<QString>("type");
  QTest::addColumn<Dims>("given");
  QTest::newRow("MatMul, too narrow") << "MatMul" << Dims{2, 2};
  QTest::newRow("MatMul, too wide") << "MatMul" << Dims{2, 6};
  QTest::newRow("Gemm, too narrow") << "Gemm" << Dims{2, 2};
}

/// Packed weights are read by their own sizes: what does not fit must not get as far.
void CpuProgramTest::refusesMatricesThatDoNotFit() {
  QFETCH(QString, type);
  QFETCH(Dims, given);
  test::ModelBuilder model;
  model.input("x", DataType::Float32, Shape{Dimension::symbol("N"), Dimension::symbol("K")})
      .initializer("w", Tensor::of(Dims{3, 2}, std::vector<float>{1, 2, 3, 4, 5, 6}));
  model.add(node(type.toStdString(), {"x", "w"}, {"y"})).output("y");
  const auto compiled_and_run = [&] { find_backend("cpu").compile(model.build(), {})->run({ramp(given)}); };
  QVERIFY_EXCEPTION_THROWN(compiled_and_run(), Error);
}

void CpuProgramTest::refusesNodesThatLackInputs() {
  for (const char* type : {"LayerNormalization", "InstanceNormalization", "MatMul", "Gather"}) {
    test::ModelBuilder model;
    model.input("x", DataType::Float32, shape_of(Dims{2, 3, 4})).output("y");
    model.add(node(type, {"x"}, {"y"}));
    const auto compiled_and_run = [&] {
      find_backend("cpu").compile(model.build(), {})->run({ramp({2, 3, 4})});
    };
    QVERIFY_EXCEPTION_THROWN(compiled_and_run(), Error);
  }
}

void CpuProgramTest::runsShapesFromSeveralThreadsAtOnce() {
  const auto model = any_rows();
  const auto program = find_backend("cpu").compile(model, {});
  const auto reference = find_backend("reference").compile(model, {});
  std::vector<Tensor> inputs, wanted;
  for (std::int64_t rows = 1; rows <= 6; ++rows) {
    inputs.push_back(ramp({rows, 8}));
    wanted.push_back(reference->run({inputs.back()})[0].tensor());
  }
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 30; ++i) {
        const auto which = static_cast<std::size_t>((i * (t + 1)) % 6);
        const auto got = program->run({inputs[which]});
        if (!test::difference(got[0].tensor(), wanted[which]).isEmpty()) ++wrong;
      }
    });
  for (auto& thread : threads) thread.join();
  QCOMPARE(wrong.load(), 0);
}

void CpuProgramTest::keepsABoundedNumberOfShapes() {
  cpu::Runner runner(any_rows(), {"x"}, {"y"}, 1, 0);
  for (std::int64_t rows = 1; rows <= 20; ++rows) {
    const auto outputs = runner.run({ramp({rows, 8})}, {});
    QCOMPARE(outputs[0].tensor().dims(), (Dims{rows, 4}));
  }
  QCOMPARE(runner.executable_count(), cpu::Runner::most_executables);
}

void CpuProgramTest::stopsWhenItIsCancelled() {
  const auto program = find_backend("cpu").compile(any_rows(), {});
  RunOptions options;
  options.cancel.cancel();
  QVERIFY_EXCEPTION_THROWN(program->run({ramp({3, 8})}, options), Cancelled);
  // and serves the next run
  QCOMPARE(program->run({ramp({3, 8})})[0].tensor().dims(), (Dims{3, 4}));
}

void CpuProgramTest::givesEveryValueWhenAsked() {
  CompileOptions options;
  options.keep_intermediates = true;
  const auto model = any_rows();
  const auto program = find_backend("cpu").compile(model, options);
  const auto reference = find_backend("reference").compile(model, options);
  QCOMPARE(program->outputs().size(), std::size_t{2});
  QCOMPARE(program->outputs()[1].name, std::string("p"));
  const auto got = program->run({ramp({3, 8})}), want = reference->run({ramp({3, 8})});
  COMPARE_TENSORS(got[0].tensor(), want[0].tensor());
  COMPARE_TENSORS(got[1].tensor(), want[1].tensor());
}

void CpuProgramTest::choosesABranchByItsInput() {
  const auto branch = [](const std::string& op) {
    return ModelBuilder().output("r", Type::tensor(DataType::Float32)).add(node(op, {"x"}, {"r"})).graph();
  };
  ModelBuilder model;
  model.input("x", DataType::Float32, shape_of({3})).input("c", DataType::Bool, Shape{}).output("y");
  model.add(node("If", {"c"}, {"y"}, {{"then_branch", branch("Neg")}, {"else_branch", branch("Abs")}}));
  const auto program = find_backend("cpu").compile(model.build(), {});
  const Tensor x = Tensor::of(Dims{3}, std::vector<float>{-1, 0, 2});
  for (int i = 0; i < 2; ++i) {
    COMPARE_TENSORS(program->run({x, Tensor::of(Dims{}, std::vector<bool>{true})})[0].tensor(),
                    Tensor::of(Dims{3}, std::vector<float>{1, 0, -2}));
    COMPARE_TENSORS(program->run({x, Tensor::of(Dims{}, std::vector<bool>{false})})[0].tensor(),
                    Tensor::of(Dims{3}, std::vector<float>{1, 0, 2}));
  }
}

void CpuProgramTest::followsSizesThatChangeWithEveryRun() {
  ModelBuilder model;
  model.input("x", DataType::Float32, shape_of({50}))
      .input("end", DataType::Int64, shape_of({1}))
      .output("y");
  model.initializer("start", Tensor::of(Dims{1}, std::vector<std::int64_t>{0}));
  model.add(node("Slice", {"x", "start", "end"}, {"part"})).add(node("Relu", {"part"}, {"y"}));
  const auto program = find_backend("cpu").compile(model.build(), {});
  for (std::int64_t end = 1; end <= 2 * cpu::Runner::most_decisive_values; ++end) {
    const auto y =
        program->run({ramp({50}), Tensor::of(Dims{1}, std::vector<std::int64_t>{end})})[0].tensor();
    QCOMPARE(y.dims(), (Dims{end}));
    QCOMPARE(y.data<float>()[end - 1], std::max(0.0f, ramp({50}).data<float>()[end - 1]));
  }
}

void CpuProgramTest::runsLoopsWhoseBodiesReadFromAround() {
  ModelBuilder body;
  body.input("i", DataType::Int64, Shape{})
      .input("go", DataType::Bool, Shape{})
      .input("sum", DataType::Float32, shape_of({2}));
  body.output("go_on", Type::tensor(DataType::Bool)).output("next", Type::tensor(DataType::Float32));
  body.add(node("Identity", {"go"}, {"go_on"})).add(node("Add", {"sum", "x"}, {"next"}));
  ModelBuilder model;
  model.input("x", DataType::Float32, shape_of({2})).output("y");
  model.initializer("n", Tensor::scalar(std::int64_t{5}))
      .initializer("start", Tensor::of(Dims{2}, std::vector<float>{1, 2}));
  model.add(node("Loop", {"n", "", "start"}, {"y"}, {{"body", body.graph()}}));
  const auto program = find_backend("cpu").compile(model.build(), {});
  const auto outputs = program->run({Tensor::of(Dims{2}, std::vector<float>{1, 10})});
  COMPARE_TENSORS(outputs[0].tensor(), Tensor::of(Dims{2}, std::vector<float>{6, 52}));
}

void CpuProgramTest::namesWhatItCannotRun() {
  ModelBuilder model;
  model.input("x", DataType::Float32, shape_of({2})).output("y").opset("some.vendor", 1);
  model.add(node("Secret", {"x"}, {"y"}, {}, "some.vendor"));
  try {
    find_backend("cpu").compile(model.build(), {})->run({ramp({2})});
    QFAIL("ran an operator that nobody knows");
  } catch (const UnsupportedOperatorError& error) {
    QVERIFY(QString(error.what()).contains("some.vendor.Secret"));
  }
}

void CpuProgramTest::hasAnArena() {
  const auto program = find_backend("cpu").compile(any_rows(), {});
  program->run({ramp({300, 8})});
  QVERIFY(program->arena_bytes() >= 0);
  QVERIFY(program->arena_bytes() < 1 << 20);
}

QTEST_GUILESS_MAIN(CpuProgramTest)
#include "program_test.moc"
