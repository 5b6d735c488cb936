#include "ui/document/search.h"

#include <algorithm>
#include <cctype>
#include <sstream>

namespace lapidary::ui {

namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

/// Matches the whole text; * stands for any run of characters.
bool matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, retry = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      retry = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

/// People copy shapes with the multiplication sign; queries have an x.
std::string with_plain_signs(const std::string& query) {
  static const std::string sign = "×";
  std::string plain;
  std::size_t begin = 0;
  for (std::size_t at = query.find(sign); at != std::string::npos; at = query.find(sign, begin)) {
    plain.append(query, begin, at - begin).push_back('x');
    begin = at + sign.size();
  }
  return plain.append(query, begin);
}

class NodeMatcher {
 public:
  NodeMatcher(const Node& node, const Graph* graph, const InferredTypes* types)
      : node_(node), graph_(graph), types_(types) {}

  bool meets(const SearchTerm& term) const {
    switch (term.field) {
      case SearchTerm::Field::Type:
        return matches(term.pattern, lower(node_.op_type));
      case SearchTerm::Field::Name:
        return lapidary::ui::fits(term.pattern, lower(node_.name));
      case SearchTerm::Field::Tensor:
        return anyTensor(term.pattern);
      case SearchTerm::Field::Shape:
        return anyShape(term.pattern);
      case SearchTerm::Field::Attribute:
        return anyAttribute(term.pattern);
      case SearchTerm::Field::Any:
        return lapidary::ui::fits(term.pattern, lower(node_.op_type)) ||
               lapidary::ui::fits(term.pattern, lower(node_.name)) || anyTensor(term.pattern) ||
               anyAttribute(term.pattern);
    }
    return false;
  }

 private:
  bool anyTensor(const std::string& pattern) const {
    const auto one = [&](const std::string& name) {
      return !name.empty() && lapidary::ui::fits(pattern, lower(name));
    };
    return std::any_of(node_.inputs.begin(), node_.inputs.end(), one) ||
           std::any_of(node_.outputs.begin(), node_.outputs.end(), one);
  }
  bool anyShape(const std::string& pattern) const {
    if (!types_) return false;
    const auto one = [&](const std::string& name) {
      const Type& type = types_->type_in(graph_, name);
      return type.shape && matches(pattern, shape_for_search(*type.shape));
    };
    return std::any_of(node_.inputs.begin(), node_.inputs.end(), one) ||
           std::any_of(node_.outputs.begin(), node_.outputs.end(), one);
  }
  bool anyAttribute(const std::string& pattern) const {
    return std::any_of(node_.attributes.begin(), node_.attributes.end(), [&](const Attribute& attribute) {
      return lapidary::ui::fits(pattern, lower(attribute.name + "=" + to_string(attribute.value)));
    });
  }

  const Node& node_;
  const Graph* graph_;  ///< nullptr for the main graph
  const InferredTypes* types_;
};

}  // namespace

bool fits(const std::string& pattern, const std::string& text) {
  if (pattern.find('*') != std::string::npos) return matches(pattern, text);
  return text.find(pattern) != std::string::npos;
}

std::string shape_for_search(const Shape& shape) {
  std::string line;
  for (const Dimension& dimension : shape) {
    if (!line.empty()) line.push_back('x');
    line.append(lower(dimension.to_string()));
  }
  return line;
}

std::vector<SearchTerm> parse_query(const std::string& query) {
  static const std::vector<std::pair<std::string, SearchTerm::Field>> fields{
      {"op:", SearchTerm::Field::Type},
      {"name:", SearchTerm::Field::Name},
      {"tensor:", SearchTerm::Field::Tensor},
      {"shape:", SearchTerm::Field::Shape},
      {"attr:", SearchTerm::Field::Attribute}};
  std::vector<SearchTerm> terms;
  std::istringstream words(with_plain_signs(query));
  for (std::string word; words >> word;) {
    SearchTerm term;
    word = lower(word);
    for (const auto& [prefix, field] : fields) {
      if (!word.starts_with(prefix)) continue;
      term.field = field;
      word.erase(0, prefix.size());
      break;
    }
    term.pattern = word;
    if (!word.empty()) terms.push_back(std::move(term));
  }
  return terms;
}

std::vector<Element> search(const Model& model, const Hierarchy& hierarchy, const InferredTypes* types,
                            const NestedGraphs* nested, const std::string& query, const JobControl& control) {
  const std::vector<SearchTerm> terms = parse_query(query);
  std::vector<Element> found;
  if (terms.empty()) return found;
  const bool names = std::all_of(terms.begin(), terms.end(), [](const SearchTerm& term) {
    return term.field == SearchTerm::Field::Any || term.field == SearchTerm::Field::Name;
  });
  for (std::size_t g = 1; names && g < hierarchy.groups.size(); ++g) {
    const std::string name = lower(hierarchy.groups[g].name);
    if (std::all_of(terms.begin(), terms.end(),
                    [&](const SearchTerm& term) { return fits(term.pattern, name); }))
      found.push_back(Element::group(static_cast<int>(g)));
  }
  const auto look_through = [&](const Graph& nodes, const Graph* graph) {
    int position = 0;
    for (const auto& node : nodes.nodes) {
      if (position % 1024 == 0) control.check();
      const NodeMatcher matcher(*node, graph, types);
      if (std::all_of(terms.begin(), terms.end(),
                      [&](const SearchTerm& term) { return matcher.meets(term); }))
        found.push_back(Element::node(position, graph));
      ++position;
    }
  };
  look_through(*model.graph, nullptr);
  if (nested)
    for (const NestedGraph& place : nested->all()) look_through(*place.graph, place.graph);
  return found;
}

}  // namespace lapidary::ui
