#include "engine/analysis/source_line.h"

#include <QTest>

using namespace lapidary;

class SourceLineTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void findsTheLineThatMadeTheNode_data() {
    QTest::addColumn<QString>("trace");
    QTest::addColumn<QString>("found");
    QTest::newRow("one line") << "File \"/home/a/model.py\", line 12, in forward\n    return self.fc(x)"
                              << "/home/a/model.py:12 forward: return self.fc(x)";
    QTest::newRow("the innermost") << "Traceback (most recent call last):\n"
                                      "  File \"net.py\", line 3, in forward\n    y = self.block(x)\n"
                                      "  File \"block.py\", line 40, in forward\n    return x + 1\n"
                                   << "block.py:40 forward: return x + 1";
    QTest::newRow("not inside PyTorch")
        << "File \"net.py\", line 3, in forward\n  y = self.fc(x)\n"
           "File \"/usr/lib/python3/dist-packages/torch/nn/modules/linear.py\", line 114, in forward\n"
           "  return F.linear(input, self.weight, self.bias)"
        << "net.py:3 forward: y = self.fc(x)";
    QTest::newRow("only inside PyTorch") << "File \"/x/site-packages/torch/a.py\", line 1, in f\n  a\n"
                                            "File \"/x/site-packages/torch/b.py\", line 2, in g\n  b"
                                         << "/x/site-packages/torch/b.py:2 g: b";
    QTest::newRow("a name with blanks and quotes")
        << "File \"my \"own\", line 9, in it.py\", line 8, in <module>"
        << "my \"own\", line 9, in it.py:8 <module>: ";
    QTest::newRow("no line number") << "File \"net.py\", line x, in forward"
                                    << "";
    QTest::newRow("no traceback") << "none"
                                  << "";
  }
  void findsTheLineThatMadeTheNode() {
    QFETCH(QString, trace);
    QFETCH(QString, found);
    Node node;
    node.metadata = {{"namespace", ": Model"}, {"pkg.torch.onnx.stack_trace", trace.toStdString()}};
    QString text;
    if (const auto place = source_line(node))
      text = QStringLiteral("%1:%2 %3: %4")
                 .arg(QString::fromStdString(place->file))
                 .arg(place->line)
                 .arg(QString::fromStdString(place->function), QString::fromStdString(place->code));
    QCOMPARE(text, found);
  }

  void saysNothingOfOtherExporters() {
    Node node;
    node.metadata = {{"namespace", ": Model"}};
    QVERIFY(!source_line(node));
  }
};

QTEST_GUILESS_MAIN(SourceLineTest)
#include "source_line_test.moc"
