#include "ui/document/run.h"

#include <QImage>
#include <QTemporaryDir>
#include <QTest>

#include "tests/support/model_builder.h"
#include "tests/support/tensors.h"

using namespace lapidary;
using namespace lapidary::ui;

class RunTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void givesIntegersOnesWhereNothingElseIsKnown() {
    const ModelPointer model = test::ModelBuilder()
                                   .input("ids", DataType::Int64, {1, 2})
                                   .input("x", DataType::Float32, {1})
                                   .add(test::node("Relu", {"x"}, {"y"}))
                                   .output("y")
                                   .build();
    const auto sources = default_inputs(*model, "nowhere/model.onnx");
    QCOMPARE(sources.at("ids").kind, InputSource::Kind::Constant);
    QCOMPARE(sources.at("x").kind, InputSource::Kind::Random);
  }

  void readsTypedNumbersByTheInputsSize() {
    const Value input{"x", Type::tensor(DataType::Float32, Shape{2, 2}), {}, {}, {}};
    InputSource source{InputSource::Kind::Typed, "1, 2 3;4", {}};
    COMPARE_TENSORS(make_data(input, source, {}).tensor(), Tensor::of<float>({2, 2}, {1, 2, 3, 4}));
    source.text = "1 2 3";
    QVERIFY_EXCEPTION_THROWN(make_data(input, source, {}), Error);
    source.text = "1 2 3 four";
    QVERIFY_EXCEPTION_THROWN(make_data(input, source, {}), Error);
  }

  void turnsPixelsIntoChannels() {
    QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("red.png"));
    QImage image(2, 1, QImage::Format_RGB888);
    image.fill(QColor(255, 0, 0));
    QVERIFY(image.save(path));
    const Value input{"x", Type::tensor(DataType::Float32, Shape{1, 3, 1, 2}), {}, {}, {}};
    ImageSettings settings{2, 1, true, false, {0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}};
    COMPARE_TENSORS(read_image(path.toStdString(), input, settings),
                    Tensor::of<float>({1, 3, 1, 2}, {1, 1, -1, -1, -1, -1}));
    settings.bgr = true;
    settings.channelsFirst = false;
    COMPARE_TENSORS(read_image(path.toStdString(), input, settings),
                    Tensor::of<float>({1, 1, 2, 3}, {-1, -1, 1, -1, -1, 1}));
  }

  void refusesWhatTakesMoreMemoryThanIsAllowed() {
    const std::int64_t many = std::int64_t{1} << 44;  // 64 TiB of float32
    const ModelPointer model = test::ModelBuilder()
                                   .initializer("shape", Tensor::of<std::int64_t>({1}, {many}))
                                   .input("x", DataType::Float32, {1})
                                   .add(test::node("Expand", {"x", "shape"}, {"wide"}))
                                   .add(test::node("ReduceSum", {"wide"}, {"y"}))
                                   .output("y")
                                   .build();
    RunSettings settings;
    settings.backend = "reference";
    Job job(QStringLiteral("run"), nullptr);
    try {
      run_model(model, "model", settings, job.control());
      QFAIL("ran");
    } catch (const Error& error) {
      QVERIFY2(QString::fromUtf8(error.what()).contains(QLatin1String("limit")), error.what());
      QVERIFY2(error.advice().find("--") == std::string::npos, error.advice().c_str());
    }
  }

  void tracesEveryRepeat() {
    const ModelPointer model = test::ModelBuilder()
                                   .input("x", DataType::Float32, {1, 4})
                                   .add(test::node("Relu", {"x"}, {"y"}))
                                   .output("y")
                                   .build();
    RunSettings settings;
    settings.backend = "reference";
    settings.repeats = 3;
    Job job(QStringLiteral("run"), nullptr);
    const RunResult result = run_model(model, "model", settings, job.control());
    QCOMPARE(result.trace.runs.size(), std::size_t{3});
    QCOMPARE(result.outputs.size(), std::size_t{1});
    QCOMPARE(result.summary.node_ms.size(), std::size_t{1});
  }
};

QTEST_GUILESS_MAIN(RunTest)
#include "run_test.moc"
