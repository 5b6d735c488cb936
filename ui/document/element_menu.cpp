#include "ui/document/element_menu.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QMenu>

#include "ui/document/format.h"
#include "ui/document/value_menu.h"

namespace lapidary::ui {

QString shape_tuple(const Document& document, const Element& element) {
  const Node* node = document.nodeOf(element);
  if (!document.types() || element.kind == Element::Kind::Group) return {};
  if (element.kind == Element::Kind::Node && (!node || node->outputs.empty())) return {};
  const std::string& value = node ? node->outputs.front() : element.value;
  const Type& type = document.types()->type_in(element.graph, value);
  return type.shape ? pythonTuple(*type.shape) : QString();
}

void add_copy_entries(QMenu& menu, const Document& document, const Element& element) {
  const auto add = [&menu](const QString& title, const QString& copied) {
    menu.addAction(title, [copied] { QGuiApplication::clipboard()->setText(copied); });
  };
  add(Document::tr("Copy Name"), document.nameOf(element));
  if (const QString tuple = shape_tuple(document, element); !tuple.isEmpty())
    add(Document::tr("Copy Shape %1").arg(tuple), tuple);
}

void add_element_entries(QMenu& menu, Document& document, const Element& element) {
  menu.addAction(Document::tr("Show in the Graph"), &document, [&document, element] {
    document.reveal(element);
    document.selection()->select(element);
  });
  const std::string part = element.kind == Element::Kind::Group && element.index > 0
                               ? document.nameOf(element).toStdString()
                               : std::string();
  if (!part.empty())
    menu.addAction(
        document.isOpen(part) ? Document::tr("Close in the Graph") : Document::tr("Open in the Graph"),
        &document, [&document, element, part] {
          if (!document.isOpen(part)) document.reveal(element);
          document.toggleOpen(part);
        });
  menu.addSeparator();
  add_value_entries(menu, document, element);
  menu.addSeparator();
  add_copy_entries(menu, document, element);
}

}  // namespace lapidary::ui
