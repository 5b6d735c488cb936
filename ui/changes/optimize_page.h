#pragma once

#include <QPointer>
#include <QTimer>
#include <QWidget>
#include <memory>

#include "ui/changes/change_view.h"
#include "ui/changes/over_page.h"
#include "ui/changes/proposal.h"

class QButtonGroup;
class QGridLayout;
class QLabel;
class QPushButton;
class QTreeWidget;

namespace lapidary::ui {

/// What the optimizer would do to a document's model, before it is accepted: old and new side by side, the
/// rewrites one by one, and what they save.
class OptimizePage : public OverPage {
  Q_OBJECT

 public:
  explicit OptimizePage(Document* document, QWidget* parent = nullptr);
  ~OptimizePage() override;

  /// The newest proposal; nullptr while the first is being made.
  const Proposal* proposal() const { return proposal_.get(); }
  Document* result() const { return result_; }
  ChangeView* view() const { return view_; }
  void setLevel(PassLevel level);

 public Q_SLOTS:
  /// Makes the proposal an edit of the document, one step of its history, and closes.
  void accept();
  /// Runs both on made-up inputs; rewrites that change the results are left out.
  void prove();
  /// Times a run of both in turns, with the document's run settings.
  void measure();

 Q_SIGNALS:
  /// proposal() is another, or is being made.
  void changed();

 private:
  QWidget* makeControls();
  QWidget* makeLevels();
  QWidget* makeButtons();
  void start(bool proven = false);
  void take(Proposal proposal, NodeChanges changes);
  void fail(const Error& error);
  void listRewrites();
  void readRewrites();
  void showFigures();
  QString described(PassLevel level) const;

  Document* document_;
  JobList* jobs_;
  Document* result_;
  ChangeView* view_;
  OptimizeChoice choice_;
  std::unique_ptr<Proposal> proposal_;
  QPointer<Job> job_, measuring_;
  QTimer later_;  ///< several boxes unticked in a row are one proposal
  double beforeMs_ = 0, afterMs_ = 0;
  QString message_;

  QButtonGroup* levels_;
  QTreeWidget* rewrites_;
  QGridLayout* figures_;
  QLabel* status_;
  QPushButton *accept_, *prove_, *measure_;
};

}  // namespace lapidary::ui
