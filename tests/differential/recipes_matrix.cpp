#include "tests/differential/call.h"

namespace lapidary::differential {
namespace {

/// Sizes of a right operand for a product with sizes `a`, and batches that broadcast.
Dims right_operand(Call& call, const Dims& a) {
  const std::int64_t inner = a.back();
  if (call.random.chance(0.15)) return {inner};
  Dims b = call.random.chance(0.5) && a.size() > 2 ? broadcastable(call.random, Dims(a.begin(), a.end() - 2))
                                                   : Dims{};
  b.push_back(inner);
  b.push_back(call.random.chance(0.1) ? call.random.between(1, 40) : call.random.between(1, 6));
  return b;
}

void mat_mul(Call& call) {
  const Tensor a = call.any(1, 4);
  call.sized(right_operand(call, a.dims()));
}

void mat_mul_integer(Call& call) {
  const Tensor a = call.any(2, 3);
  call.sized(right_operand(call, a.dims()));
  call.optional({});
  if (call.node.inputs.size() == 3) call.optional({});
}

void gemm(Call& call) {
  const bool turned_a = call.random.chance(0.3), turned_b = call.random.chance(0.3);
  const Tensor a = call.any(2, 2);
  const std::int64_t rows = a.dims()[turned_a ? 1 : 0], inner = a.dims()[turned_a ? 0 : 1];
  const std::int64_t columns = call.random.between(1, 6);
  call.sized(turned_b ? Dims{columns, inner} : Dims{inner, columns});
  Dims bias = {rows, columns};
  const bool broadcasts = call.version() >= 7 || call.random.chance(0.5);
  if (call.version() < 7) call.set("broadcast", std::int64_t{broadcasts ? 1 : 0});
  if (broadcasts) {
    if (call.random.chance(0.4)) bias[0] = 1;
    if (call.random.chance(0.2)) bias[1] = 1;
    if (bias[0] == 1 && call.random.chance(0.6)) bias.erase(bias.begin());
  }
  if (call.version() < 11 || call.random.chance(0.7)) call.sized(bias);
  if (turned_a) call.set("transA", std::int64_t{1});
  if (turned_b) call.set("transB", std::int64_t{1});
  const bool integer = is_integer(a.type());
  if (integer) return;  // factors that are no integers have no meaning there
  call.number("alpha", -2, 2);
  call.number("beta", -2, 2);
}

void einsum(Call& call) {
  struct Equation {
    const char* text;
    std::vector<Dims> operands;
  };
  const auto s = [&] { return call.random.between(1, 5); };
  const std::int64_t b = s(), i = s(), j = s(), k = s();
  const std::vector<Equation> equations = {{"ij,jk->ik", {{i, j}, {j, k}}},
                                           {"bij,bjk->bik", {{b, i, j}, {b, j, k}}},
                                           {"bhij,bhkj->bhik", {{b, 2, i, j}, {b, 2, k, j}}},
                                           {"ij->ji", {{i, j}}},
                                           {"ij->i", {{i, j}}},
                                           {"ii->i", {{i, i}}},
                                           {"ii", {{i, i}}},
                                           {"i,j->ij", {{i}, {j}}},
                                           {"i,i", {{i}, {i}}},
                                           {"...ij,...jk->...ik", {{b, i, j}, {b, j, k}}},
                                           {"ij,j", {{i, j}, {j}}},
                                           {"ij,jk,kb->ib", {{i, j}, {j, k}, {k, b}}},
                                           {"bij, ij -> b", {{b, i, j}, {i, j}}}};
  const Equation equation = call.random.pick(equations);
  for (const auto& dims : equation.operands) call.sized(dims);
  call.set("equation", std::string(equation.text));
}

void determinant(Call& call) {
  const std::int64_t size = call.random.between(1, 4);
  // Where rows of very different lengths cancel, the order of elimination decides.
  call.sized(call.random.chance(0.5) ? Dims{size, size} : Dims{call.random.between(1, 3), size, size},
             Fill::Ordinary);
}

}  // namespace

RecipeList matrix_recipes() {
  return {{"MatMul", mat_mul},
          {"MatMulInteger", mat_mul_integer},
          {"Gemm", gemm},
          {"Einsum", einsum},
          {"Det", determinant}};
}

}  // namespace lapidary::differential
