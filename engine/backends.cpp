#include "engine/backends.h"

#include "engine/cpu/cpu_backend.h"
#include "engine/reference/reference_backend.h"

namespace lapidary {

const std::vector<Backend>& backends() {
  static const std::vector<Backend> all = {cpu_backend(), reference_backend()};
  return all;
}

const Backend& find_backend(const std::string& name) {
  std::string names;
  for (const auto& backend : backends()) {
    if (backend.name == name) return backend;
    names += (names.empty() ? "" : ", ") + backend.name;
  }
  throw Error("there is no backend '" + name + "'", Error::Kind::Usage).advice("Choose one of: " + names);
}

}  // namespace lapidary
