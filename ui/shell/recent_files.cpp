#include "ui/shell/recent_files.h"

#include <QCryptographicHash>
#include <QDir>
#include <QFileInfo>
#include <QPainter>
#include <QSettings>
#include <QStandardPaths>
#include <QSvgRenderer>

#include "engine/layout/drawing.h"

namespace lapidary::ui {

namespace {

constexpr int mostFiles = 12;
const QString key = QStringLiteral("recent/files");

QString thumbnailPath(const QString& path) {
  const QByteArray hash = QCryptographicHash::hash(path.toUtf8(), QCryptographicHash::Sha1).toHex();
  return QStandardPaths::writableLocation(QStandardPaths::CacheLocation) + QStringLiteral("/thumbnails/") +
         QString::fromLatin1(hash) + QStringLiteral(".png");
}

}  // namespace

QStringList RecentFiles::paths() { return QSettings().value(key).toStringList(); }

void RecentFiles::add(const QString& path) {
  const QString whole = QFileInfo(path).absoluteFilePath();
  QStringList files = paths();
  files.removeAll(whole);
  files.prepend(whole);
  while (files.size() > mostFiles) QFile::remove(thumbnailPath(files.takeLast()));
  QSettings().setValue(key, files);
}

void RecentFiles::remove(const QString& path) {
  QStringList files = paths();
  files.removeAll(path);
  QFile::remove(thumbnailPath(path));
  QSettings().setValue(key, files);
}

void RecentFiles::setThumbnail(const QString& path, const QImage& picture) {
  const QString target = thumbnailPath(QFileInfo(path).absoluteFilePath());
  QDir().mkpath(QFileInfo(target).path());
  picture.save(target);
}

QImage RecentFiles::thumbnail(const QString& path) { return QImage(thumbnailPath(path)); }

QImage draw_thumbnail(const Layout& layout, bool dark) {
  constexpr QSize largest(400, 240);
  const auto theme = dark ? lapidary::Theme::Dark : lapidary::Theme::Light;
  QSvgRenderer drawing(QByteArray::fromStdString(to_svg(layout, theme)));
  QImage picture(drawing.defaultSize().scaled(largest, Qt::KeepAspectRatio).expandedTo({1, 1}),
                 QImage::Format_ARGB32_Premultiplied);
  picture.fill(Qt::transparent);
  QPainter painter(&picture);
  drawing.render(&painter);
  return picture;
}

}  // namespace lapidary::ui
