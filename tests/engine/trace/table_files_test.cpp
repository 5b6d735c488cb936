#include "engine/trace/table_files.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTemporaryDir>
#include <QTest>

#include "engine/trace/groups.h"
#include "engine/trace/roofline.h"
#include "tests/support/model_builder.h"

using namespace lapidary;
using test::ModelBuilder;
using test::node;

namespace {

ModelPointer two_nodes() {
  Node relu = node("Relu", {"x"}, {"r"}), tanh = node("Tanh", {"r"}, {"y"});
  relu.name = "block/say \"relu\", first";
  return ModelBuilder().input("x", DataType::Float32, {4}).add(relu).add(tanh).output("y").build();
}

/// Relu 2 ms with 8 MFLOP, Tanh 1 ms with 4 MB.
Trace two_steps() {
  Trace trace;
  trace.lanes = {{"Thread 1"}};
  Step relu, tanh;
  relu.name = "block/say \"relu\", first";
  relu.op_type = "Relu";
  relu.nodes = {0};
  relu.node_names = {relu.name};
  relu.flops = 8e6;
  relu.inputs = {Type::tensor(DataType::Float32, Shape{4})};
  tanh.op_type = "Tanh";
  tanh.nodes = {1};
  tanh.bytes = 4'000'000;
  trace.steps = {relu, tanh};
  trace.spans = {{0, 0, 0, 0, 2'000'000}, {1, 0, 0, 2'000'000, 3'000'000}};
  trace.runs = {{0, 3'000'000}};
  return trace;
}

}  // namespace

class TableFilesTest : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;
  std::string path(const char* name) const { return folder_.filePath(name).toStdString(); }
  QByteArray content(const char* name) const {
    QFile file(folder_.filePath(name));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
  }

 private slots:
  void namesInTablesAreQuoted() {
    write_profile_csv(summarize(two_steps()), two_steps(), path("t.csv"));
    const QList<QByteArray> lines = content("t.csv").split('\n');
    QVERIFY(lines[0].startsWith("node,op,nodes,calls,total_ms"));
    QVERIFY2(lines[1].startsWith(R"("block/say ""relu"", first",Relu,"block/say ""relu"", first",1,2.0,)"),
             lines[1]);
    QCOMPARE(lines.size(), 4);
  }

  void otherViewersFindTheNodes() {
    const TraceSummary summary = summarize(two_steps());
    write_netron_attachment(summary, *two_nodes(), path("netron.json"));
    const QJsonObject netron = QJsonDocument::fromJson(content("netron.json")).object();
    QCOMPARE(netron["signature"].toString(), QString("netron:attachment"));
    const QJsonObject first = netron["metrics"].toArray()[0].toObject();
    QCOMPARE(first["target"].toString(), QString("block/say \"relu\", first"));
    QCOMPARE(first["value"].toDouble(), 2.0);
    write_model_explorer_data(summary, *two_nodes(), path("explorer.json"));
    const QJsonObject graphs = QJsonDocument::fromJson(content("explorer.json")).object();
    QCOMPARE(graphs.begin()->toObject()["results"].toObject()["y"].toObject()["value"].toDouble(), 1.0);
  }

  void modulesHoldTheTimeOfTheirNodes() {
    const auto modules = times_by_module(summarize(two_steps()), find_hierarchy(*two_nodes()->graph));
    QCOMPARE(modules[0].total_ms, 3.0);
    QCOMPARE(modules[0].operators, 2);
    const auto shapes = times_by_shape(summarize(two_steps()), two_steps());
    QCOMPARE(shapes[0].name, std::string("Relu: float32 4"));
    QCOMPARE(shapes[0].total_ms, 2.0);
  }

  void operatorsStandUnderTheRoofThatIsLower() {
    Roofs roofs;
    roofs.bytes_per_second = 8e9;
    roofs.flops_per_second = {{DataType::Float32, 8e9}};
    const auto points = roofline_of(summarize(two_steps()), two_steps(), roofs);
    QCOMPARE(points[0].bound, std::string("compute"));
    QCOMPARE(points[0].attainable_ms, 1.0);
    QCOMPARE(points[0].share_of_roof, 0.5);
    QCOMPARE(points[1].bound, std::string("memory"));
    QCOMPARE(points[1].share_of_roof, 0.5);
  }

  void roofsAreMeasuredOnceForEachNumberOfThreads() {
    int measured = 0;
    const auto measure = [&](int threads) {
      ++measured;
      return Roofs{threads, 1e9, {{DataType::Float32, 1e10 * threads}}};
    };
    const std::string file = path("roofs.json");
    const auto rate = [&](int threads) {
      return remembered_roofs(file, "machine", threads, measure).flops_per_second.at(DataType::Float32);
    };
    QCOMPARE(rate(1), 1e10);
    QCOMPARE(rate(2), 2e10);
    QCOMPARE(rate(1), 1e10);
    QCOMPARE(measured, 2);
    QFile damaged(folder_.filePath("roofs.json"));
    QVERIFY(damaged.open(QIODevice::WriteOnly));
    damaged.write("{\"machine, 1 threads\": {\"threads\": []");
    damaged.close();
    QCOMPARE(rate(1), 1e10);
    QCOMPARE(measured, 3);
  }
};

QTEST_APPLESS_MAIN(TableFilesTest)
#include "table_files_test.moc"
