// What the window does about changed models: undo, save, and what is asked before one is closed.
#include <QAction>
#include <QFileDialog>
#include <QFileInfo>
#include <QMenu>
#include <QTabBar>

#include "ui/canvas/canvas.h"
#include "ui/changes/difference_page.h"
#include "ui/changes/export_page.h"
#include "ui/changes/optimize_page.h"
#include "ui/document/element_edits.h"
#include "ui/document/format.h"
#include "ui/shell/commands.h"
#include "ui/shell/document_page.h"
#include "ui/shell/header.h"
#include "ui/shell/main_window.h"
#include "ui/shell/operator_palette.h"

namespace lapidary::ui {

namespace {

QString modelFilter() {
  return MainWindow::tr("Models (*.onnx *.onnxtxt *.textproto *.json *.onnx.gz *.onnx.zip);;All files (*)");
}

}  // namespace

void MainWindow::addHistoryCommands(QMenu* menu) {
  undo_ = commands_->add(menu, tr("Undo"), QKeySequence::Undo, [this] {
    if (shown_) shown_->undo();
  });
  redo_ = commands_->add(menu, tr("Redo"), Qt::CTRL | Qt::SHIFT | Qt::Key_Z, [this] {
    if (shown_) shown_->redo();
  });
  menu->addSeparator();
  commands_->add(menu, tr("Insert Operator…"), Qt::CTRL | Qt::Key_I, [this] { insertOperator(); });
  addGraphCommands(menu);
  addCanvasCommand(menu, tr("Duplicate"), Qt::CTRL | Qt::Key_D, &Canvas::duplicateSelection);
  addCanvasCommand(menu, tr("Delete"), {},
                   &Canvas::deleteSelection);  // lists have a use of their own for the key
  menu->addSeparator();
}

void MainWindow::insertOperator() {
  if (!shown_ || !shown_->canEdit() || shown_->selection()->isEmpty()) return;
  const Element behind = *shown_->selection()->current();
  if (value_behind(*shown_, behind).empty()) return;
  operators_->open(*shown_->model(), [this, behind](const Operator& chosen) {
    if (shown_) insert_operator(*shown_, behind, chosen.name, chosen.domain);
  });
}

void MainWindow::showOver(OverPage* over) {
  connect(over, &OverPage::closeWanted, page(), &DocumentPage::closeOver);
  page()->showOver(over);
}

void MainWindow::optimizeModel() {
  if (shown_ && shown_->canEdit() && !page()->over()) showOver(new OptimizePage(shown_));
}

void MainWindow::exportModel() {
  if (shown_ && shown_->canEdit() && !page()->over()) showOver(new ExportPage(shown_));
}

void MainWindow::compareModel(const QString& path) {
  if (!shown_ || !shown_->canEdit() || page()->over()) return;
  const QString other = !path.isEmpty()
                            ? path
                            : QFileDialog::getOpenFileName(this, tr("Compare %1 with").arg(shown_->title()),
                                                           QFileInfo(shown_->path()).path(), modelFilter());
  if (!other.isEmpty()) showOver(new DifferencePage(shown_, other));
}

void MainWindow::showHistory() {
  const EditHistory* history = shown_ && shown_->history() ? &*shown_->history() : nullptr;
  const bool canUndo = history && history->can_undo(), canRedo = history && history->can_redo();
  undo_->setEnabled(canUndo);
  redo_->setEnabled(canRedo);
  undo_->setText(canUndo ? tr("Undo %1").arg(text(history->name(history->index()))) : tr("Undo"));
  redo_->setText(canRedo ? tr("Redo %1").arg(text(history->name(history->index() + 1))) : tr("Redo"));
  for (int tab = 0; tab < header_->tabs()->count(); ++tab) {
    const Document& open = *pageAt(tab)->document();
    header_->tabs()->setTabText(tab, open.isChanged() ? tr("● %1").arg(open.title()) : open.title());
    header_->tabs()->setTabToolTip(tab, open.path());
  }
  setWindowTitle(!shown_               ? tr("Lapidary")
                 : shown_->isChanged() ? tr("● %1 — Lapidary").arg(shown_->title())
                                       : tr("%1 — Lapidary").arg(shown_->title()));
}

void MainWindow::saveModel() {
  if (shown_ && shown_->canEdit()) shown_->save(shown_->path());
}

void MainWindow::saveModelAs() {
  if (!shown_ || !shown_->canEdit()) return;
  const QString path = QFileDialog::getSaveFileName(this, tr("Save model as"), shown_->path(), modelFilter());
  if (!path.isEmpty()) shown_->save(path);
}

bool MainWindow::asksBeforeClosing(int tab) {
  DocumentPage* asking = pageAt(tab);
  Document* document = asking->document();
  if (!document->isChanged()) return false;
  header_->tabs()->setCurrentIndex(tab);
  const auto close = [this, asking] {
    removeTab(tabOf(asking));
    if (isClosing_) this->close();
  };
  asking->ask(tr("%1 has changes that are not saved.").arg(document->title()),
              {{tr("Save"),
                [this, document, close] {
                  connect(document, &Document::saved, this, close, Qt::SingleShotConnection);
                  document->save(document->path());
                }},
               {tr("Discard"), close},
               {tr("Cancel"), [this, asking] {
                  isClosing_ = false;
                  asking->showMessages();
                }}});
  return true;
}

}  // namespace lapidary::ui
