#include "tests/support/kernel_cases.h"

#include <numeric>

namespace lapidary::test {
namespace {

QString difference_of_data(const Datum& got, const Datum& want) {
  if (got.value.index() != want.value.index()) return QStringLiteral("another kind of value");
  if (!want.is_present()) return {};
  if (want.is_tensor()) return difference(got.tensor(), want.tensor());
  if (const auto* map = std::get_if<std::shared_ptr<const MapDatum>>(&got.value)) {
    const auto& other = std::get<std::shared_ptr<const MapDatum>>(want.value);
    const QString keys = difference((*map)->keys, other->keys);
    if (!keys.isEmpty()) return QStringLiteral("in the keys: %1").arg(keys);
    return difference_of_data(Datum::sequence((*map)->values), Datum::sequence(other->values));
  }
  const auto &a = got.sequence(), &b = want.sequence();
  if (a.size() != b.size()) return QStringLiteral("got %1 elements, want %2").arg(a.size()).arg(b.size());
  for (std::size_t i = 0; i < a.size(); ++i)
    if (const QString found = difference_of_data(a[i], b[i]); !found.isEmpty())
      return QStringLiteral("in element %1 of the sequence: %2").arg(i).arg(found);
  return {};
}

Type typed(DataType element, const std::vector<std::string>& sizes) {
  Shape shape;
  for (const auto& size : sizes) shape.push_back(Dimension::parse(size));
  return Type::tensor(element, shape);
}

QString text_of(const std::optional<std::vector<Dimension>>& values) {
  QStringList parts;
  for (const auto& value : values.value_or(std::vector<Dimension>{}))
    parts << QString::fromStdString(value.to_string());
  return parts.join(QStringLiteral(", "));
}

}  // namespace

void kernel_columns() { QTest::addColumn<KernelCase>("row"); }
void inference_columns() { QTest::addColumn<InferenceCase>("row"); }

void add_kernel_case(const char* name, Node node, std::vector<Datum> inputs, std::vector<Datum> wanted,
                     std::int64_t opset) {
  QTest::newRow(name) << KernelCase{std::move(node), std::move(inputs), std::move(wanted), {}, opset};
}

void add_refusal(const char* name, Node node, std::vector<Datum> inputs, std::string message,
                 std::int64_t opset) {
  QTest::newRow(name) << KernelCase{std::move(node), std::move(inputs), {}, std::move(message), opset};
}

void add_inference_case(const char* name, InferenceCase row) { QTest::newRow(name) << std::move(row); }

void check_kernel_case() {
  QFETCH(KernelCase, row);
  std::vector<Datum> got;
  try {
    got = run_kernel(row.node, row.inputs, row.opset);
  } catch (const Error& error) {
    const std::string message = error.message();
    QVERIFY2(!row.refusal.empty() && message.find(row.refusal) != std::string::npos, message.c_str());
    return;
  }
  QVERIFY2(row.refusal.empty(), "the kernel was to refuse this");
  QCOMPARE(got.size(), row.wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    const QString found = difference_of_data(got[i], row.wanted[i]);
    QVERIFY2(found.isEmpty(), qPrintable(QStringLiteral("output %1: %2").arg(i).arg(found)));
  }
}

void check_inference_case() {
  QFETCH(InferenceCase, row);
  const Inferred got = infer(row.node, row.inputs, row.constants, row.opset);
  QCOMPARE(got.types.size(), row.wanted.size());
  for (std::size_t i = 0; i < got.types.size(); ++i)
    QCOMPARE(QString::fromStdString(to_string(got.types[i])), QString::fromStdString(row.wanted[i]));
  if (!got.values.empty()) QCOMPARE(text_of(got.values[0]), QString::fromStdString(row.values));
  QCOMPARE(got.problems.empty(), row.problem.empty());
  if (!row.problem.empty())
    QVERIFY2(got.problems[0].find(row.problem) != std::string::npos, got.problems[0].c_str());
}

Type floats(const std::vector<std::string>& sizes) { return typed(DataType::Float32, sizes); }
Type int64s(const std::vector<std::string>& sizes) { return typed(DataType::Int64, sizes); }

Tensor counting(Dims dims, DataType type) {
  std::vector<double> values(static_cast<std::size_t>(element_count(dims)));
  std::iota(values.begin(), values.end(), 0.0);
  return tensor_from(type, std::move(dims), values);
}

Tensor ints(std::vector<std::int64_t> values) {
  const auto count = static_cast<std::int64_t>(values.size());
  return Tensor::of({count}, values);
}

Tensor reals(const std::vector<float>& values) {
  return Tensor::of({static_cast<std::int64_t>(values.size())}, values);
}

Tensor bytes(const std::vector<std::uint8_t>& values) {
  return Tensor::of({static_cast<std::int64_t>(values.size())}, values);
}

Tensor flags(const std::vector<bool>& values) {
  return Tensor::of({static_cast<std::int64_t>(values.size())}, values);
}

}  // namespace lapidary::test
