#include "ui/shell/about.h"

#include <QCoreApplication>
#include <QDialog>
#include <QDialogButtonBox>
#include <QGridLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QSvgRenderer>
#include <QVBoxLayout>

#include "engine/backends.h"
#include "ui/document/format.h"

namespace lapidary::ui {

namespace {

QDialog* dialog(const QString& title, QWidget* window) {
  auto* made = new QDialog(window);
  made->setAttribute(Qt::WA_DeleteOnClose);
  made->setWindowTitle(title);
  auto* column = new QVBoxLayout(made);
  column->setContentsMargins(24, 24, 24, 16);
  column->setSpacing(16);
  return made;
}

void finish(QDialog* made) {
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
  QObject::connect(buttons, &QDialogButtonBox::rejected, made, &QDialog::close);
  made->layout()->addWidget(buttons);
  made->open();
}

QLabel* weak(const QString& line) {
  auto* label = new QLabel(line);
  label->setProperty("role", QStringLiteral("weak"));
  return label;
}

}  // namespace

void show_about(QWidget* window) {
  QDialog* made = dialog(QCoreApplication::translate("About", "About Lapidary"), window);
  QPixmap logo(128, 128);
  logo.fill(Qt::transparent);
  QPainter painter(&logo);
  QSvgRenderer(QStringLiteral(":/icons/lapidary.svg")).render(&painter);
  painter.end();
  logo.setDevicePixelRatio(2);
  auto* picture = new QLabel;
  picture->setPixmap(logo);
  auto* grid = new QGridLayout;
  grid->setHorizontalSpacing(24);
  grid->addWidget(picture, 0, 0, 2, 1);
  auto* name = new QLabel(
      QCoreApplication::translate("About", "Lapidary %1").arg(QCoreApplication::applicationVersion()));
  name->setProperty("role", QStringLiteral("title"));
  grid->addWidget(name, 0, 1);
  grid->addWidget(weak(QCoreApplication::translate("About", "A studio for ONNX models")), 1, 1);
  std::vector<std::pair<QString, QString>> versions = {
      {QStringLiteral("ONNX"), QStringLiteral("IR 13, opset 27")},
      {QStringLiteral("Qt"), QString::fromLatin1(qVersion())},
      {QStringLiteral("C++"), QString::number(__cplusplus / 100)},
      {QCoreApplication::translate("About", "Compiler"), QStringLiteral(__VERSION__)},
  };
  for (const Backend& backend : backends())
    versions.emplace_back(QCoreApplication::translate("About", "Backend %1").arg(text(backend.name)),
                          text(backend.version));
  int row = 3;
  for (const auto& [what, version] : versions) {
    grid->addWidget(weak(what), row, 0);
    grid->addWidget(new QLabel(version), row++, 1);
  }
  static_cast<QVBoxLayout*>(made->layout())->addLayout(grid);
  finish(made);
}

}  // namespace lapidary::ui
