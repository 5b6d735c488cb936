#include <QTest>

#include "tests/support/edit_text.h"
#include "tests/support/passes.h"

using namespace lapidary;
using test::add_rewrite;

namespace {

ModelPointer model(const std::string& values, const std::string& nodes, int opset = 23) {
  return test::model_of_text(values + " {" + nodes + "}",
                             "<ir_version: 12, opset_import: [\"\" : " + std::to_string(opset) + "]>");
}

}  // namespace

/// Fusions to Attention and RotaryEmbedding: what becomes an operator, and what must not.
class AttentionFusionTest : public QObject {
  Q_OBJECT
 private slots:
  void rewritesWhatItShouldAndNothingElse_data() {
    test::add_rewrite_columns();
    attention();
    heads();
    rotary_embedding();
  }
  void rewritesWhatItShouldAndNothingElse() { test::check_rewrite(); }
  void runtimesTakeWhatIsWritten() { test::check_rewrites_in_peer(); }

 private:
  static void attention();
  static void heads();
  static void rotary_embedding();
};

void AttentionFusionTest::attention() {
  const auto add = [](const char* name, const std::string& nodes, const char* after, int opset = 23,
                      const std::string& more = "") {
    const std::string values =
        "(float[N, 3, H, 4] q, float[N, 3, W, 4] k, float[N, 3, W, 2] v, float[N, 1, 1, W] mask, "
        "float[N, 3, H, W] all" +
        more + ") => (float[N, 3, H, 2] y) <float scale = {0.25}, float[1, 1, 1, 1] wide = {2}>";
    add_rewrite(name, "fuse_attention", model(values, nodes, opset), after);
  };
  const std::string scores = "t = Transpose<perm = [0, 1, 3, 2]>(k) s = MatMul(q, t) ";
  const std::string rest = " w = Softmax(z) y = MatMul(w, v)";
  add("plain", scores + "w = Softmax(s) y = MatMul(w, v)", "Attention");
  add("scaled", scores + "z = Mul(scale, s)" + rest, "Attention");
  add("scaled before the product",
      "d = Div(q, wide) t = Transpose<perm = [0, 1, 3, 2]>(k) z = MatMul(d, t)" + rest, "Attention");
  add("masked", scores + "m = Mul(s, scale) z = Add(m, all)" + rest, "Attention");
  add("masked for all queries alike", scores + "z = Add(mask, s)" + rest, "Shape Concat Expand Attention");
  add("along another axis", scores + "w = Softmax<axis = 2>(s) y = MatMul(w, v)",
      "Transpose MatMul Softmax MatMul");
  add_rewrite("masked so that batches become more", "fuse_attention",
              model("(float[1, 3, H, 4] q, float[1, 3, W, 4] k, float[1, 3, W, 2] v, float[N, 1, H, W] mask) "
                    "=> (float[N, "
                    "3, H, 2] y)",
                    scores + "z = Add(s, mask)" + rest),
              "Transpose MatMul Add Softmax MatMul");
  add("shares that another reads",
      scores + "w = Softmax(s) p = MatMul(w, v) r = ReduceMax<keepdims = 0>(w) y = Add(p, r)",
      "Transpose MatMul Softmax MatMul ReduceMax Add");
  add("in an older operator set", scores + "w = Softmax(s) y = MatMul(w, v)",
      "Transpose MatMul Softmax MatMul", 22);
  add("keys that are turned otherwise, too",
      "t = Transpose<perm = [0, 2, 3, 1]>(b) s = MatMul(q, t) w = Softmax(s) y = MatMul(w, v)",
      "Transpose Attention", 23, ", float[N, W, 3, 4] b");
  add("keys of one batch for all",
      "t = Transpose<perm = [0, 1, 3, 2]>(b) s = MatMul(q, t) w = Softmax(s) y = MatMul(w, v)",
      "Transpose MatMul Softmax MatMul", 23, ", float[1, 3, W, 4] b");
  add_rewrite(
      "of three axes", "fuse_attention",
      model("(float[N, H, 4] q, float[N, W, 4] k, float[N, W, 2] v, float[H, W] mask) => (float[N, H, 2] y)",
            "t = Transpose<perm = [0, 2, 1]>(k) s = MatMul(q, t) z = Add(s, mask)" + rest),
      "Attention");
  add_rewrite(
      "of three axes, each with its mask", "fuse_attention",
      model(
          "(float[N, H, 4] q, float[N, W, 4] k, float[N, W, 2] v, float[N, H, W] mask) => (float[N, H, 2] y)",
          "t = Transpose<perm = [0, 2, 1]>(k) s = MatMul(q, t) z = Add(s, mask)" + rest),
      "Transpose MatMul Add Softmax MatMul");
  add_rewrite(
      "heads that share keys", "fuse_attention",
      model("(float[N, 4, H, 4] q, float[N, 1, W, 4] k, float[N, 1, W, 2] v) => (float[N, 4, H, 2] y)",
            scores + "w = Softmax(s) y = MatMul(w, v)"),
      "Attention");
}

void AttentionFusionTest::heads() {
  const auto add = [](const char* name, const std::string& key_order, const std::string& joined,
                      const char* after) {
    const std::string values =
        "(float[N, H, 6] q, float[N, W, 6] k, float[N, W, 9] v, float[H, W] mask) => (float[N, H, "
        "9] y) <int64[4] apart = {0, 0, 3, -1}, int64[3] whole = {0, 0, 9}>";
    const std::string nodes =
        "a = Reshape(q, apart) b = Reshape(k, apart) c = Reshape(v, apart) d = Transpose<perm = [0, 2, 1, "
        "3]>(a) t = "
        "Transpose<perm = " +
        key_order +
        ">(b) e = Transpose<perm = [0, 2, 1, 3]>(c) s = MatMul(d, t) z = Add(s, mask) w = Softmax(z) m = "
        "MatMul(w, e) j "
        "= Transpose<perm = " +
        joined + ">(m) y = Reshape(j, whole)";
    add_rewrite(name, "fuse_attention", model(values, nodes), after);
  };
  add("heads that lie beside each other", "[0, 2, 3, 1]", "[0, 2, 1, 3]", "Attention");
}

void AttentionFusionTest::rotary_embedding() {
  const auto add = [](const char* name, const std::string& nodes, const char* after,
                      const char* batch = "N") {
    const std::string values = std::string("(float[N, 3, H, 4] x, float[") + batch +
                               ", 1, H, 2] angles, float[N, 1, H, 4] any) => (float[N, 3, H, 4] y) <int64[1] "
                               "zero = {0}, int64[1] two = {2}, "
                               "int64[1] end = {9223372036854775807}, int64[1] last = {-1}, int64[2] halves "
                               "= {2, 2}, float scale = {0.5}>";
    add_rewrite(name, "fuse_rotary_embedding", model(values, nodes), after);
  };
  const std::string waves = "f = Concat<axis = -1>(angles, angles) c = Cos(f) s = Sin(f) ";
  const std::string split = "a, b = Split<axis = -1>(x, halves) n = Neg(b) r = Concat<axis = -1>(n, a) ";
  const std::string slices =
      "a = Slice(x, zero, two, last) b = Slice(x, two, end, last) n = Neg(b) r = Concat<axis = "
      "3>(n, a) ";
  const std::string sum = "p = Mul(x, c) q = Mul(r, s) y = Add(p, q)";
  const char* fused = "Concat Cos Sin Slice Squeeze Slice Squeeze RotaryEmbedding";
  add("halves of Split", waves + split + sum, fused);
  add("halves of Slice", waves + slices + sum, fused);
  add("one batch of angles", waves + split + sum,
      "Concat Cos Sin Shape Concat Expand Slice Squeeze Shape Concat Expand Slice Squeeze RotaryEmbedding",
      "1");
  add("halves the other way round",
      waves + "a, b = Split<axis = -1>(x, halves) n = Neg(a) r = Concat<axis = -1>(n, b) " + sum,
      "Concat Cos Sin Split Neg Concat Mul Mul Add");
  add("angles that may differ", "c = Cos(any) s = Sin(any) " + split + sum,
      "Cos Sin Split Neg Concat Mul Mul Add");
}

QTEST_GUILESS_MAIN(AttentionFusionTest)
#include "attention_fusion_test.moc"
