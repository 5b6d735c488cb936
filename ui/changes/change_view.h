#pragma once

#include <QWidget>
#include <vector>

#include "engine/analysis/model_difference.h"
#include "ui/canvas/canvas.h"

class QLabel;

namespace lapidary::ui {

/// How the nodes of two models' main graphs stand to each other, by position.
struct NodeChanges {
  std::vector<BoxChange> before, after;
  std::vector<int> counterpart;  ///< in the second model, of the first one's nodes; -1 for none
  int removed = 0, added = 0, changed = 0;
};

NodeChanges node_changes(const ModelDifference& difference, const Model& before, const Model& after);

/// Two models side by side: what was removed, added and changed is marked, and what is selected in one is
/// selected in the other.
class ChangeView : public QWidget {
  Q_OBJECT

 public:
  ChangeView(Document* before, Document* after, QWidget* parent = nullptr);

  void setTitles(const QString& before, const QString& after);
  /// Marks both graphs; the documents must show the models that the changes are about, or be about to.
  void setChanges(NodeChanges changes);
  Canvas* before() const { return before_; }
  Canvas* after() const { return after_; }

 private:
  QWidget* makeSide(Canvas* canvas, QLabel* title, QLabel* count);
  void follow(Document* from, Document* to, bool forward);
  void openAlike(const Document& from, Document* to);
  std::vector<int> counterpartsOf(int node, bool forward) const;

  Document* beforeDocument_;
  Document* afterDocument_;
  Canvas* before_;
  Canvas* after_;
  QLabel *beforeTitle_, *afterTitle_, *beforeCount_, *afterCount_;
  NodeChanges changes_;
  std::vector<std::vector<int>> backwards_;  ///< counterparts of the second model's nodes
  bool isFollowing_ = false;
};

}  // namespace lapidary::ui
