#include "engine/analysis/merge_types.h"

namespace lapidary {
namespace {

/// The name if the dimension is a symbol alone, else nothing.
std::optional<std::string> name_of_symbol(const Dimension& dimension) {
  if (!dimension.is_known() || dimension.is_constant()) return std::nullopt;
  const auto symbols = dimension.symbols();
  if (symbols.size() != 1 || !(dimension == Dimension::symbol(symbols[0]))) return std::nullopt;
  return symbols[0];
}

}  // namespace

void DimensionNames::fix(const Dimension& dimension) {
  for (const auto& name : dimension.symbols()) fixed_.insert(name);
}

void DimensionNames::bind(const Dimension& declared, const Dimension& inferred) {
  const auto name = name_of_symbol(declared);
  if (name && !fixed_.contains(*name)) meaning_.try_emplace(*name, inferred);
}

Dimension DimensionNames::resolved(const Dimension& dimension) const {
  if (dimension.is_constant()) return dimension.value() < 0 ? Dimension::unknown() : dimension;
  if (!dimension.is_known()) return dimension;
  if (const auto name = name_of_symbol(dimension)) {
    if (*name == "None") return Dimension::unknown();
    const auto found = meaning_.find(*name);
    return found == meaning_.end() ? dimension : found->second;
  }
  return dimension.substitute([&](const std::string& name) -> std::optional<std::int64_t> {
    const auto found = meaning_.find(name);
    if (found == meaning_.end() || !found->second.is_constant()) return std::nullopt;
    return found->second.value();
  });
}

Type DimensionNames::resolved(Type type) const {
  if (type.shape)
    for (auto& dimension : *type.shape) dimension = resolved(dimension);
  if (type.inner) type.inner = std::make_shared<const Type>(resolved(*type.inner));
  return type;
}

namespace {

/// Fills in what `inferred` leaves open; false if the sizes contradict each other.
bool merge_shape(std::optional<Shape>& inferred, const std::optional<Shape>& declared,
                 DimensionNames& names) {
  if (!declared) return true;
  if (!inferred) {
    inferred = declared;
    for (auto& dimension : *inferred) dimension = names.resolved(dimension);
    return true;
  }
  if (inferred->size() != declared->size()) return false;
  bool fits = true;
  for (std::size_t i = 0; i < inferred->size(); ++i) {
    const Dimension& other = (*declared)[i];
    if (!other.is_known()) continue;
    Dimension& dimension = (*inferred)[i];
    if (dimension == other) continue;
    if (dimension.is_known() && !other.is_constant()) {
      names.bind(other, dimension);
      continue;
    }
    const Dimension meant = names.resolved(other);
    if (!meant.is_known()) continue;
    if (dimension.is_constant())
      fits = fits && dimension == meant;
    else
      dimension = meant;
  }
  return fits;
}

MergedType contradiction(Type inferred, const Type& declared, bool is_shape_only) {
  std::string reason = "declared as " + to_string(declared) + ", but is " + to_string(inferred);
  return {std::move(inferred), std::move(reason), is_shape_only};
}

}  // namespace

MergedType merge_types(Type inferred, const Type& declared, DimensionNames& names) {
  if (!declared.is_known()) return {std::move(inferred), {}, false};
  if (!inferred.is_known()) return {names.resolved(declared), {}, false};
  if (inferred.kind != declared.kind) return contradiction(std::move(inferred), declared, false);
  if (inferred.element == DataType::Undefined) inferred.element = declared.element;
  if (declared.element != DataType::Undefined && inferred.element != declared.element)
    return contradiction(std::move(inferred), declared, false);
  if (inferred.inner && declared.inner) {
    MergedType inner = merge_types(*inferred.inner, *declared.inner, names);
    inferred.inner = std::make_shared<const Type>(std::move(inner.type));
    if (!inner.contradiction.empty())
      return contradiction(std::move(inferred), declared, inner.is_shape_only);
  } else if (declared.inner) {
    inferred.inner = declared.inner;
  }
  if (!merge_shape(inferred.shape, declared.shape, names))
    return contradiction(std::move(inferred), declared, true);
  if (inferred.denotation.empty()) inferred.denotation = declared.denotation;
  return {std::move(inferred), {}, false};
}

bool is_same_type(const Type& a, const Type& b) {
  const bool is_inner_alike = a.inner == b.inner || (a.inner && b.inner && is_same_type(*a.inner, *b.inner));
  return a.kind == b.kind && a.element == b.element && a.shape == b.shape && is_inner_alike;
}

}  // namespace lapidary
