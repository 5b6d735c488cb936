#include "engine/io/polygraphy.h"

#include <QTest>

#include "engine/io/base64.h"
#include "engine/io/npy.h"
#include "tests/support/tensors.h"

using namespace lapidary;

namespace {

std::string array_of(const Tensor& tensor) {
  const NpyParts parts = write_npy(tensor);
  std::string bytes = parts.header;
  bytes.append(reinterpret_cast<const char*>(parts.elements.bytes().data()), parts.elements.size_bytes());
  return base64(bytes);
}

std::string run_results(const std::string& outputs) {
  return R"({"polygraphy_class": "RunResults", "lst": [["trt-runner", [{"polygraphy_class": "IterationResult", "outputs": {)" +
         outputs + R"(}, "runtime": 0.1, "runner_name": "trt-runner"}]]]})";
}

std::string lazy(const std::string& name, const Tensor& tensor) {
  return "\"" + name +
         R"(": {"polygraphy_class": "LazyArray", "values": {"polygraphy_class": "ndarray", "array": ")" +
         array_of(tensor) + "\"}}";
}

}  // namespace

class PolygraphyTest : public QObject {
  Q_OBJECT
 private slots:
  void readsOutputsByName() {
    const Tensor x = Tensor::of<float>({2, 2}, {1, 2, 3, 4}), y = Tensor::of<std::int64_t>({1}, {7});
    const std::string json = run_results(lazy("x", x) + ", " + lazy("/layer/y:0", y));
    QVERIFY(is_polygraphy(json));
    const NamedData data = read_polygraphy(json);
    QCOMPARE(data.size(), std::size_t{2});
    QCOMPARE(data[0].first, std::string("x"));
    COMPARE_TENSORS(data[0].second.tensor(), x);
    QCOMPARE(data[1].first, std::string("/layer/y:0"));
    COMPARE_TENSORS(data[1].second.tensor(), y);
  }

  void readsSavedInputs() {
    const Tensor x = Tensor::of<float>({1}, {5});
    const NamedData data =
        read_polygraphy(R"([{"x": {"polygraphy_class": "ndarray", "array": ")" + array_of(x) + R"("}}])");
    QCOMPARE(data.size(), std::size_t{1});
    COMPARE_TENSORS(data[0].second.tensor(), x);
  }

  void refusesPicklesAndDamage() {
    QVERIFY_THROWS_EXCEPTION(
        Error, read_polygraphy(run_results(R"("x": {"polygraphy_class": "Tensor", "array": "gASV"})")));
    const std::string json = run_results(lazy("x", Tensor::of<float>({1}, {5})));
    QVERIFY_THROWS_EXCEPTION(Error, read_polygraphy(json.substr(0, json.size() - 3)));
    QVERIFY_THROWS_EXCEPTION(Error, read_polygraphy(run_results("")));
    QVERIFY_THROWS_EXCEPTION(Error, read_polygraphy(std::string(1000, '[')));
  }
};

QTEST_APPLESS_MAIN(PolygraphyTest)
#include "polygraphy_test.moc"
