#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/edit/address.h"
#include "engine/edit/edit.h"
#include "engine/model/error.h"

namespace lapidary {

/// What an edit is given: the model, and its parameters read by their types. Getters throw Error of
/// Kind::Usage that names edit and parameter where a value is of another form; those without a default need a
/// parameter that is required or has().
class EditArguments {
 public:
  /// Throws Error if the step has a parameter that the edit does not know, or lacks a required one.
  EditArguments(const ModelPointer& model, const Edit& edit, const EditStep& step,
                const GraphIndex* index = nullptr);

  const ModelPointer& model() const { return model_; }
  /// Of the model's main graph; nullptr if nobody has one.
  const GraphIndex* index() const { return index_; }
  bool has(std::string_view name) const;
  const EditJson& json(std::string_view name) const;

  std::string text(std::string_view name) const;
  std::string text(std::string_view name, std::string otherwise) const;
  std::vector<std::string> texts(
      std::string_view name) const;  ///< none if not given; one text is a list of one
  std::int64_t integer(std::string_view name) const;
  std::int64_t integer(std::string_view name, std::int64_t otherwise) const;
  bool flag(std::string_view name, bool otherwise) const;
  std::vector<double> numbers(std::string_view name) const;
  Type type(std::string_view name) const;
  Dimension dimension(std::string_view name) const;
  std::vector<std::pair<std::string, std::string>> map(std::string_view name) const;  ///< none if not given

  /// The path in "graph"; the main graph if it is not given.
  const GraphPath& path() const { return path_; }
  /// The graph at path().
  GraphPointer graph() const { return graph_at(*model_, path_); }
  /// Positions in `graph` of the node that the parameter names.
  std::size_t node(const Graph& graph, std::string_view name) const;
  /// The same for a list, in order of position, each once.
  std::vector<std::size_t> nodes(const Graph& graph, std::string_view name) const;
  /// The model with the graph at path() changed.
  ModelPointer with_graph(const std::function<void(Graph&)>& change) const {
    return with_graph_at(*model_, path_, change);
  }

  /// Error of Kind::Usage about one parameter: "EDIT: PARAMETER MESSAGE".
  Error wrong(std::string_view name, const std::string& message) const;

 private:
  ModelPointer model_;
  const GraphIndex* index_;
  const Edit& edit_;
  const EditJson& parameters_;
  GraphPath path_;
};

/// The parameter that every edit of a graph has.
EditParameter graph_parameter();

}  // namespace lapidary
