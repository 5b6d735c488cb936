#include "engine/edit/journal.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <random>

#include "engine/model/error.h"

using namespace lapidary;

namespace {

EditStep step(int number) { return {"rename_node", {{"node", "a"}, {"to", "n" + std::to_string(number)}}}; }

}  // namespace

class JournalTest : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;
  std::string folder() const { return folder_.path().toStdString(); }

 private slots:
  void init() { QVERIFY(folder_.isValid()); }

  void stepsComeBackAsFarAsTheyAreInForce() {
    EditJournal journal(folder(), "model.onnx");
    journal.opened("hash");
    for (int i = 0; i < 3; ++i) journal.append(step(i));
    journal.move_to(1);
    QVERIFY(read_journal(journal.path()).steps == (std::vector<EditStep>{step(0)}));
    journal.append(step(7));
    const JournalContent content = read_journal(journal.path());
    QCOMPARE(content.model_path, std::string("model.onnx"));
    QVERIFY(content.steps == (std::vector<EditStep>{step(0), step(7)}));
    QVERIFY(content.missing_in("hash") == std::optional(content.steps));
    QVERIFY(!content.missing_in("another"));
  }

  void theFilesContentMayBeToldLate() {
    EditJournal journal(folder(), "model.onnx");
    journal.append(step(0));
    QVERIFY(read_journal(journal.path()).missing_in("anything") == std::optional(std::vector{step(0)}));
    journal.opened("hash");
    const JournalContent content = read_journal(journal.path());
    QVERIFY(content.missing_in("hash") == std::optional(std::vector{step(0)}));
    QVERIFY(!content.missing_in("another"));
  }

  void aSaveIsKnownWhicheverContentTheFileHas() {
    EditJournal journal(folder(), "model.onnx");
    journal.opened("before");
    journal.append(step(0));
    journal.saving();
    const JournalContent during = read_journal(journal.path());
    QVERIFY(during.missing_in("before") == std::optional(std::vector<EditStep>{step(0)}));
    QVERIFY(during.missing_in("just written") == std::optional(std::vector<EditStep>{}));
    journal.saved("model.onnx", "after");
    journal.append(step(1));
    const JournalContent content = read_journal(journal.path());
    QVERIFY(content.missing_in("after") == std::optional(std::vector<EditStep>{step(1)}));
    QVERIFY(!content.missing_in("just written"));
  }

  void aModelThatIsSavedElsewhereIsLookedForThere() {
    EditJournal journal(folder(), "model.onnx");
    journal.opened("before");
    journal.append(step(0));
    journal.saving();
    journal.saved("copy.onnx", "after");
    journal.append(step(1));
    const JournalContent content = read_journal(journal.path());
    QCOMPARE(content.model_path, std::string("copy.onnx"));
    QVERIFY(content.missing_in("after") == std::optional(std::vector{step(1)}));
    QVERIFY(!content.missing_in("before"));
  }

  void aHalfWrittenLineIsLeftOutAndWrittenOver() {
    std::string path;
    {
      EditJournal journal(folder(), "model.onnx");
      journal.append(step(0));
      path = journal.path();
    }
    QFile file(QString::fromStdString(path));
    QVERIFY(file.open(QIODevice::Append));
    file.write("{\"edit\": \"rename_n");
    file.close();
    QCOMPARE(read_journal(path).steps.size(), std::size_t{1});
    EditJournal(path).append(step(1));
    QVERIFY(read_journal(path).steps == (std::vector<EditStep>{step(0), step(1)}));
  }

  /// A child writes steps and tells of each that is done; killed at any moment it loses none that it told of.
  /// LAPIDARY_JOURNAL_KILLS says how often; 20 times otherwise.
  void noStepThatWasDoneIsLostWhenTheProgramIsKilled() {
    const int kills = qEnvironmentVariableIsSet("LAPIDARY_JOURNAL_KILLS")
                          ? qEnvironmentVariableIntValue("LAPIDARY_JOURNAL_KILLS")
                          : 20;
    std::mt19937 random(7);
    for (int i = 0; i < kills; ++i) {
      QTemporaryDir place;
      int ends[2];
      QCOMPARE(pipe(ends), 0);
      const pid_t child = fork();
      if (child == 0) {
        close(ends[0]);
        EditJournal journal(place.path().toStdString(), "model.onnx");
        for (int number = 0;; ++number) {
          journal.append(step(number));
          if (write(ends[1], "x", 1) != 1) _exit(1);
        }
      }
      close(ends[1]);
      usleep(static_cast<useconds_t>(random() % 40'000));
      kill(child, SIGKILL);
      waitpid(child, nullptr, 0);
      std::size_t told = 0;
      char buffer[4096];
      for (ssize_t count; (count = ::read(ends[0], buffer, sizeof buffer)) > 0;)
        told += static_cast<std::size_t>(count);
      close(ends[0]);
      const auto found = find_journals(place.path().toStdString());
      const std::size_t recovered = found.empty() ? 0 : found[0].steps.size();
      QVERIFY2(recovered == told || recovered == told + 1,
               qPrintable(QStringLiteral("told %1, recovered %2").arg(told).arg(recovered)));
      for (std::size_t k = 0; k < recovered; ++k) QVERIFY(found[0].steps[k] == step(static_cast<int>(k)));
    }
  }

  void onlyJournalsOfProgramsThatEndedAreFoundAndOnlyWithWorkInThem() {
    QTemporaryDir place;
    const std::string at = place.path().toStdString();
    {
      EditJournal journal(at, "model.onnx");
      journal.append(step(0));
      QVERIFY(find_journals(at).empty());
    }
    const auto found = find_journals(at);
    QCOMPARE(found.size(), std::size_t{1});
    {
      EditJournal journal(found[0].path);
      journal.saving();
      journal.saved("model.onnx", "after");
    }
    QVERIFY(find_journals(at).empty());
    EditJournal(found[0].path).append(step(1));
    QCOMPARE(find_journals(at).size(), std::size_t{1});
    EditJournal(found[0].path).remove();
    QVERIFY(find_journals(at).empty());
  }
};

QTEST_GUILESS_MAIN(JournalTest)
#include "journal_test.moc"
