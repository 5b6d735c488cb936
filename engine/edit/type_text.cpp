#include "engine/edit/type_text.h"

#include "engine/model/error.h"

namespace lapidary {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// The position of the first comma outside of brackets; the text's length if there is none.
std::size_t first_comma(std::string_view text) {
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '(' || text[i] == '[') ++depth;
    if (text[i] == ')' || text[i] == ']') --depth;
    if (text[i] == ',' && depth == 0) return i;
  }
  return text.size();
}

DataType element_from(std::string_view text) {
  const auto element = data_type_from(trimmed(text));
  if (!element || *element == DataType::Undefined)
    throw Error("'" + std::string(text) + "' is no element type")
        .advice("Write types as float32[N, 3, 224, 224], int64[] or seq(float32)");
  return *element;
}

Shape shape_from(std::string_view text) {
  Shape shape;
  text = trimmed(text);
  while (!text.empty()) {
    const std::size_t comma = first_comma(text);
    const std::string_view size = trimmed(text.substr(0, comma));
    if (size.empty()) throw Error("a shape has an empty dimension; write ? for one that is not known");
    shape.push_back(size == "?" ? Dimension::unknown() : Dimension::parse(std::string(size)));
    const bool last = comma == text.size();
    text = last ? std::string_view() : trimmed(text.substr(comma + 1));
    if (!last && text.empty()) throw Error("a shape ends with a comma");
  }
  return shape;
}

Type tensor_from(std::string_view text, Type (*make)(DataType, std::optional<Shape>)) {
  const std::size_t bracket = text.find('[');
  if (bracket == std::string_view::npos) return make(element_from(text), std::nullopt);
  if (text.back() != ']') throw Error("the type '" + std::string(text) + "' has no ] at its end");
  return make(element_from(text.substr(0, bracket)),
              shape_from(text.substr(bracket + 1, text.size() - bracket - 2)));
}

}  // namespace

Type type_from_text(std::string_view text) {
  text = trimmed(text);
  if (text.empty()) return {};
  const std::size_t open = text.find('(');
  const std::string_view form = open == std::string_view::npos ? std::string_view() : text.substr(0, open);
  const bool wrapped = form == "seq" || form == "optional" || form == "map" || form == "sparse";
  if (!wrapped) return tensor_from(text, Type::tensor);
  if (text.back() != ')') throw Error("the type '" + std::string(text) + "' has no ) at its end");
  const std::string_view inner = text.substr(open + 1, text.size() - open - 2);
  if (form == "seq") return Type::sequence(type_from_text(inner));
  if (form == "optional") return Type::optional(type_from_text(inner));
  if (form == "sparse") return tensor_from(trimmed(inner), Type::sparse_tensor);
  const std::size_t comma = first_comma(inner);
  if (comma == inner.size()) throw Error("a map has two types: map(int64, float32)");
  return Type::map(element_from(inner.substr(0, comma)), type_from_text(inner.substr(comma + 1)));
}

std::string type_text(const Type& type) {
  const auto with_shape = [&] {
    std::string text(name_of(type.element));
    if (!type.shape) return text;
    text += "[";
    for (std::size_t i = 0; i < type.shape->size(); ++i)
      text += (i ? ", " : "") + (*type.shape)[i].to_string();
    return text + "]";
  };
  const auto inner = [&] { return type.inner ? type_text(*type.inner) : std::string(); };
  switch (type.kind) {
    case Type::Kind::Tensor:
      return with_shape();
    case Type::Kind::SparseTensor:
      return "sparse(" + with_shape() + ")";
    case Type::Kind::Sequence:
      return "seq(" + inner() + ")";
    case Type::Kind::Optional:
      return "optional(" + inner() + ")";
    case Type::Kind::Map:
      return "map(" + std::string(name_of(type.element)) + ", " + inner() + ")";
    case Type::Kind::Unknown:
      break;
  }
  return {};
}

}  // namespace lapidary
