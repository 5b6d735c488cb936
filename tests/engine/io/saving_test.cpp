#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <csignal>
#include <cstdlib>

#include "engine/io/checksum.h"
#include "engine/io/model_file.h"
#include "tests/support/model_builder.h"
#include "tests/support/tensors.h"

using namespace lapidary;
using namespace lapidary::test;

namespace {

QByteArray content_of(const QString& path) {
  QFile file(path);
  if (!file.open(QIODevice::ReadOnly)) qFatal("cannot read a test's file");
  return file.readAll();
}

ModelPointer model_with_weights(std::int64_t count) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  return ModelBuilder()
      .input("x", DataType::Float32, {count})
      .initializer("small", Tensor::of({3}, std::vector<std::int64_t>{1, 2, 3}))
      .initializer("large", Tensor::of({count}, values))
      .initializer("second", Tensor::of({count}, values))
      .add(node("Add", {"x", "large"}, {"y"}))
      .output("y")
      .build();
}

/// While it lives no file can grow beyond some bytes, as on a disk that is full.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace

class SavingTest : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;
  std::string path(const char* name) const { return folder_.filePath(name).toStdString(); }

 private slots:
  void unchangedModelIsWrittenAsItWasRead_data() {
    QTest::addColumn<QString>("name");
    for (const char* name : {"a.onnx", "a.textproto", "a.json.gz", "a.onnx.zip"}) QTest::newRow(name) << name;
  }
  void unchangedModelIsWrittenAsItWasRead() {
    QFETCH(const QString, name);
    const QString from = folder_.filePath(name), to = folder_.filePath("copy_" + name);
    const SaveOptions options = save_options_for(from.toStdString());
    save_model(*model_with_weights(10), from.toStdString(), options);
    const LoadedModel loaded = load_model(from.toStdString());
    save_model(*loaded.model, to.toStdString(), options, &loaded);
    QCOMPARE(content_of(to), content_of(from));
  }

  void aFullDiskLeavesWhatWasThere() {
    const QString target = folder_.filePath("kept.onnx");
    save_model(*model_with_weights(4), target.toStdString());
    const QByteArray before = content_of(target);
    for (const rlim_t room : {rlim_t{0}, rlim_t{100}, rlim_t{50000}}) {
      const FullDisk full(room);
      for (const Compression compression : {Compression::None, Compression::Gzip, Compression::Zip}) {
        SaveOptions options;
        options.compression = compression;
        if (compression != Compression::None && room > 100) continue;  // packed it fits
        try {
          save_model(*model_with_weights(100000), target.toStdString(), options);
          QFAIL("saved to a full disk");
        } catch (const Error& error) {
          QCOMPARE(static_cast<int>(error.kind()), static_cast<int>(Error::Kind::Machine));
          QCOMPARE(QString::fromStdString(error.file()), target);
        }
      }
    }
    QCOMPARE(content_of(target), before);
    QCOMPARE(QDir(folder_.path()).entryList({"kept.onnx*"}, QDir::Files), QStringList{"kept.onnx"});
  }

  void aKilledProgramLeavesWhatWasThere() {
    const QString target = folder_.filePath("killed.onnx");
    save_model(*model_with_weights(4), target.toStdString());
    const QByteArray before = content_of(target);
    const pid_t child = ::fork();
    if (child == 0) {
      // More than a second of writing; the parent ends it long before.
      const auto zeros = std::make_shared<const std::string>(std::size_t{64} << 20, '\0');
      const Tensor large(DataType::UInt8, {std::int64_t{64} << 20}, std::as_bytes(std::span(*zeros)), zeros);
      ModelBuilder builder;
      for (int i = 0; i < 30; ++i) builder.initializer("w" + std::to_string(i), large);
      save_model(*builder.build(), target.toStdString());
      std::_Exit(0);
    }
    QTest::qWait(100);
    ::kill(child, SIGTERM);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (!WIFSIGNALED(status)) QSKIP("the child had saved all before the signal came");
    QCOMPARE(content_of(target), before);
    QCOMPARE(QDir(folder_.path()).entryList({"killed.onnx*"}, QDir::Files), QStringList{"killed.onnx"});
  }

  void aFolderThatTakesNoFilesIsTheMachinesFault() {
    try {
      save_model(*model_with_weights(4), "/proc/no/such/model.onnx");
      QFAIL("saved");
    } catch (const Error& error) {
      QCOMPARE(static_cast<int>(error.kind()), static_cast<int>(Error::Kind::Machine));
    }
  }

  void weightsGoBesideTheModelAndComeBack() {
    const auto model = model_with_weights(1000);
    SaveOptions options;
    options.external_data = true;
    const auto saved = save_model(*model, path("outside.onnx"), options);
    QVERIFY(saved.file_bytes < 1000);
    QCOMPARE(QFile(folder_.filePath("outside.onnx.data")).size(), qint64{4096 + 4000 - 64});
    const LoadedModel loaded = load_model(path("outside.onnx"));
    for (std::size_t i = 0; i < 3; ++i)
      COMPARE_TENSORS(loaded.model->graph->initializers[i]->tensor, model->graph->initializers[i]->tensor);
    QVERIFY(loaded.model->graph->initializers[0]->external_data.empty());
    QCOMPARE(loaded.model->graph->initializers[1]->external_data.front().second,
             std::string("outside.onnx.data"));

    // An unchanged copy elsewhere takes the weights along; saved without external data they come inside.
    QDir(folder_.path()).mkdir("copy");
    save_model(*loaded.model, path("copy/other.onnx"), {}, &loaded);
    COMPARE_TENSORS(load_model(path("copy/other.onnx")).model->graph->initializers[2]->tensor,
                    model->graph->initializers[2]->tensor);
    save_model(*loaded.model, path("inside.onnx"));
    COMPARE_TENSORS(load_model(path("inside.onnx")).model->graph->initializers[2]->tensor,
                    model->graph->initializers[2]->tensor);
  }

  void checksumsOfExternalDataAreChecked_data() {
    QTest::addColumn<bool>("damaged");
    QTest::newRow("as it was") << false;
    QTest::newRow("damaged") << true;
  }
  void checksumsOfExternalDataAreChecked() {
    QFETCH(const bool, damaged);
    SaveOptions options;
    options.external_data = true;
    save_model(*model_with_weights(1000), path("sum.onnx"), options);
    LoadedModel loaded = load_model(path("sum.onnx"));
    QVERIFY(checksum_problems(loaded).empty());
    Model model = *loaded.model;
    Graph graph = *model.graph;
    NamedTensor tensor = *graph.initializers[1];
    const std::string content = content_of(folder_.filePath("sum.onnx.data")).toStdString();
    std::string sum = sha1(std::as_bytes(std::span(content)));
    if (damaged) sum[0] = sum[0] == '0' ? '1' : '0';
    tensor.external_data.emplace_back("checksum", sum);
    graph.initializers = graph.initializers.with(1, std::make_shared<const NamedTensor>(tensor));
    model.graph = std::make_shared<const Graph>(graph);
    loaded.model = std::make_shared<const Model>(model);
    QCOMPARE(checksum_problems(loaded).size(), std::size_t{damaged});
    const std::string abc = "abc";
    QCOMPARE(sha1(std::as_bytes(std::span(abc))), std::string("a9993e364706816aba3e25717850c26c9cd0d89d"));
  }

  void aModelCanBeSavedOverItself() {
    const auto model = model_with_weights(100000);
    SaveOptions options;
    options.external_data = true;
    save_model(*model, path("self.onnx"), options);
    for (int i = 0; i < 2; ++i) {
      const LoadedModel loaded = load_model(path("self.onnx"));
      Model changed = *loaded.model;
      changed.doc_string = "changed";
      save_model(changed, path("self.onnx"), options, &loaded);
    }
    COMPARE_TENSORS(load_model(path("self.onnx")).model->graph->initializers[1]->tensor,
                    model->graph->initializers[1]->tensor);
  }

  void weightsStayInTheFile() {
    save_model(*model_with_weights(100000), path("mapped.onnx"));
    const LoadedModel loaded = load_model(path("mapped.onnx"));
    const Tensor &first = loaded.model->graph->initializers[1]->tensor,
                 &second = loaded.model->graph->initializers[2]->tensor;
    QCOMPARE(first.owner().get(), second.owner().get());
    COMPARE_TENSORS(first.aligned(), second);
  }

  void endingsDecideTheForm() {
    QCOMPARE(static_cast<int>(save_options_for("a/b.ONNX").format), static_cast<int>(ModelFormat::Binary));
    QCOMPARE(static_cast<int>(save_options_for("b.json.gz").format), static_cast<int>(ModelFormat::Json));
    QCOMPARE(static_cast<int>(save_options_for("b.json.gz").compression),
             static_cast<int>(Compression::Gzip));
    QCOMPARE(static_cast<int>(save_options_for("b.onnxtxt").format), static_cast<int>(ModelFormat::OnnxText));
    QCOMPARE(static_cast<int>(save_options_for("b.pbtxt.zip").format),
             static_cast<int>(ModelFormat::TextProto));
  }
};

QTEST_GUILESS_MAIN(SavingTest)
#include "saving_test.moc"
