#include <algorithm>
#include <map>

#include "engine/ops/families.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

/// The n-grams of a pool as a tree: each branch is one more item.
template <class Item>
struct NGramTree {
  struct Node {
    std::map<Item, std::size_t> next;
    std::int64_t n_gram = -1;  ///< which n-gram of the pool ends here
  };
  std::vector<Node> nodes = std::vector<Node>(1);

  void add(const Item* items, std::int64_t length, std::int64_t n_gram) {
    std::size_t at = 0;
    for (std::int64_t i = 0; i < length; ++i) {
      const auto [found, is_new] = nodes[at].next.try_emplace(items[i], nodes.size());
      at = found->second;
      if (is_new) nodes.emplace_back();
    }
    nodes[at].n_gram = n_gram;
  }
};

struct NGramSettings {
  std::int64_t shortest, longest, most_skips;
  std::vector<std::int64_t> begins;   ///< where the n-grams of length 1, 2, … begin in the pool
  std::vector<std::int64_t> columns;  ///< of the output, by n-gram
  std::vector<float> weights;         ///< by column; empty for all 1
  bool counts;                        ///< how often, not only whether
  std::int64_t width;                 ///< of the output
};

NGramSettings read_settings(const KernelContext& context) {
  const std::string mode = context.text("mode", "TF");
  if (mode != "TF" && mode != "IDF" && mode != "TFIDF") throw Error("there is no mode '" + mode + "'");
  NGramSettings s{context.integer("min_gram_length", 1),
                  context.integer("max_gram_length", 1),
                  context.integer("max_skip_count", 0),
                  context.integers("ngram_counts"),
                  context.integers("ngram_indexes"),
                  {},
                  mode != "IDF",
                  0};
  if (mode != "TF") s.weights = context.attribute("weights", std::vector<float>{});
  if (s.shortest < 1 || s.longest < s.shortest || s.most_skips < 0)
    throw Error(
        "min_gram_length must be at least 1, max_gram_length not below it, and max_skip_count at least 0");
  if (s.columns.empty()) throw Error("ngram_indexes is empty");
  const auto [least, greatest] = std::minmax_element(s.columns.begin(), s.columns.end());
  if (*least < 0) throw Error("ngram_indexes has a negative number");
  if (*greatest == INT64_MAX) throw Error("ngram_indexes has a number that is too large");
  s.width = *greatest + 1;
  if (!s.weights.empty() && static_cast<std::int64_t>(s.weights.size()) < s.width)
    throw Error(std::to_string(s.weights.size()) + " weights are too few for " + std::to_string(s.width) +
                " columns");
  return s;
}

template <class Item>
NGramTree<Item> make_tree(const NGramSettings& s, const std::vector<Item>& pool) {
  NGramTree<Item> tree;
  const auto total = static_cast<std::int64_t>(pool.size());
  std::int64_t n_gram = 0;
  for (std::size_t i = 0; i < s.begins.size(); ++i) {
    const std::int64_t length = static_cast<std::int64_t>(i) + 1;
    const std::int64_t begin = s.begins[i], end = i + 1 < s.begins.size() ? s.begins[i + 1] : total;
    if (begin < 0 || end < begin || end > total) throw Error("ngram_counts does not rise within the pool");
    for (std::int64_t at = begin; at + length <= end; at += length, ++n_gram) {
      if (length < s.shortest || length > s.longest) continue;
      if (n_gram >= static_cast<std::int64_t>(s.columns.size()))
        throw Error("the pool has more n-grams than ngram_indexes");
      tree.add(pool.data() + at, length, n_gram);
    }
  }
  return tree;
}

/// Adds to `counts` the n-grams of `row` whose items lie `distance` apart and that have at least `shortest`
/// items.
template <class Item>
void count_n_grams(const NGramSettings& s, const NGramTree<Item>& tree, std::span<const Item> row,
                   std::int64_t distance, std::int64_t shortest, float* counts) {
  const auto size = static_cast<std::int64_t>(row.size());
  for (std::int64_t begin = 0; begin < size; ++begin) {
    std::size_t at = 0;
    for (std::int64_t length = 1, i = begin; length <= s.longest && i < size; ++length, i += distance) {
      const auto found = tree.nodes[at].next.find(row[i]);
      if (found == tree.nodes[at].next.end()) break;
      at = found->second;
      const std::int64_t n_gram = tree.nodes[at].n_gram;
      if (length >= shortest && n_gram >= 0) counts[s.columns[n_gram]] += 1;
    }
  }
}

template <class Item>
void vectorize(KernelContext& context, const NGramSettings& s, std::span<const Item> items, Tensor& output,
               const std::vector<Item>& pool) {
  const auto tree = make_tree(s, pool);
  float* const counts = output.mutable_data<float>();
  std::fill_n(counts, output.size(), 0.0f);
  const std::int64_t rows = output.rank() == 2 ? output.dims()[0] : 1;
  const std::int64_t size = rows == 0 ? 0 : static_cast<std::int64_t>(items.size()) / rows;
  for (std::int64_t row = 0; row < rows; ++row) {
    context.cancel.check();
    // Items further apart than the row is long make no n-gram.
    for (std::int64_t skip = 0; skip <= std::min(s.most_skips, size); ++skip) {
      // Single items are the same whatever is skipped between them: counted once.
      const std::int64_t shortest = skip == 0 ? s.shortest : std::max<std::int64_t>(s.shortest, 2);
      count_n_grams(s, tree,
                    items.subspan(static_cast<std::size_t>(row * size), static_cast<std::size_t>(size)),
                    skip + 1, shortest, counts + row * s.width);
    }
    for (std::int64_t column = 0; column < s.width; ++column) {
      float& count = counts[row * s.width + column];
      if (!s.counts) count = count > 0 ? 1.0f : 0.0f;
      if (!s.weights.empty()) count *= s.weights[column];
    }
  }
}

void tf_idf_vectorizer(KernelContext& context) {
  const NGramSettings s = read_settings(context);
  const Tensor& input = context.input(0);
  if (input.rank() > 2) throw Error("TfIdfVectorizer takes [C] or [N, C], not " + to_string(input.dims()));
  const Dims dims = input.rank() == 2 ? Dims{input.dims()[0], s.width} : Dims{s.width};
  Tensor& output = context.output(0, DataType::Float32, dims);
  const auto texts = context.attribute("pool_strings", std::vector<std::string>{});
  const auto numbers = context.integers("pool_int64s");
  if (texts.empty() == numbers.empty())
    throw Error("exactly one of pool_strings and pool_int64s must be given");
  if (input.is_string() != numbers.empty()) throw Error("the pool holds other items than the input");
  if (input.is_string())
    vectorize<std::string>(context, s, input.strings(), output, texts);
  else
    vectorize<std::int64_t>(context, s, values_as<std::int64_t>(input), output, numbers);
}

void infer_tf_idf_vectorizer(InferenceContext& context) {
  const auto columns = context.integers("ngram_indexes");
  const Dimension width = columns.empty() ? Dimension::unknown()
                                          : Dimension(*std::max_element(columns.begin(), columns.end())) + 1;
  const auto& shape = context.input_shape(0);
  if (!shape) return context.set_output(0, DataType::Float32, std::nullopt);
  if (shape->size() > 2) context.report("TfIdfVectorizer takes [C] or [N, C], not " + to_string(*shape));
  context.set_output(0, DataType::Float32, shape->size() == 2 ? Shape{(*shape)[0], width} : Shape{width});
}

/// Counting adds 1 at most once for each item, length and skip; weights multiply once a column.
std::optional<Cost> tf_idf_cost(const CostContext& context) {
  const auto dims = context.input_dims(0);
  const auto columns = context.output_elements();
  if (!dims || !columns) return std::nullopt;
  const auto number = [&](const char* name, std::int64_t otherwise) {
    return static_cast<double>(context.node.attribute_or(name, otherwise));
  };
  const double lengths = number("max_gram_length", 1) - number("min_gram_length", 1) + 1;
  return Cost{
      0, static_cast<double>(element_count(*dims)) * lengths * (number("max_skip_count", 0) + 1) + *columns};
}

}  // namespace

void register_n_grams(OperatorTable& table) {
  table.add(
      Operator("TfIdfVectorizer", 9, OperatorKind::Other)
          .summary("Counts the n-grams of a text that are in a pool, and weights the counts.")
          .required_attribute("max_gram_length", AttributeType::Int, "Items of the longest n-grams to count.")
          .required_attribute("max_skip_count", AttributeType::Int,
                              "Most items skipped between two of an n-gram; all counts from 0 are tried.")
          .required_attribute("min_gram_length", AttributeType::Int,
                              "Items of the shortest n-grams to count.")
          .required_attribute(
              "mode", AttributeType::String,
              "TF counts; IDF gives the weight of what occurs at all; TFIDF weights the counts.")
          .required_attribute("ngram_counts", AttributeType::Ints,
                              "Where in the pool the n-grams of one item begin, of two items, and so on.")
          .required_attribute("ngram_indexes", AttributeType::Ints,
                              "For each n-gram of the pool its column in the output.")
          .optional_attribute("pool_int64s", AttributeType::Ints,
                              "The n-grams one after the other, of numbers.")
          .optional_attribute("pool_strings", AttributeType::Strings,
                              "The n-grams one after the other, of strings.")
          .optional_attribute("weights", AttributeType::Floats, "Weight of each column; 1 if left out.")
          .input("X", "T", "Items [C], or [N, C] for several texts.")
          .output("Y", "T1", "Counts or weights [columns], or [N, columns].")
          .constraint("T", types::tensors({"string", "int32", "int64"}))
          .constraint("T1", types::tensors({"float"}))
          .infer(infer_tf_idf_vectorizer)
          .kernel(tf_idf_vectorizer)
          .cost(tf_idf_cost)
          .example("X = int64[6]{1, 2, 1, 3, 1, 2}; mode = \"TF\"; min_gram_length = 1; max_gram_length = 2; "
                   "max_skip_count = 0; ngram_counts = [0, 2]; ngram_indexes = [0, 1, 2]; "
                   "pool_int64s = [1, 2, 1, 2]"));
}

}  // namespace lapidary
