#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/edit/edit.h"

namespace lapidary {

/// What has been done to a model since it was opened or saved, on disk after every step: a file of lines that
/// only grows, so that a program that is killed at any moment loses at most the step that it was writing. The
/// first line names the model's file; then come its content (SHA-1), a line for each step, self-contained,
/// and one for each move of undo and redo. The file is locked as long as it is written. All throw Error of
/// Kind::Machine.
class EditJournal {
 public:
  /// A new journal for the model at `model_path`, in a file of its own in `folder`, which is made where it is
  /// missing.
  EditJournal(const std::string& folder, const std::string& model_path);
  /// Goes on with one that was found.
  explicit EditJournal(const std::string& path);
  ~EditJournal();
  EditJournal(const EditJournal&) = delete;
  EditJournal& operator=(const EditJournal&) = delete;

  const std::string& path() const { return path_; }
  /// What the model's file held when the journal began; may come after the first steps, since large files
  /// take their time.
  void opened(const std::string& content_hash);
  /// On disk when it returns.
  void append(const EditStep& step);
  /// Undo and redo: that many steps are in force now. A step appended then takes the place of those behind.
  void move_to(std::size_t steps);
  /// Before the model is saved, and once it is: whichever of the two contents the file then has, recovery
  /// knows which steps it holds. `model_path` may be another than before.
  void saving();
  void saved(const std::string& model_path, const std::string& content_hash);
  /// The document is closed: nothing is to be recovered any more.
  void remove();

 private:
  void write_line(const EditJson& line);

  std::string path_;
  int descriptor_ = -1;
};

/// What a journal says, read up to its last whole line.
struct JournalContent {
  std::string path;  ///< of the journal
  std::string model_path;
  std::vector<EditStep> steps;  ///< in force at the end
  struct State {
    std::string content_hash;  ///< empty: not known; what a save wrote that may have ended, or a file opened
    std::size_t steps = 0;     ///< that it holds
  };
  std::vector<State> states;  ///< contents that the model's file may have, the newest last

  /// The steps in force that a file of that content lacks; nothing if the journal does not know the content,
  /// or steps that the file holds were undone.
  std::optional<std::vector<EditStep>> missing_in(const std::string& content_hash) const;
};
/// Throws Error if the first line is no journal's.
JournalContent read_journal(const std::string& path);
/// The journals in `folder` that hold steps which no file has, and that nobody writes; what cannot be read is
/// left out.
std::vector<JournalContent> find_journals(const std::string& folder);

/// SHA-1 of the file's bytes. Throws Error.
std::string content_hash(const std::string& path);

}  // namespace lapidary
