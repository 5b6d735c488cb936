#include <QtTest>
#include <random>

#include "engine/ops/operator_table.h"
#include "tests/support/kernel_runner.h"

using namespace lapidary;

namespace {

/// Calls of one operator with inputs and attributes that are mostly wrong, made from a seed.
class OddCalls {
 public:
  OddCalls(const Operator& record, std::uint64_t seed) : record_(record), random_(seed) {}

  struct Call {
    Node node;
    std::vector<Datum> inputs;
  };

  Call next() {
    Call call;
    call.node.op_type = record_.name;
    call.node.domain = record_.domain;
    common_ = dims();
    for (const auto& parameter : record_.inputs) {
      const int count = parameter.arity == Arity::Variadic ? parameter.minimum + below(3) : 1;
      for (int i = 0; i < count; ++i) add_input(call, parameter);
    }
    for (const auto& parameter : record_.outputs) call.node.outputs.push_back(parameter.name);
    for (const auto& attribute : record_.attributes) add_attribute(call.node, attribute);
    return call;
  }

 private:
  int below(int limit) { return std::uniform_int_distribution(0, limit - 1)(random_); }
  bool happens(int percent) { return below(100) < percent; }
  /// Mostly small, seldom so extreme that one more leaves a type.
  std::int64_t number() {
    constexpr std::int64_t extremes[] = {INT64_MIN, INT64_MIN + 1, INT64_MAX, INT64_MAX - 1,
                                         INT32_MIN, INT32_MAX,     1LL << 40, 1000};
    return happens(5) ? extremes[below(std::size(extremes))] : below(8) - 3;
  }

  Dims dims() {
    Dims result(static_cast<std::size_t>(below(6)));
    for (auto& size : result) size = happens(5) ? 0 : 1 + below(4);
    return result;
  }

  DataType element(const Parameter& parameter) {
    const TypeConstraint* constraint = record_.find_constraint(parameter.type);
    const std::string& text =
        constraint
            ? constraint->types[static_cast<std::size_t>(below(static_cast<int>(constraint->types.size())))]
            : parameter.type;
    const auto open = text.find('('), close = text.find(')');
    if (open == std::string::npos || happens(3)) return DataType::Float32;
    return data_type_from(text.substr(open + 1, close - open - 1)).value_or(DataType::Int64);
  }

  Tensor tensor(DataType type) {
    Dims sizes = happens(60) ? common_ : dims();
    const auto count = static_cast<std::size_t>(element_count(sizes));
    if (type == DataType::String) return Tensor::of_strings(sizes, std::vector<std::string>(count, "a"));
    Tensor plain = Tensor(type, sizes);
    if (type == DataType::Complex64 || type == DataType::Complex128) {
      std::fill_n(plain.mutable_bytes(), plain.size_bytes(), std::byte{0});
      return plain;
    }
    std::vector<double> values(count);
    for (auto& value : values) value = static_cast<double>(number());
    return tensor_from(type, sizes, values);
  }

  void add_input(Call& call, const Parameter& parameter) {
    const bool is_present = happens(parameter.arity == Arity::Optional ? 50 : 97);
    call.node.inputs.push_back(is_present ? parameter.name : "");
    if (!is_present)
      call.inputs.emplace_back();
    else if (parameter.type.starts_with("seq"))
      call.inputs.push_back(Datum::sequence({tensor(DataType::Float32)}));
    else
      call.inputs.emplace_back(tensor(element(parameter)));
  }

  template <class T, class Make>
  std::vector<T> some(Make make) {
    std::vector<T> values;
    for (int i = below(7); i > 0; --i) values.push_back(make());
    return values;
  }

  void add_attribute(Node& node, const AttributeSpec& spec) {
    if (happens(spec.required ? 5 : 50)) return;
    const std::vector<std::string> words{"reverse", "SAME_UPPER", "ij,jk", "linear", "Tanh", "constant"};
    const auto word = [&] { return words[static_cast<std::size_t>(below(static_cast<int>(words.size())))]; };
    AttributeValue value;
    switch (spec.type) {
      case AttributeType::Int:
        value = number();
        break;
      case AttributeType::Float:
        value = static_cast<float>(number()) / 2;
        break;
      case AttributeType::String:
        value = word();
        break;
      case AttributeType::Ints:
        value = some<std::int64_t>([&] { return number(); });
        break;
      case AttributeType::Floats:
        value = some<float>([&] { return static_cast<float>(number()); });
        break;
      case AttributeType::Strings:
        value = some<std::string>(word);
        break;
      default:
        return;
    }
    node.attributes.push_back({spec.name, std::move(value), "", AttributeType::Undefined, "", ""});
  }

  const Operator& record_;
  std::mt19937_64 random_;
  Dims common_;
};

constexpr int calls_of_each = 40;

}  // namespace

/// No call makes an operator crash: it computes, or refuses with an Error. Sanitizers see more.
class OddCallsTest : public QObject {
  Q_OBJECT
 private slots:
  void computesOrRefuses_data() {
    QTest::addColumn<const Operator*>("record");
    for (const Operator* record : operator_table().all())
      if (record->kernel_function)
        QTest::addRow("%s-%d", record->name.c_str(), record->since_version) << record;
  }
  void computesOrRefuses() {
    QFETCH(const Operator*, record);
    OddCalls calls(*record, 1);
    for (int i = 0; i < calls_of_each; ++i) {
      auto [node, inputs] = calls.next();
      std::vector<Type> types;
      std::vector<Tensor> contents;
      for (const auto& input : inputs) {
        types.push_back(input.is_tensor() ? input.tensor().full_type() : Type());
        contents.push_back(input.is_tensor() ? input.tensor() : Tensor());
      }
      try {
        test::infer(node, types, {}, record->since_version);
        test::infer(node, types, contents, record->since_version);
      } catch (const std::exception& error) {
        QFAIL(qPrintable(
            QStringLiteral("inference threw, call %1: %2").arg(i).arg(QLatin1String(error.what()))));
      }
      try {
        QVERIFY(!test::run_kernel(node, std::move(inputs), record->since_version).empty());
      } catch (const Error& error) {
        QVERIFY2(!error.message().empty(), "an error without words");
      } catch (const std::exception& error) {
        QFAIL(
            qPrintable(QStringLiteral("not an Error, call %1: %2").arg(i).arg(QLatin1String(error.what()))));
      }
    }
  }
};

QTEST_GUILESS_MAIN(OddCallsTest)
#include "odd_calls_test.moc"
