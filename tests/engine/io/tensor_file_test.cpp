#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <limits>

#include "engine/io/tensor_file.h"
#include "tests/support/tensors.h"

using namespace lapidary;
using namespace lapidary::test;

Q_DECLARE_METATYPE(lapidary::Tensor)

namespace {

/// An .npy file of version 1 or another.
std::string npy(const std::string& description, const std::string& shape, const std::string& data,
                bool fortran = false, char version = 1) {
  const std::string header = "{'descr': '" + description +
                             "', 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': " + shape +
                             ", }\n";
  std::string file = "\x93NUMPY";
  file += version;
  file += '\0';
  file += static_cast<char>(header.size());
  file.append(version == 1 ? 1 : 3, '\0');
  return file + header + data;
}

std::string safetensors(const std::string& header, const std::string& data) {
  std::string file(8, '\0');
  file[0] = static_cast<char>(header.size() & 0xff);
  file[1] = static_cast<char>(header.size() >> 8);
  return file + header + data;
}

std::vector<std::pair<const char*, Tensor>> samples() {
  const float infinity = std::numeric_limits<float>::infinity(),
              nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<double> numbers{0, 1, 1, 0, 1, 1};
  std::vector<std::pair<const char*, Tensor>> list = {
      {"float32", Tensor::of({2, 3}, std::vector<float>{1, -2.5f, infinity, -infinity, nan, 0.1f})},
      {"float64", Tensor::of({2}, std::vector<double>{1e300, 1.0 / 3})},
      {"int64", Tensor::of({3}, std::vector<std::int64_t>{std::numeric_limits<std::int64_t>::min(), 0,
                                                          std::numeric_limits<std::int64_t>::max()})},
      {"uint64", Tensor::of({1}, std::vector<std::uint64_t>{std::numeric_limits<std::uint64_t>::max()})},
      {"bool", Tensor::of({2}, std::vector<bool>{true, false})},
      {"scalar", Tensor::scalar(7.5f)},
      {"no elements", Tensor(DataType::Float32, {2, 0, 3})},
      {"strings", Tensor::of_strings({2, 1}, {"straße", ""})},
      {"complex", Tensor::of({1}, std::vector<std::complex<float>>{{1, -2}})},
  };
  for (const DataType type :
       {DataType::Int8, DataType::UInt8, DataType::Int16, DataType::UInt16, DataType::Int32, DataType::UInt32,
        DataType::Float16, DataType::BFloat16, DataType::Float8E4M3FN, DataType::Float8E4M3FNUZ,
        DataType::Float8E5M2, DataType::Float8E5M2FNUZ, DataType::Float8E8M0, DataType::UInt4, DataType::Int4,
        DataType::Float4E2M1, DataType::UInt2, DataType::Int2})
    list.emplace_back(name_of(type).data(),
                      tensor_from(type, {2, 3},
                                  type == DataType::Float8E8M0 ? std::vector<double>(6, 2.0)
                                  : type == DataType::Int2     ? std::vector<double>(6, -1.0)
                                                               : numbers));
  return list;
}

/// What a form cannot hold: by the ending and the element type.
bool can_hold(const std::string& ending, DataType type) {
  const bool complex = type == DataType::Complex64;
  if (ending == ".json") return !complex;
  if (ending == ".safetensors") return type != DataType::String;
  return true;
}

}  // namespace

class TensorFileTest : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;
  std::string path(const QString& name) const { return folder_.filePath(name).toStdString(); }
  std::string write(const char* name, const std::string& content) const {
    QFile file(folder_.filePath(name));
    if (!file.open(QIODevice::WriteOnly)) qFatal("cannot write a test's file");
    file.write(QByteArray::fromStdString(content));
    return file.fileName().toStdString();
  }

 private slots:
  void comesBackAsItWas_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<Tensor>("tensor");
    for (const char* name : {"t.npy", "t.npz", "t.pb", "t.json", "t.safetensors", "named.json", "t_folder"})
      for (const auto& [label, tensor] : samples())
        if (can_hold(QFileInfo(name).suffix().prepend('.').toStdString(), tensor.type()))
          QTest::addRow("%s %s", name, label) << name << tensor;
  }
  void comesBackAsItWas() {
    QFETCH(const QString, name);
    QFETCH(const Tensor, tensor);
    const std::string file = path(name), key = "/layer.1/x:0";
    const std::vector<WantedData> wanted{{key, tensor.full_type()}};
    const bool single = name == "t.npy" || name == "t.pb" || name == "t.json";
    if (name == "t_folder") QDir(folder_.filePath(name)).removeRecursively();
    if (single)
      write_datum(file, key, tensor);
    else
      write_data(file, {{key, tensor}});
    const NamedData data = read_data(file, wanted);
    QCOMPARE(data.size(), std::size_t{1});
    QCOMPARE(data[0].first, key);
    QVERIFY2(identical(data[0].second.tensor(), tensor) || tensor.type() == DataType::Float32,
             "bytes differ");
    COMPARE_TENSORS(data[0].second.tensor(), tensor);
  }

  void readsWhatNumpyWrites_data() {
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<Tensor>("expected");
    const auto row = [](const char* name, const std::string& content, const Tensor& expected) {
      QTest::newRow(name) << QByteArray::fromStdString(content) << expected;
    };
    const Tensor two_by_two = Tensor::of({2, 2}, std::vector<std::int16_t>{1, 2, 3, 4});
    row("little-endian", npy("<i2", "(2, 2)", std::string("\1\0\2\0\3\0\4\0", 8)), two_by_two);
    row("big-endian", npy(">i2", "(2, 2)", std::string("\0\1\0\2\0\3\0\4", 8)), two_by_two);
    row("fortran order", npy("<i2", "(2, 2)", std::string("\1\0\3\0\2\0\4\0", 8), true), two_by_two);
    row("version 2", npy("<i2", "(2, 2)", std::string("\1\0\2\0\3\0\4\0", 8), false, 2), two_by_two);
    row("version 3", npy("<i2", "(2, 2)", std::string("\1\0\2\0\3\0\4\0", 8), false, 3), two_by_two);
    row("native order", npy("=i2", "(4,)", std::string("\1\0\2\0\3\0\4\0", 8)), two_by_two.reshaped({4}));
    row("scalar", npy("|u1", "()", "a"), Tensor::scalar(std::uint8_t{'a'}));
    row("bytes", npy("|S3", "(2,)", std::string("abcd\0\0", 6)), Tensor::of_strings({2}, {"abc", "d"}));
    row("big-endian text", npy(">U2", "(1,)", std::string("\0\0\0a\0\0\0\0", 8)),
        Tensor::of_strings({1}, {"a"}));
  }
  void readsWhatNumpyWrites() {
    QFETCH(const QByteArray, content);
    QFETCH(const Tensor, expected);
    const Tensor read = read_datum(write("n.npy", content.toStdString())).tensor();
    QVERIFY(identical(read, expected));
  }

  void refuses_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<QString>("message");
    const auto row = [](const char* label, const char* name, const std::string& content,
                        const char* message) {
      QTest::newRow(label) << name << QByteArray::fromStdString(content) << message;
    };
    row("empty npy", "r.npy", "", "not npy");
    row("objects", "r.npy", npy("|O", "(1,)", "12345678"), "never loaded");
    row("npy without its type", "r.npy", npy("<V2", "(1,)", "12"), "does not say");
    row("npy cut", "r.npy", npy("<f4", "(2,)", "1234567"), "is cut");
    row("npy too large", "r.npy", npy("<f4", "(99999999999, 99999999999)", ""), "too large");
    row("npy with many empty texts", "r.npy", npy("<U0", "(99999999999,)", ""), "too large");
    row("npy header", "r.npy", npy("<f4", "(1", "1234"), "header");
    row("npy bool", "r.npy", npy("|b1", "(1,)", "\x02"), "neither true nor false");
    row("npz damaged", "r.npz", "PK\x03\x04 and nothing", "zip");
    row("pb", "r.pb", "\xff\xff\xff", "cut");
    row("JSON lists", "r.json", "[[1, 2], [3]]", "unequal");
    row("JSON nested", "r.json", std::string(100000, '['), "JSON");
    row("JSON number", "r.json", R"({"type": "int8", "shape": [1], "data": [300]})", "is no int8");
    row("JSON number no machine holds", "r.json", "[1e999]", "this is no JSON");
    row("JSON shape", "r.json", R"({"type": "int8", "shape": [3], "data": [1]})", "has 1 elements");
    row("safetensors short", "r.safetensors", "1234", "shorter");
    row("safetensors header", "r.safetensors", std::string("\xff\xff\xff\xff\xff\xff\xff\x7f{}", 10),
        "header");
    row("safetensors hole", "r.safetensors",
        safetensors(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})", "ab"), "hole");
    row("safetensors twice", "r.safetensors",
        safetensors(
            R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
            "a"),
        "twice");
    row("safetensors shape", "r.safetensors",
        safetensors(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", "abcd"), "do not fit");
    row("safetensors rest", "r.safetensors",
        safetensors(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", "ab"), "2 are there");
    row("other ending", "r.doc", "x", "");
  }
  void refuses() {
    QFETCH(const QString, name);
    QFETCH(const QByteArray, content);
    QFETCH(const QString, message);
    const std::string file = write(qPrintable(name), content.toStdString());
    try {
      read_data(file, {{"a", Type()}});
      QFAIL("read");
    } catch (const Error& error) {
      QVERIFY2(QString(error.what()).contains(message), error.what());
      QCOMPARE(error.file(), file);
    }
  }

  void conformanceFolderFollowsThePositions() {
    const QString folder = folder_.filePath("set");
    QDir().mkpath(folder);
    const Tensor tensor = Tensor::of({2}, std::vector<float>{1, 2});
    write_datum((folder + "/input_0.pb").toStdString(), "other name", tensor);
    write_datum((folder + "/input_2.pb").toStdString(), "c", Datum::sequence({tensor, tensor}));
    write_datum((folder + "/output_0.pb").toStdString(), "y", tensor);
    const Type plain = Type::tensor(DataType::Float32);
    const auto data = read_data(folder.toStdString(),
                                {{"a", plain}, {"b", Type::optional(plain)}, {"c", Type::sequence(plain)}});
    QCOMPARE(data.size(), std::size_t{3});
    QCOMPARE(data[0].first, std::string("a"));
    COMPARE_TENSORS(data[0].second.tensor(), tensor);
    QVERIFY(!data[1].second.is_present());
    QCOMPARE(data[2].second.sequence().size(), std::size_t{2});
    QCOMPARE(read_data(folder.toStdString(), {{"y", plain}}, "output").size(), std::size_t{1});
  }

  void sequencesAndOptionalsComeBack_data() {
    QTest::addColumn<QString>("ending");
    QTest::newRow("pb") << ".pb";
    QTest::newRow("json") << ".json";
  }
  void sequencesAndOptionalsComeBack() {
    QFETCH(const QString, ending);
    const Tensor tensor = Tensor::of({2}, std::vector<float>{1, 2});
    const Type plain = Type::tensor(DataType::Float32);
    const std::string file = path("d" + ending);
    write_datum(file, "s", Datum::sequence({tensor}));
    COMPARE_TENSORS(read_datum(file, Type::sequence(plain)).sequence().at(0).tensor(), tensor);
    write_datum(file, "o", Datum());
    QVERIFY(!read_datum(file, Type::optional(plain)).is_present());
    write_datum(file, "o", tensor);
    COMPARE_TENSORS(read_datum(file, Type::optional(plain)).tensor(), tensor);
  }

  void mapsComeBack_data() { sequencesAndOptionalsComeBack_data(); }
  void mapsComeBack() {
    QFETCH(const QString, ending);
    MapDatum map;
    map.keys = Tensor::of_strings({2}, {"cat", "dog"});
    map.values = {Tensor::scalar(0.25f), Tensor::scalar(0.75f)};
    Datum datum;
    datum.value = std::make_shared<const MapDatum>(map);
    const std::string file = path("m" + ending);
    write_datum(file, "probabilities", Datum::sequence({datum}));
    const Type type = Type::sequence(Type::map(DataType::String, Type::tensor(DataType::Float32)));
    const Datum back = read_datum(file, type).sequence().at(0);
    const auto& read = *std::get<std::shared_ptr<const MapDatum>>(back.value);
    COMPARE_TENSORS(read.keys, map.keys);
    COMPARE_TENSORS(read.values.at(1).tensor(), Tensor::scalar(0.75f));
  }

  void jsonNeedsNoTypes() {
    const auto data =
        read_data(write("plain.json", R"({"a": [[1, 2], [3, 4]], "b": 0.5, "c": ["x"], "d": true})"), {});
    COMPARE_TENSORS(data[0].second.tensor(), Tensor::of({2, 2}, std::vector<std::int64_t>{1, 2, 3, 4}));
    COMPARE_TENSORS(data[1].second.tensor(), Tensor::scalar(0.5f));
    COMPARE_TENSORS(data[2].second.tensor(), Tensor::of_strings({1}, {"x"}));
    COMPARE_TENSORS(data[3].second.tensor(), Tensor::of({}, std::vector<bool>{true}));
  }
};

QTEST_GUILESS_MAIN(TensorFileTest)
#include "tensor_file_test.moc"
