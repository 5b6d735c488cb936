#include "ui/inspector/input_form.h"

#include <QComboBox>
#include <QFileDialog>
#include <QFileInfo>
#include <QGridLayout>
#include <QImageReader>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QStackedWidget>
#include <QVBoxLayout>

#include "ui/document/format.h"

namespace lapidary::ui {

namespace {

/// Sizes of the picture that the input wants, where its shape says them; [N, C, H, W] or [N, H, W, C].
ImageSettings settingsFor(const Value& input, ImageSettings settings) {
  if (!input.type.shape || input.type.shape->size() != 4) return settings;
  const Shape& shape = *input.type.shape;
  settings.channelsFirst = shape[3].value_or(0) != 3 && shape[3].value_or(0) != 1;
  const std::size_t row = settings.channelsFirst ? 2 : 1;
  settings.height = static_cast<int>(shape[row].value_or(settings.height));
  settings.width = static_cast<int>(shape[row + 1].value_or(settings.width));
  if (shape[settings.channelsFirst ? 1 : 3].value_or(3) == 1) settings.mean = {0.5}, settings.scale = {0.5};
  return settings;
}

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
  source_.image = settingsFor(input, source_.image);
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
  kind_->addItems({tr("Random"), tr("Constant"), tr("From file"), tr("Typed")});
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
  fileName_ =
      new QLabel(source_.text.empty() ? tr("No file chosen") : QFileInfo(text(source_.text)).fileName());
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
  order->setCurrentIndex(source_.image.bgr ? 1 : 0);
  auto* axes = new QComboBox;
  axes->addItems({tr("N C H W"), tr("N H W C")});
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
  if (kind != source_.kind) source_.text = kind == InputSource::Kind::Constant ? "0" : "";
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
  const QString suffix = QFileInfo(text(source_.text)).suffix().toLower();
  image_->setVisible(kind == InputSource::Kind::File &&
                     QImageReader::supportedImageFormats().contains(suffix.toLatin1()));
  details_->adjustSize();
}

void InputForm::chooseFile() {
  const QString path = QFileDialog::getOpenFileName(
      this, tr("Data for %1").arg(text(name_)), {},
      tr("Tensors and images (*.npy *.npz *.pb *.safetensors *.json *.png *.jpg *.jpeg);;All files (*)"));
  if (path.isEmpty()) return;
  source_.text = path.toStdString();
  fileName_->setText(QFileInfo(path).fileName());
  fileName_->setToolTip(path);
  choose(InputSource::Kind::File);
  Q_EMIT changed();
}

}  // namespace lapidary::ui
