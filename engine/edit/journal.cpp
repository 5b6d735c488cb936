#include "engine/edit/journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "engine/io/checksum.h"
#include "engine/io/mapped_file.h"
#include "engine/model/error.h"

namespace lapidary {
namespace {

namespace filesystem = std::filesystem;

constexpr const char* ending = ".journal";

Error failure(const std::string& path) {
  return Error(std::string("the journal of edits cannot be written: ") + std::strerror(errno),
               Error::Kind::Machine)
      .file(path);
}

/// A name in the folder that no journal has: the model's name, and a number where it needs one.
int create_file(const std::string& folder, const std::string& model_path, std::string& path) {
  std::error_code error;
  filesystem::create_directories(folder, error);
  const std::string base = (filesystem::path(folder) / filesystem::path(model_path).filename()).string();
  for (int number = 1;; ++number) {
    path = base + (number == 1 ? "" : "." + std::to_string(number)) + ending;
    const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    if (descriptor >= 0) return descriptor;
    if (errno != EEXIST) throw failure(path);
  }
}

/// The part of a file that whole lines make up.
std::string_view whole_lines(std::string_view text) {
  const std::size_t end = text.rfind('\n');
  return end == std::string_view::npos ? std::string_view() : text.substr(0, end + 1);
}

}  // namespace

EditJournal::EditJournal(const std::string& folder, const std::string& model_path) {
  descriptor_ = create_file(folder, model_path, path_);
  flock(descriptor_, LOCK_EX | LOCK_NB);  // where there are no locks, journals in use look like others
  write_line({{"lapidary_journal", 1}, {"model", model_path}});
}

EditJournal::EditJournal(const std::string& path) : path_(path) {
  const std::size_t whole = whole_lines(map_file(path).text()).size();
  descriptor_ = open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (descriptor_ < 0) throw failure(path_);
  flock(descriptor_, LOCK_EX | LOCK_NB);
  if (ftruncate(descriptor_, static_cast<off_t>(whole)) == 0) return;
  const Error error = failure(path_);
  close(descriptor_);
  throw error;
}

EditJournal::~EditJournal() {
  if (descriptor_ >= 0) close(descriptor_);
}

void EditJournal::write_line(const EditJson& line) {
  const std::string text = line.dump(-1, ' ', false, EditJson::error_handler_t::replace) + "\n";
  for (std::size_t written = 0; written < text.size();) {
    const ssize_t count = write(descriptor_, text.data() + written, text.size() - written);
    if (count < 0 && errno != EINTR) throw failure(path_);
    if (count > 0) written += static_cast<std::size_t>(count);
  }
  if (fsync(descriptor_) != 0) throw failure(path_);
}

void EditJournal::opened(const std::string& hash) { write_line({{"opened", hash}}); }
void EditJournal::append(const EditStep& step) { write_line(to_json(self_contained(step))); }
void EditJournal::move_to(std::size_t steps) { write_line({{"at", steps}}); }
void EditJournal::saving() { write_line({{"saving", true}}); }
void EditJournal::saved(const std::string& model_path, const std::string& hash) {
  write_line({{"saved", hash}, {"model", model_path}});
}

void EditJournal::remove() {
  std::error_code error;
  filesystem::remove(path_, error);
}

namespace {

/// Reads the lines one after the other.
class JournalReader {
 public:
  explicit JournalReader(JournalContent& content) : content_(content) {}

  void read(const EditJson& line) {
    if (line.contains("opened")) {
      if (!content_.states.empty() && content_.states.front().steps == 0)
        content_.states.front().content_hash = line["opened"].get<std::string>();
    } else if (line.contains("at")) {
      at_ = std::min(line["at"].get<std::size_t>(), all_.size());
    } else if (line.contains("saving")) {
      content_.states.push_back({{}, at_});
    } else if (line.contains("saved")) {
      if (content_.states.size() > 1 && content_.states.back().content_hash.empty())
        content_.states.pop_back();
      const std::string path = line["model"].get<std::string>();
      if (path != content_.model_path) content_.states.clear();
      content_.model_path = path;
      content_.states.push_back({line["saved"].get<std::string>(), at_});
    } else {
      all_.resize(at_);
      all_.push_back(step_from_json(line));
      ++at_;
      // What was saved further on is no longer on the way.
      std::erase_if(content_.states, [&](const auto& state) { return state.steps >= at_; });
    }
    content_.steps.assign(all_.begin(), all_.begin() + static_cast<std::ptrdiff_t>(at_));
  }

 private:
  JournalContent& content_;
  std::vector<EditStep> all_;
  std::size_t at_ = 0;
};

}  // namespace

JournalContent read_journal(const std::string& path) {
  JournalContent content;
  content.path = path;
  JournalReader reader(content);
  const FileBytes file = map_file(path);
  std::string_view text = whole_lines(file.text());
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() + 1);
    const EditJson json = EditJson::parse(line.begin(), line.end(), nullptr, false);
    if (json.is_discarded() || !json.is_object()) break;  // what lies behind damage cannot be trusted
    if (!content.model_path.empty()) {
      reader.read(json);
    } else if (json.contains("lapidary_journal") && json.contains("model")) {
      content.model_path = json["model"].get<std::string>();
      content.states.push_back({{}, 0});
    }
  }
  if (content.model_path.empty()) throw Error("this is no journal of edits").file(path);
  return content;
}

std::optional<std::vector<EditStep>> JournalContent::missing_in(const std::string& hash) const {
  const auto missing = [&](const State& state) -> std::optional<std::vector<EditStep>> {
    if (state.steps > steps.size()) return std::nullopt;  // the file has more than is in force
    return std::vector<EditStep>(steps.begin() + static_cast<std::ptrdiff_t>(state.steps), steps.end());
  };
  for (auto state = states.rbegin(); state != states.rend(); ++state)
    if (state->content_hash == hash) return missing(*state);
  if (!states.empty() && states.back().content_hash.empty()) return missing(states.back());
  return std::nullopt;
}

namespace {

/// True while a program writes the journal.
bool is_in_use(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool is_locked = flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  close(descriptor);
  return is_locked;
}

/// False where the last save wrote all.
bool has_unsaved_steps(const JournalContent& content) {
  const bool is_saved = !content.states.empty() && !content.states.back().content_hash.empty() &&
                        content.states.back().steps == content.steps.size();
  return !content.steps.empty() && !is_saved;
}

}  // namespace

std::vector<JournalContent> find_journals(const std::string& folder) {
  std::vector<JournalContent> found;
  std::error_code error;
  for (const auto& entry : filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() != ending || is_in_use(entry.path().string())) continue;
    try {
      JournalContent content = read_journal(entry.path().string());
      if (has_unsaved_steps(content)) found.push_back(std::move(content));
    } catch (const std::exception&) {
      continue;  // damaged: nothing can be recovered from it
    }
  }
  return found;
}

std::string content_hash(const std::string& path) { return sha1(map_file(path).bytes); }

}  // namespace lapidary
