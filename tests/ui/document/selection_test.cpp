#include "ui/document/selection.h"

#include <QSignalSpy>
#include <QTest>

using namespace lapidary::ui;

class SelectionTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void tellsOnlyOfChanges() {
    Selection selection;
    QSignalSpy changes(&selection, &Selection::changed);
    selection.select(Element::node(3));
    selection.select(Element::node(3));
    QCOMPARE(changes.count(), 1);
    QVERIFY(selection.contains(Element::node(3)));
    QVERIFY(!selection.contains(Element::group(3)));
  }

  void goesBackThroughWhatWasSelected() {
    Selection selection;
    selection.select(Element::node(1));
    selection.select(Element::group(2));
    selection.select(Element::named("x"));
    selection.goBack();
    QCOMPARE(*selection.current(), Element::group(2));
    selection.goBack();
    QCOMPARE(*selection.current(), Element::node(1));
    selection.goBack();
    QVERIFY(selection.isEmpty());
    QVERIFY(!selection.canGoBack());
  }

  void togglesElements() {
    Selection selection;
    selection.toggle(Element::node(1));
    selection.toggle(Element::node(2));
    selection.toggle(Element::node(1));
    QCOMPARE(selection.elements(), std::vector<Element>{Element::node(2)});
  }

  void marksWhatIsHoveredWithoutSelectingIt() {
    Selection selection;
    const Element element = Element::node(7);
    QSignalSpy hovers(&selection, &Selection::hoveredChanged);
    selection.setHovered(&element);
    selection.setHovered(&element);
    QCOMPARE(hovers.count(), 1);
    QCOMPARE(*selection.hovered(), element);
    QVERIFY(selection.isEmpty());
    selection.setHovered(nullptr);
    QVERIFY(!selection.hovered());
  }
};

QTEST_GUILESS_MAIN(SelectionTest)
#include "selection_test.moc"
