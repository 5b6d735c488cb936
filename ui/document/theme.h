#pragma once

#include <QColor>
#include <QIcon>
#include <QObject>
#include <QPalette>
#include <array>

#include "engine/ops/operator.h"

namespace lapidary::ui {

/// The colours of the studio's surfaces and texts in one theme.
struct ThemeColors {
  QColor canvas;      ///< ground under the graph and under tables
  QColor surface;     ///< header, side panels
  QColor raised;      ///< buttons, minimap, pop-ups
  QColor field;       ///< find box, chips, tracks of bars
  QColor group;       ///< an open group on the canvas
  QColor node;        ///< a node without heat
  QColor border;      ///< one-pixel lines
  QColor text;        ///< names and numbers
  QColor weakText;    ///< units, captions; still 4.5 : 1 on every ground above
  QColor edge;        ///< curves on the canvas
  QColor accent;      ///< the one accent: selection, Run, focus
  QColor accentText;  ///< on accent
  QColor selection;   ///< ground of a selected row
  QColor hover;       ///< ground of a row or button under the pointer
  QColor problem;     ///< text and icon of an error
};

/// Light or dark, by choice or by what the system says; one for the program. Views ask it for colours and
/// repaint when it changes.
class Theme : public QObject {
  Q_OBJECT

 public:
  enum class Mode { System, Light, Dark };

  explicit Theme(QObject* parent = nullptr);

  Mode mode() const { return mode_; }
  void setMode(Mode mode);
  bool isDark() const { return dark_; }
  const ThemeColors& colors() const { return colors_; }
  /// The stripe of a kind of operator, on the canvas and in the timeline.
  QColor kind(OperatorKind kind) const;
  /// From pale to deep for a share of 0 to 1; text() or colors().text reads on all of it.
  QColor heat(double share) const;
  /// What was added, removed or changed between two models; always beside a sign.
  enum class Change { Added, Removed, Changed };
  QColor change(Change change) const;
  /// Black or white, whichever reads better on `ground`.
  static QColor textOn(const QColor& ground);
  /// An icon of the studio's set by file name ("run", "search"), drawn in the theme's colours.
  QIcon icon(const QString& name) const;
  QIcon icon(const QString& name, const QColor& color) const;

  /// Palette and style sheet for the whole application.
  QPalette palette() const;
  QString styleSheet() const;
  /// Sets style, palette and style sheet of the application now, and again on every change.
  void applyToApplication();

 Q_SIGNALS:
  void changed();

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void update();

  Mode mode_ = Mode::System;
  bool dark_ = false;
  bool systemIsDark_ = false;
  bool applied_ = false;
  ThemeColors colors_;
  std::array<QColor, 9> kinds_;  ///< by OperatorKind
  std::array<QColor, 65> heat_;  ///< in equal steps from pale to deep
};

}  // namespace lapidary::ui
