#pragma once

#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>

#include "ui/document/format.h"

namespace lapidary::ui {

/// A line of a form: caption left, field right; returns the field.
template <class Field>
Field* add_form_row(QVBoxLayout* column, const QString& caption, Field* field, int fieldWidth) {
  constexpr int longestCaption = 20;
  auto* line = new QHBoxLayout;
  auto* label = new QLabel(shortened(caption, longestCaption));
  label->setToolTip(caption);
  label->setBuddy(field);
  field->setFixedWidth(fieldWidth);
  field->setAccessibleName(caption);
  line->addWidget(label, 1);
  line->addWidget(field);
  column->addLayout(line);
  return field;
}

}  // namespace lapidary::ui
