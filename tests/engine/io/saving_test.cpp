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
#include "engine/model/edit.h"
#include "tests/support/full_disk.h"
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

/// The same with a text so long that the model itself is larger than its weights.
Model wordy(const ModelPointer& model, std::size_t letters) {
  Model changed = *model;
  changed.doc_string.assign(letters, 'x');
  return changed;
}

SaveOptions outside() {
  SaveOptions options;
  options.weights = WeightPlacement::OneFile;
  return options;
}

/// While it lives the program has no rights beyond anybody's; false where it cannot give them up.
class AsAnybody {
 public:
  AsAnybody() : was_root_(::geteuid() == 0), is_(!was_root_ || ::seteuid(65534) == 0) {}
  ~AsAnybody() {
    if (was_root_ && is_ && ::seteuid(0) != 0) qFatal("cannot be root again");
  }
  explicit operator bool() const { return is_; }

 private:
  bool was_root_, is_;
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

  void aKilledProgramLeavesWhatWasThere_data() {
    QTest::addColumn<bool>("external_data");
    QTest::newRow("one file") << false;
    QTest::newRow("weights beside it") << true;
  }
  void aKilledProgramLeavesWhatWasThere() {
    QFETCH(const bool, external_data);
    QTemporaryDir folder;
    const QString target = folder.filePath("killed.onnx");
    SaveOptions options;
    options.weights = external_data ? WeightPlacement::OneFile : WeightPlacement::AsBefore;
    save_model(*model_with_weights(1000), target.toStdString(), options);
    const QByteArray before = content_of(target);
    const QStringList files = QDir(folder.path()).entryList(QDir::Files);
    const pid_t child = ::fork();
    if (child == 0) {
      std::signal(SIGTERM, SIG_DFL);
      // More than a second of writing; the parent ends it long before.
      const auto zeros = std::make_shared<const std::string>(std::size_t{64} << 20, '\0');
      const Tensor large(DataType::UInt8, {std::int64_t{64} << 20}, std::as_bytes(std::span(*zeros)), zeros);
      ModelBuilder builder;
      for (int i = 0; i < 30; ++i) builder.initializer("w" + std::to_string(i), large);
      save_model(*builder.build(), target.toStdString(), options);
      std::_Exit(0);
    }
    QTest::qWait(100);
    ::kill(child, SIGTERM);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (!WIFSIGNALED(status)) QSKIP("the child had saved all before the signal came");
    QCOMPARE(content_of(target), before);
    QCOMPARE(QDir(folder.path()).entryList(QDir::Files), files);
    COMPARE_TENSORS(load_model(target.toStdString()).model->graph->initializers[1]->tensor,
                    model_with_weights(1000)->graph->initializers[1]->tensor);
  }

  void aFolderThatTakesNoFilesIsTheMachinesFault() {
    try {
      save_model(*model_with_weights(4), "/proc/no/such/model.onnx");
      QFAIL("saved");
    } catch (const Error& error) {
      QCOMPARE(static_cast<int>(error.kind()), static_cast<int>(Error::Kind::Machine));
    }
  }

  void aFolderThatIsReadOnlyKeepsWhatItHas() {
    QTemporaryDir folder;
    const QString target = folder.filePath("model.onnx");
    save_model(*model_with_weights(1000), target.toStdString(), outside());
    const QByteArray before = content_of(target);
    const auto read_only = QFile::ReadOwner | QFile::ExeOwner | QFile::ReadGroup | QFile::ExeGroup |
                           QFile::ReadOther | QFile::ExeOther;
    QFile::setPermissions(folder.path(), read_only);
    {
      const AsAnybody anybody;
      if (!anybody) QSKIP("root may write anywhere, and cannot become somebody else here");
      for (const SaveOptions& options : {SaveOptions(), outside()}) try {
          save_model(*model_with_weights(2000), target.toStdString(), options);
          QFAIL("saved into a folder that is read only");
        } catch (const Error& error) {
          QCOMPARE(static_cast<int>(error.kind()), static_cast<int>(Error::Kind::Machine));
          QVERIFY2(QString(error.what()).contains("Choose another place"), error.what());
        }
    }
    QFile::setPermissions(folder.path(), QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
    QCOMPARE(content_of(target), before);
    QCOMPARE(QDir(folder.path()).entryList(QDir::Files).size(), 2);
  }

  void aModelKeepsItsWeightsUntilAnotherHasItsPlace_data() {
    QTest::addColumn<qint64>("room");
    QTest::newRow("no room for weights") << qint64{1000};
    QTest::newRow("room for weights, none for the model") << qint64{500000};
  }
  void aModelKeepsItsWeightsUntilAnotherHasItsPlace() {
    QFETCH(const qint64, room);
    QTemporaryDir folder;
    const std::string target = folder.filePath("model.onnx").toStdString();
    const auto first = model_with_weights(10000);
    save_model(*first, target, outside());
    {
      const FullDisk full(static_cast<rlim_t>(room));
      QVERIFY_EXCEPTION_THROWN(save_model(wordy(model_with_weights(20000), 1000000), target, outside()),
                               Error);
    }
    COMPARE_TENSORS(load_model(target).model->graph->initializers[1]->tensor,
                    first->graph->initializers[1]->tensor);
    QCOMPARE(QDir(folder.path()).entryList(QDir::Files), (QStringList{"model.onnx", "model.onnx.data"}));
  }

  void weightsThatNobodyReadsAnyMoreGo() {
    QTemporaryDir folder;
    const std::string target = folder.filePath("model.onnx").toStdString();
    const auto files = [&] { return QDir(folder.path()).entryList(QDir::Files); };
    save_model(*model_with_weights(1000), target, outside());
    save_model(*model_with_weights(2000), target, outside());
    QCOMPARE(files(), (QStringList{"model.onnx", "model.onnx.1.data"}));
    save_model(*model_with_weights(3000), target, outside());
    QCOMPARE(files(), (QStringList{"model.onnx", "model.onnx.data"}));

    // Another model in the folder reads them: they stay.
    const LoadedModel loaded = load_model(target);
    save_model(*loaded.model, folder.filePath("copy.onnx").toStdString(), {}, &loaded);
    save_model(*model_with_weights(4000), target, outside());
    QCOMPARE(files(), (QStringList{"copy.onnx", "model.onnx", "model.onnx.1.data", "model.onnx.data"}));
    COMPARE_TENSORS(
        load_model(folder.filePath("copy.onnx").toStdString()).model->graph->initializers[1]->tensor,
        model_with_weights(3000)->graph->initializers[1]->tensor);
  }

  void filesOfOthersAreNeverOverwritten_data() {
    QTest::addColumn<bool>("unchanged");
    QTest::newRow("a model with weights beside it") << false;
    QTest::newRow("an unchanged copy") << true;
  }
  void filesOfOthersAreNeverOverwritten() {
    QFETCH(const bool, unchanged);
    QTemporaryDir here, there;
    const std::string source = here.filePath("model.onnx").toStdString();
    const std::string target = there.filePath("model.onnx").toStdString();
    const auto model = model_with_weights(1000);
    save_model(*model, source, outside());
    QFile foreign(there.filePath("model.onnx.data"));
    QVERIFY(foreign.open(QIODevice::WriteOnly));
    foreign.write("somebody's own");
    foreign.close();
    const LoadedModel loaded = load_model(source);
    if (unchanged) {
      QCOMPARE(save_model(*loaded.model, target, {}, &loaded).messages.size(), std::size_t{1});
    } else {
      save_model(*model, target, outside());
    }
    QCOMPARE(content_of(foreign.fileName()), QByteArray("somebody's own"));
    COMPARE_TENSORS(load_model(target).model->graph->initializers[1]->tensor,
                    model->graph->initializers[1]->tensor);
  }

  void aCopyIntoAFullDiskLeavesNothing() {
    QTemporaryDir here, there;
    const std::string source = here.filePath("model.onnx").toStdString();
    save_model(wordy(model_with_weights(1000), 100000), source, outside());
    const LoadedModel loaded = load_model(source);
    {
      const FullDisk full(50000);
      QVERIFY_EXCEPTION_THROWN(
          save_model(*loaded.model, there.filePath("model.onnx").toStdString(), {}, &loaded), Error);
    }
    QVERIFY(QDir(there.path()).entryList(QDir::Files).isEmpty());
  }

  void whatOneFileCannotHoldGoesBesideItWithAMessage() {
    SaveOptions options;
    options.largest_message_bytes = 5000;
    const auto model = model_with_weights(1000);
    const SaveResult saved = save_model(*model, path("limited.onnx"), options);
    QCOMPARE(saved.messages.size(), std::size_t{1});
    QVERIFY2(saved.messages[0].find("'limited.onnx.data' beside it") != std::string::npos,
             saved.messages[0].c_str());
    COMPARE_TENSORS(load_model(path("limited.onnx")).model->graph->initializers[1]->tensor,
                    model->graph->initializers[1]->tensor);
    QVERIFY_EXCEPTION_THROWN(save_model(wordy(model, 6000), path("limited.onnx"), options), Error);
  }

  void weightsNeedAPlaceBesideTheModel() {
    QVERIFY_EXCEPTION_THROWN(save_model(*model_with_weights(1000), "/dev/null", outside()), Error);
    QVERIFY(!QFile::exists("/dev/null.data"));
  }

  void weightsGoBesideTheModelAndComeBack() {
    const auto model = model_with_weights(1000);
    SaveOptions options;
    options.weights = WeightPlacement::OneFile;
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
    options.weights = WeightPlacement::OneFile;
    save_model(*model_with_weights(1000), path("sum.onnx"), options);
    LoadedModel loaded = load_model(path("sum.onnx"));
    QVERIFY(checksum_problems(loaded).empty());
    Model model = *loaded.model;
    Graph graph = *model.graph;
    NamedTensor tensor = *graph.initializers[1];
    const std::string content =
        content_of(folder_.filePath(QString::fromStdString(tensor.external_data.front().second)))
            .toStdString();
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

  /// Two files beside the model are two files beside what an edit makes of it; what changed goes into a new
  /// one.
  void anEditedModelKeepsItsFiles() {
    const QTemporaryDir from, to;
    Graph graph = *model_with_weights(1000)->graph;
    const auto placed = [&](std::size_t index, const char* location) {
      NamedTensor tensor = *graph.initializers[index];
      tensor.external_data = {{"location", location}};
      graph.initializers = graph.initializers.with(index, std::make_shared<const NamedTensor>(tensor));
    };
    placed(1, "a.bin");
    placed(2, "parts/b.bin");
    save_model(*with_graph(*model_with_weights(1000), graph), from.filePath("m.onnx").toStdString());
    QCOMPARE(QDir(from.path()).entryList(QDir::Files), (QStringList{"a.bin", "m.onnx"}));
    const LoadedModel loaded = load_model(from.filePath("m.onnx").toStdString());

    Model edited = *loaded.model;
    edited.doc_string = "edited";
    save_model(edited, to.filePath("m.onnx").toStdString(), {}, &loaded);
    const auto weights = load_model(to.filePath("m.onnx").toStdString()).model->graph->initializers;
    for (std::size_t i : {1, 2}) {
      QVERIFY(weights[i]->external_data == loaded.model->graph->initializers[i]->external_data);
      QVERIFY(identical(weights[i]->tensor, loaded.model->graph->initializers[i]->tensor));
    }
    for (const char* name : {"a.bin", "parts/b.bin"})
      QCOMPARE(content_of(to.filePath(name)), content_of(from.filePath(name)));

    NamedTensor other = *loaded.model->graph->initializers[2];
    other.tensor = Tensor::of({1000}, std::vector<float>(1000, 7));
    graph = *loaded.model->graph;
    graph.initializers = graph.initializers.with(2, std::make_shared<const NamedTensor>(other));
    const QByteArray before = content_of(from.filePath("parts/b.bin"));
    save_model(*with_graph(*loaded.model, graph), from.filePath("m.onnx").toStdString(), {}, &loaded);
    const auto changed = load_model(from.filePath("m.onnx").toStdString()).model->graph->initializers;
    QVERIFY(changed[1]->external_data == loaded.model->graph->initializers[1]->external_data);
    QCOMPARE(changed[2]->external_data.front().second, std::string("parts/b.1.bin"));
    COMPARE_TENSORS(changed[2]->tensor, other.tensor);
    QCOMPARE(content_of(from.filePath("parts/b.bin")), before);
  }

  void aModelCanBeSavedOverItself() {
    const auto model = model_with_weights(100000);
    SaveOptions options;
    options.weights = WeightPlacement::OneFile;
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
