#include <QFrame>
#include <QLabel>
#include <QProcess>
#include <QPushButton>
#include <cstdio>
#include <random>

#include "engine/edit/journal.h"
#include "tests/ui/window_fixture.h"
#include "ui/document/format.h"
#include "ui/document/journal_keeper.h"
#include "ui/document/recovery.h"
#include "ui/shell/document_page.h"
#include "ui/shell/header.h"
#include "ui/shell/start_page.h"

using namespace lapidary;
using namespace lapidary::ui;

namespace {

/// Of the node that makes y.
EditStep renaming(const std::string& name) {
  return {"rename_node", {{"node", {{"output", "y"}}}, {"to", name}}};
}

std::string nameOf(const ModelPointer& model) { return model->graph->nodes[0]->name; }

/// Edits and saves until it is killed. Says on standard output how many edits were made, and after a save
/// how many of them the file holds.
[[noreturn]] void editUntilKilled(const QString& path) {
  Theme theme;
  JobList jobs;
  Document document(&theme, &jobs);
  document.open(path);
  if (!QTest::qWaitFor([&] { return document.canEdit() && document.cost(); }, 60'000)) std::exit(1);
  for (int edit = 1;; ++edit) {
    const std::string name = "edit" + std::to_string(edit);
    document.edit(renaming(name), QStringLiteral("Rename"));
    std::printf("%d\n", edit);
    std::fflush(stdout);
    if (!QTest::qWaitFor([&] { return nameOf(document.model()) == name; }, 60'000)) std::exit(1);
    if (edit % 4 != 0) continue;
    document.save(path);
    if (!QTest::qWaitFor([&] { return !document.isChanged(); }, 60'000)) std::exit(1);
  }
}

/// The edit whose name the model's node has; 0 before the first.
int editIn(const std::string& name) { return name.rfind("edit", 0) == 0 ? std::stoi(name.substr(4)) : 0; }

}  // namespace

class RecoveryTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    fixture_ = std::make_unique<WindowFixture>();
    path_ = fixture_->save(oneRelu());
  }
  void cleanup() { fixture_.reset(); }

  void offersTheEditsOfAProgramThatEnded() {
    leaveAJournal(3);
    fixture_->restart();
    auto* row = waitForRow();
    QVERIFY(row);
    QVERIFY(row->findChild<QLabel*>()->text().contains(QStringLiteral("3 edits")));
    click(row, QStringLiteral("Recover"));
    QTRY_VERIFY(fixture_->window->document() && fixture_->window->document()->canEdit());
    Document* document = fixture_->window->document();
    QCOMPARE(nameOf(document->model()), std::string("n2"));
    QVERIFY(document->isChanged());
    QCOMPARE(document->history()->size(), std::size_t{4});
    // They are as safe as before.
    document->edit(renaming("n3"), QStringLiteral("Rename"));
    QTRY_COMPARE(stepsInFolder(), 4);
    document->undo();
    QTRY_COMPARE(stepsInFolder(), 3);
    QTRY_COMPARE(nameOf(document->model()), std::string("n2"));
  }

  void offersThemAboveTheGraphOfTheirFileToo() {
    leaveAJournal(2);
    Document* document = fixture_->open(path_);
    Banner* banner = fixture_->window->page()->banner();
    QVERIFY(banner->isVisible());
    click(banner, QStringLiteral("Recover"));
    QTRY_VERIFY(document->canEdit() && nameOf(document->model()) == "n1");
    QTRY_VERIFY(!banner->isVisible());
  }

  void forgetsWhatIsDiscarded() {
    leaveAJournal(1);
    fixture_->restart();
    auto* row = waitForRow();
    QVERIFY(row);
    click(row, QStringLiteral("Discard"));
    QVERIFY(journals().empty());
    QCOMPARE(nameOf(fixture_->open(path_)->model()), nameOf(oneRelu()));
  }

  void saysWhichEditsAFileThatChangedDoesNotTake() {
    leaveAJournal(2);
    save_model(*chainWithoutTheNode(), path_.toStdString());
    Document* document = fixture_->open(path_);
    click(fixture_->window->page()->banner(), QStringLiteral("Recover"));
    QTRY_VERIFY(document->editError().has_value());
    QVERIFY(text(document->editError()->message()).contains(QStringLiteral("0 of 2 edits")));
    QTRY_VERIFY(document->canEdit());
    QVERIFY(!document->isChanged());
  }

  void savingLeavesNothingToRecover() {
    Document* document = fixture_->open(path_);
    document->edit(renaming("n0"), QStringLiteral("Rename"));
    QTRY_COMPARE(stepsInFolder(), 1);
    document->save(path_);
    QTRY_VERIFY(!document->isChanged());
    fixture_->restart();
    QVERIFY(journals().empty());
    QVERIFY(QDir(text(journal_folder())).entryList(QDir::Files).isEmpty());
  }

  /// LAPIDARY_JOURNAL_KILLS says how often; 12 times otherwise.
  void losesAtMostOneEditWhenKilledWhileEditingAndSaving() {
    const int kills = qEnvironmentVariableIsSet("LAPIDARY_JOURNAL_KILLS")
                          ? qEnvironmentVariableIntValue("LAPIDARY_JOURNAL_KILLS")
                          : 12;
    std::mt19937 random(3);
    for (int i = 0; i < kills; ++i) {
      save_model(*oneRelu(), path_.toStdString());
      QProcess child;
      child.start(QCoreApplication::applicationFilePath(), {QStringLiteral("--edit"), path_});
      QVERIFY(child.waitForReadyRead(30'000));
      QTest::qSleep(static_cast<int>(random() % 150));
      child.kill();
      QVERIFY(child.waitForFinished());
      const QList<QByteArray> lines = child.readAllStandardOutput().split('\n');
      const int told = lines[std::max<qsizetype>(0, lines.size() - 2)].toInt();
      const ModelPointer saved = load_model(path_.toStdString()).model;
      const auto found = journal_of(path_.toStdString());
      int recovered = editIn(nameOf(saved));
      if (found) {
        JobControl control;
        EditHistory history(saved, 1 << 20);
        const Recovery recovery = recover_edits(*found, path_.toStdString(), history, control);
        QVERIFY2(!recovery.error, recovery.error ? recovery.error->what() : "");
        recovered = editIn(nameOf(history.current()));
      }
      QVERIFY2(recovered >= told - 1,
               qPrintable(QStringLiteral("%1 made, %2 left").arg(told).arg(recovered)));
      QDir(text(journal_folder())).removeRecursively();
    }
  }

 private:
  /// As if the program had been killed after so many edits.
  void leaveAJournal(int edits) {
    {
      EditJournal journal(journal_folder(), path_.toStdString());
      journal.opened(content_hash(path_.toStdString()));
      for (int i = 0; i < edits; ++i) journal.append(renaming("n" + std::to_string(i)));
    }
    QCOMPARE(journals().size(), std::size_t{1});
  }
  static ModelPointer chainWithoutTheNode() {
    return test::ModelBuilder()
        .input("x", DataType::Float32, {1, 4})
        .add(test::node("Abs", {"x"}, {"z"}))
        .output("z")
        .build();
  }
  int stepsInFolder() const {
    int steps = 0;
    for (const QFileInfo& file : QDir(text(journal_folder())).entryInfoList(QDir::Files))
      steps += static_cast<int>(read_journal(file.filePath().toStdString()).steps.size());
    return steps;
  }
  QFrame* waitForRow() const {
    QFrame* row = nullptr;
    const bool isThere = QTest::qWaitFor([&] {
      row = fixture_->window->findChild<QFrame*>(QStringLiteral("journal"));
      return row && row->isVisible();
    });
    return isThere ? row : nullptr;
  }
  void click(QWidget* parent, const QString& title) {
    for (QPushButton* button : parent->findChildren<QPushButton*>())
      if (button->text() == title && button->isVisible()) return QTest::mouseClick(button, Qt::LeftButton);
    QFAIL(qPrintable(title));
  }

  std::unique_ptr<WindowFixture> fixture_;
  QString path_;
};

int main(int count, char** arguments) {
  QApplication application(count, arguments);
  if (count == 3 && qstrcmp(arguments[1], "--edit") == 0)
    editUntilKilled(QString::fromLocal8Bit(arguments[2]));
  RecoveryTest test;
  return QTest::qExec(&test, count, arguments);
}
#include "recovery_test.moc"
