#include <QTest>

#include "tests/support/edit_text.h"
#include "tests/support/passes.h"

using namespace lapidary;
using test::add_rewrite;

namespace {

ModelPointer model(int opset, const std::string& values, const std::string& nodes) {
  return test::model_of_text(values + " {" + nodes + "}",
                             "<ir_version: 12, opset_import: [\"\" : " + std::to_string(opset) + "]>");
}

/// The steps up to d / √(mean(d²) + epsilon), which is called `result`.
std::string normalized(const std::string& result, const std::string& axes = "-1") {
  const std::string mean = "ReduceMean<axes = [" + axes + "]>";
  return "m = " + mean + "(x) d = Sub(x, m) q = Pow(d, two) v = " + mean +
         "(q) a = Add(v, epsilon) s = Sqrt(a) " + result + " = Div(d, s) ";
}

const std::string numbers =
    "float two = {2}, float epsilon = {0.01}, float[4] scale = {1, -2, 0.5, 3}, float[4] bias "
    "= {0, 0.25, 2, -1}, int64[1] last = {-1}, float one = {1}";
const std::string rows = "(float[N, 3, 4] x) => (float[N, 3, 4] y) <" + numbers;

}  // namespace

/// Fusions of normalizations and of Softmax: what becomes an operator, and what must not.
class NormalizationFusionTest : public QObject {
  Q_OBJECT
 private slots:
  void rewritesWhatItShouldAndNothingElse_data() {
    test::add_rewrite_columns();
    layer_normalization();
    rms_normalization();
    group_normalization();
    softmax();
  }
  void rewritesWhatItShouldAndNothingElse() { test::check_rewrite(); }
  void runtimesTakeWhatIsWritten() { test::check_rewrites_in_peer(); }

  /// What is widened for the statistics may stay narrow, since the operators keep these wide themselves.
  void takesWhatIsWidenedAsItIs_data();
  void takesWhatIsWidenedAsItIs();

 private:
  static void layer_normalization();
  static void rms_normalization();
  static void group_normalization();
  static void softmax();
};

void NormalizationFusionTest::layer_normalization() {
  const auto add = [](const char* name, int opset, const std::string& nodes, const char* after,
                      const std::string& more = "") {
    add_rewrite(name, "fuse_layer_normalization", model(opset, rows + more + ">", nodes), after);
  };
  const char* stays = "ReduceMean Sub Pow ReduceMean Add Sqrt Div";
  add("rows", 17, normalized("y"), "LayerNormalization");
  add("scaled", 17, normalized("n") + "y = Mul(scale, n)", "LayerNormalization");
  add("moved", 17, normalized("n") + "y = Add(n, bias)", "LayerNormalization");
  add("scaled and moved", 17, normalized("n") + "p = Mul(n, scale) y = Add(bias, p)", "LayerNormalization");
  add("of two axes", 17, normalized("n", "2, 1") + "y = Mul(n, wide)", "LayerNormalization",
      ", float[1, 3, 4] wide = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}");
  add("times the inverse and a product as square", 18,
      "m = ReduceMean(x, last) d = Sub(x, m) q = Mul(d, d) v = ReduceMean(q, last) a = Add(epsilon, v) s = "
      "Sqrt(a) i "
      "= Div(one, s) f = Mul(i, scale) y = Mul(d, f)",
      "LayerNormalization");
  add("with the difference twice", 18,
      "m = ReduceMean(x, last) d = Sub(x, m) q = Pow(d, two) v = ReduceMean(q, last) a = Add(v, epsilon) s = "
      "Sqrt(a) "
      "e = Sub(x, m) y = Div(e, s)",
      "LayerNormalization");
  add("moved by other sizes", 17, normalized("n") + "p = Mul(n, scale) y = Add(p, column)",
      "LayerNormalization Add", ", float[3, 1] column = {1, 2, 3}");
  add("columns", 17, normalized("y", "1"), stays);
  add("a deviation that another reads", 17, normalized("n") + "y = Mul(n, s)",
      "ReduceMean Sub Pow ReduceMean Add "
      "Sqrt Div Mul");
  add("in an older operator set", 16, normalized("y"), stays);
  add("means of different axes", 18,
      "m = ReduceMean(x, last) d = Sub(x, m) q = Pow(d, two) v = ReduceMean(q, both) a = Add(v, epsilon) s = "
      "Sqrt(a) "
      "y = Div(d, s)",
      stays, ", int64[2] both = {1, 2}");
  add_rewrite("another power", "fuse_layer_normalization",
              model(17, "(float[N, 4] x) => (float[N, 4] y) <float two = {4}, float epsilon = {0.01}>",
                    normalized("y")),
              stays);
  add_rewrite(
      "epsilon for each", "fuse_layer_normalization",
      model(17, "(float[N, 4] x) => (float[N, 4] y) <float two = {2}, float[4] epsilon = {1, 2, 3, 4}>",
            normalized("y")),
      stays);
  add_rewrite("float64", "fuse_layer_normalization",
              model(17, "(double[N, 4] x) => (double[N, 4] y) <double two = {2}, double epsilon = {0.01}>",
                    normalized("y")),
              stays);
  add_rewrite(
      "the variance is an output", "fuse_layer_normalization",
      model(17, "(float[N, 4] x) => (float[N, 4] y, float[N, 1] v) <float two = {2}, float epsilon = {0.01}>",
            normalized("y")),
      stays);
}

void NormalizationFusionTest::rms_normalization() {
  const auto add = [](const char* name, int opset, const std::string& nodes, const char* after) {
    add_rewrite(name, "fuse_rms_normalization", model(opset, rows + ">", nodes), after);
  };
  const std::string squares = "q = Pow(x, two) v = ReduceMean(q, last) a = Add(v, epsilon) s = Sqrt(a) ";
  add("rows over their size", 23, squares + "n = Div(x, s) y = Mul(scale, n)", "RMSNormalization");
  add("rows times the inverse", 23, squares + "i = Reciprocal(s) n = Mul(x, i) y = Mul(n, scale)",
      "RMSNormalization");
  add("not scaled", 23, squares + "y = Div(x, s)", "RMSNormalization");
  add("scaled for all alike", 23, squares + "n = Div(x, s) y = Mul(n, two)", "RMSNormalization Mul");
  add("another value over it", 23, squares + "n = Neg(x) y = Div(n, s)", "Pow ReduceMean Add Sqrt Neg Div");
  add("in an older operator set", 22, squares + "y = Div(x, s)", "Pow ReduceMean Add Sqrt Div");
}

void NormalizationFusionTest::group_normalization() {
  const auto add = [](const char* name, int opset, const std::string& nodes, const char* after) {
    const std::string values =
        "(float[N, 4, 3, 5] x) => (float[N, 4, 3, 5] y) <int64[3] groups = {0, 2, -1}, int64[4] "
        "back = {0, 4, 3, 5}, float[2] ones = {1, 1}, float[2] zeros = {0, 0}, float[2] each = "
        "{2, -1}, float[4, 1, 1] scale = {1, 2, 3, 4}, float[1, 4, 1, 1] bias = {0, 1, -1, 2}, "
        "float[5] row = {1, 2, 3, 4, 5}>";
    add_rewrite(name, "fuse_group_normalization", model(opset, values, nodes), after);
  };
  const std::string plain =
      "r = Reshape(x, groups) i = InstanceNormalization(r, ones, zeros) b = Reshape(i, back) ";
  add("groups of channels", 21, plain + "m = Mul(b, scale) y = Add(bias, m)", "GroupNormalization");
  add("scaled for each group, too", 21,
      "r = Reshape(x, groups) i = InstanceNormalization<epsilon = 0.1>(r, each, each) b = Reshape(i, back) y "
      "= Mul(b, "
      "scale)",
      "GroupNormalization");
  add("a scale along another axis", 21, plain + "y = Mul(b, row)", "GroupNormalization Mul");
  add("in an older operator set", 20, plain + "y = Mul(b, scale)",
      "Reshape InstanceNormalization Reshape Mul");
  add("groups that are read", 21, plain + "z = Reshape(r, back) y = Add(b, z)",
      "Reshape InstanceNormalization Reshape Reshape Add");
}

void NormalizationFusionTest::softmax() {
  const auto add = [](const char* name, int opset, const std::string& nodes, const char* after) {
    add_rewrite(name, "fuse_softmax",
                model(opset, rows + ", int64[1] first = {1}, int64[2] both = {1, 2}>", nodes), after);
  };
  add("powers over their sum", 13, "e = Exp(x) s = ReduceSum(e, last) y = Div(e, s)", "Softmax");
  add("without the largest", 13,
      "m = ReduceMax<axes = [1]>(x) d = Sub(x, m) e = Exp(d) s = ReduceSum(e, first) y = Div(e, s)",
      "Softmax");
  add("before operator set 13", 11, "e = Exp(x) s = ReduceSum<axes = [2]>(e) y = Div(e, s)", "Softmax");
  add("before operator set 13 along another axis", 11,
      "e = Exp(x) s = ReduceSum<axes = [1]>(e) y = Div(e, s)", "Exp ReduceSum Div");
  add("along two axes", 13, "e = Exp(x) s = ReduceSum(e, both) y = Div(e, s)", "Exp ReduceSum Div");
  add("powers of another value", 13, "e = Exp(x) n = Neg(e) s = ReduceSum(n, last) y = Div(e, s)",
      "Exp Neg ReduceSum Div");
  add("a sum that another reads", 13, "e = Exp(x) s = ReduceSum(e, last) d = Div(e, s) y = Add(d, s)",
      "Exp ReduceSum Div Add");
  add("less the logarithm of the sum", 13,
      "m = ReduceMax<axes = [-1]>(x) d = Sub(x, m) e = Exp(d) s = ReduceSum(e, last) l = Log(s) y = Sub(d, "
      "l)",
      "LogSoftmax");
  add("less ReduceLogSumExp", 13, "l = ReduceLogSumExp<axes = [-1]>(x) y = Sub(x, l)", "LogSoftmax");
  add("logarithm of Softmax", 13, "s = Softmax<axis = 1>(x) y = Log(s)", "LogSoftmax");
}

void NormalizationFusionTest::takesWhatIsWidenedAsItIs_data() {
  QTest::addColumn<QString>("type");
  QTest::addColumn<int>("to");
  QTest::addColumn<QString>("after");
  QTest::newRow("float16") << "float16" << 10 << "LayerNormalization";
  QTest::newRow("bfloat16") << "bfloat16" << 16 << "LayerNormalization";
  QTest::newRow("float64") << "double" << 11 << "Cast LayerNormalization Cast Mul";
}

void NormalizationFusionTest::takesWhatIsWidenedAsItIs() {
  QFETCH(QString, type);
  QFETCH(int, to);
  QFETCH(QString, after);
  const std::string name = type.toStdString();
  const ModelPointer before = model(17,
                                    "(" + name + "[N, 4] x16, " + name + "[4] scale) => (" + name +
                                        "[N, 4] y) <float two = {2}, float epsilon = {0.01}>",
                                    "x = Cast<to = 1>(x16) " + normalized("n") +
                                        "c = Cast<to = " + std::to_string(to) + ">(n) y = Mul(c, scale)");
  const ModelPointer fused = test::after_pass(before, "fuse_layer_normalization");
  QCOMPARE(test::operators(*fused), after);
  QCOMPARE(test::parting(before, fused, 0.01), QString());
}

QTEST_GUILESS_MAIN(NormalizationFusionTest)
#include "normalization_fusion_test.moc"
