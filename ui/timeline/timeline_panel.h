#pragma once

#include <QWidget>

namespace lapidary::ui {

class Document;
class RunChoice;
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
  /// Which repeat is shown; stands where the panel's title is.
  RunChoice* runChoice() const { return runChoice_; }

 private:
  RunHint* hint_;
  Timeline* timeline_;
  RunChoice* runChoice_;
};

}  // namespace lapidary::ui
