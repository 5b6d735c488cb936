#include "ui/shell/start_page.h"

#include <QAction>
#include <QDateTime>
#include <QDir>
#include <QFileInfo>
#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QListView>
#include <QPainter>
#include <QPushButton>
#include <QStandardItemModel>
#include <QStyledItemDelegate>
#include <QSvgRenderer>
#include <QVBoxLayout>

#include "ui/document/format.h"
#include "ui/document/theme.h"
#include "ui/shell/recent_files.h"

namespace lapidary::ui {

namespace {

constexpr int PathRole = Qt::UserRole, PictureRole = Qt::UserRole + 1;
constexpr QSize cardSize(200, 168);
constexpr int pictureHeight = 112;

/// A card: picture, name, folder.
class RecentDelegate : public QStyledItemDelegate {
 public:
  RecentDelegate(Theme* theme, QObject* parent) : QStyledItemDelegate(parent), theme_(theme) {}

  QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override { return cardSize; }

  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    const ThemeColors& colors = theme_->colors();
    painter->save();
    painter->setRenderHints(QPainter::Antialiasing | QPainter::SmoothPixmapTransform);
    const QRectF card = QRectF(option.rect).adjusted(0.5, 0.5, -12.5, -12.5);
    const bool lit = option.state & (QStyle::State_MouseOver | QStyle::State_HasFocus);
    painter->setPen(lit ? colors.accent : colors.border);
    painter->setBrush(colors.raised);
    painter->drawRoundedRect(card, 10, 10);
    const QRectF picture(card.left() + 1, card.top() + 1, card.width() - 2, pictureHeight - 12);
    const auto image = index.data(PictureRole).value<QImage>();
    if (!image.isNull()) {
      const QSizeF size = QSizeF(image.size()).scaled(picture.size() - QSizeF(16, 16), Qt::KeepAspectRatio);
      painter->drawImage(QRectF(picture.center() - QPointF(size.width() / 2, size.height() / 2), size),
                         image);
    } else {
      theme_->icon(QStringLiteral("outline"), colors.weakText)
          .paint(painter, picture.toRect().adjusted(0, 32, 0, -32));
    }
    painter->setPen(colors.border);
    painter->drawLine(QPointF(card.left(), picture.bottom()), QPointF(card.right(), picture.bottom()));
    const QRect line(static_cast<int>(card.left()) + 12, static_cast<int>(picture.bottom()) + 6,
                     static_cast<int>(card.width()) - 24, 20);
    QFont bold = option.font;
    bold.setWeight(QFont::DemiBold);
    painter->setFont(bold);
    painter->setPen(colors.text);
    painter->drawText(line, Qt::AlignVCenter,
                      QFontMetrics(bold).elidedText(index.data().toString(), Qt::ElideMiddle, line.width()));
    painter->setFont(option.font);
    painter->setPen(colors.weakText);
    const QString folder =
        QFileInfo(index.data(PathRole).toString()).path().replace(QDir::homePath(), QStringLiteral("~"));
    painter->drawText(line.translated(0, 19), Qt::AlignVCenter,
                      option.fontMetrics.elidedText(folder, Qt::ElideMiddle, line.width()));
    painter->restore();
  }

 private:
  Theme* theme_;
};

QPushButton* button(const QString& text, bool accent) {
  auto* made = new QPushButton(text);
  if (accent) made->setProperty("role", QStringLiteral("accent"));
  made->setFixedHeight(32);
  return made;
}

}  // namespace

StartPage::StartPage(Theme* theme, QWidget* parent)
    : QWidget(parent),
      theme_(theme),
      journalsTitle_(new QLabel(tr("Not saved when Lapidary ended"))),
      journals_(new QVBoxLayout),
      recentTitle_(new QLabel(tr("Recent"))),
      recent_(new QListView),
      files_(new QStandardItemModel(this)) {
  auto* logo = new QLabel;
  QPixmap drawn(128, 128);
  drawn.fill(Qt::transparent);
  QPainter painter(&drawn);
  QSvgRenderer(QStringLiteral(":/icons/lapidary.svg")).render(&painter);
  painter.end();
  drawn.setDevicePixelRatio(2);
  logo->setPixmap(drawn);
  auto* name = new QLabel(tr("Lapidary"));
  QFont large = font();
  large.setPixelSize(26);
  large.setWeight(QFont::DemiBold);
  name->setFont(large);
  auto* what = new QLabel(tr("Open an ONNX model, see it, run it, see where its time goes."));
  what->setProperty("role", QStringLiteral("weak"));
  auto* open = button(tr("Open model…"), true);
  auto* sample = button(tr("Open the sample"), false);
  auto* hint = new QLabel(tr("or drop a file here"));
  hint->setProperty("role", QStringLiteral("weak"));
  connect(open, &QPushButton::clicked, this, &StartPage::openWanted);
  connect(sample, &QPushButton::clicked, this, &StartPage::sampleWanted);

  journalsTitle_->setProperty("role", QStringLiteral("section"));
  journals_->setSpacing(8);
  recentTitle_->setProperty("role", QStringLiteral("section"));
  recent_->setModel(files_);
  recent_->setItemDelegate(new RecentDelegate(theme, recent_));
  recent_->setViewMode(QListView::IconMode);
  recent_->setMovement(QListView::Static);
  recent_->setResizeMode(QListView::Adjust);
  recent_->setUniformItemSizes(true);
  recent_->setMouseTracking(true);
  recent_->setFrameShape(QFrame::NoFrame);
  recent_->setStyleSheet(QStringLiteral("background: transparent"));
  recent_->setAccessibleName(tr("Recent models"));
  const auto choose = [this](const QModelIndex& index) {
    Q_EMIT fileWanted(index.data(PathRole).toString());
  };
  connect(recent_, &QListView::clicked, this, choose);
  connect(recent_, &QListView::activated, this, choose);
  auto* forget = new QAction(tr("Remove from the List"), recent_);
  forget->setShortcut(QKeySequence::Delete);
  forget->setShortcutContext(Qt::WidgetShortcut);
  connect(forget, &QAction::triggered, this, [this] {
    RecentFiles::remove(recent_->currentIndex().data(PathRole).toString());
    refresh();
  });
  recent_->addAction(forget);
  recent_->setContextMenuPolicy(Qt::ActionsContextMenu);

  auto* names = new QVBoxLayout;
  names->setSpacing(4);
  names->addWidget(name);
  names->addWidget(what);
  auto* head = new QHBoxLayout;
  head->setSpacing(16);
  head->addWidget(logo);
  head->addLayout(names);
  head->addStretch(1);
  auto* buttons = new QHBoxLayout;
  buttons->setSpacing(8);
  buttons->addWidget(open);
  buttons->addWidget(sample);
  buttons->addSpacing(8);
  buttons->addWidget(hint);
  buttons->addStretch(1);
  auto* middle = new QWidget;
  middle->setMaximumWidth(4 * cardSize.width() + 8);
  auto* column = new QVBoxLayout(middle);
  column->addStretch(2);
  column->addLayout(head);
  column->addSpacing(24);
  column->addLayout(buttons);
  column->addSpacing(32);
  column->addWidget(journalsTitle_);
  column->addLayout(journals_);
  column->addWidget(recentTitle_);
  column->addWidget(recent_, 6);
  column->addStretch(2);
  auto* page = new QHBoxLayout(this);
  page->addStretch(1);
  page->addWidget(middle, 100);
  page->addStretch(1);
  recent_->setMaximumHeight(2 * cardSize.height() + 8);
  setJournals({});
}

void StartPage::setJournals(std::vector<JournalContent> journals) {
  while (QLayoutItem* row = journals_->takeAt(0)) {
    row->widget()->hide();
    row->widget()->deleteLater();  // its button may be the one that was clicked
    delete row;
  }
  for (const JournalContent& journal : journals) journals_->addWidget(makeJournalRow(journal));
  journalsTitle_->setVisible(!journals.empty());
  const int gap = journals.empty() ? 0 : 24;
  journals_->setContentsMargins(0, 0, 0, gap);
}

QWidget* StartPage::makeJournalRow(const JournalContent& journal) {
  auto* row = new QFrame;
  row->setObjectName(QStringLiteral("journal"));
  auto* line = new QHBoxLayout(row);
  line->setContentsMargins(16, 8, 8, 8);
  line->setSpacing(8);
  const QString model = text(journal.model_path);
  const QDateTime written = QFileInfo(text(journal.path)).lastModified();
  const auto edits = journal.steps.size();
  auto* what = new QLabel(tr("<b>%1</b> · %2 · %3")
                              .arg(QFileInfo(model).fileName().toHtmlEscaped(),
                                   edits == 1 ? tr("1 edit") : tr("%1 edits").arg(edits),
                                   QLocale().toString(written, QLocale::ShortFormat)));
  what->setToolTip(model);
  auto* recover = button(tr("Recover"), true);
  auto* discard = button(tr("Discard"), false);
  connect(recover, &QPushButton::clicked, this, [this, journal] { Q_EMIT recoveryWanted(journal); });
  connect(discard, &QPushButton::clicked, this, [this, row, path = journal.path] {
    EditJournal(path).remove();
    row->hide();
    row->deleteLater();
    journals_->removeWidget(row);
    journalsTitle_->setVisible(journals_->count() > 0);
  });
  line->addWidget(what, 1);
  line->addWidget(recover);
  line->addWidget(discard);
  return row;
}

void StartPage::refresh() {
  files_->clear();
  for (const QString& path : RecentFiles::paths()) {
    if (!QFileInfo::exists(path)) continue;
    auto* item = new QStandardItem(QFileInfo(path).fileName());
    item->setData(path, PathRole);
    item->setData(RecentFiles::thumbnail(path), PictureRole);
    item->setToolTip(path);
    files_->appendRow(item);
  }
  recentTitle_->setVisible(files_->rowCount() > 0);
  recent_->setVisible(files_->rowCount() > 0);
}

void StartPage::paintEvent(QPaintEvent*) { QPainter(this).fillRect(rect(), theme_->colors().canvas); }

void StartPage::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  refresh();
}

}  // namespace lapidary::ui
