#include "engine/backends.h"
#include "tests/support/contributed.h"
#include "tests/support/peer.h"

using namespace lapidary;
using namespace lapidary::test;

/// Operators of com.microsoft for which ONNX Runtime's build for the CPU has no kernel (they are made for its
/// other devices, or only its optimizer knows them). So they are held against what they stand for: graphs of
/// standard operators.
class WithoutPeerTest : public QObject {
  Q_OBJECT

 private slots:
  void thePeerHasNoKernel();
  void computesWhatItStandsFor_data();
  void computesWhatItStandsFor();
};

namespace {

struct Comparison {
  ContributedCase row;
  std::vector<Node> standard;  ///< reads x0, x1, …, and makes y0, y1, …
  std::vector<std::pair<std::string, Tensor>> constants = {};
};

const std::int64_t one = 1, zero = 0, two = 2;
using Attributes = std::vector<std::pair<std::string, AttributeValue>>;

ContributedCase row(const char* name, Node call, std::vector<Tensor> inputs) {
  return {name, std::move(call), std::move(inputs), {}, false, 1e-5, 1e-6};
}

std::vector<Comparison> fused() {
  const Tensor x = scaled(noise({2, 3, 8}), 4), bias = noise({8}, 2);
  const Attributes pads{{"pads", list({1, 1, 1, 1})}};
  return {
      {row("", contributed("BiasSplitGelu"), {x, bias}),
       {node("Add", {"x0", "x1"}, {"s"}),
        node("Split", {"s"}, {"a", "b"}, {{"axis", -one}, {"num_outputs", two}}), node("Gelu", {"b"}, {"g"}),
        node("Mul", {"a", "g"}, {"y0"})}},
      {row("", contributed("BiasAdd"), {x, bias, noise({2, 3, 8}, 3)}),
       {node("Add", {"x0", "x1"}, {"s"}), node("Add", {"s", "x2"}, {"y0"})}},
      {row("", contributed("NhwcConv", pads), {noise({1, 6, 5, 4}), noise({6, 4, 3, 3}, 2), noise({6}, 3)}),
       {node("Transpose", {"x0"}, {"first"}, {{"perm", list({0, 3, 1, 2})}}),
        node("Conv", {"first", "x1", "x2"}, {"c"}, pads),
        node("Transpose", {"c"}, {"y0"}, {{"perm", list({0, 2, 3, 1})}})}},
  };
}

/// Channels of `from` last → normalized in two groups → y0 with channels last, through SiLU where asked for.
std::vector<Node> in_groups(const std::string& from, bool through_silu) {
  std::vector<Node> nodes{
      node("Transpose", {from}, {"first"}, {{"perm", list({0, 3, 1, 2})}}),
      node("GroupNormalization", {"first", "x1", "x2"}, {"normal"}, {{"num_groups", two}}),
      node("Transpose", {"normal"}, {through_silu ? "plain" : "y0"}, {{"perm", list({0, 2, 3, 1})}})};
  if (through_silu) {
    nodes.push_back(node("Sigmoid", {"plain"}, {"gate"}));
    nodes.push_back(node("Mul", {"plain", "gate"}, {"y0"}));
  }
  return nodes;
}

std::vector<Node> joined(std::vector<Node> a, const std::vector<Node>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

std::vector<Comparison> groups() {
  const Tensor x = noise({2, 3, 4, 8}), gamma = noise({8}, 2), beta = noise({8}, 3);
  const Attributes plain{{"groups", two}, {"activation", zero}}, silu{{"groups", two}, {"activation", one}};
  return {
      {row("", contributed("GroupNorm", plain), {x, gamma, beta}), in_groups("x0", false)},
      {row("SiLU", contributed("GroupNorm", silu), {x, gamma, beta}), in_groups("x0", true)},
      {row("", contributed("SkipGroupNorm", plain, "yy"), {x, gamma, beta, noise({2, 3, 4, 8}, 4)}),
       joined({node("Add", {"x0", "x3"}, {"y1"})}, in_groups("y1", false))},
      {row("skip of a sample, bias", contributed("SkipGroupNorm", silu, "yy"),
           {x, gamma, beta, noise({2, 8}, 4), noise({8}, 5)}),
       joined({node("Reshape", {"x3", "of_sample"}, {"skip"}), node("Add", {"x0", "skip"}, {"s"}),
               node("Add", {"s", "x4"}, {"y1"})},
              in_groups("y1", true)),
       {{"of_sample", ints({2, 1, 1, 8})}}},
  };
}

/// Two sequences of 2 and 3 tokens without padding: each attends to itself alone.
Comparison packed_attention() {
  const Tensor offsets = int32s({2, 3}, {0, 1, 3, 4, 5, 2}), sums = int32s({3}, {0, 2, 5});
  Comparison made{row("", contributed("PackedAttention", {{"num_heads", two}}),
                      {noise({5, 8}), noise({8, 24}, 2), noise({24}, 3), offsets, sums}),
                  {node("MatMul", {"x0", "x1"}, {"product"}), node("Add", {"product", "x2"}, {"all"}),
                   node("Unsqueeze", {"all", "axis"}, {"batch"}),
                   node("Split", {"batch", "lengths"}, {"t0", "t1"}, {{"axis", one}})},
                  {{"axis", ints({0})}, {"lengths", ints({2, 3})}}};
  for (const std::string i : {"0", "1"}) {
    made.standard.push_back(node("Split", {"t" + i}, {"q" + i, "k" + i, "v" + i},
                                 {{"axis", two}, {"num_outputs", std::int64_t{3}}}));
    made.standard.push_back(node("Attention", {"q" + i, "k" + i, "v" + i}, {"a" + i},
                                 {{"q_num_heads", two}, {"kv_num_heads", two}}));
  }
  made.standard.push_back(node("Concat", {"a0", "a1"}, {"both"}, {{"axis", one}}));
  made.standard.push_back(node("Squeeze", {"both", "axis"}, {"y0"}));
  return made;
}

std::vector<Comparison> quantized() {
  const Tensor a = noise({2, 3, 4}, 1, DataType::UInt8);
  return {
      {row("", contributed("QLinearReduceMean", {{"axes", list({1})}, {"keepdims", zero}}),
           {a, scalar(0.021f), byte(120), scalar(0.017f), byte(115)}),
       {node("DequantizeLinear", {"x0", "x1", "x2"}, {"a"}),
        node("ReduceMean", {"a", "axis"}, {"mean"}, {{"keepdims", zero}}),
        node("QuantizeLinear", {"mean", "x3", "x4"}, {"y0"})},
       {{"axis", ints({1})}}},
  };
}

std::vector<Comparison> all() {
  auto list = fused();
  for (auto&& more : {groups(), {packed_attention()}, quantized()})
    list.insert(list.end(), more.begin(), more.end());
  return list;
}

/// What the standard operators make of the row's inputs.
std::vector<Datum> run_standard(const Comparison& comparison) {
  ModelBuilder builder(23);
  for (std::size_t i = 0; i < comparison.row.inputs.size(); ++i)
    builder.initializer("x" + std::to_string(i), comparison.row.inputs[i]);
  for (const auto& [name, tensor] : comparison.constants) builder.initializer(name, tensor);
  for (const auto& one_node : comparison.standard) builder.add(one_node);
  for (const auto& output : comparison.row.node.outputs) builder.output(output);
  return find_backend("reference").compile(builder.build(), {})->run({});
}

}  // namespace

Q_DECLARE_METATYPE(Comparison)

void WithoutPeerTest::thePeerHasNoKernel() {
  if (folderFromEnvironment("LAPIDARY_PEER").isEmpty())
    QSKIP("LAPIDARY_PEER names no folder with onnxruntime-node");
  std::vector<ContributedCase> rows;
  for (const auto& comparison : all()) rows.push_back(comparison.row);
  const QStringList refusals = refusals_of_peer(rows);
  for (std::size_t i = 0; i < rows.size(); ++i)
    QVERIFY2(refusals[static_cast<qsizetype>(i)].contains("implementation"),
             qPrintable(QString::fromStdString(rows[i].node.op_type) + ": the peer says '" +
                        refusals[static_cast<qsizetype>(i)] + "'"));
}

void WithoutPeerTest::computesWhatItStandsFor_data() {
  QTest::addColumn<Comparison>("comparison");
  QTest::addColumn<QString>("backend");
  for (const auto& comparison : all())
    for (const auto& backend : backends())
      QTest::addRow("%s %s, %s", comparison.row.node.op_type.c_str(), comparison.row.name.c_str(),
                    backend.name.c_str())
          << comparison << QString::fromStdString(backend.name);
}

void WithoutPeerTest::computesWhatItStandsFor() {
  QFETCH(Comparison, comparison);
  QFETCH(QString, backend);
  const auto got = runContributed(comparison.row, backend.toStdString());
  const auto want = run_standard(comparison);
  QCOMPARE(got.size(), want.size());
  for (std::size_t i = 0; i < got.size(); ++i) COMPARE_TENSORS(got[i].tensor(), want[i].tensor());
}

QTEST_GUILESS_MAIN(WithoutPeerTest)
#include "without_peer_test.moc"
