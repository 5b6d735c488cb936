#pragma once

#include <QWidget>

#include "ui/document/run.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QStackedWidget;

namespace lapidary::ui {

/// Where the data of one input comes from: random, a constant, a file, an image with its settings, or typed
/// numbers.
class InputForm : public QWidget {
  Q_OBJECT

 public:
  InputForm(const Value& input, const InputSource& source, QWidget* parent = nullptr);
  const InputSource& source() const { return source_; }
  const std::string& name() const { return name_; }
  /// Makes the file the source.
  void take(const QString& path);

 Q_SIGNALS:
  void changed();

 protected:
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dropEvent(QDropEvent* event) override;

 private:
  QWidget* makeText(const QString& hint);
  QWidget* makeFile();
  QWidget* makeImage();
  void choose(InputSource::Kind kind);
  void chooseFile();

  std::string name_;
  InputSource source_;
  QComboBox* kind_;
  QStackedWidget* details_;
  QLabel* fileName_ = nullptr;
  QWidget* image_ = nullptr;
};

}  // namespace lapidary::ui
