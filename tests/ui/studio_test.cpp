#include <QFileInfo>
#include <QImage>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include "tests/support/source_folder.h"

/// The studio as a program: what its options promise.
class StudioTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    studio_ = qEnvironmentVariable("LAPIDARY_BIN") + QStringLiteral("/lapidary-studio");
    if (!QFileInfo::exists(studio_)) QSKIP("the studio is not built");
    folder_ = std::make_unique<QTemporaryDir>();
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("XDG_CONFIG_HOME"), path("config"));
    environment.insert(QStringLiteral("XDG_CACHE_HOME"), path("cache"));
    process_.setProcessEnvironment(environment);
  }

  void takesAPictureOfAModelInTheSizeAndThemeAsked() {
    const QImage light = shot({QStringLiteral("--theme"), QStringLiteral("light")});
    QCOMPARE(light.size(), QSize(1000, 700));
    const QImage dark = shot({QStringLiteral("--theme"), QStringLiteral("dark")});
    QVERIFY(qGray(light.pixel(990, 10)) > 200);
    QVERIFY(qGray(dark.pixel(990, 10)) < 80);
  }

  void showsWhatIsSelected() {
    const QImage plain = shot({}),
                 selected = shot({QStringLiteral("--select"), QStringLiteral("/stem/stem.1/Relu")});
    QVERIFY(plain != selected);
  }

  /// The lower part belongs to the panel, which is made only once it is asked for.
  void runsAndOpensThePanelAsked() {
    const QImage plain = shot({});
    const QImage ran = shot({QStringLiteral("--run"), QStringLiteral("--panel"), QStringLiteral("outputs")});
    const QRect bottom(300, 480, 300, 180);
    QVERIFY(plain.copy(bottom) != ran.copy(bottom));
  }

  void measuresItsStart() {
    const QString report = path("report.json");
    start({QStringLiteral("--startup-report"), report, QStringLiteral("--quit-when-painted")});
    QFile file(report);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QJsonObject steps = QJsonDocument::fromJson(file.readAll()).object();
    for (const char* step : {"window_shown", "model_loaded", "layout_done", "first_full_paint"})
      QVERIFY2(steps[QLatin1String(step)].toDouble() > 0, step);
  }

 private:
  QString path(const char* name) const { return folder_->filePath(QLatin1String(name)); }
  static QString sample() { return sourcePath(QStringLiteral("resources/samples/digits/digits.onnx")); }
  void start(const QStringList& options) {
    process_.start(studio_,
                   options + QStringList{QStringLiteral("--size"), QStringLiteral("1000x700"), sample()});
    QVERIFY(process_.waitForFinished(120'000));
    QCOMPARE(process_.exitCode(), 0);
  }
  QImage shot(const QStringList& options) {
    const QString picture = path("shot.png");
    QFile::remove(picture);
    start(options +
          QStringList{QStringLiteral("--screenshot"), picture, QStringLiteral("--quit-when-painted")});
    return QImage(picture);
  }

  QString studio_;
  std::unique_ptr<QTemporaryDir> folder_;
  QProcess process_;
};

QTEST_MAIN(StudioTest)
#include "studio_test.moc"
