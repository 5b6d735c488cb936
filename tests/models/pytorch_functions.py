"""Functions of torch and torch.nn.functional, as a module's forward calls them."""
import torch
import torch.nn.functional as F

from pytorch_cases import ALL, Case, Function, booleans, integers, positive, probabilities, spread

SHAPE = (3, 4, 5)
SINCE_10, SINCE_11, SINCE_12, SINCE_13 = (range(first, 18) for first in (10, 11, 12, 13))
SUMMING_SCATTER = range(16, 18)  # before, the exporter loses all but one of those that meet in one place


def case(name, function, *inputs, **options):
    return Case(name, lambda: Function(function), *inputs, **options)


def scripted(name, function, *inputs, **options):
    """What only TorchScript keeps: branches and loops."""
    return Case(name, lambda: torch.jit.script(function), *inputs, **options)


def unary(opsets, recipe, **functions):
    return [case(name, function, recipe, opsets=opsets) for name, function in functions.items()]


def binary(opsets, first, second, **functions):
    return [case(name, function, first, second, opsets=opsets) for name, function in functions.items()]


ELEMENT_WISE = (
    unary(ALL, SHAPE, sin=torch.sin, cos=torch.cos, atan=torch.atan, exp=torch.exp, erf=torch.erf,
          neg=torch.neg, abs=torch.abs, sign=torch.sign,
          floor=torch.floor, ceil=torch.ceil, square=torch.square,
          reciprocal=torch.reciprocal, isnan=torch.isnan)
    + unary(SINCE_11, SHAPE, round=torch.round)
    + unary(ALL, lambda: positive(*SHAPE), log=torch.log, log1p=torch.log1p, log2=torch.log2, log10=torch.log10,
            sqrt=torch.sqrt, rsqrt=torch.rsqrt)
    + unary(ALL, lambda: probabilities(*SHAPE), asin=torch.asin, acos=torch.acos, tan=torch.tan)
    + binary(ALL, SHAPE, (4, 1), add=torch.add, sub=lambda a, b: torch.sub(a, b, alpha=2), mul=torch.mul, div=torch.div,
             maximum=torch.maximum, minimum=torch.minimum, less=torch.lt, greater=torch.gt, rsub=torch.rsub,
             lerp=lambda a, b: torch.lerp(a, b, 0.3))
    + binary(ALL, SHAPE, (4, 1), less_or_equal=torch.le, greater_or_equal=torch.ge)
    + binary(SINCE_10, SHAPE, lambda: positive(4, 1), fmod=torch.fmod)
    + binary(ALL, SHAPE, lambda: positive(4, 1), div_truncated=lambda a, b: torch.div(a, b, rounding_mode="trunc"),
             true_divide=torch.true_divide, remainder=torch.remainder)
    + binary(ALL, SHAPE, SHAPE, hypot=lambda a, b: torch.sqrt(a * a + b * b))
    + binary(ALL, lambda: positive(*SHAPE), (4, 1), power=torch.pow)
    + binary(ALL, lambda: integers(5, 3, 4, low=-4), lambda: integers(5, 4, low=1), integer_remainder=torch.remainder,
             integer_division=torch.div, integer_floor_divide=lambda a, b: torch.div(a, b, rounding_mode="floor"))
    + binary(ALL, lambda: booleans(3, 4), lambda: booleans(4), logical_and=torch.logical_and,
             logical_or=torch.logical_or, logical_xor=torch.logical_xor)
    + binary(ALL, lambda: integers(5, 3, 4), lambda: integers(5, 4), equal=torch.eq, not_equal=torch.ne)
    + [
        case("bitwise_not", torch.bitwise_not, lambda: booleans(3, 4)),
        case("bit_shift", lambda x, s: (x << s, x >> s), lambda: integers(99, 3, 4), lambda: integers(4, 4)),
        case("power_of_numbers", lambda x: (x ** 2, x ** -1, 2 ** x, x ** 0.5), lambda: positive(3, 4)),
        case("clamp", lambda x: (x.clamp(-0.5, 0.7), x.clamp(min=0.1), x.clamp(max=0.2)), SHAPE),
        case("clamp_tensors", lambda x, low, high: torch.clamp(x, low, high), SHAPE, lambda: -positive(4, 1),
             lambda: positive(5)),
        case("where", lambda c, a, b: torch.where(c, a, b), lambda: booleans(3, 1, 5), SHAPE, (4, 1)),
        case("masked_fill", lambda x, m: x.masked_fill(m, -1e9), SHAPE, lambda: booleans(4, 5)),
        case("addcmul", lambda a, b, c: torch.addcmul(a, b, c, value=0.5), SHAPE, SHAPE, (5,)),
        case("nan_to_num", lambda x: torch.nan_to_num(x, 1.0, 2.0, -2.0),
             torch.tensor([1.0, float("nan"), float("inf"), -float("inf")]), opsets=SINCE_10),
        case("is_infinite", lambda x: (torch.isinf(x), torch.isfinite(x)),
             torch.tensor([1.0, float("nan"), float("inf"), -float("inf")]), opsets=SINCE_10),
        case("casts", lambda x: (x.int(), x.double(), x.bool(), x.long().float(), x.half().float()), SHAPE),
        case("promotion", lambda x, i: (x + i, i * 2.5, i / 2, x > i), (3, 4), lambda: integers(5, 4)),
        case("activations", lambda x: (F.hardtanh(x, -0.3, 0.4), F.softplus(x, 2), F.elu(x, 0.3), F.logsigmoid(x),
                                       F.leaky_relu(x), F.silu(x), F.gelu(x)), SHAPE),
    ])

REDUCTIONS = (
    unary(ALL, SHAPE, sum=lambda x: (x.sum(), x.sum(1), x.sum((0, 2), keepdim=True)),
          mean=lambda x: (x.mean(), x.mean(-1), x.mean((0, 1), keepdim=True)),
          prod=lambda x: (x.prod(), x.prod(1, keepdim=True)), logsumexp=lambda x: torch.logsumexp(x, (0, 2)),
          std=lambda x: (x.std(), x.std(1), x.std((0, 2), unbiased=False, keepdim=True)),
          var=lambda x: (x.var(), x.var(1), x.var((0, 2), unbiased=False)),
          std_mean=lambda x: torch.std_mean(x, 1), var_mean=lambda x: torch.var_mean(x, (0, 1), unbiased=True),
          normalize=lambda x: (F.normalize(x), F.normalize(x, p=1, dim=2)),
          amax=lambda x: (torch.amax(x, (0, 1)), torch.amin(x, 2, keepdim=True)),
          max=lambda x: (x.max(), *x.max(1)), min=lambda x: (x.min(), *x.min(-1, keepdim=True)),
          argmax=lambda x: (x.argmax(1), x.argmin(0, keepdim=True), x.argmax()),
          frobenius=lambda x: torch.norm(x, "fro", (0, 1)))
    + unary(SINCE_11, SHAPE, cumsum=lambda x: torch.cumsum(x, 1))
    + unary(SINCE_13, SHAPE, norm=lambda x: (x.norm(), x.norm(1, dim=1), x.norm(2, dim=(0, 2), keepdim=True)))
    + [
        case("any_all", lambda m: (m.any(1), m.all(1)), lambda: booleans(3, 4)),
        case("any_all_of_all", lambda m: (m.any(), m.all()), lambda: booleans(3, 4)),
        case("count", lambda x: (x > 0).sum(1), SHAPE),
        case("integer_mean", lambda x: x.float().mean(0), lambda: integers(9, 3, 4)),
        case("linalg_norm", lambda x: (torch.linalg.norm(x, dim=1), torch.linalg.vector_norm(x, 3.0, dim=2)), SHAPE),
    ])

INDEXING = [
    case("topk", lambda x: x.topk(3, 1), lambda: spread(3, 6, 4)),
    case("topk_smallest", lambda x: x.topk(2, 2, largest=False), lambda: spread(3, 6, 4), opsets=SINCE_11),
    case("sort", lambda x: x.sort(1), lambda: spread(3, 6, 4), opsets=SINCE_11),
    case("sort_descending", lambda x: torch.sort(x, -1, descending=True), lambda: spread(3, 6, 4)),
    case("argsort", lambda x: x.argsort(0, descending=True), lambda: spread(5, 4), opsets=SINCE_11),
    case("gather", lambda x, i: x.gather(1, i), SHAPE, lambda: integers(4, 3, 2, 5)),
    case("index_select", lambda x, i: x.index_select(2, i), SHAPE, lambda: integers(5, 7)),
    case("take_rows", lambda x, i: x[i], SHAPE, lambda: integers(3, 2, 6)),
    case("take_pairs", lambda x, i, j: x[i, j], SHAPE, lambda: integers(3, 6), lambda: integers(4, 6)),
    case("take_apart", lambda x, i, j: x[i, :, j], SHAPE, lambda: integers(3, 6), lambda: integers(5, 6)),
    case("take_ellipsis", lambda x, i: x[..., i, None], SHAPE, lambda: integers(5, 6)),
    case("take_mask", lambda x, m: x[m], SHAPE, lambda: booleans(*SHAPE), opsets=SINCE_11),
    case("masked_select", torch.masked_select, SHAPE, lambda: booleans(4, 5), opsets=SINCE_11),
    case("nonzero", lambda m: m.nonzero(), lambda: booleans(3, 4)),
    case("scatter", lambda x, i, u: x.scatter(1, i, u), SHAPE, torch.stack([torch.randperm(4)[:2] for _ in range(15)])
         .reshape(3, 5, 2).transpose(1, 2).contiguous(), (3, 2, 5)),
    case("scatter_number", lambda x, i: x.scatter(1, i, 2.5), SHAPE, lambda: integers(4, 3, 2, 5)),
    case("scatter_add", lambda x, i, u: x.scatter_add(1, i, u), SHAPE, lambda: integers(4, 3, 2, 5), (3, 2, 5), opsets=SUMMING_SCATTER),
    case("index_put", lambda x, i, u: x.index_put((i,), u), SHAPE, torch.tensor([2, 0]), (2, 4, 5), opsets=SINCE_11),
    case("index_put_added", lambda x, i, u: x.index_put((i,), u, accumulate=True), SHAPE, torch.tensor([2, 0, 1]),
         (3, 4, 5), opsets=SINCE_11),
    case("index_add", lambda x, i, u: x.index_add(0, i, u), SHAPE, torch.tensor([2, 0]), (2, 4, 5)),
    case("index_fill", lambda x, i: x.index_fill(1, i, 0.5), SHAPE, torch.tensor([2, 0])),
    case("index_copy", lambda x, i, u: x.index_copy(1, i, u), SHAPE, torch.tensor([2, 0]), (3, 2, 5)),
    case("masked_scatter", lambda x, m, u: x.masked_scatter(m, u), SHAPE, lambda: booleans(*SHAPE), (60,),
         opsets=SINCE_11),
    case("one_hot", lambda i: F.one_hot(i, 6), lambda: integers(6, 3, 4)),
    case("unique", lambda x: torch.unique(x, return_inverse=True, return_counts=True), lambda: integers(5, 20),
         opsets=SINCE_11),
    case("bucketize", lambda x: torch.bucketize(x, torch.tensor([-1.0, 0.0, 0.5])), (3, 4)),
    case("take_along_argmax", lambda x: x.gather(1, x.argmax(1, keepdim=True)), SHAPE),
]

SHAPES = [
    case("cat", lambda a, b: torch.cat([a, b, a], 1), SHAPE, (3, 2, 5)),
    case("stack", lambda a, b: torch.stack([a, b], -1), SHAPE, SHAPE),
    case("split", lambda x: x.split(2, 2), SHAPE),
    case("split_sizes", lambda x: x.split([1, 3], 1), SHAPE),
    case("chunk", lambda x: x.chunk(3, 2), SHAPE),
    case("unbind", lambda x: x.unbind(1), SHAPE),
    case("tile", lambda x: x.repeat(2, 1, 1, 3), SHAPE),
    case("repeat_interleave", lambda x: x.repeat_interleave(2, 1), SHAPE),
    case("expand", lambda x: (x.expand(3, 4, 5), x.expand_as(torch.zeros(2, 3, 4, 5))), (3, 1, 5)),
    case("permute", lambda x: (x.permute(2, 0, 1), x.transpose(0, 2), x.movedim(0, 1)), SHAPE),
    case("squeeze", lambda x: (x.squeeze(), x.squeeze(1), x.unsqueeze(-1)), (3, 1, 5, 1)),
    case("reshape", lambda x: x.view(x.size(0), -1).reshape(-1, 2, 5), (4, 2, 5), dynamic=[{0: "N"}], again=[(6, 2, 5)]),
    case("flatten_open", lambda x: x.flatten(1) + x.shape[1], SHAPE, dynamic=[{0: "A", 1: "B"}], again=[(2, 6, 5)]),
    case("slices", lambda x: (x[1:], x[:, ::2], x[..., -3:-1], x[:, 1], x.narrow(2, 1, 3)), SHAPE, opsets=SINCE_10),
    case("slices_open", lambda x: x[:, : x.shape[1] // 2] * x[:, x.shape[1] // 2 :], (2, 6, 3),
         dynamic=[{0: "N", 1: "C"}], again=[(3, 10, 3)], opsets=SINCE_10),
    case("roll", lambda x: torch.roll(x, (1, -2), (0, 2)), SHAPE),
    case("flip", lambda x: x.flip((0, 2)), SHAPE, opsets=SINCE_10),
    case("pads", lambda x: (F.pad(x, (1, 2)), F.pad(x, (1, 0, 2, 1), value=3.0)), SHAPE),
    case("pad_open", lambda x: F.pad(x, (0, 8 - x.shape[2])), SHAPE, dynamic=[{2: "T"}], again=[(3, 4, 7)],
         opsets=SINCE_11),
    case("triangles", lambda x: (x.triu(1), x.tril(-1), x.tril()), (2, 5, 5), opsets=range(14, 18)),
    case("filled", lambda x: (torch.zeros_like(x), torch.full_like(x, 2.5), x.new_ones(x.shape[0], 2)), SHAPE,
         dynamic=[{0: "N"}], again=[(6, 4, 5)]),
    case("ranges", lambda x: (torch.arange(x.shape[1]), torch.arange(2, 12, 3), torch.arange(x.shape[0]).float() * 0.5),
         SHAPE, dynamic=[{0: "N", 1: "T"}], again=[(2, 7, 5)]),
    case("eye", lambda x: torch.eye(4) * x, (4, 4)),
    case("linspace", lambda x: x * torch.linspace(0, 1, 5), SHAPE),
    case("meshgrid", lambda a, b: torch.meshgrid(a, b, indexing="ij"), (3,), (4,)),
    case("pixel_shuffle_function", lambda x: F.pixel_shuffle(x, 2), (1, 8, 3, 4)),
    case("as_strided", lambda x: torch.as_strided(x, (3, 3), (4, 1), 2), (20,)),
    case("unfold_windows", lambda x: x.unfold(1, 3, 2), (2, 9)),
    case("diagonal", lambda x: torch.diagonal(x, 1, 0, 1), (4, 5), opsets=SINCE_13),
    case("window", lambda x: x * torch.hann_window(8), (2, 8)),
]

ALGEBRA = [
    case("matmul", torch.matmul, (2, 1, 3, 4), (5, 4, 6)),
    case("matmul_vectors", lambda a, m: (a @ m, m.t() @ a, a @ a), (4,), (4, 3)),
    case("bmm", torch.bmm, (2, 3, 4), (2, 4, 5)),
    case("addmm", lambda c, a, b: torch.addmm(c, a, b, beta=0.5, alpha=2), (5,), (3, 4), (4, 5)),
    case("baddbmm", lambda c, a, b: torch.baddbmm(c, a, b, beta=0.5, alpha=2), (2, 3, 5), (2, 3, 4), (2, 4, 5)),
    case("mv", torch.mv, (3, 4), (4,)),
    case("outer", torch.outer, (3,), (4,), opsets=SINCE_12),
    case("dot", torch.dot, (5,), (5,)),
    case("tensordot", lambda a, b: torch.tensordot(a, b, dims=([1, 2], [0, 1])), (3, 4, 5), (4, 5, 2), opsets=SINCE_12),
    case("einsum_batch", lambda a, b: torch.einsum("bhid,bhjd->bhij", a, b), (2, 3, 4, 5), (2, 3, 6, 5), opsets=SINCE_12),
    case("einsum_sums", lambda a, b: (torch.einsum("ij,kj->ik", a, b), torch.einsum("ij->j", a),
                                      torch.einsum("...j,kj->...k", a, b)), (3, 4), (5, 4), opsets=SINCE_12),
    case("einsum_trace", lambda a: torch.einsum("ii->i", a), (4, 4), opsets=SINCE_12),
    case("cross", lambda a, b: torch.cross(a, b, dim=1), (4, 3), (4, 3)),
    case("cdist", lambda a, b: torch.cdist(a, b), (2, 4, 3), (2, 5, 3)),
    case("determinant", torch.det, (2, 3, 3), opsets=SINCE_11),
    case("attention", lambda q, k, v: torch.softmax(q @ k.transpose(-1, -2) / 2.0, -1) @ v, (2, 3, 4, 4), (2, 3, 6, 4),
         (2, 3, 6, 5), dynamic=[{0: "N", 2: "Q"}, {0: "N", 2: "K"}, {0: "N", 2: "K"}],
         again=[(1, 3, 5, 4), (1, 3, 2, 4), (1, 3, 2, 5)]),
    case("conv_function", lambda x, w: F.conv2d(x, w, padding=1), (2, 3, 5, 6), (4, 3, 3, 3)),
]

IMAGES = [
    case("interpolate_like", lambda x, y: F.interpolate(x, size=y.shape[2:], mode="nearest"), (1, 2, 4, 5),
         (1, 2, 7, 9), dynamic=[{2: "H", 3: "W"}, {2: "H2", 3: "W2"}], again=[(1, 2, 3, 3), (1, 2, 8, 5)], opsets=ALL),
    case("interpolate_area", lambda x: F.interpolate(x, size=(2, 3), mode="area"), (1, 2, 4, 6)),
    case("interpolate_recomputed", lambda x: F.interpolate(x, scale_factor=1.7, mode="bilinear",
                                                           recompute_scale_factor=True), (1, 2, 4, 5), opsets=SINCE_11),
] + [
    case("grid_sample_%s_%s%s" % (mode, padding, "_corners" if corners else ""),
         lambda x, g, mode=mode, padding=padding, corners=corners: F.grid_sample(x, g, mode, padding, corners),
         (2, 3, 5, 6), lambda: torch.rand(2, 4, 7, 2) * 2.6 - 1.3, opsets=range(16, 18))
    for mode in ("bilinear", "nearest", "bicubic") for padding in ("zeros", "border", "reflection")
    for corners in (False, True)
]

QUANTIZED = [
    case("fake_quantize", lambda x: torch.fake_quantize_per_tensor_affine(x, 0.05, 3, -128, 127), SHAPE, opsets=SINCE_10),
    case("fake_quantize_unsigned", lambda x: torch.fake_quantize_per_tensor_affine(x, 0.05, 100, 0, 255), SHAPE,
         opsets=SINCE_10),
    case("fake_quantize_7_bits", lambda x: torch.fake_quantize_per_tensor_affine(x, 0.1, 0, 0, 127), SHAPE, opsets=SINCE_13),
    case("fake_quantize_channels", lambda x: torch.fake_quantize_per_channel_affine(
        x, torch.tensor([0.05, 0.1, 0.02, 0.07]), torch.zeros(4, dtype=torch.int32), 1, -128, 127), SHAPE,
         opsets=SINCE_13),
]


def repeat_while_small(x: torch.Tensor, times: torch.Tensor):
    total = x
    for i in range(int(times)):
        total = total * 2 + i
    return total


def branch_on_sum(x: torch.Tensor):
    if bool(x.sum() > 0):
        y = x * 2
    else:
        y = x - 1
    return y


def double_until_large(x: torch.Tensor):
    steps = 0
    while bool(x.abs().max() < 100):
        x = x * 2
        steps += 1
    return x, torch.tensor(steps)


def running_maxima(x: torch.Tensor):
    found = []
    best = x[0]
    for i in range(x.size(0)):
        best = torch.max(best, x[i])
        found.append(best)
    return torch.stack(found)


SCRIPTED = [
    scripted("script_loop", repeat_while_small, (3, 4), torch.tensor(3)),
    scripted("script_branch", branch_on_sum, (3, 4), dynamic=[{0: "N"}], again=[lambda: -positive(2, 4)]),
    scripted("script_while", double_until_large, (3, 4)),
    scripted("script_list", running_maxima, (5, 4), dynamic=[{0: "N"}], again=[(3, 4)], opsets=SINCE_11),
]

CASES = ELEMENT_WISE + REDUCTIONS + INDEXING + SHAPES + ALGEBRA + IMAGES + QUANTIZED + SCRIPTED
