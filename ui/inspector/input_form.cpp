#include "ui/inspector/input_form.h"

#include <QComboBox>
#include <QDragEnterEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QMimeData>
#include <QPushButton>
#include <QSpinBox>
#include <QStackedWidget>
#include <QVBoxLayout>

#include "ui/document/format.h"

namespace lapidary::ui {

namespace {

QString numbersText(const std::vector<double>& numbers) {
  QStringList parts;
  for (const double one : numbers) parts += QString::number(one);
  return parts.join(QStringLiteral(", "));
}

std::vector<double> numbersFrom(const QString& typed, const std::vector<double>& otherwise) {
  std::vector<double> numbers;
  for (const QString& part : typed.split(QLatin1Char(','), Qt::SkipEmptyParts))
    numbers.push_back(part.trimmed().toDouble());
  return numbers.size() == otherwise.size() ? numbers : otherwise;
}

}  // namespace

InputForm::InputForm(const Value& input, const InputSource& source, QWidget* parent)
    : QWidget(parent),
      name_(input.name),
      source_(source),
      kind_(new QComboBox),
      details_(new QStackedWidget) {
  source_.image = fitted(input, source_.image);
  setAcceptDrops(true);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 8);
  column->setSpacing(4);
  auto* title = new QLabel(shortened(text(input.name), 34));
  title->setProperty("role", QStringLiteral("title"));
  title->setToolTip(text(input.name));
  auto* type = new QLabel(text(to_string(input.type)));
  type->setProperty("role", QStringLiteral("weak"));
  type->setWordWrap(true);
  column->addWidget(title);
  column->addWidget(type);
  kind_->addItems({tr("Random"), tr("Constant"), tr("File or image"), tr("Typed")});
  kind_->setAccessibleName(tr("Source of %1").arg(text(input.name)));
  column->addWidget(kind_);
  details_->addWidget(new QWidget);
  details_->addWidget(makeText(tr("0, 1, or another number")));
  details_->addWidget(makeFile());
  details_->addWidget(makeText(tr("Numbers, by comma or blank")));
  column->addWidget(details_);
  kind_->setCurrentIndex(static_cast<int>(source_.kind));
  choose(source_.kind);
  connect(kind_, &QComboBox::currentIndexChanged, this, [this](int kind) {
    choose(static_cast<InputSource::Kind>(kind));
    if (source_.kind == InputSource::Kind::File && source_.text.empty()) chooseFile();
    Q_EMIT changed();
  });
}

QWidget* InputForm::makeText(const QString& hint) {
  auto* field = new QLineEdit;
  field->setPlaceholderText(hint);
  field->setAccessibleName(tr("Numbers for %1").arg(text(name_)));
  if (source_.kind == InputSource::Kind::Constant || source_.kind == InputSource::Kind::Typed)
    field->setText(text(source_.text));
  connect(field, &QLineEdit::textEdited, this, [this](const QString& typed) {
    source_.text = typed.toStdString();
    Q_EMIT changed();
  });
  return field;
}

QWidget* InputForm::makeFile() {
  auto* page = new QWidget;
  auto* column = new QVBoxLayout(page);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(4);
  auto* row = new QHBoxLayout;
  fileName_ = new QLabel(source_.kind == InputSource::Kind::File && !source_.text.empty()
                             ? shortened(QFileInfo(text(source_.text)).fileName(), 24)
                             : tr("No file chosen"));
  auto* choose = new QPushButton(tr("Choose…"));
  connect(choose, &QPushButton::clicked, this, &InputForm::chooseFile);
  row->addWidget(fileName_, 1);
  row->addWidget(choose);
  image_ = makeImage();
  column->addLayout(row);
  column->addWidget(image_);
  return page;
}

QWidget* InputForm::makeImage() {
  auto* page = new QWidget;
  auto* grid = new QGridLayout(page);
  grid->setContentsMargins(0, 4, 0, 0);
  grid->setSpacing(4);
  const auto label = [&](const QString& caption, int row) {
    auto* made = new QLabel(caption);
    made->setProperty("role", QStringLiteral("weak"));
    grid->addWidget(made, row, 0);
  };
  const auto size = [&](int ImageSettings::*side, int column) {
    auto* box = new QSpinBox;
    box->setRange(1, 8192);
    box->setValue(source_.image.*side);
    box->setAccessibleName(column == 1 ? tr("Width of the image") : tr("Height of the image"));
    connect(box, &QSpinBox::valueChanged, this, [this, side](int value) {
      source_.image.*side = value;
      Q_EMIT changed();
    });
    grid->addWidget(box, 0, column);
  };
  label(tr("Width, height"), 0);
  size(&ImageSettings::width, 1);
  size(&ImageSettings::height, 2);
  label(tr("Channels"), 1);
  auto* order = new QComboBox;
  order->addItems({tr("RGB"), tr("BGR")});
  order->setAccessibleName(tr("Order of the channels"));
  order->setCurrentIndex(source_.image.bgr ? 1 : 0);
  auto* axes = new QComboBox;
  axes->addItems({tr("N C H W"), tr("N H W C")});
  axes->setAccessibleName(tr("Order of the axes"));
  axes->setCurrentIndex(source_.image.channelsFirst ? 0 : 1);
  connect(order, &QComboBox::currentIndexChanged, this, [this](int index) {
    source_.image.bgr = index == 1;
    Q_EMIT changed();
  });
  connect(axes, &QComboBox::currentIndexChanged, this, [this](int index) {
    source_.image.channelsFirst = index == 0;
    Q_EMIT changed();
  });
  grid->addWidget(order, 1, 1);
  grid->addWidget(axes, 1, 2);
  const auto numbers = [&](const QString& caption, std::vector<double> ImageSettings::*which, int row) {
    label(caption, row);
    auto* field = new QLineEdit(numbersText(source_.image.*which));
    field->setAccessibleName(caption);
    connect(field, &QLineEdit::textEdited, this, [this, which](const QString& typed) {
      source_.image.*which = numbersFrom(typed, source_.image.*which);
      Q_EMIT changed();
    });
    grid->addWidget(field, row, 1, 1, 2);
  };
  numbers(tr("Mean"), &ImageSettings::mean, 2);
  numbers(tr("Scale"), &ImageSettings::scale, 3);
  return page;
}

void InputForm::choose(InputSource::Kind kind) {
  if (kind != source_.kind) {
    source_.text.clear();
    if (kind == InputSource::Kind::Constant) source_.text.push_back('0');
  }
  source_.kind = kind;
  for (int page = 0; page < details_->count(); ++page) {
    const bool shown = page == static_cast<int>(kind) && kind != InputSource::Kind::Random;
    details_->widget(page)->setSizePolicy(QSizePolicy::Preferred,
                                          shown ? QSizePolicy::Preferred : QSizePolicy::Ignored);
    if (auto* field = qobject_cast<QLineEdit*>(details_->widget(page)); field && shown)
      field->setText(text(source_.text));
  }
  details_->setCurrentIndex(static_cast<int>(kind));
  details_->setVisible(kind != InputSource::Kind::Random);
  image_->setVisible(kind == InputSource::Kind::File && is_image_file(text(source_.text)));
  details_->adjustSize();
}

void InputForm::chooseFile() {
  const QString path = QFileDialog::getOpenFileName(
      this, tr("Data for %1").arg(text(name_)), {},
      tr("Tensors and images (*.npy *.npz *.pb *.safetensors *.json *.png *.jpg *.jpeg);;All files (*)"));
  if (!path.isEmpty()) take(path);
}

void InputForm::take(const QString& path) {
  source_.kind = InputSource::Kind::File;
  source_.text = path.toStdString();
  fileName_->setText(shortened(QFileInfo(path).fileName(), 24));
  fileName_->setToolTip(path);
  {
    const QSignalBlocker quiet(kind_);
    kind_->setCurrentIndex(static_cast<int>(source_.kind));
  }
  choose(source_.kind);
  Q_EMIT changed();
}

void InputForm::dragEnterEvent(QDragEnterEvent* event) {
  const QList<QUrl> urls = event->mimeData()->urls();
  if (urls.size() == 1 && is_data_file(urls.front().toLocalFile())) event->acceptProposedAction();
}

void InputForm::dropEvent(QDropEvent* event) {
  take(event->mimeData()->urls().front().toLocalFile());
  event->acceptProposedAction();
}

}  // namespace lapidary::ui
