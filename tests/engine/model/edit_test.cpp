#include "engine/model/edit.h"

#include <QTest>

#include "tests/support/model_builder.h"

using namespace lapidary;
using test::ModelBuilder;
using test::node;

namespace {

constexpr std::size_t many = 100'000, chunk_size = 256;

ModelPointer large_model() {
  ModelBuilder builder;
  builder.initializer("w", Tensor(DataType::Float32, {1024, 1024}));
  for (std::size_t i = 0; i < many; ++i)
    builder.add(node("Relu", {"x" + std::to_string(i)}, {"x" + std::to_string(i + 1)}));
  return builder.build();
}

}  // namespace

class EditTest : public QObject {
  Q_OBJECT
 private slots:
  void aChangedNodeSharesTheRest() {
    const auto before = large_model();
    Node changed = *before->graph->nodes[70'000];
    changed.op_type = "Sigmoid";
    const auto after = with_node(*before, 70'000, changed);
    QCOMPARE(before->graph->nodes[70'000]->op_type, std::string("Relu"));
    QCOMPARE(after->graph->nodes[70'000]->op_type, std::string("Sigmoid"));
    std::size_t own_places = 0, own_nodes = 0;
    for (std::size_t i = 0; i < many; ++i) {
      own_places += &before->graph->nodes[i] != &after->graph->nodes[i];
      own_nodes += before->graph->nodes[i] != after->graph->nodes[i];
    }
    QCOMPARE(own_nodes, std::size_t{1});
    QVERIFY(own_places <= chunk_size);
  }

  void weightsAreNotCopied() {
    const auto before = large_model();
    const auto after = with_node(*before, 5, *before->graph->nodes[6]);
    QCOMPARE(after->graph->initializers[0].get(), before->graph->initializers[0].get());
    QCOMPARE(after->graph->initializers[0]->tensor.bytes().data(),
             before->graph->initializers[0]->tensor.bytes().data());
  }
};

QTEST_GUILESS_MAIN(EditTest)
#include "edit_test.moc"
