#pragma once

#include <QPointF>
#include <QRectF>
#include <QString>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/layout/layout.h"

namespace lapidary::ui {

/// A layout made ready for painting and pointing: what is seen of it, what lies under a point, and how boxes
/// are connected. Knows no widget.
class CanvasScene {
 public:
  CanvasScene() = default;
  explicit CanvasScene(std::shared_ptr<const Layout> layout);

  bool isEmpty() const { return !layout_ || layout_->boxes.empty(); }
  const std::shared_ptr<const Layout>& layout() const { return layout_; }
  const Box& box(int index) const { return layout_->boxes[static_cast<std::size_t>(index)]; }
  const Curve& curve(int index) const { return layout_->curves[static_cast<std::size_t>(index)]; }
  QRectF rectangle(int box) const;
  QRectF bounds() const;

  /// What must be painted for a part of the scene. Open boxes lower than `smallest` are not looked into: they
  /// are in `closed`. Parents come before their children.
  struct Visible {
    std::vector<int> open, closed, curves;
  };
  void findVisible(const QRectF& view, double smallest, Visible& visible) const;

  /// The innermost box at the point; -1 if there is none.
  int boxAt(QPointF point) const;
  /// The curve that passes within `tolerance`; -1 if there is none.
  int curveAt(QPointF point, double tolerance) const;
  /// The box of that id; -1 if it is not shown.
  int boxWithId(const std::string& id) const;

  /// Boxes directly inside (-1: at top level), from top to bottom.
  const std::vector<int>& children(int box) const {
    return containers_[static_cast<std::size_t>(box + 1)].boxes;
  }
  /// Curves that leave or enter a box.
  const std::vector<int>& outgoing(int box) const { return outgoing_[static_cast<std::size_t>(box)]; }
  const std::vector<int>& incoming(int box) const { return incoming_[static_cast<std::size_t>(box)]; }
  /// Curves on any path from one box to another.
  std::vector<int> pathBetween(int from, int to) const;
  /// The kind that most nodes inside have; of a node, its own.
  OperatorKind mainKind(int box) const { return mainKinds_[static_cast<std::size_t>(box)]; }

  /// Equal texts share a number, so that caches hold each once; 0 is the empty text.
  int titleText(int box) const { return titles_[static_cast<std::size_t>(box)]; }
  int subtitleText(int box) const { return subtitles_[static_cast<std::size_t>(box)]; }
  int labelText(int curve) const { return labels_[static_cast<std::size_t>(curve)]; }
  const QString& text(int number) const { return texts_[static_cast<std::size_t>(number)]; }

 private:
  /// Boxes sorted by their upper edge; `reach` is how far down any of the first so many gets.
  struct Container {
    std::vector<int> boxes;
    std::vector<double> reach;
    std::size_t firstReaching(double y) const;
  };
  void sortContainers();
  void bucketCurves();
  void connectBoxes();
  void summarizeKinds();
  void shareTexts();
  QRectF curveBounds(int curve) const;

  std::shared_ptr<const Layout> layout_;
  std::vector<Container> containers_;  ///< by box + 1
  std::vector<QRectF> curveBounds_;
  std::vector<std::vector<int>> buckets_;  ///< curves by height in the scene
  std::vector<int> longCurves_;            ///< those that would fill too many buckets
  std::vector<std::vector<int>> outgoing_, incoming_;
  std::vector<OperatorKind> mainKinds_;
  std::unordered_map<std::string_view, int> byId_;
  std::vector<int> titles_, subtitles_, labels_;
  std::vector<QString> texts_;
};

}  // namespace lapidary::ui
