#include "engine/model/error.h"

#include <utility>

namespace lapidary {

Error::Error(std::string message, Kind kind) : kind_(kind), message_(std::move(message)) { compose(); }

Error& Error::file(std::string path) {
  if (file_.empty()) file_ = std::move(path);
  compose();
  return *this;
}

Error& Error::node(std::string name) {
  if (node_.empty()) node_ = std::move(name);
  compose();
  return *this;
}

Error& Error::tensor(std::string name) {
  if (tensor_.empty()) tensor_ = std::move(name);
  compose();
  return *this;
}

Error& Error::advice(std::string what_to_do_next) {
  if (advice_.empty()) advice_ = std::move(what_to_do_next);
  compose();
  return *this;
}

void Error::compose() {
  text_.clear();
  if (!file_.empty()) text_ += file_ + ": ";
  if (!node_.empty()) text_ += "node '" + node_ + "': ";
  if (!tensor_.empty()) text_ += "tensor '" + tensor_ + "': ";
  text_ += message_;
  if (!advice_.empty()) text_ += ". " + advice_;
}

}  // namespace lapidary
