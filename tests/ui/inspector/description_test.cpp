#include "ui/inspector/description.h"

#include "tests/ui/fixtures.h"

using namespace lapidary;
using namespace lapidary::ui;

namespace {

QStringList titles(const std::vector<DescriptionSection>& sections) {
  QStringList made;
  for (const DescriptionSection& section : sections) made += section.title;
  return made;
}

const DescriptionRow* rowOf(const Description& description, const char* caption) {
  for (const DescriptionSection& section : description.sections)
    for (const DescriptionRow& row : section.rows)
      if (row.caption == QLatin1String(caption)) return &row;
  return nullptr;
}

ModelPointer leakyModel(Metadata metadata = {}) {
  Node node = lapidary::test::node("LeakyRelu", {"x"}, {"y"}, {{"alpha", 0.5f}});
  node.metadata = std::move(metadata);
  node.doc_string = "a note";
  return lapidary::test::ModelBuilder().input("x", DataType::Float32, Shape{2}).add(node).output("y").build();
}

}  // namespace

class DescriptionTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void standsInItsFixedOrder() {
    ui::test::OpenDocument f(leakyModel({{"key", "value"}}));
    f.document.takeResult(ui::test::made_up_result(f.document));
    const Element element = Element::node(0);
    const Description description = describe(f.document, &element);
    QCOMPARE(
        titles(description.sections),
        (QStringList{QStringLiteral("What it is"), QStringLiteral("Attributes"), QStringLiteral("Inputs"),
                     QStringLiteral("Outputs"), QStringLiteral("Time"), QStringLiteral("Cost")}));
    const QStringList below = titles(description.documentation);
    QCOMPARE(below.front(), QStringLiteral("Documentation"));
    QCOMPARE(below.mid(below.size() - 2),
             (QStringList{QStringLiteral("Note in the model"), QStringLiteral("Metadata")}));
  }

  void saysAllThatIsKnownOfAnOperator() {
    ui::test::OpenDocument f(leakyModel());
    const Element element = Element::node(0);
    const Description description = describe(f.document, &element);
    const QStringList below = titles(description.documentation);
    for (const char* part : {"Inputs", "Outputs", "Attributes", "Types", "Versions", "Example"})
      QVERIFY2(below.contains(QStringLiteral("%1 of LeakyRelu").arg(QLatin1String(part))), part);
    for (const DescriptionSection& section : description.documentation)
      QVERIFY2(!section.text.isEmpty() || !section.rows.empty(), qPrintable(section.title));
    const DescriptionRow* alpha = rowOf(description, "alpha");
    QVERIFY(alpha);
    QCOMPARE(alpha->value, QStringLiteral("0.5"));
    QVERIFY2(alpha->tip.size() > alpha->value.size() + 5, qPrintable(alpha->tip));
    QVERIFY(to_text(description).contains(QStringLiteral("Versions of LeakyRelu")));
  }

  void showsTypesInsideAFunction() {
    ui::test::OpenDocument f(ui::test::nested_model());
    const Element relu = *f.document.nodeNamed("/inner/relu");
    const Description inside = describe(f.document, &relu);
    QCOMPARE(rowOf(inside, "X")->value, QStringLiteral("float32 2 × 3"));
    QCOMPARE(rowOf(inside, "inside")->value, QStringLiteral("/call"));
    QCOMPARE(*rowOf(inside, "inside")->link, Element::node(0));
    const Element flat = Element::named("flat", relu.graph);
    const Description value = describe(f.document, &flat);
    QCOMPARE(value.subtitle, QStringLiteral("float32 2 × 3"));
    QCOMPARE(rowOf(value, "made by")->value, QStringLiteral("/inner/flatten"));
    QCOMPARE(rowOf(value, "read by")->value, QStringLiteral("/inner/relu"));
  }

  void saysWhatTheModelSaysOfAFunction() {
    Model model = *ui::test::nested_model();
    Function function = *model.functions.front();
    function.doc_string = "Makes it flat.";
    model.functions = {std::make_shared<const Function>(function)};
    ui::test::OpenDocument f(std::make_shared<const Model>(model));
    const Element call = Element::node(0);
    const Description description = describe(f.document, &call);
    QCOMPARE(description.documentation.front().text, QStringLiteral("Makes it flat."));
    QVERIFY(rowOf(description, "in"));  // inputs are called as the function calls them
  }

  void saysWhereInTheProgramANodeComesFrom() {
    ui::test::OpenDocument f(
        leakyModel({{"pkg.torch.onnx.stack_trace",
                     "File \"/home/me/net.py\", line 12, in forward\n    y = self.act(x)"}}));
    const Element element = Element::node(0);
    const Description description = describe(f.document, &element);
    const DescriptionRow* source = rowOf(description, "source");
    QVERIFY(source);
    QCOMPARE(source->value, QStringLiteral("net.py:12"));
    QCOMPARE(source->tip, QStringLiteral("/home/me/net.py:12 in forward\ny = self.act(x)"));
  }
};

QTEST_MAIN(DescriptionTest)
#include "description_test.moc"
