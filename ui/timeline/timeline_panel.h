#pragma once

#include <QWidget>

namespace lapidary::ui {

class Document;
class RunHint;
class Theme;
class Timeline;

/// The timeline, or what leads to one while there is no run.
class TimelinePanel : public QWidget {
  Q_OBJECT

 public:
  explicit TimelinePanel(Theme* theme, QWidget* parent = nullptr);
  void setDocument(Document* document);
  Timeline* timeline() const { return timeline_; }

 private:
  RunHint* hint_;
  Timeline* timeline_;
};

}  // namespace lapidary::ui
