#include "ui/canvas/canvas_scene.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace lapidary::ui {
namespace {

constexpr double bucketHeight = 1024;
constexpr std::size_t mostBuckets = 64;

QRectF rectOf(const Rectangle& r) { return {r.x, r.y, r.width, r.height}; }
QPointF pointOf(const Point& p) { return {p.x, p.y}; }

std::size_t bucketOf(double y) { return static_cast<std::size_t>(std::max(0.0, y) / bucketHeight); }

double distanceToSegment(QPointF p, QPointF a, QPointF b) {
  const QPointF along = b - a;
  const double length = QPointF::dotProduct(along, along);
  const double t = length > 0 ? std::clamp(QPointF::dotProduct(p - a, along) / length, 0.0, 1.0) : 0;
  const QPointF away = p - (a + along * t);
  return std::hypot(away.x(), away.y());
}

QPointF cubicAt(const Point* p, double t) {
  const double s = 1 - t;
  return pointOf(p[0]) * (s * s * s) + pointOf(p[1]) * (3 * s * s * t) + pointOf(p[2]) * (3 * s * t * t) +
         pointOf(p[3]) * (t * t * t);
}

}  // namespace

CanvasScene::CanvasScene(std::shared_ptr<const Layout> layout) : layout_(std::move(layout)) {
  sortContainers();
  bucketCurves();
  connectBoxes();
  summarizeKinds();
  shareTexts();
}

QRectF CanvasScene::rectangle(int index) const { return rectOf(box(index).rectangle); }

QRectF CanvasScene::bounds() const {
  return layout_ ? QRectF(0, 0, layout_->width, layout_->height) : QRectF(0, 0, 1, 1);
}

void CanvasScene::sortContainers() {
  containers_.resize(layout_->boxes.size() + 1);
  for (std::size_t b = 0; b < layout_->boxes.size(); ++b) {
    containers_[static_cast<std::size_t>(layout_->boxes[b].parent + 1)].boxes.push_back(static_cast<int>(b));
    byId_.emplace(layout_->boxes[b].id, static_cast<int>(b));
  }
  for (Container& container : containers_) {
    std::stable_sort(container.boxes.begin(), container.boxes.end(), [this](int a, int b) {
      const Rectangle &r = box(a).rectangle, &s = box(b).rectangle;
      return r.y != s.y ? r.y < s.y : r.x < s.x;
    });
    double reach = 0;
    for (const int b : container.boxes) {
      reach = std::max(reach, box(b).rectangle.y + box(b).rectangle.height);
      container.reach.push_back(reach);
    }
  }
}

std::size_t CanvasScene::Container::firstReaching(double y) const {
  return static_cast<std::size_t>(std::lower_bound(reach.begin(), reach.end(), y) - reach.begin());
}

QRectF CanvasScene::curveBounds(int index) const {
  const auto& points = curve(index).points;
  double left = 1e300, top = 1e300, right = -1e300, bottom = -1e300;
  for (const Point& p : points) {
    left = std::min(left, p.x), right = std::max(right, p.x);
    top = std::min(top, p.y), bottom = std::max(bottom, p.y);
  }
  return points.empty() ? QRectF() : QRectF(QPointF(left, top), QPointF(right, bottom));
}

void CanvasScene::bucketCurves() {
  buckets_.resize(bucketOf(layout_->height) + 1);
  for (std::size_t c = 0; c < layout_->curves.size(); ++c) {
    curveBounds_.push_back(curveBounds(static_cast<int>(c)));
    const std::size_t first = std::min(bucketOf(curveBounds_[c].top()), buckets_.size() - 1);
    const std::size_t last = std::min(bucketOf(curveBounds_[c].bottom()), buckets_.size() - 1);
    if (last - first >= mostBuckets) {
      longCurves_.push_back(static_cast<int>(c));
      continue;
    }
    for (std::size_t bucket = first; bucket <= last; ++bucket)
      buckets_[bucket].push_back(static_cast<int>(c));
  }
}

void CanvasScene::connectBoxes() {
  outgoing_.resize(layout_->boxes.size());
  incoming_.resize(layout_->boxes.size());
  for (std::size_t c = 0; c < layout_->curves.size(); ++c) {
    outgoing_[static_cast<std::size_t>(layout_->curves[c].from)].push_back(static_cast<int>(c));
    incoming_[static_cast<std::size_t>(layout_->curves[c].to)].push_back(static_cast<int>(c));
  }
}

void CanvasScene::summarizeKinds() {
  constexpr std::size_t kinds = static_cast<std::size_t>(OperatorKind::Other) + 1;
  std::vector<std::array<int, kinds>> counts(layout_->boxes.size());
  mainKinds_.resize(layout_->boxes.size(), OperatorKind::Other);
  for (std::size_t b = layout_->boxes.size(); b-- > 0;) {
    const Box& own = layout_->boxes[b];
    if (own.kind == Box::Kind::Node) ++counts[b][static_cast<std::size_t>(own.operator_kind)];
    if (own.silhouette >= 0)
      for (const auto& mark : layout_->silhouettes[static_cast<std::size_t>(own.silhouette)].marks)
        ++counts[b][static_cast<std::size_t>(mark.kind)];
    const auto most = std::max_element(counts[b].begin(), counts[b].end());
    if (*most > 0) mainKinds_[b] = static_cast<OperatorKind>(most - counts[b].begin());
    if (own.parent < 0) continue;
    for (std::size_t k = 0; k < kinds; ++k) counts[static_cast<std::size_t>(own.parent)][k] += counts[b][k];
  }
}

void CanvasScene::shareTexts() {
  std::unordered_map<std::string_view, int> numbers{{std::string_view(), 0}};
  texts_.emplace_back();
  const auto number = [&](const std::string& line) {
    const auto [found, fresh] = numbers.try_emplace(line, static_cast<int>(texts_.size()));
    if (fresh) texts_.push_back(QString::fromUtf8(line.data(), static_cast<qsizetype>(line.size())));
    return found->second;
  };
  for (const Box& own : layout_->boxes) {
    titles_.push_back(number(own.title));
    subtitles_.push_back(number(own.subtitle));
  }
  for (const Curve& own : layout_->curves) labels_.push_back(number(own.label));
}

void CanvasScene::findVisible(const QRectF& view, double smallest, Visible& visible) const {
  visible.open.clear();
  visible.closed.clear();
  visible.curves.clear();
  if (isEmpty()) return;
  std::vector<int> lookInto = {-1};
  while (!lookInto.empty()) {
    const Container& container = containers_[static_cast<std::size_t>(lookInto.back() + 1)];
    lookInto.pop_back();
    for (std::size_t i = container.firstReaching(view.top()); i < container.boxes.size(); ++i) {
      const int index = container.boxes[i];
      const Rectangle& r = box(index).rectangle;
      if (r.y > view.bottom()) break;
      if (!rectOf(r).intersects(view)) continue;
      if (box(index).open && r.height >= smallest) {
        visible.open.push_back(index);
        lookInto.push_back(index);
      } else {
        visible.closed.push_back(index);
      }
    }
  }
  const auto add = [&](int c) {
    const QRectF& bounds = curveBounds_[static_cast<std::size_t>(c)];
    // Straight curves have bounds without width, which QRectF does not count as meeting anything.
    if (bounds.left() > view.right() || bounds.right() < view.left() || bounds.top() > view.bottom() ||
        bounds.bottom() < view.top() || bounds.height() * 8 < smallest)
      return;
    visible.curves.push_back(c);
  };
  for (const int c : longCurves_) add(c);
  const std::size_t first = bucketOf(view.top());
  for (std::size_t bucket = first; bucket <= std::min(bucketOf(view.bottom()), buckets_.size() - 1);
       ++bucket) {
    for (const int c : buckets_[bucket]) {
      const std::size_t begin = bucketOf(curveBounds_[static_cast<std::size_t>(c)].top());
      if (std::max(begin, first) == bucket) add(c);
    }
  }
}

int CanvasScene::boxAt(QPointF point) const {
  if (isEmpty()) return -1;
  int innermost = -1;
  for (bool deeper = true; deeper;) {
    deeper = false;
    const Container& container = containers_[static_cast<std::size_t>(innermost + 1)];
    for (std::size_t i = container.firstReaching(point.y()); i < container.boxes.size(); ++i) {
      const Rectangle& r = box(container.boxes[i]).rectangle;
      if (r.y > point.y()) break;
      if (!r.contains({point.x(), point.y()})) continue;
      innermost = container.boxes[i];
      deeper = true;
      break;
    }
  }
  return innermost;
}

int CanvasScene::curveAt(QPointF point, double tolerance) const {
  if (isEmpty()) return -1;
  Visible near;
  const QRectF around(point - QPointF(tolerance, tolerance), QSizeF(2 * tolerance, 2 * tolerance));
  findVisible(around, 0, near);
  int best = -1;
  double nearest = tolerance;
  for (const int c : near.curves) {
    const auto& points = curve(c).points;
    for (std::size_t i = 0; i + 3 < points.size(); i += 3) {
      constexpr int steps = 12;
      for (int step = 0; step < steps; ++step) {
        const double distance =
            distanceToSegment(point, cubicAt(&points[i], static_cast<double>(step) / steps),
                              cubicAt(&points[i], static_cast<double>(step + 1) / steps));
        if (distance > nearest) continue;
        nearest = distance;
        best = c;
      }
    }
  }
  return best;
}

int CanvasScene::boxWithId(const std::string& id) const {
  const auto found = byId_.find(id);
  return found == byId_.end() ? -1 : found->second;
}

std::vector<int> CanvasScene::pathBetween(int from, int to) const {
  const auto reachable = [this](int start, const std::vector<std::vector<int>>& edges, int Curve::*end) {
    std::vector<bool> seen(layout_->boxes.size());
    std::vector<int> open = {start};
    seen[static_cast<std::size_t>(start)] = true;
    while (!open.empty()) {
      const int at = open.back();
      open.pop_back();
      for (const int c : edges[static_cast<std::size_t>(at)]) {
        const int next = curve(c).*end;
        if (seen[static_cast<std::size_t>(next)]) continue;
        seen[static_cast<std::size_t>(next)] = true;
        open.push_back(next);
      }
    }
    return seen;
  };
  const std::vector<bool> after = reachable(from, outgoing_, &Curve::to),
                          before = reachable(to, incoming_, &Curve::from);
  std::vector<int> path;
  for (std::size_t c = 0; c < layout_->curves.size(); ++c) {
    const Curve& own = layout_->curves[c];
    if (after[static_cast<std::size_t>(own.from)] && before[static_cast<std::size_t>(own.to)])
      path.push_back(static_cast<int>(c));
  }
  return path;
}

}  // namespace lapidary::ui
