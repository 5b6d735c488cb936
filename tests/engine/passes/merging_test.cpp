#include <QTest>

#include "tests/support/edit_text.h"
#include "tests/support/passes.h"

using namespace lapidary;
using test::add_rewrite;

namespace {

void add(const char* name, const char* pass, const std::string& values, const std::string& nodes,
         const char* after) {
  add_rewrite(name, pass,
              test::model_of_text(values + " {" + nodes + "}", "<ir_version: 9, opset_import: [\"\" : 18]>"),
              after);
}

}  // namespace

/// Nodes that follow each other and say together what one could.
class MergingTest : public QObject {
  Q_OBJECT
 private slots:
  void rewritesWhatItShouldAndNothingElse_data() {
    test::add_rewrite_columns();
    pairs();
    casts();
    expand();
    reductions();
    slices();
    products();
  }
  void rewritesWhatItShouldAndNothingElse() { test::check_rewrite(); }
  void runtimesTakeWhatIsWritten() { test::check_rewrites_in_peer(); }

 private:
  static void pairs();
  static void casts();
  static void expand();
  static void reductions();
  static void slices();
  static void products();
};

void MergingTest::pairs() {
  const char* pass = "eliminate_pairs";
  const std::string numbers = "(float[N, 3] x) => (float[N, 3] y)";
  add("negated twice", pass, numbers, "a = Neg(x) b = Neg(a) y = Exp(b)", "Identity Exp");
  add("negated, and read", pass, numbers, "a = Neg(x) b = Neg(a) y = Add(a, b)", "Neg Identity Add");
  add("rounded twice", pass, numbers, "a = Floor(x) y = Floor(a)", "Floor Identity");
  add("rounded up, then down", pass, numbers, "a = Ceil(x) y = Floor(a)", "Ceil Floor");
  const std::string truths = "(bool[N] c, float[N] a, float[N] b) => (float[N] y)";
  add("choice the other way round", pass, truths, "n = Not(c) y = Where(n, a, b)", "Where");
  add("choice of another kind", pass, truths, "n = And(c, c) y = Where(n, a, b)", "And Where");
}

void MergingTest::casts() {
  const auto chain = [](const char* name, const std::string& from, const char* between, const std::string& to,
                        int type, const char* after) {
    add(name, "eliminate_pairs", "(" + from + "[N] x) => (" + to + "[N] y)",
        std::string("a = Cast<to = ") + between + ">(x) y = Cast<to = " + std::to_string(type) + ">(a)",
        after);
  };
  chain("cast to wide, then on", "int8", "6", "float", 1, "Cast");
  chain("cast of truths by numbers", "bool", "1", "int64", 7, "Cast");
  chain("cast of short floats", "float16", "1", "double", 11, "Cast");
  chain("cast that rounds", "float", "10", "float", 1, "Cast Cast");
  chain("cast to whole numbers that are signed no more", "int8", "12", "float", 1, "Cast Cast");
  chain("cast of whole numbers by floats to short ones", "int32", "11", "int8", 3, "Cast Cast");
}

void MergingTest::expand() {
  const auto row = [](const char* name, const std::string& nodes, const char* after) {
    add(name, "eliminate_expand",
        "(float[1, 3] x, float[N, 3] z) => (float[N, 3] y) <int64[2] wide = {2, 3}, int64[2] same = {1, 3}>",
        nodes, after);
  };
  row("expanded to what the other has", "s = Shape(z) e = Expand(x, s) y = Add(e, z)", "Add");
  row("expanded beyond", "e = Expand(x, wide) a = Expand(x, same) y = Mul(e, a)", "Expand Mul");
  row("not element-wise", "s = Shape(z) e = Expand(x, s) y = Softmax(e)", "Shape Expand Softmax");
  row("cast like another", "s = Shape(z) e = Expand(x, s) y = CastLike(e, z)", "Shape Expand CastLike");
}

void MergingTest::reductions() {
  const auto row = [](const char* name, const std::string& result, const std::string& nodes,
                      const char* after) {
    add(name, "merge_reductions",
        "(float[N, 3, 4] x) => (" + result +
            " y) <int64[1] last = {-1}, int64[1] first = {1}, int64[2] flat = {-1, 3}>",
        nodes, after);
  };
  row("kept, then taken away", "float[N, 3]", "r = ReduceMean(x, last) y = Squeeze(r, last)", "ReduceMean");
  row("kept, then reshaped", "float[N, 3]", "r = ReduceMax(x, last) y = Reshape(r, flat)", "ReduceMax");
  row("taken away, then put back", "float[N, 3, 1]",
      "r = ReduceSum<keepdims = 0>(x, last) y = Unsqueeze(r, last)", "ReduceSum");
  row("places, too", "int64[N, 4]", "r = ArgMax<axis = 1>(x) y = Squeeze(r, first)", "ArgMax");
  row("put back elsewhere", "float[N, 1, 3]", "r = ReduceSum<keepdims = 0>(x, last) y = Unsqueeze(r, first)",
      "ReduceSum Unsqueeze");
  row("read elsewhere", "float[N, 3, 1]",
      "r = ReduceMean(x, last) s = Squeeze(r, last) u = Unsqueeze(s, last) y = "
      "Add(r, u)",
      "ReduceMean Squeeze Unsqueeze Add");
}

void MergingTest::slices() {
  const auto row = [](const char* name, const std::string& nodes, const char* after) {
    add(name, "merge_slices",
        "(float[N, 9] x) => (float[N, S] y) <int64[1] one = {1}, int64[1] two = {2}, int64[1] four = {4}, "
        "int64[1] all = "
        "{9223372036854775807}, int64[1] back = {-1}>",
        nodes, after);
  };
  row("cut twice", "a = Slice(x, two, all, one) y = Slice(a, one, four, one)", "Slice");
  row("cut shorter than the second asks", "a = Slice(x, one, two, one) y = Slice(a, one, all, one)", "Slice");
  row("cut from behind", "a = Slice(x, two, back, one) y = Slice(a, one, four, one)", "Slice Slice");
  row("cut in steps", "a = Slice(x, one, all, one, two) y = Slice(a, one, four, one)", "Slice Slice");
  row("joined twice", "a = Concat<axis = 1>(x, x) b = Exp(x) y = Concat<axis = -1>(b, a, x)", "Exp Concat");
  row("joined along other axes", "a = Concat<axis = 0>(x, x) y = Concat<axis = 1>(a, a)", "Concat Concat");
}

void MergingTest::products() {
  const auto row = [](const char* name, const std::string& nodes, const char* after) {
    add(name, "fuse_gemm",
        "(float[N, 3] x, float[N, 4] z, float[4, 5] u, float[N, 5] c) => (float[S, T] y) <float[3, 4] w = "
        "{1, 2, 3, 4, 5, "
        "6, 7, 8, 9, 1, 2, 3}>",
        nodes, after);
  };
  row("a sum of the result's sizes", "g = Gemm(z, u) y = Add(c, g)", "Gemm");
  row("a sum beside a bias", "g = Gemm(z, u, c) y = Add(c, g)", "Gemm Add");
  row("turned first factor", "t = Transpose(x) y = MatMul(t, z)", "Gemm");
  row("turned second factor of Gemm", "t = Transpose(w) y = Gemm<transB = 1>(x, t)", "Gemm");
  row("turned back", "t = Transpose(w) y = Gemm<alpha = 0.5, transA = 1>(t, u)", "Gemm");
  row("a turned factor that another reads",
      "t = Transpose(x) m = MatMul(t, z) a = MatMul(t, c) y = Concat<axis = 1>(m, a)",
      "Transpose MatMul MatMul Concat");
}

QTEST_GUILESS_MAIN(MergingTest)
#include "merging_test.moc"
