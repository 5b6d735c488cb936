#include "ui/inspector/run_panel.h"

#include <QComboBox>
#include <QDropEvent>
#include <QLabel>
#include <QMimeData>
#include <QProgressBar>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>

#include "engine/io/tensor_file.h"
#include "tests/support/tensors.h"
#include "tests/ui/window_fixture.h"
#include "ui/inspector/input_form.h"
#include "ui/shell/panel_dock.h"

using namespace lapidary;
using namespace lapidary::ui;

namespace {

ModelPointer twoInputs() {
  return test::ModelBuilder()
      .input("a", DataType::Float32, {2})
      .input("b", DataType::Float32, {2})
      .add(test::node("Add", {"a", "b"}, {"y"}))
      .output("y")
      .build();
}

}  // namespace

class RunPanelTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() { fixture_ = std::make_unique<WindowFixture>(); }
  void cleanup() { fixture_.reset(); }

  void repeatsRandomDataByItsSeed() {
    Document* document = open(oneRelu());
    const auto inputOf = [&](int seed) {
      spin("Seed")->setValue(seed);
      run(document);
      return document->result()->inputs.front().second.tensor();
    };
    const Tensor first = inputOf(1), second = inputOf(2), again = inputOf(1);
    QVERIFY(identical(first, again));
    QVERIFY(!identical(first, second));
  }

  void followsWhatIsChosenElsewhere() {
    Document* document = open(oneRelu());
    RunSettings settings = document->runSettings();
    settings.backend = "reference";
    settings.threads = 1;
    document->setRunSettings(settings);
    QCOMPARE(combo("Backend")->currentText(), QStringLiteral("reference"));
    QCOMPARE(spin("Threads")->value(), 1);
    // And what is chosen here next changes that alone.
    spin("Repeats")->setValue(2);
    QCOMPARE(document->runSettings().backend, std::string("reference"));
  }

  void setsHowMuchMemoryARunMayTake() {
    Document* document = open(oneRelu());
    QCOMPARE(spin("Memory")->value(), 80);
    spin("Memory")->setValue(50);
    QCOMPARE(document->runSettings().memoryPercent, 50);
  }

  void runsAsOftenAndWhereItIsTold() {
    Document* document = open(oneRelu());
    spin("Repeats")->setValue(3);
    spin("Threads")->setValue(1);
    combo("Backend")->setCurrentText(QStringLiteral("reference"));
    run(document);
    QCOMPARE(document->result()->trace.runs.size(), std::size_t{3});
    QCOMPARE(document->result()->trace.backend, std::string("reference"));
    QCOMPARE(document->result()->trace.threads, 1);
  }

  void takesFilesThatAreDroppedByTheirNames() {
    Document* document = open(twoInputs());
    const QString a = fixture_->path(QStringLiteral("a.npy")), b = fixture_->path(QStringLiteral("b.npy"));
    write_datum(a.toStdString(), "a", Tensor::of<float>({2}, {1, 2}));
    write_datum(b.toStdString(), "b", Tensor::of<float>({2}, {10, 20}));
    drop(panel(), {b, a});
    run(document);
    COMPARE_TENSORS(document->result()->outputs.front().second.tensor(), Tensor::of<float>({2}, {11, 22}));
  }

  void fillsEveryInputFromOneArchive() {
    Document* document = open(twoInputs());
    const QString both = fixture_->path(QStringLiteral("both.npz"));
    write_data(both.toStdString(),
               {{"a", Tensor::of<float>({2}, {1, 2})}, {"b", Tensor::of<float>({2}, {3, 4})}});
    drop(fixture_->window.get(), {both});
    QCOMPARE(fixture_->window->right()->currentPage(), int(MainWindow::RunPage));
    for (const InputForm* form : panel()->findChildren<InputForm*>())
      QCOMPARE(form->source().kind, InputSource::Kind::File);
    run(document);
    COMPARE_TENSORS(document->result()->outputs.front().second.tensor(), Tensor::of<float>({2}, {4, 6}));
  }

  void saysAtItsFootWhyARunFailed() {
    Document* document = open(oneRelu());
    RunSettings settings = document->runSettings();
    settings.inputs["x"] = {InputSource::Kind::Typed, "1 2", {}};
    document->setRunSettings(settings);
    button()->click();
    QTRY_VERIFY(document->runError());
    bool isSaid = false;
    for (const QLabel* label : panel()->findChildren<QLabel*>())
      isSaid = isSaid || (label->isVisible() && label->text().contains(QStringLiteral("4 wanted")));
    QVERIFY(isSaid);
  }

  void showsProgressAndStops() {
    Document* document = open(endless());
    QTest::mouseClick(button(), Qt::LeftButton);
    QTRY_COMPARE(button()->text(), QStringLiteral("Stop"));
    QVERIFY(panel()->findChild<QProgressBar*>()->isVisible());
    QTest::mouseClick(button(), Qt::LeftButton);
    QTRY_VERIFY(!document->isRunning());
    QCOMPARE(button()->text(), QStringLiteral("Run"));
    QVERIFY(!panel()->findChild<QProgressBar*>()->isVisible());
    QVERIFY(!document->runError());
  }

 private:
  Document* open(const ModelPointer& model) {
    Document* document = fixture_->open(fixture_->save(model));
    fixture_->window->showRunSettings();
    return document;
  }
  void run(Document* document) {
    QSignalSpy changed(document, &Document::runChanged);
    button()->click();
    QTRY_VERIFY(!document->isRunning() && changed.size() > 1);
    QVERIFY2(!document->runError(), document->runError() ? document->runError()->what() : "");
  }
  RunPanel* panel() const {
    return qobject_cast<RunPanel*>(fixture_->window->right()->pageWidget(MainWindow::RunPage));
  }
  QPushButton* button() const {
    for (QPushButton* one : panel()->findChildren<QPushButton*>())
      if (one->property("role") == QStringLiteral("accent")) return one;
    return nullptr;
  }
  QSpinBox* spin(const char* name) const {
    for (QSpinBox* box : panel()->findChildren<QSpinBox*>())
      if (box->accessibleName() == QLatin1String(name)) return box;
    return nullptr;
  }
  QComboBox* combo(const char* name) const {
    for (QComboBox* box : panel()->findChildren<QComboBox*>())
      if (box->accessibleName() == QLatin1String(name)) return box;
    return nullptr;
  }
  static void drop(QWidget* target, const QStringList& paths) {
    QMimeData data;
    QList<QUrl> urls;
    for (const QString& path : paths) urls += QUrl::fromLocalFile(path);
    data.setUrls(urls);
    QDragEnterEvent enter(QPoint(5, 5), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(target, &enter);
    QVERIFY(enter.isAccepted());
    QDropEvent event(QPointF(5, 5), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(target, &event);
  }

  std::unique_ptr<WindowFixture> fixture_;
};

QTEST_MAIN(RunPanelTest)
#include "run_panel_test.moc"
