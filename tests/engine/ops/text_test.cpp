#include "tests/support/kernel_cases.h"

using namespace lapidary;
using namespace lapidary::test;

class TextTest : public QObject {
  Q_OBJECT

 private slots:
  void computes_data();
  void computes() { check_kernel_case(); }
};

namespace {

Tensor texts(std::vector<std::string> values) {
  const auto count = static_cast<std::int64_t>(values.size());
  return Tensor::of_strings({count}, std::move(values));
}

Node splitting(std::vector<std::pair<std::string, AttributeValue>> attributes) {
  return node("StringSplit", {"x"}, {"y", "n"}, std::move(attributes));
}

Node normalizing(std::string action, bool exact = false) {
  return node("StringNormalizer", {"x"}, {"y"},
              {{"case_change_action", std::move(action)},
               {"is_case_sensitive", std::int64_t{exact}},
               {"stopwords", std::vector<std::string>{"the"}}});
}

}  // namespace

void TextTest::computes_data() {
  kernel_columns();
  add_kernel_case("concat", node("StringConcat", {"a", "b"}, {"c"}), {texts({"a", "b"}), texts({"!"})},
                  {texts({"a!", "b!"})});
  add_refusal("concat numbers", node("StringConcat", {"a", "b"}, {"c"}), {counting({1}), texts({"!"})},
              "needs strings");

  add_kernel_case("words", splitting({}), {texts({"  a  bc ", ""})},
                  {Tensor::of_strings({2, 2}, {"a", "bc", "", ""}), ints({2, 0})});
  add_kernel_case("few words", splitting({{"maxsplit", std::int64_t{1}}}), {texts({" a  b c "})},
                  {Tensor::of_strings({1, 2}, {"a", "b c"}), ints({2})});
  add_kernel_case("pieces", splitting({{"delimiter", std::string(",")}}), {texts({"a,,b", ""})},
                  {Tensor::of_strings({2, 3}, {"a", "", "b", "", "", ""}), ints({3, 1})});
  add_kernel_case("few pieces", splitting({{"delimiter", std::string(", ")}, {"maxsplit", std::int64_t{1}}}),
                  {texts({"a, b, c"})}, {Tensor::of_strings({1, 2}, {"a", "b, c"}), ints({2})});
  add_kernel_case("no strings to split", splitting({}), {texts({})},
                  {Tensor::of_strings({0, 0}, {}), ints({})});

  const auto matching = [](std::string pattern) {
    return node("RegexFullMatch", {"x"}, {"y"}, {{"pattern", std::move(pattern)}});
  };
  add_kernel_case("whole matches only", matching("a+"), {texts({"aa", "aab", ""})},
                  {Tensor::of({3}, std::vector<bool>{true, false, false})});
  add_kernel_case("a long text", matching("(a|b)*"), {texts({std::string(200000, 'a')})},
                  {Tensor::of({1}, std::vector<bool>{true})});
  add_refusal("a broken pattern", matching("(a"), {texts({"a"})}, "cannot be read");

  add_kernel_case("lower case", normalizing("LOWER"), {texts({"THE", "Straße", "ÄÖ"})},
                  {texts({"straße", "äö"})});
  add_kernel_case("upper case, exact stopwords", normalizing("UPPER", true), {texts({"The", "the", "é"})},
                  {texts({"THE", "É"})});
  add_kernel_case("bytes that are no text", normalizing("LOWER"),
                  {texts({"\xff\xc3"
                          "A"})},
                  {texts({"\xff\xc3"
                          "a"})});
  add_kernel_case("nothing left", normalizing("NONE"), {Tensor::of_strings({1, 1}, {"the"})},
                  {Tensor::of_strings({1, 1}, {""})});
  add_refusal("a matrix", normalizing("NONE"), {Tensor::of_strings({2, 1}, {"a", "b"})},
              "StringNormalizer takes");
}

QTEST_GUILESS_MAIN(TextTest)
#include "text_test.moc"
