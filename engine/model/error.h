#pragma once

#include <exception>
#include <string>

namespace lapidary {

/// The one exception for everything that a user can cause: it says what is wrong, where, and what to do next.
/// Caught once at the edge of each command and each job.
class Error : public std::exception {
 public:
  /// Who is at fault; the command line's exit codes are these values.
  enum class Kind { Model = 1, Usage = 2, Machine = 3 };

  explicit Error(std::string message, Kind kind = Kind::Model);

  // Each names one part of the place, and returns *this so that a throw reads as one expression.
  // A part that is already named stays: the innermost place is the most exact.
  Error& file(std::string path);
  Error& node(std::string name);
  Error& tensor(std::string name);
  Error& advice(std::string what_to_do_next);

  Kind kind() const { return kind_; }
  const std::string& message() const { return message_; }
  const std::string& file() const { return file_; }
  const std::string& node() const { return node_; }
  const std::string& tensor() const { return tensor_; }
  const std::string& advice() const { return advice_; }

  /// "FILE: node 'X': tensor 'Y': MESSAGE. ADVICE"
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  void compose();

  Kind kind_;
  std::string message_, file_, node_, tensor_, advice_, text_;
};

}  // namespace lapidary
