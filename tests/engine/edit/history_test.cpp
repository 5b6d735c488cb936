#include "engine/edit/history.h"

#include <QTest>
#include <random>

#include "engine/edit/edit.h"
#include "engine/io/model_writer.h"
#include "tests/support/edit_text.h"
#include "tests/support/random_edits.h"

using namespace lapidary;
using test::chain_text;
using test::model_of_text;
using test::some_step;

namespace {

constexpr std::int64_t plenty = 1 << 30;

ModelPointer with_weight(const ModelPointer& model, std::int64_t elements) {
  const Tensor zeros =
      tensor_from(DataType::Float32, {elements}, std::vector<double>(static_cast<std::size_t>(elements)));
  return apply_step(
      model, {"replace_weight",
              {{"tensor", "w"},
               {"value", {{"type", "float32"}, {"shape", {elements}}, {"data", values_as<double>(zeros)}}},
               {"any_type", true}}});
}

std::string bytes_of(const Model& model) { return write_model(model).to_string(); }

}  // namespace

class HistoryTest : public QObject {
  Q_OBJECT
 private slots:
  void whatWasUndoneComesBack() {
    const auto first = model_of_text(chain_text);
    EditHistory history(first, plenty);
    const auto second = apply_step(first, {"rename_node", {{"node", "a"}, {"to", "one"}}});
    history.push("Rename", second);
    history.undo();
    QCOMPARE(history.current(), first);
    history.undo();
    history.redo();
    QCOMPARE(history.current(), second);
    history.undo();
    history.push("Other", apply_step(first, {"rename_node", {{"node", "a"}, {"to", "two"}}}));
    QVERIFY(!history.can_redo());
    QCOMPARE(history.size(), std::size_t{2});
  }

  void theSavedMarkStaysWithItsSnapshot() {
    const auto first = model_of_text(chain_text);
    EditHistory history(first, plenty);
    QVERIFY(history.is_saved());
    history.push("Rename", apply_step(first, {"rename_node", {{"node", "a"}, {"to", "one"}}}));
    QVERIFY(!history.is_saved());
    history.mark_saved(history.current());
    history.undo();
    QVERIFY(!history.is_saved());
    history.redo();
    QVERIFY(history.is_saved());
  }

  void sharedDataCountsOnceAndTheOldestGo() {
    const auto first = model_of_text(chain_text);
    EditHistory history(first, 100'000);
    history.push("Weight", with_weight(first, 10'000));
    const std::int64_t with_one = history.held_bytes();
    QVERIFY(with_one >= 40'000);
    for (int i = 0; i < 5; ++i)
      history.push("Rename", apply_step(history.current(),
                                        {"rename_node", {{"node", "a"}, {"to", "n" + std::to_string(i)}}}));
    QVERIFY(history.held_bytes() < with_one + 30'000);
    QCOMPARE(history.size(), std::size_t{7});
    history.push("Weight", with_weight(history.current(), 20'000));
    QVERIFY(history.held_bytes() <= 100'000);
    QVERIFY(history.size() < 8);
    QCOMPARE(history.position(), std::size_t{7});
    while (history.can_undo()) history.undo();
    QVERIFY(!history.is_saved());
  }

  /// LAPIDARY_EDIT_SEQUENCES says how many; 20 otherwise.
  void walksGiveWhatAFreshReplayGives() {
    const int sequences = qEnvironmentVariableIsSet("LAPIDARY_EDIT_SEQUENCES")
                              ? qEnvironmentVariableIntValue("LAPIDARY_EDIT_SEQUENCES")
                              : 20;
    const auto first = model_of_text(chain_text);
    for (int seed = 1; seed <= sequences; ++seed) {
      std::mt19937 random(static_cast<unsigned>(seed));
      EditHistory history(first, plenty);
      std::vector<EditStep> steps;
      for (int i = 0; i < 200; ++i) {
        const auto choice = random() % 10;
        if (choice < 2) {
          history.undo();
        } else if (choice < 3) {
          history.redo();
        } else {
          const EditStep step = some_step(*history.current(), random);
          history.push(step.edit, apply_step(history.current(), step));
          steps.resize(history.position() - 1);
          steps.push_back(step);
        }
      }
      const auto replayed = steps_from_script(script_text(steps));
      ModelPointer fresh = first;
      for (std::size_t i = 0; i < history.size(); ++i) {
        if (i > 0) fresh = apply_step(fresh, replayed[i - 1]);
        QVERIFY2(bytes_of(*fresh) == bytes_of(*history.model(i)), qPrintable(QString::number(seed)));
      }
    }
  }
};

QTEST_GUILESS_MAIN(HistoryTest)
#include "history_test.moc"
