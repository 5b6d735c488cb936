#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <cstdlib>

#include "engine/io/compression.h"
#include "engine/io/model_file.h"
#include "engine/io/wire_writer.h"
#include "engine/io/zip_archive.h"
#include "tests/support/model_builder.h"

using namespace lapidary;
using namespace lapidary::test;

namespace {

std::string bytes_of(const Model& model) {
  const QTemporaryDir folder;
  const std::string path = folder.filePath("model.onnx").toStdString();
  save_model(model, path);
  QFile file(QString::fromStdString(path));
  file.open(QIODevice::ReadOnly);
  return file.readAll().toStdString();
}

std::string small_model() {
  return bytes_of(*ModelBuilder()
                       .input("x", DataType::Float32, {1, 2})
                       .initializer("w", Tensor::of({2, 2}, std::vector<float>{1, 2, 3, 4}))
                       .add(node("MatMul", {"x", "w"}, {"y"}))
                       .output("y")
                       .build());
}

/// A model whose graph holds one field.
std::string model_with_graph_field(std::uint32_t number, const WireWriter& field) {
  WireWriter graph, import, model;
  graph.message(number, field);
  import.number(2, 21);
  model.number(1, 10);
  model.message(7, graph);
  model.message(8, import);
  return model.to_string();
}

/// A TensorProto "w" with the given sizes, float32, and four bytes.
WireWriter weight(std::vector<std::int64_t> dims) {
  WireWriter tensor;
  for (const auto d : dims) tensor.number(1, d);
  tensor.number(2, 1);
  tensor.text(8, "w");
  tensor.text(9, "abcd");
  return tensor;
}

WireWriter external_weight(const std::string& location, const std::string& offset = "",
                           const std::string& length = "") {
  WireWriter tensor;
  tensor.number(1, 4);
  tensor.number(2, 1);
  tensor.text(8, "w");
  const auto entry = [&](const char* key, const std::string& value) {
    WireWriter message;
    message.text(1, key);
    message.text(2, value);
    if (!value.empty()) tensor.message(13, message);
  };
  entry("location", location);
  entry("offset", offset);
  entry("length", length);
  tensor.number(14, 1);
  return tensor;
}

std::string node_with_attribute(std::uint32_t type, std::uint32_t field) {
  WireWriter attribute, broken;
  attribute.text(1, "axis");
  attribute.text(field, "x");
  attribute.number(20, type);
  broken.text(2, "y");
  broken.text(4, "Softmax");
  broken.message(5, attribute);
  return model_with_graph_field(1, broken);
}

/// A graph that repeats one short field of its own `count` times.
std::string repeated_graph_field(std::uint32_t number, const std::string& content, std::size_t count) {
  WireWriter field;
  field.text(number, content);
  const std::string once = field.to_string();
  std::string graph;
  for (std::size_t i = 0; i < count; ++i) graph += once;
  WireWriter model;
  model.number(1, 10);
  model.text(7, graph);
  return model.to_string();
}

/// `levels` times a node with a subgraph with a node …
std::string nested_subgraphs(int levels) {
  std::string bytes;
  const auto wrap = [&](std::uint32_t number, const std::string& before) {
    WireWriter message;
    message.raw(before);
    message.text(number, bytes);
    bytes = message.to_string();
  };
  // Copying the inner levels again and again would take a minute: lengths first, then all from the outside
  // in.
  std::vector<std::string> heads;
  std::size_t size = 0;
  for (int level = 0; level < levels; ++level)
    for (const std::uint32_t number : {6u, 5u, 1u}) {
      WireWriter head;
      head.varint(number, size);
      std::string text = head.to_string();
      text[0] = static_cast<char>(number << 3 | 2);
      size += text.size();
      heads.push_back(std::move(text));
    }
  for (auto head = heads.rbegin(); head != heads.rend(); ++head) bytes += *head;
  const std::string graph = std::move(bytes);
  bytes = graph;
  wrap(7, std::string("\x08\x0a", 2));
  return bytes;
}

/// An input whose type is a sequence of sequences, `levels` deep.
std::string nested_types(int levels) {
  std::string heads;
  std::size_t size = 0;
  std::vector<std::string> parts;
  for (int level = 0; level < levels; ++level)
    for (const std::uint32_t number : {1u, 4u}) {  // TypeProto.Sequence.elem_type, TypeProto.sequence_type
      WireWriter head;
      head.varint(number, size);
      std::string text = head.to_string();
      text[0] = static_cast<char>(number << 3 | 2);
      size += text.size();
      parts.push_back(std::move(text));
    }
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) heads += *part;
  WireWriter input;
  input.text(1, "x");
  input.text(2, heads);
  return model_with_graph_field(11, input);
}

/// `count` zeros packed by gzip: about a thousandth.
std::string gzip_of_zeros(std::size_t count) {
  const QTemporaryDir folder;
  const QString path = folder.filePath("bomb.gz");
  AtomicFile file(path.toStdString());
  GzipWriter packer(file);
  const std::string zeros(1 << 20, '\0');
  for (std::size_t done = 0; done < count; done += zeros.size())
    packer.write(std::as_bytes(std::span(zeros)));
  packer.finish();
  file.commit();
  QFile packed(path);
  packed.open(QIODevice::ReadOnly);
  return packed.readAll().toStdString();
}

/// An archive with one model of `count` zeros.
std::string zip_of_zeros(std::size_t count) {
  const QTemporaryDir folder;
  const std::string path = folder.filePath("bomb.zip").toStdString(), zeros(count, '\0');
  write_zip(path, {{"model.onnx", {std::as_bytes(std::span(zeros))}}}, ZipMethod::Deflate);
  QFile file(QString::fromStdString(path));
  file.open(QIODevice::ReadOnly);
  return file.readAll().toStdString();
}

std::string repeated(const std::string& text, std::size_t count) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) result += text;
  return result;
}

/// `levels` groups of an unknown field, one in the other.
std::string nested_groups(int levels) {
  std::string bytes(static_cast<std::size_t>(levels), static_cast<char>(13 << 3 | 3));
  return bytes;
}

}  // namespace

/// Whatever is wrong with a file, its owner learns it from one message.
class BadInputTest : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;

 private slots:
  void saysWhatIsWrong_data() {
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<QString>("message");
    const auto row = [](const char* name, const std::string& content, const char* message) {
      QTest::newRow(name) << QByteArray::fromStdString(content) << message;
    };
    row("empty file", "", "empty");
    row("text", "Dear reader, this is a letter.", "text");
    row("JPEG", "\xff\xd8\xff\xe0 JFIF", "JPEG");
    row("web page", "<!DOCTYPE html><html>", "web page");
    row("Git LFS pointer", "version https://git-lfs.github.com/spec/v1\n", "Git LFS");
    row(".ort", std::string("\x18\0\0\0ORTM....", 12), "ONNX Runtime");
    row("TensorProto", weight({1}).to_string(), "TensorProto");
    row("no graph", std::string("\x08\x0a", 2), "no graph");
    row("negative size", model_with_graph_field(5, weight({-1})), "tensor 'w': a size is negative");
    row("overflowing sizes", model_with_graph_field(5, weight({1LL << 40, 1LL << 40})),
        "tensor 'w': sizes are too large");
    row("sizes promise more", model_with_graph_field(5, weight({1000000, 1000000})),
        "tensor 'w': data holds 4 bytes");
    row("sizes promise less", model_with_graph_field(5, weight({0})), "tensor 'w': holds 4 bytes");
    row("wrong attribute type", node_with_attribute(2, 4),
        "node 'Softmax → y': attribute 'axis' says that it is of type int and holds string");
    row("unknown attribute type", node_with_attribute(77, 4), "has the type 77");
    row("100,000 subgraphs", nested_subgraphs(100000), "nested deeper");
    row("100,000 groups", "\x08\x0a" + nested_groups(100000), "group");
    row("millions of empty nodes", repeated_graph_field(1, "", 3'000'000), "so many nodes");
    row("millions of empty inputs", repeated_graph_field(11, "", 3'000'000), "so many nodes");
    row("100,000 types in types", nested_types(100000), "a type is nested deeper");
    row("protobuf text of empty nodes", "graph {" + repeated("node{}", 400'000) + "}", "so many nodes");
    row("JSON of empty nodes", "{\"graph\":{\"node\":[{}" + repeated(",{}", 400'000) + "]}}",
        "so many nodes");
    row("ONNX text of tiny nodes", "g (float[N] a) => (float[N] a) {" + repeated("a=N(a)", 200'000) + "}",
        "so many nodes");
    row("gzip bomb", gzip_of_zeros(100 << 20), "unpacks to far more");
    row("zip bomb", zip_of_zeros(100 << 20), "unpacks to far more");
    row("external, missing", model_with_graph_field(5, external_weight("gone.bin")),
        "tensor 'w': its external data is missing");
    row("external, absolute", model_with_graph_field(5, external_weight("/etc/passwd")), "absolute path");
    row("external, outside", model_with_graph_field(5, external_weight("../x.bin")),
        "outside the model's folder");
    row("external, link", model_with_graph_field(5, external_weight("link.bin")),
        "leads out of the model's folder");
    row("external, cut", model_with_graph_field(5, external_weight("eight.bin", "0", "16")),
        "has only 8 bytes");
    row("external, offset behind the end", model_with_graph_field(5, external_weight("eight.bin", "9")),
        "begins at byte 9");
    row("external, offset no number", model_with_graph_field(5, external_weight("eight.bin", "-1")),
        "not a number");
    row("external, folder", model_with_graph_field(5, external_weight(".")), "not a regular file");
    row("protobuf text", "ir_version: 8\ngraph { nod }\n", "line 2");
    row("protobuf text, nested", "graph " + std::string(100000, '{'), "text");
    row("JSON", "{\"irVersion\": 8, \"graph\": []}", "JSON");
    row("JSON, nested", "{\"graph\":" + std::string(100000, '['), "JSON");
    row("ONNX text", "agraph (float[N x) => (float[N] y) {}", "ONNX text");
    row("ONNX text, nested", "agraph => " + std::string(100000, '('), "nested deeper");
    row("gzip of text",
        QByteArray::fromHex("1f8b08000000000000ff4bcc2b294e5248cb2c2a2e0100c1ba41060d000000").toStdString(),
        "");
    row("zip, damaged", std::string("PK\x03\x04 not really an archive"), "zip");
  }

  void saysWhatIsWrong() {
    QFETCH(const QByteArray, content);
    QFETCH(const QString, message);
    const QString path = write("model.onnx", content);
    write("eight.bin", "12345678");
    const QTemporaryDir outside;
    QFile::link(write_in(outside, "secret.bin", "0123456789abcdef"), folder_.filePath("link.bin"));
    try {
      load_model(path.toStdString());
      QFAIL("the file was taken for a model");
    } catch (const Error& error) {
      QVERIFY2(QString(error.what()).contains(message), error.what());
      QCOMPARE(QString::fromStdString(error.file()), path);
      QCOMPARE(static_cast<int>(error.kind()), static_cast<int>(Error::Kind::Model));
      QVERIFY2(!error.advice().empty(), error.what());
    }
    QFile::remove(folder_.filePath("link.bin"));
  }

  void aFileTakesNoMoreThanFourTimesItsSize_data() {
    QTest::addColumn<QByteArray>("content");
    const auto row = [](const char* name, const std::string& content) {
      QTest::newRow(name) << QByteArray::fromStdString(content);
    };
    row("empty nodes", repeated_graph_field(1, "", 3'000'000));
    row("empty inputs", repeated_graph_field(11, "", 3'000'000));
    row("protobuf text of empty nodes", "graph {" + repeated("node{}", 3'000'000) + "}");
    row("JSON of empty nodes", "{\"graph\":{\"node\":[{}" + repeated(",{}", 3'000'000) + "]}}");
    row("gzip bomb", gzip_of_zeros(200 << 20));
  }
  /// Beyond a fixed 160 MB, which a small file needs at most with what is not given back to the system at
  /// once.
  void aFileTakesNoMoreThanFourTimesItsSize() {
    QFETCH(const QByteArray, content);
    const QString path = write("model.onnx", content);
    const pid_t child = ::fork();
    if (child == 0) {
      rusage before{}, after{};
      ::getrusage(RUSAGE_SELF, &before);
      try {
        load_model(path.toStdString());
      } catch (const std::exception&) {
      }
      ::getrusage(RUSAGE_SELF, &after);
      const std::int64_t taken = (after.ru_maxrss - before.ru_maxrss) * 1024;
      std::_Exit(taken <= 160'000'000 + 4 * content.size() ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    QVERIFY(WIFEXITED(status));
    QCOMPARE(WEXITSTATUS(status), 0);
  }

  void smallNodesOfAnHonestModelAreTaken() {
    ModelBuilder builder;
    builder.input("v0", DataType::Float32, {1});
    constexpr int count = 50'000;
    for (int i = 0; i < count; ++i)
      builder.add(node("Abs", {"v" + std::to_string(i)}, {"v" + std::to_string(i + 1)}));
    const auto model =
        builder.output("v" + std::to_string(count), Type::tensor(DataType::Float32, Shape{1})).build();
    for (const char* name : {"long.onnx", "long.textproto", "long.json", "long.onnx.gz", "long.onnxtxt"}) {
      const std::string path = folder_.filePath(name).toStdString();
      save_model(*model, path, save_options_for(path));
      QCOMPARE(load_model(path).model->graph->nodes.size(), std::size_t{count});
    }
  }

  void linkIsFollowedIfAllowed() {
    const QString path = write(
        "model.onnx", QByteArray::fromStdString(model_with_graph_field(5, external_weight("link.bin"))));
    const QTemporaryDir outside;
    QFile::link(write_in(outside, "weights.bin", "0123456789abcdef"), folder_.filePath("link.bin"));
    LoadOptions options;
    options.follow_links = true;
    QCOMPARE(load_model(path.toStdString(), options).model->graph->initializers.size(), std::size_t{1});
    QFile::remove(folder_.filePath("link.bin"));
  }

  void aCutFileIsNeverTakenForTheWholeModel() {
    const std::string whole = small_model();
    for (std::size_t size = 0; size < whole.size(); ++size) {
      try {
        load_model_from_memory(whole.substr(0, size), "cut.onnx");
        QFAIL(qPrintable(QString("cut at %1 of %2 bytes").arg(size).arg(whole.size())));
      } catch (const Error& error) {
        QVERIFY(!error.message().empty() && !error.advice().empty());
        QCOMPARE(error.file(), std::string("cut.onnx"));
        QCOMPARE(static_cast<int>(error.kind()), static_cast<int>(Error::Kind::Model));  // exit code 1
      }
    }
  }

  void aDamagedByteNeverDoesMoreThanFail() {
    const std::string whole = small_model();
    int opened = 0;
    for (std::size_t at = 0; at < whole.size(); ++at)
      for (const char damage : {'\x00', '\x01', '\x7f', '\x80', '\xff'}) {
        std::string damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ damage);
        try {
          opened += load_model_from_memory(damaged, "damaged.onnx").model->graph != nullptr;
        } catch (const Error& error) {
          QVERIFY(!error.message().empty());
        }
      }
    QVERIFY(opened >= static_cast<int>(whole.size()));  // the untouched ones at least
  }

  void structuralFaultsOpen() {
    const auto model = ModelBuilder()
                           .add(node("Relu", {"a"}, {"b"}))
                           .add(node("Relu", {"b"}, {"a"}))
                           .add(node("NoSuchOperator", {"nobody"}, {"b"}, {}, "no.such.domain"))
                           .output("b")
                           .build();
    QCOMPARE(load_model_from_memory(bytes_of(*model), "faulty.onnx").model->graph->nodes.size(),
             std::size_t{3});
  }

  void aMissingFileIsWrongUsage() {
    try {
      load_model(folder_.filePath("nowhere.onnx").toStdString());
      QFAIL("opened");
    } catch (const Error& error) {
      QCOMPARE(static_cast<int>(error.kind()), static_cast<int>(Error::Kind::Usage));
      QVERIFY(!error.advice().empty());
    }
  }

 private:
  static QString write_in(const QTemporaryDir& folder, const char* name, const QByteArray& content) {
    QFile file(folder.filePath(name));
    if (!file.open(QIODevice::WriteOnly)) qFatal("cannot write a test's file");
    file.write(content);
    return file.fileName();
  }
  QString write(const char* name, const QByteArray& content) const {
    return write_in(folder_, name, content);
  }
};

QTEST_GUILESS_MAIN(BadInputTest)
#include "bad_input_test.moc"
