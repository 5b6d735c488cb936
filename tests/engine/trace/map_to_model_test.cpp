#include "engine/trace/map_to_model.h"

#include <QDir>
#include <QFile>
#include <QTest>

#include "engine/analysis/wiring.h"
#include "engine/io/model_file.h"
#include "engine/trace/import_trace.h"
#include "engine/trace/statistics.h"
#include "tests/support/model_builder.h"
#include "tests/support/tensors.h"

using namespace lapidary;
using test::ModelBuilder;
using test::node;

namespace {

Node named(Node node, std::string name) {
  node.name = std::move(name);
  return node;
}

Tensor weights(const Dims& dims) {
  return Tensor::of(dims, std::vector<float>(static_cast<std::size_t>(element_count(dims)), 0.5f));
}

/// y = Relu(Conv(x) + x), then Softmax: a residual block.
ModelPointer residual() {
  return ModelBuilder()
      .input("x", DataType::Float32, {1, 4, 8, 8})
      .initializer("w", weights({4, 4, 1, 1}))
      .add(named(node("Conv", {"x", "w"}, {"c"}), "conv1"))
      .add(named(node("Conv", {"c", "w"}, {"d"}), "conv10"))
      .add(named(node("Add", {"d", "x"}, {"s"}), "add"))
      .add(named(node("Relu", {"s"}, {"r"}), "relu"))
      .add(named(node("Softmax", {"r"}, {"y"}), "softmax"))
      .output("y")
      .build();
}

std::string kernel(const std::string& name, const std::string& op, int begin, const std::string& inputs,
                   const std::string& outputs) {
  const auto shapes = [](const std::string& list) { return list.empty() ? "[]" : "[" + list + "]"; };
  return R"({"cat":"Node","pid":1,"tid":1,"ph":"X","dur":5,"ts":)" + std::to_string(begin) + R"(,"name":")" +
         name + R"(_kernel_time","args":{"op_name":")" + op + R"(","input_type_shape":)" + shapes(inputs) +
         R"(,"output_type_shape":)" + shapes(outputs) + "}}";
}

ImportedTrace read(const std::vector<std::string>& events) {
  std::string text = "[\n";
  for (const auto& event : events) text += (&event == &events[0] ? "" : ",\n") + event;
  return import_trace(own_bytes(text + "\n]"));
}

/// "STEP: NODE NODE (how)" for all operators that have nodes.
QStringList lines_of(const Trace& trace) {
  QStringList lines;
  for (const auto& row : summarize(trace).operators) {
    const Step& step = trace.steps[static_cast<std::size_t>(row.step)];
    QString line = QString::fromStdString(step.name) + ":";
    for (const auto& name : step.node_names) line += " " + QString::fromStdString(name);
    lines << line + " (" +
                 QString::fromStdString(trace.origins[static_cast<std::size_t>(row.step)].mapped_by) + ")";
  }
  lines.sort();
  return lines;
}

const std::string image = R"({"float":[1,4,8,8]})", weight = R"({"float":[4,4,1,1]})";

}  // namespace

/// The operators of other programs' traces find the nodes that they ran.
class MapToModelTest : public QObject {
  Q_OBJECT
 private slots:
  void namesFindNodesAndTensorsAndWhatIsFused() {
    auto imported = read({kernel("c_nchwc", "Conv", 10, image + "," + weight, image),
                          kernel("ReorderInput", "ReorderInput", 0, image, image),
                          kernel("conv10", "Conv", 20, image + "," + weight + "," + image, image),
                          kernel("softmax_token_12", "Softmax", 30, image, image)});
    const TraceMapping mapping = map_to_model(imported.trace, *residual());
    QCOMPARE(
        lines_of(imported.trace),
        (QStringList{"ReorderInput: conv1 (converts what 'conv1' reads)", "c_nchwc: conv1 (makes tensor 'c')",
                     "conv10: conv10 add relu (node name, fused nodes by the graph's edges)",
                     "softmax_token_12: softmax (node name)"}));
    QCOMPARE(mapping.mapped_spans, std::size_t{4});
    QCOMPARE(mapping.mapped_ns, std::int64_t{20'000});
    QVERIFY(mapping.unmapped.empty());
  }

  void theChainBackFromAnActivationIsFollowed() {
    auto imported = read({kernel("conv1", "Conv", 0, image + "," + weight, image),
                          kernel("r_nchwc", "Conv", 10, image + "," + weight + "," + image, image)});
    map_to_model(imported.trace, *residual());
    QCOMPARE(lines_of(imported.trace),
             (QStringList{"conv1: conv1 (node name)",
                          "r_nchwc: conv10 add relu (makes tensor 'r', fused nodes by the graph's edges)"}));
  }

  void flopsComeFromTheNodes() {
    auto imported = read({kernel("conv1", "Conv", 0, image + "," + weight, image)});
    map_to_model(imported.trace, *residual());
    QCOMPARE(imported.trace.steps[0].macs, 4.0 * 4 * 64);
    QCOMPARE(imported.trace.steps[0].bytes, std::int64_t{4 * (256 + 16 + 256)});
  }

  void operatorsWithoutNamesGoByOrder() {
    auto imported = import_trace(own_bytes(R"([
      {"ph":"X","cat":"cpu_op","name":"aten::conv2d","pid":1,"tid":1,"ts":0,"dur":9,
       "args":{"Input Dims":[[1,4,8,8],[4,4,1,1],[]],"Input type":["float","float",""]}},
      {"ph":"X","cat":"cpu_op","name":"aten::convolution","pid":1,"tid":1,"ts":1,"dur":7},
      {"ph":"X","cat":"cpu_op","name":"aten::conv2d","pid":1,"tid":1,"ts":10,"dur":9,
       "args":{"Input Dims":[[1,4,8,8],[4,4,1,1],[]],"Input type":["float","float",""]}},
      {"ph":"X","cat":"cpu_op","name":"aten::relu_","pid":1,"tid":1,"ts":20,"dur":9},
      {"ph":"X","cat":"cpu_op","name":"aten::erfinv","pid":1,"tid":1,"ts":30,"dur":4}])"));
    const TraceMapping mapping = map_to_model(imported.trace, *residual());
    QCOMPARE(lines_of(imported.trace),
             (QStringList{"aten::conv2d: conv1 (operator, shapes and order)",
                          "aten::conv2d: conv10 (operator, shapes and order)",
                          "aten::convolution: conv1 (inside 'aten::conv2d')", "aten::erfinv: ()",
                          "aten::relu_: relu (operator, shapes and order)"}));
    QCOMPARE(mapping.operator_ns, std::int64_t{31'000});  // what is nested is not added twice
    QCOMPARE(mapping.mapped_ns, std::int64_t{27'000});
    QCOMPARE(mapping.unmapped.size(), std::size_t{1});
    QCOMPARE(mapping.unmapped[0].first, std::string("aten::erfinv"));
  }

  void partsOfANameAreNoMatch() {
    auto imported =
        read({kernel("conv", "Einsum", 0, image, image), kernel("conv100", "Einsum", 10, image, image)});
    const TraceMapping mapping = map_to_model(imported.trace, *residual());
    QCOMPARE(mapping.mapped_spans, std::size_t{0});
  }

  void everyKernelOfARealProfileIsMapped() {
    const QDir zoo(qEnvironmentVariable("LAPIDARY_ZOO"));
    const QString profile = qEnvironmentVariable("LAPIDARY_ORT_PROFILE");
    if (!zoo.exists("resnet50.onnx") || profile.isEmpty())
      QSKIP("needs LAPIDARY_ZOO and LAPIDARY_ORT_PROFILE, a profile of its resnet50.onnx");
    LoadOptions links;
    links.follow_links = true;
    const ModelPointer model = load_model(zoo.filePath("resnet50.onnx").toStdString(), links).model;
    auto imported = import_trace(profile.toStdString());
    const TraceMapping mapping = map_to_model(imported.trace, *model);
    QCOMPARE(mapping.operator_spans, std::size_t{290});
    QCOMPARE(mapping.mapped_spans, mapping.operator_spans);
    std::int64_t sum_ns = 0;
    for (const Span& span : imported.trace.spans)
      if (imported.trace.is_operator(span.step)) sum_ns += span.end_ns - span.begin_ns;
    QCOMPARE(mapping.mapped_ns, sum_ns);
    std::vector<bool> reached(model->graph->nodes.size());
    for (const Step& step : imported.trace.steps)
      for (const int position : step.nodes) reached[static_cast<std::size_t>(position)] = true;
    const Wiring wiring = wiring_of(*model->graph);
    for (std::size_t position = 0; position < reached.size(); ++position)
      QVERIFY2(wiring.constant[position] || reached[position],
               model->graph->nodes[position]->label().c_str());
  }
};

QTEST_APPLESS_MAIN(MapToModelTest)
#include "map_to_model_test.moc"
