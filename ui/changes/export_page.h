#pragma once

#include <memory>

#include "ui/changes/change_view.h"
#include "ui/changes/exporting.h"
#include "ui/changes/over_page.h"

class QCheckBox;
class QComboBox;
class QLineEdit;
class QListWidget;
class QPushButton;
class QVBoxLayout;

namespace lapidary::ui {

/// Another form of a document's model for another runtime: operator set, numbers, sizes, where weights lie.
/// What becomes of the model stands beside what it is, before a file is written.
class ExportPage : public OverPage {
  Q_OBJECT

 public:
  explicit ExportPage(Document* document, QWidget* parent = nullptr);
  ~ExportPage() override;

  /// What would be written; its model is nullptr where something stands against it, and all of it while it
  /// is being made.
  const Export* made() const { return made_.get(); }
  Document* result() const { return result_; }
  const ExportChoice& choice() const { return choice_; }
  void setChoice(const ExportChoice& choice);
  /// Writes it in a job, in the format of the name's ending.
  void write(const QString& path);

 Q_SIGNALS:
  void changed();
  void written();

 private:
  QWidget* makeControls();
  void addSizes(QVBoxLayout* column);
  void readControls();
  void start();
  void take(Export made, NodeChanges changes);
  void say(const QStringList& messages);
  void chooseFile();
  void chooseFolder();

  Document* document_;
  JobList* jobs_;
  Document* result_;
  ChangeView* view_;
  ExportChoice choice_;
  std::unique_ptr<Export> made_;

  QComboBox *opset_, *numbers_, *weights_;
  QCheckBox *keepIo_, *strip_;
  QPushButton *folder_, *export_;
  QListWidget* messages_;
  std::map<std::string, QLineEdit*> sizes_;
};

}  // namespace lapidary::ui
