#include "engine/edit/edit.h"

#include <QTest>

#include "engine/edit/names.h"
#include "engine/model/error.h"
#include "tests/support/edit_text.h"

using namespace lapidary;
using test::branches_text;
using test::chain_text;
using test::edit_text;
using test::model_of_text;

namespace {

struct Row {
  const char* name;
  const char* before;
  const char* step;
  const char* lost;    ///< lines that the edit takes away, one after the other
  const char* gained;  ///< lines that it brings
};

QStringList lines(const QString& text) { return text.split(QLatin1Char('\n'), Qt::SkipEmptyParts); }

/// What stands in one list and not in the other, each line as often as it is more there.
QString only_in(const QString& text, const QString& other) {
  QStringList left = lines(text);
  for (const QString& line : lines(other)) left.removeOne(line);
  for (QString& line : left) line = line.trimmed();
  return left.join(QStringLiteral(" | "));
}

QString text_of(const ModelPointer& model) { return QString::fromStdString(edit_text(*model)); }

EditStep step_of(const QString& json) { return step_from_json(EditJson::parse(json.toStdString())); }

}  // namespace

class EditsTest : public QObject {
  Q_OBJECT
 private slots:
  void changesWhatItSaysAndNothingElse_data() {
    QTest::addColumn<QString>("before");
    QTest::addColumn<QString>("step");
    QTest::addColumn<QString>("lost");
    QTest::addColumn<QString>("gained");
    for (
        const Row& row : {
            Row{"add_node", chain_text,
                R"({"edit": "add_node", "op_type": "Neg", "name": "n", "inputs": ["a"], "outputs": ["z"]})",
                "", "n: z = Neg(a)"},
            Row{"add_node with outputs of its own", chain_text,
                R"({"edit": "add_node", "op_type": "LeakyRelu", "inputs": ["b"], "attributes": {"alpha": 1}})",
                "", ": LeakyRelu_output = LeakyRelu<alpha = 1>(b)"},
            Row{"add_node whose value is read", chain_text,
                R"({"edit": "add_node", "op_type": "Neg", "name": "n", "inputs": ["a"], "node": "Add_1", "input": "B"})",
                "Add_1: b = Add(a, w)", "n: n_output = Neg(a) | Add_1: b = Add(a, n_output)"},
            Row{"insert_node before all readers", chain_text,
                R"({"edit": "insert_node", "op_type": "Neg", "tensor": "a", "name": "n"})",
                "Add_1: b = Add(a, w)", "n: n_output = Neg(a) | Add_1: b = Add(n_output, w)"},
            Row{"insert_node on one edge", chain_text,
                R"({"edit": "insert_node", "op_type": "Neg", "tensor": "w", "node": "Add_1", "input": "B", "name": "n"})",
                "Add_1: b = Add(a, w)", "n: n_output = Neg(w) | Add_1: b = Add(a, n_output)"},
            Row{"insert_node before an output keeps its name", chain_text,
                R"({"edit": "insert_node", "op_type": "Neg", "tensor": "y", "name": "n"})",
                "Sigmoid_2: y = Sigmoid(b)",
                "Sigmoid_2: y_before_Neg = Sigmoid(b) | n: y = Neg(y_before_Neg)"},
            Row{"insert_node reaches readers in bodies", branches_text,
                R"({"edit": "insert_node", "op_type": "Abs", "tensor": "a", "name": "n"})",
                "Neg_2: r = Neg(a) | Add_3: s = Add(a, w)",
                "n: n_output = Abs(a) | Neg_2: r = Neg(n_output) | Add_3: s = Add(n_output, w)"},
            Row{"delete_nodes bridges and takes the weight along", chain_text,
                R"({"edit": "delete_nodes", "nodes": ["Add_1"]})",
                "weight w float32[2] {1, 2} | Add_1: b = Add(a, w) | Sigmoid_2: y = Sigmoid(b)",
                "Sigmoid_2: y = Sigmoid(a)"},
            Row{"delete_nodes without bridge", chain_text,
                R"({"edit": "delete_nodes", "nodes": ["Add_1"], "bridge": false, "weights": false})",
                "Add_1: b = Add(a, w)", ""},
            Row{"delete_nodes that follow each other", chain_text,
                R"({"edit": "delete_nodes", "nodes": ["Relu_0", "Add_1"]})",
                "weight w float32[2] {1, 2} | Relu_0: a = Relu(x) | Add_1: b = Add(a, w) | Sigmoid_2: y = "
                "Sigmoid(b)",
                "Sigmoid_2: y = Sigmoid(x)"},
            Row{"delete_nodes that make an output", chain_text, R"({"edit": "delete_nodes", "nodes": ["y"]})",
                "Sigmoid_2: y = Sigmoid(b)", "Sigmoid_2: y = Identity(b)"},
            Row{"duplicate_nodes", chain_text, R"({"edit": "duplicate_nodes", "nodes": ["Relu_0", "Add_1"]})",
                "", "Relu_0_copy: a_copy = Relu(x) | Add_1_copy: b_copy = Add(a_copy, w)"},
            Row{"set_operator", chain_text,
                R"({"edit": "set_operator", "nodes": ["Relu_0", "Sigmoid_2"], "op_type": "Tanh"})",
                "Relu_0: a = Relu(x) | Sigmoid_2: y = Sigmoid(b)",
                "Relu_0: a = Tanh(x) | Sigmoid_2: y = Tanh(b)"},
            Row{"reconnect_input", chain_text,
                R"({"edit": "reconnect_input", "node": "Sigmoid_2", "input": 0, "tensor": "a"})",
                "Sigmoid_2: y = Sigmoid(b)", "Sigmoid_2: y = Sigmoid(a)"},
            Row{"reconnect_input to nothing", chain_text,
                R"({"edit": "reconnect_input", "node": "b", "input": "B", "tensor": ""})",
                "Add_1: b = Add(a, w)", "Add_1: b = Add(a)"},
            Row{"set_inputs", chain_text, R"({"edit": "set_inputs", "node": "b", "inputs": ["w", "x"]})",
                "Add_1: b = Add(a, w)", "Add_1: b = Add(w, x)"},
            Row{"set_attribute of the type that the operator says", chain_text,
                R"({"edit": "set_attribute", "nodes": ["Relu_0", "Add_1"], "name": "note", "value": [1, 2]})",
                "Relu_0: a = Relu(x) | Add_1: b = Add(a, w)",
                "Relu_0: a = Relu<note = [1, 2]>(x) | Add_1: b = Add<note = [1, 2]>(a, w)"},
            Row{"remove_attribute", "(float[2] x) => (float[2] y) { y = LeakyRelu <alpha = 0.5> (x) }",
                R"({"edit": "remove_attribute", "nodes": ["y"], "name": "alpha"})",
                "LeakyRelu_0: y = LeakyRelu<alpha = 0.5>(x)", "LeakyRelu_0: y = LeakyRelu(x)"},
            Row{"rename_node", chain_text, R"({"edit": "rename_node", "node": "b", "to": "sum"})",
                "Add_1: b = Add(a, w)", "sum: b = Add(a, w)"},
            Row{"rename_tensor in bodies too", branches_text,
                R"({"edit": "rename_tensor", "tensor": "a", "to": "hidden"})",
                "Relu_0: a = Relu(x) | Neg_2: r = Neg(a) | Add_3: s = Add(a, w)",
                "Relu_0: hidden = Relu(x) | Neg_2: r = Neg(hidden) | Add_3: s = Add(hidden, w)"},
            Row{"rename_tensor of input and weight", chain_text,
                R"({"edit": "rename_tensor", "tensor": "w", "to": "bias"})",
                "weight w float32[2] {1, 2} | Add_1: b = Add(a, w)",
                "weight bias float32[2] {1, 2} | Add_1: b = Add(a, bias)"},
            Row{"rename_tensor in a body by its path", branches_text,
                R"({"edit": "rename_tensor", "tensor": "r", "to": "negated", "graph": [{"node": "If_1", "attribute": "then_branch"}]})",
                "Neg_2: r = Neg(a) | output r float32[2]",
                "Neg_2: negated = Neg(a) | output negated float32[2]"},
            Row{"rename_scope by prefix", chain_text,
                R"({"edit": "rename_scope", "from": "Add", "to": "block/Add"})", "Add_1: b = Add(a, w)",
                "block/Add_1: b = Add(a, w)"},
            Row{"rename_scope by expression", chain_text,
                R"({"edit": "rename_scope", "from": "^([ab])$", "to": "t_$1", "regex": true, "of": "tensors"})",
                "Relu_0: a = Relu(x) | Add_1: b = Add(a, w) | Sigmoid_2: y = Sigmoid(b)",
                "Relu_0: t_a = Relu(x) | Add_1: t_b = Add(t_a, w) | Sigmoid_2: y = Sigmoid(t_b)"},
            Row{"set_type of an intermediate", chain_text,
                R"({"edit": "set_type", "tensor": "a", "type": "float32[2]"})", "", "value a float32[2]"},
            Row{"set_dimension by axis", chain_text,
                R"({"edit": "set_dimension", "tensor": "x", "axis": 0, "value": "N"})", "input x float32[2]",
                "input x float32[N]"},
            Row{"set_dimension by name", "(float[N, 2] x) => (float[N, 2] y) { y = Relu(x) }",
                R"({"edit": "set_dimension", "name": "N", "value": 4})",
                "input x float32[N, 2] | output y float32[N, 2]",
                "input x float32[4, 2] | output y float32[4, 2]"},
            Row{"set_batch_size frees reshapes",
                "(float[1, 4] x) => (float[1, 2, 2] y) <int64[3] s = {1, 2, 2}> { y = Reshape(x, s) }",
                R"({"edit": "set_batch_size", "value": "N"})",
                "input x float32[1, 4] | weight s int64[3] {1, 2, 2} | Reshape_0: y = Reshape(x, s) | output "
                "y float32[1, 2, 2]",
                "input x float32[N, 4] | weight s_any_batch int64[3] {0, 2, 2} | "
                "Reshape_0: y = Reshape(x, s_any_batch) | output y float32[N, 2, 2]"},
            Row{"set_batch_size repeats what is joined to each",
                "(float[1, 4] x) => (float[1, 5] y) <float[1, 1] t = {7}> { y = Concat <axis: int = 1> (t, "
                "x) }",
                R"({"edit": "set_batch_size", "value": "N"})",
                "input x float32[1, 4] | Concat_0: y = Concat<axis = 1>(t, x) | output y float32[1, 5]",
                "input x float32[N, 4] | weight t/sizes int64[1] {0} | weight t/sizes_2 int64[1] {1} | "
                ": t/Shape = Shape(x) | : t/Gather = Gather(t/Shape, t/sizes) | "
                ": t/Concat = Concat<axis = 0>(t/Gather, t/sizes_2) | : t/Expand = Expand(t, t/Concat) | "
                "Concat_0: y = Concat<axis = 1>(t/Expand, x) | output y float32[N, 5]"},
            Row{"add_output with the derived type", chain_text, R"({"edit": "add_output", "tensor": "a"})",
                "", "output a float32[2]"},
            Row{"remove_output", chain_text, R"({"edit": "remove_output", "tensor": "y"})",
                "output y float32[2]", "value y float32[2]"},
            Row{"add_input", chain_text, R"({"edit": "add_input", "tensor": "z", "type": "int64[?, 3]"})", "",
                "input z int64[?, 3]"},
            Row{"remove_input", chain_text, R"({"edit": "remove_input", "tensor": "x"})",
                "input x float32[2]", ""},
            Row{"initializer_to_input", chain_text, R"({"edit": "initializer_to_input", "tensor": "w"})",
                "weight w float32[2] {1, 2}", "input w float32[2]"},
            Row{"input_to_initializer", chain_text,
                R"({"edit": "input_to_initializer", "tensor": "x", "value": [3, 4]})", "input x float32[2]",
                "weight x float32[2] {3, 4}"},
            Row{"replace_weight", chain_text,
                R"({"edit": "replace_weight", "tensor": "w", "value": [5, 6.5]})",
                "weight w float32[2] {1, 2}", "weight w float32[2] {5, 6.5}"},
            Row{"set_weight_values", chain_text,
                R"({"edit": "set_weight_values", "tensor": "w", "values": [{"index": [1], "value": 9}]})",
                "weight w float32[2] {1, 2}", "weight w float32[2] {1, 9}"},
            Row{"cast_weight", chain_text, R"({"edit": "cast_weight", "tensor": "w", "type": "float16"})",
                "weight w float32[2] {1, 2}", "weight w float16[2] {1, 2}"},
            Row{"prune_constants", "(float[2] x) => (float[2] y) <float[2] w = {1, 2}> { y = Relu(x) }",
                R"({"edit": "prune_constants"})", "weight w float32[2] {1, 2}", ""},
        })
      QTest::newRow(row.name) << QString::fromUtf8(row.before) << QString::fromUtf8(row.step)
                              << QString::fromUtf8(row.lost) << QString::fromUtf8(row.gained);
  }
  void changesWhatItSaysAndNothingElse() {
    QFETCH(const QString, before);
    QFETCH(const QString, step);
    QFETCH(const QString, lost);
    QFETCH(const QString, gained);
    const ModelPointer model = model_of_text(before.toStdString());
    const QString was = text_of(model);
    const QString is = text_of(apply_step(model, step_of(step)));
    QCOMPARE(only_in(was, is), lost);
    QCOMPARE(only_in(is, was), gained);
    QCOMPARE(text_of(model), was);  // the snapshot before is as it was
  }

  void refusesAndSaysWhy_data() {
    QTest::addColumn<QString>("step");
    QTest::addColumn<QString>("said");
    const auto row = [](const char* name, const char* step, const char* said) {
      QTest::newRow(name) << QString::fromUtf8(step) << QString::fromUtf8(said);
    };
    row("unknown edit", R"({"edit": "polish"})", "there is no edit 'polish'");
    row("unknown parameter", R"({"edit": "rename_node", "node": "a", "to": "b", "colour": "red"})", "colour");
    row("missing parameter", R"({"edit": "rename_node", "node": "a"})", "'to' is missing");
    row("no such node", R"({"edit": "rename_node", "node": "nobody", "to": "b"})", "nobody");
    row("no node by that name alone", R"({"edit": "rename_node", "node": {"name": "a"}, "to": "b"})",
        "no node is called 'a'");
    row("node's name taken", R"({"edit": "rename_node", "node": "a", "to": "Add_1"})", "already");
    row("tensor's name taken", R"({"edit": "rename_tensor", "tensor": "a", "to": "w"})", "already");
    row("no such tensor", R"({"edit": "rename_tensor", "tensor": "nothing", "to": "n"})", "no such tensor");
    row("edge that is not there", R"({"edit": "insert_node", "op_type": "Neg", "tensor": "x", "node": "b"})",
        "does not read 'x'");
    row("no such input", R"({"edit": "reconnect_input", "node": "b", "input": "C", "tensor": "x"})", "A, B");
    row("tensor made twice", R"({"edit": "add_node", "op_type": "Neg", "inputs": ["x"], "outputs": ["b"]})",
        "already");
    row("no such attribute", R"({"edit": "remove_attribute", "nodes": ["a"], "name": "alpha"})", "alpha");
    row("value of the wrong type",
        R"({"edit": "set_attribute", "nodes": ["a"], "name": "n", "value": {"type": "int", "value": "three"}})",
        "int");
    row("no regular expression", R"({"edit": "rename_scope", "from": "*", "to": "", "regex": true})",
        "regular expression");
    row("names that would meet", R"({"edit": "rename_scope", "from": "[abw]", "to": "z", "regex": true})",
        "two tensors");
    row("scope that is not there", R"({"edit": "rename_scope", "from": "layer9/", "to": ""})",
        "no name fits");
    row("path that leads nowhere",
        R"({"edit": "rename_node", "node": "a", "to": "b", "graph": [{"node": "a", "attribute": "body"}]})",
        "no graph in an attribute 'body'");
    row("type of a weight", R"({"edit": "set_type", "tensor": "w", "type": "int64"})", "cast_weight");
    row("type that is none", R"({"edit": "set_type", "tensor": "a", "type": "real"})", "element type");
    row("axis that is not there", R"({"edit": "set_dimension", "tensor": "x", "axis": 1, "value": 2})",
        "no axis 1");
    row("dimension that is not there", R"({"edit": "set_dimension", "name": "M", "value": 2})", "'M'");
    row("output that is one", R"({"edit": "add_output", "tensor": "y"})", "already");
    row("input that is none", R"({"edit": "remove_input", "tensor": "w"})", "no input");
    row("data of another shape", R"({"edit": "replace_weight", "tensor": "w", "value": [1, 2, 3]})",
        "any_type");
    row("element outside",
        R"({"edit": "set_weight_values", "tensor": "w", "values": [{"index": [2], "value": 0}]})", "outside");
    row("input without a value", R"({"edit": "input_to_initializer", "tensor": "x"})", "Give the value");
    row("domain that is not imported", R"({"edit": "set_opset", "domain": "ai.none", "version": 0})",
        "not imported");
    row("metadata that is not there", R"({"edit": "set_metadata", "key": "author"})", "author");
    row("choice that is none", R"({"edit": "rename_scope", "from": "a", "to": "b", "of": "all"})",
        "nodes, tensors, both");
  }
  void refusesAndSaysWhy() {
    QFETCH(const QString, step);
    QFETCH(const QString, said);
    const ModelPointer model = model_of_text(chain_text);
    try {
      apply_step(model, step_of(step));
      QFAIL("it was not refused");
    } catch (const Error& error) {
      QVERIFY2(QString::fromUtf8(error.what()).contains(said), error.what());
    }
  }

  void textsOfModelNodeAndTensorAreSet() {
    ModelPointer model = model_of_text(chain_text);
    model = apply_steps(model, {{"set_metadata", {{"key", "author"}, {"value", "someone"}}},
                                {"set_metadata", {{"node", "b"}, {"key", "part"}, {"value", "head"}}},
                                {"set_documentation", {{"tensor", "x"}, {"text", "a pair"}}},
                                {"set_documentation", {{"text", "the model"}}},
                                {"set_opset", {{"version", 18}}}});
    QCOMPARE(model->metadata, (Metadata{{"author", "someone"}}));
    QCOMPARE(model->graph->nodes[1]->metadata, (Metadata{{"part", "head"}}));
    QCOMPARE(model->graph->inputs[0].doc_string, std::string("a pair"));
    QCOMPARE(model->doc_string, std::string("the model"));
    QCOMPARE(model->opset(), std::int64_t{18});
  }

  /// A log names nodes so that another export, with other positions and names around, takes it.
  void logsAreReplayedOnAnotherExport() {
    const char* const other_export = R"((float[2] x) => (float[2] y) <float[2] w = {1, 2}> {
      extra = Abs(x)
      a = Relu(extra)
      b = Add(a, w)
      y = Sigmoid(b)
    })";
    const std::vector<EditStep> log = {{"set_operator", {{"nodes", {"a"}}, {"op_type", "Elu"}}},
                                       {"insert_node", {{"tensor", "b"}, {"op_type", "Neg"}, {"name", "n"}}},
                                       {"rename_tensor", {{"tensor", "n_output"}, {"to", "negated"}}}};
    const QString text =
        text_of(apply_steps(model_of_text(other_export), steps_from_script(script_text(log))));
    QVERIFY(text.contains(QStringLiteral("a = Elu(extra)")));
    QVERIFY(text.contains(QStringLiteral("n: negated = Neg(b)")));
    QVERIFY(text.contains(QStringLiteral("y = Sigmoid(negated)")));
  }

  void everyEditIsDescribed() {
    for (const Edit& edit : edits()) {
      QVERIFY(!edit.description.empty());
      QCOMPARE(find_edit(edit.name), &edit);
      for (const auto& parameter : edit.parameters)
        QVERIFY2(!parameter.description.empty(), edit.name.c_str());
    }
  }

  void orderIsKeptTopological() {
    const ModelPointer model = model_of_text(R"((float[2] x) => (float[2] y) {
      a = Relu(x)
      b = Neg(a)
      c = Abs(x)
      y = Add(b, c)
    })");
    const ModelPointer after =
        apply_step(model, {"reconnect_input", {{"node", "a"}, {"input", 0}, {"tensor", "c"}}});
    std::string order;
    for (const auto& node : after->graph->nodes) order += node->name + " ";
    QCOMPARE(order, std::string("Abs_2 Relu_0 Neg_1 Add_3 "));
  }

  /// The first questions are answered in another way than those that follow.
  void freshNamesAreNobodysHoweverManyAreAskedFor() {
    const ModelPointer model = model_of_text(R"((float[2] x, bool c) => (float[2] y) <float[2] w = {1, 2}> {
      a = Relu(x)
      a_2 = Neg(dangling)
      y = If (c) <then_branch = t () => (float[2] r) { r = Neg(a) }, else_branch = e () => (float[2] s) { s = Add(a, w) }>
    })");
    TakenNames taken(*model, {});
    QCOMPARE(taken.fresh_value("a"), std::string("a_3"));
    QCOMPARE(taken.fresh_value("a"), std::string("a_4"));
    QCOMPARE(taken.fresh_value("r"), std::string("r_2"));
    for (const char* name : {"s", "x", "y", "w", "dangling"})
      QCOMPARE(taken.fresh_value(name), std::string(name) + "_2");
    QCOMPARE(taken.fresh_value("a"), std::string("a_5"));
    QVERIFY(taken.has_value("r") && taken.has_value("r_2") && !taken.has_value("r_3"));
    QCOMPARE(taken.fresh_value("Relu_0"), std::string("Relu_0"));
    QCOMPARE(taken.fresh_node("Relu_0"), std::string("Relu_0_2"));
    QVERIFY(!taken.has_node("a") && taken.has_node("If_2"));
  }

  void scriptsComeBackAsTheyWere() {
    const std::vector<EditStep> steps = {
        {"rename_node", {{"node", "a"}, {"to", "b"}}},
        {"set_attribute", {{"nodes", {"a"}}, {"name", "n"}, {"value", 0.5}}}};
    QVERIFY(steps_from_script(script_text(steps)) == steps);
  }
};

QTEST_GUILESS_MAIN(EditsTest)
#include "edits_test.moc"
