#pragma once

#include <QTemporaryDir>
#include <QTest>
#include <memory>

#include "engine/io/model_file.h"
#include "engine/trace/statistics.h"
#include "tests/support/model_builder.h"
#include "ui/document/document.h"

namespace lapidary::ui::test {

using lapidary::test::ModelBuilder;

inline Node named(std::string name, Node node) {
  node.name = std::move(name);
  return node;
}

/// A stem, `blocks` equal blocks with a residual, and a head with two branches, in the scopes of a PyTorch
/// export.
inline ModelPointer blocks_model(int blocks = 4) {
  ModelBuilder builder;
  builder.input("x", DataType::Float32, Shape{1, 8});
  builder.initializer("w", Tensor::of<float>({8, 8}, std::vector<float>(64, 0.125f)));
  std::string value = "x";
  const auto add = [&](const std::string& scope, const char* op, std::vector<std::string> inputs) {
    const std::string output = scope + "/" + op + "_output";
    builder.add(named(scope + "/" + op, lapidary::test::node(op, std::move(inputs), {output})));
    return output;
  };
  value = add("/stem/embed", "MatMul", {value, "w"});
  value = add("/stem/act", "Relu", {value});
  for (int i = 0; i < blocks; ++i) {
    const std::string scope = std::string("/layers/layers.") + std::to_string(i);
    std::string inner = add(scope + "/fc1", "MatMul", {value, "w"});
    inner = add(scope + "/act", "Relu", {inner});
    inner = add(scope + "/fc2", "MatMul", {inner, "w"});
    value = add(scope, "Add", {inner, value});
  }
  const std::string left = add("/head/left", "Exp", {value}), right = add("/head/right", "Abs", {value});
  value = add("/head", "Mul", {left, right});
  return builder.output(value, Type::tensor(DataType::Float32, Shape{1, 8})).build();
}

/// x [2, 3] → /call, a model-local function of Flatten and Relu → /choose, an If with one node a branch → y.
inline ModelPointer nested_model() {
  using lapidary::test::node;
  const GraphPointer body = ModelBuilder()
                                .input("in", Type())
                                .add(named("/inner/flatten", node("Flatten", {"in"}, {"flat"})))
                                .add(named("/inner/relu", node("Relu", {"flat"}, {"out"})))
                                .output("out")
                                .graph();
  const auto branch = [](const char* name, const char* op) {
    return ModelBuilder().add(named(name, node(op, {"called"}, {"chosen"}))).output("chosen").graph();
  };
  return ModelBuilder()
      .opset("local", 1)
      .input("x", DataType::Float32, Shape{2, 3})
      .initializer("which", Tensor::of({}, std::vector<bool>{true}))
      .add(named("/call", node("Flat", {"x"}, {"called"}, {}, "local")))
      .add(named("/choose", node("If", {"which"}, {"y"},
                                 {{"then_branch", branch("/then/neg", "Neg")},
                                  {"else_branch", branch("/else/abs", "Abs")}})))
      .function("local", "Flat", body)
      .output("y", Type::tensor(DataType::Float32, Shape{2, 3}))
      .build();
}

/// A document with a model open and laid out; nothing moves on its own, and no job is left running.
struct OpenDocument {
  QTemporaryDir folder;
  Theme theme;
  JobList jobs;
  Document document{&theme, &jobs};

  explicit OpenDocument(const ModelPointer& model) {
    const QString path = folder.filePath(QStringLiteral("model.onnx"));
    save_model(*model, path.toStdString());
    theme.setMode(Theme::Mode::Light);
    document.open(path);
    if (!QTest::qWaitFor([this] { return document.layout() && document.cost(); }, 20000))
      qFatal("the model was not laid out");
  }
  /// Waits for the layout that follows a change.
  bool relaidOut(const std::function<void()>& change) {
    const auto before = document.layout();
    change();
    return QTest::qWaitFor([&] { return document.layout() != before; }, 20000);
  }
};

/// A trace of `runs` runs of the document's model: one step a node on the first thread, each (position + 1) ·
/// 10 µs, and a helper on the second thread for every third; each run takes longer than the one before.
inline std::shared_ptr<const RunResult> made_up_result(const Document& document, int runs = 3) {
  auto result = std::make_shared<RunResult>();
  Trace& trace = result->trace;
  trace.threads = 2;
  trace.lanes = {{"Thread 1"}, {"Thread 2"}};
  const auto& nodes = document.model()->graph->nodes;
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    Step step;
    step.name = nodes[n]->name;
    step.op_type = nodes[n]->op_type;
    step.nodes = {static_cast<int>(n)};
    step.implementation = "made up";
    trace.steps.push_back(step);
  }
  std::int64_t now = 0;
  for (int run = 0; run < runs; ++run) {
    const std::int64_t begin = now;
    for (std::size_t n = 0; n < nodes.size(); ++n) {
      const std::int64_t length = (static_cast<std::int64_t>(n) + 1) * 10'000 + run * 1'000;
      const int step = static_cast<int>(n);
      trace.spans.push_back({step, 0, run, now, now + length});
      if (n % 3 == 0) trace.spans.push_back({step, 1, run, now + 1'000, now + length - 1'000});
      trace.memory.push_back({now, static_cast<std::int64_t>((n % 4 + 1) * 1'000'000)});
      now += length + 500;
    }
    trace.runs.push_back({begin, now});
    now += 20'000;
  }
  result->summary = summarize(trace);
  return result;
}

}  // namespace lapidary::ui::test
