#include <QTest>

#include "tests/support/edit_text.h"
#include "tests/support/passes.h"

using namespace lapidary;
using test::add_rewrite;

namespace {

/// A graph in ONNX's text form, behind its inputs, outputs and constants.
ModelPointer model(int opset, const std::string& values, const std::string& nodes) {
  return test::model_of_text(values + " {" + nodes + "}",
                             "<ir_version: 12, opset_import: [\"\" : " + std::to_string(opset) + "]>");
}

const std::string rows = "(float[N, 3, 4] x) => (float[N, 3, 4] y) ";
const std::string image = "(float[N, 8, 6, 4] x) => (float[N, C, H, W] y) ";

}  // namespace

/// Fusions of element-wise formulas and of what moves elements: what becomes an operator, and what must not.
class FusionTest : public QObject {
  Q_OBJECT
 private slots:
  void rewritesWhatItShouldAndNothingElse_data() {
    test::add_rewrite_columns();
    gelu();
    hard_swish();
    mish_and_swish();
    clip();
    global_pool();
    space_to_depth();
  }
  void rewritesWhatItShouldAndNothingElse() { test::check_rewrite(); }
  void runtimesTakeWhatIsWritten() { test::check_rewrites_in_peer(); }

  void writesOtherDomainsOnlyWhereAskedFor();
  void raisesTheOperatorSetOnlyWhereAndAsFarAsAFusionNeedsIt();
  void saysWhyTheOperatorSetStays();

 private:
  static void gelu();
  static void hard_swish();
  static void mish_and_swish();
  static void clip();
  static void global_pool();
  static void space_to_depth();
};

void FusionTest::gelu() {
  const char* pass = "fuse_gelu";
  const std::string exact = rows +
                            "<float root = {1.4142135381698608}, float one = {1}, float half = {0.5}, "
                            "float two = {2}, float[1] row = {0.5}>";
  const std::string erf = "s = Div(x, root) e = Erf(s) a = Add(e, one) ";
  const auto add = [&](const char* name, const std::string& nodes, const char* after, int opset = 20) {
    add_rewrite(name, pass, model(opset, exact, nodes), after);
  };
  add("half at the end", erf + "p = Mul(x, a) y = Mul(p, half)", "Gelu");
  add("half at the beginning", erf + "p = Mul(row, x) y = Mul(a, p)", "Gelu");
  add("half in the middle", erf + "p = Div(a, two) y = Mul(p, x)", "Gelu");
  add("not halved", erf + "y = Mul(x, a)", "Div Erf Add Mul");
  add("doubled", erf + "p = Mul(x, a) y = Mul(p, two)", "Div Erf Add Mul Mul");
  add("in an older operator set", erf + "p = Mul(x, a) y = Mul(p, half)", "Div Erf Add Mul Mul", 17);
  add("another value times erf", erf + "n = Neg(x) p = Mul(n, a) y = Mul(p, half)",
      "Div Erf Add Neg Mul Mul");
  add("erf that another reads", erf + "p = Mul(x, a) q = Mul(p, half) y = Add(e, q)",
      "Div Erf Add Mul Mul Add");
  add_rewrite(
      "erf that is an output", pass,
      model(20,
            "(float[4] x) => (float[4] y, float[4] e) <float root = {1.4142135381698608}, float one = "
            "{1}, float half = {0.5}>",
            erf + "p = Mul(x, a) y = Mul(p, half)"),
      "Div Erf Add Mul Mul");
  add_rewrite(
      "numbers that add an axis", pass,
      model(20,
            "(float x) => (float[1] y) <float root = {1.4142135381698608}, float one = {1}, float[1] half "
            "= {0.5}>",
            erf + "p = Mul(x, a) y = Mul(p, half)"),
      "Div Erf Add Mul Mul");
  const std::string tanh =
      rows +
      "<float three = {3}, float bend = {0.044715}, float slope = {0.7978846}, float one = {1}, float half = "
      "{0.5}>";
  const std::string end = " t = Tanh(i) a = Add(t, one) ";
  add_rewrite("by tanh of a power", pass,
              model(20, tanh,
                    "c = Pow(x, three) b = Mul(bend, c) s = Add(x, b) i = Mul(s, slope)" + end +
                        "p = Mul(half, x) y = Mul(p, a)"),
              "Gelu");
  add_rewrite("by tanh of products", pass,
              model(20, tanh,
                    "b = Mul(x, bend) c = Mul(b, x) s = Add(c, one) d = Mul(x, slope) i = Mul(d, s)" + end +
                        "p = Mul(a, half) y = Mul(x, p)"),
              "Gelu");
  add_rewrite("by tanh with another slope", pass,
              model(20, tanh,
                    "c = Pow(x, three) b = Mul(bend, c) s = Add(x, b) i = Mul(s, half)" + end +
                        "p = Mul(half, x) y = Mul(p, a)"),
              "Pow Mul Add Mul Tanh Add Mul Mul");
}

void FusionTest::hard_swish() {
  const auto add = [](const char* name, int opset, const std::string& nodes, const char* after) {
    const std::string numbers =
        "<float zero = {0}, float one = {1}, float three = {3}, float six = {6}, float sixth = {0.16666667}>";
    add_rewrite(name, "fuse_hard_swish", model(opset, rows + numbers, nodes), after);
  };
  const std::string clip = "a = Add(x, three) c = Clip(a, zero, six) ";
  add("clip, then times", 14, clip + "m = Mul(x, c) y = Div(m, six)", "HardSwish");
  add("a sixth, then times", 14, clip + "d = Mul(c, sixth) y = Mul(d, x)", "HardSwish");
  add("of HardSigmoid", 14, "h = HardSigmoid<alpha = 0.16666667>(x) y = Mul(h, x)", "HardSwish");
  add("before there is HardSwish", 11, clip + "m = Mul(x, c) y = Div(m, six)", "HardSigmoid Mul");
  add("clip as attributes", 9, "a = Add(x, three) c = Clip<min = 0.0, max = 6.0>(a) y = Div(c, six)",
      "HardSigmoid");
  add("HardSigmoid with its own slope", 14, "h = HardSigmoid(x) y = Mul(h, x)", "HardSigmoid Mul");
  add("other bounds", 14, "a = Add(x, three) c = Clip(a, one, six) m = Mul(x, c) y = Div(m, six)",
      "Add Clip Mul Div");
  add("clip that another reads", 14, clip + "m = Mul(x, c) d = Div(m, six) y = Sub(d, c)",
      "Add Clip Mul Div Sub");
  add_rewrite("whole numbers", "fuse_hard_swish",
              model(14, "(int32[4] x) => (int32[4] y) <int32 three = {3}, int32 zero = {0}, int32 six = {6}>",
                    clip + "y = Div(c, six)"),
              "Add Clip Div");
}

void FusionTest::mish_and_swish() {
  const auto add = [](const char* name, const char* pass, int opset, const std::string& nodes,
                      const char* after) {
    add_rewrite(name, pass, model(opset, rows + "<float one = {1}, float alpha = {1.702}>", nodes), after);
  };
  add("mish", "fuse_mish", 18, "s = Softplus(x) t = Tanh(s) y = Mul(x, t)", "Mish");
  add("mish spelled out", "fuse_mish", 18, "e = Exp(x) a = Add(one, e) s = Log(a) t = Tanh(s) y = Mul(t, x)",
      "Mish");
  add("mish in an older operator set", "fuse_mish", 17, "s = Softplus(x) t = Tanh(s) y = Mul(x, t)",
      "Softplus Tanh Mul");
  add("tanh of another value", "fuse_mish", 18, "n = Neg(x) s = Softplus(n) t = Tanh(s) y = Mul(x, t)",
      "Neg Softplus Tanh Mul");
  add("swish", "fuse_swish", 24, "s = Sigmoid(x) y = Mul(x, s)", "Swish");
  add("swish with a slope", "fuse_swish", 24, "m = Mul(alpha, x) s = Sigmoid(m) y = Mul(s, x)", "Swish");
  add("swish in an older operator set", "fuse_swish", 23, "s = Sigmoid(x) y = Mul(x, s)", "Sigmoid Mul");
  add("sigmoid that another reads", "fuse_swish", 24, "s = Sigmoid(x) m = Mul(x, s) y = Add(m, s)",
      "Sigmoid Mul Add");
}

void FusionTest::clip() {
  const auto add = [](const char* name, int opset, const std::string& nodes, const char* after) {
    const std::string numbers =
        "<float zero = {0}, float half = {0.5}, float one = {1}, float[4] row = {0, 1, 2, 3}>";
    add_rewrite(name, "fuse_clip", model(opset, rows + numbers, nodes), after);
  };
  add("limited from both sides", 13, "a = Max(x, zero) y = Min(one, a)", "Clip");
  add("limited from above first", 13, "a = Min(x, one) y = Max(zero, a)", "Clip");
  add("Relu, then Clip", 13, "a = Relu(x) y = Clip(a, , one)", "Clip");
  add("Clip, then Relu", 9, "a = Clip<min = -1.0, max = 0.5>(x) y = Relu(a)", "Clip");
  add("Clip that leaves Relu", 13, "a = Relu(x) y = Clip(a, zero)", "Relu");
  add("three in a row", 13, "a = Relu(x) b = Min(a, one) y = Clip(b, half, one)", "Clip");
  add("bounds for each", 13, "a = Relu(x) y = Min(a, row)", "Relu Min");
  add("contradicting bounds", 13, "a = Clip(x, one, zero) y = Relu(a)", "Clip Relu");
  add("Relu that another reads", 13, "a = Relu(x) b = Min(a, one) y = Add(a, b)", "Relu Min Add");
  add_rewrite("whole numbers", "fuse_clip",
              model(14, "(int32[4] x) => (int32[4] y) <int32 zero = {0}, int32 six = {6}>",
                    "a = Max(x, zero) y = Min(a, six)"),
              "Clip");
}

void FusionTest::global_pool() {
  const auto add = [](const char* name, int opset, const std::string& nodes, const char* after) {
    add_rewrite(name, "fuse_global_pool",
                model(opset, image + "<int64[2] space = {-1, 2}, int64[1] last = {3}>", nodes), after);
  };
  add("mean", 17, "y = ReduceMean<axes = [2, 3]>(x)", "GlobalAveragePool");
  add("mean of axes given as input", 18, "y = ReduceMean(x, space)", "GlobalAveragePool");
  add("maximum", 17, "y = ReduceMax<axes = [3, 2]>(x)", "GlobalMaxPool");
  add("one axis", 18, "y = ReduceMean(x, last)", "ReduceMean");
  add("channels, too", 17, "y = ReduceMean<axes = [1, 2, 3]>(x)", "ReduceMean");
  add_rewrite(
      "axes that go", "fuse_global_pool",
      model(17, "(float[N, 8, 6, 4] x) => (float[N, 8] y)", "y = ReduceMean<axes = [2, 3], keepdims = 0>(x)"),
      "ReduceMean");
}

void FusionTest::space_to_depth() {
  const auto add = [](const char* name, const std::string& constants, const std::string& nodes,
                      const char* after) {
    add_rewrite(name, "fuse_space_to_depth", model(17, image + "<" + constants + ">", nodes), after);
  };
  const std::string deep = "int64[6] a = {-1, 8, 3, 2, 2, 2}, int64[4] b = {-1, 32, 3, 2}";
  const std::string wide = "int64[6] a = {0, 2, 2, 2, 6, 4}, int64[4] b = {0, 2, 12, 8}";
  const std::string first = "r = Reshape(x, a) ", last = " y = Reshape(t, b)";
  add("space to depth", deep, first + "t = Transpose<perm = [0, 3, 5, 1, 2, 4]>(r)" + last, "SpaceToDepth");
  add("depth to space", wide, first + "t = Transpose<perm = [0, 3, 4, 1, 5, 2]>(r)" + last, "DepthToSpace");
  add("columns, then rows", wide, first + "t = Transpose<perm = [0, 1, 4, 2, 5, 3]>(r)" + last,
      "DepthToSpace");
  add("channels first", deep, first + "t = Transpose<perm = [0, 1, 3, 5, 2, 4]>(r)" + last,
      "Reshape Transpose Reshape");
  add("blocks that are no squares", "int64[6] a = {0, 8, 2, 3, 2, 2}, int64[4] b = {0, 48, 2, 2}",
      first + "t = Transpose<perm = [0, 3, 5, 1, 2, 4]>(r)" + last, "Reshape Transpose Reshape");
  add("what lies between is read", wide,
      first + "t = Transpose<perm = [0, 3, 4, 1, 5, 2]>(r) z = Reshape(t, b) n = Reshape(r, b) y = Add(z, n)",
      "Reshape Transpose Reshape Reshape Add");
  const std::string places =
      "int64[2] oo = {0, 0}, int64[2] io = {1, 0}, int64[2] oi = {0, 1}, int64[2] ii = {1, 1}, int64[2] all "
      "= "
      "{9223372036854775807, 9223372036854775807}, int64[2] axes = {2, 3}, int64[2] twos = {2, 2}";
  const std::string slices =
      "a = Slice(x, oo, all, axes, twos) b = Slice(x, io, all, axes, twos) c = Slice(x, oi, all, axes, twos) "
      "d = "
      "Slice(x, ii, all, axes, twos) ";
  add("every second pixel", places, slices + "y = Concat<axis = 1>(a, c, b, d)", "SpaceToDepth");
  add("every second pixel in another order", places, slices + "y = Concat<axis = 1>(a, b, c, d)",
      "SpaceToDepth Gather");
  add("one pixel twice", places, slices + "y = Concat<axis = 1>(a, c, b, b)",
      "Slice Slice Slice Slice Concat");
  add("along rows", places, slices + "y = Concat<axis = 2>(a, c, b, d)", "Slice Slice Slice Slice Concat");
}

void FusionTest::writesOtherDomainsOnlyWhereAskedFor() {
  const ModelPointer before = model(
      17,
      "(float[N, 2, 5, 5] x) => (float[N, 1, H, W] y) <float[1, 2, 1, 1] w = {0.5, -1}, float[1] b = {0.25}, "
      "float[1, 1, 1, 1] v = {3}, float zero = {0}, float six = {6}>",
      "c = Conv(x, w, b) r = LeakyRelu<alpha = 0.5>(c) d = Conv(r, v) y = Clip(d, zero, six)");
  const char* pass = "fuse_convolution_activation";
  QCOMPARE(test::after_pass(before, pass), before);
  PassContext context;
  context.domains = {"com.microsoft"};
  const ModelPointer after = test::after_pass(before, pass, context);
  QCOMPARE(test::operators(*after), QStringLiteral("FusedConv FusedConv"));
  QCOMPARE(after->opset("com.microsoft"), std::int64_t{1});
  QCOMPARE(test::parting(before, after), QString());
}

void FusionTest::raisesTheOperatorSetOnlyWhereAndAsFarAsAFusionNeedsIt() {
  PassContext context;
  context.newest_opset = 23;
  const std::string mish =
      rows + "{ s = Softplus(x) t = Tanh(s) m = Mul(x, t) r = ReduceMean<axes = [1]>(m) y = Add(x, r) }";
  const ModelPointer before = test::model_of_text(mish);
  ModelPointer after = test::after_pass(before, "fuse_mish", context);
  QCOMPARE(test::operators(*after), QStringLiteral("Mish ReduceMean Add"));
  QCOMPARE(after->opset(), std::int64_t{18});
  QCOMPARE(after->graph->nodes[1]->inputs.size(), std::size_t{2});  // the axes are an input since then
  QCOMPARE(test::parting(before, after), QString());
  QCOMPARE(test::after_pass(before, "fuse_gelu", context), before);
  context.gate->left_out = {{"fuse_mish", "operator set 18"}};
  QCOMPARE(test::after_pass(before, "fuse_mish", context), before);
  context.gate->left_out.clear();
  context.newest_opset = 17;
  QCOMPARE(test::after_pass(before, "fuse_mish", context), before);
}

void FusionTest::saysWhyTheOperatorSetStays() {
  PassContext context;
  context.newest_opset = 23;
  const ModelPointer before = test::model_of_text(
      rows + "{ u = Unheard(x) s = Softplus(x) t = Tanh(s) m = Mul(x, t) y = Add(m, u) }");
  const Optimized optimized = optimize(before, test::passes_named({"fuse_mish"}), context);
  QCOMPARE(optimized.model, before);
  QCOMPARE(optimized.notes.size(), std::size_t{1});
  QVERIFY2(optimized.notes[0].starts_with("fuse_mish needs operator set 18") &&
               optimized.notes[0].find("Unheard_0") != std::string::npos,
           optimized.notes[0].c_str());
}

QTEST_GUILESS_MAIN(FusionTest)
#include "fusion_test.moc"
