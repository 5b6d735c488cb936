"""Layers of torch.nn."""
import torch
from torch import nn

from pytorch_cases import ALL, Case, integers, positive, probabilities, spread

BATCH = {0: "N"}


class Attended(nn.Module):
    def __init__(self, masked=False):
        super().__init__()
        self.attention = nn.MultiheadAttention(16, 4, dropout=0.0)
        self.masked = masked

    def forward(self, query, key):
        mask = torch.triu(torch.full((6, 6), float("-inf")), 1) if self.masked else None
        return self.attention(query, key, key, attn_mask=mask)


class Packed(nn.Module):
    """Sequences of several lengths in one batch."""

    def __init__(self, kind):
        super().__init__()
        self.layer = kind(5, 4, bidirectional=True)

    def forward(self, sequence, lengths):
        packed = nn.utils.rnn.pack_padded_sequence(sequence, lengths)
        return nn.utils.rnn.pad_packed_sequence(self.layer(packed)[0])[0]


class StatefulLstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.LSTM(5, 4, batch_first=True)

    def forward(self, sequence, hidden, cell):
        return self.layer(sequence, (hidden, cell))


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(inplace=True),
                                  nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8))

    def forward(self, x):
        return torch.relu(x + self.body(x))


CONVOLUTIONS = [
    Case("conv1d", lambda: nn.Conv1d(4, 6, 3, stride=2, padding=1), (2, 4, 11), dynamic=[{0: "N", 2: "L"}],
         again=[(3, 4, 20)]),
    Case("conv2d", lambda: nn.Conv2d(3, 8, 3, stride=2, padding=1), (2, 3, 12, 13), dynamic=[{0: "N", 2: "H", 3: "W"}],
         again=[(1, 3, 17, 9)]),
    Case("conv2d_groups", lambda: nn.Conv2d(8, 8, (3, 5), groups=4, dilation=(2, 1), padding=(1, 2)), (1, 8, 11, 9)),
    Case("conv2d_depthwise", lambda: nn.Conv2d(8, 8, 3, groups=8, padding=1, bias=False), (2, 8, 7, 9)),
    Case("conv2d_reflect", lambda: nn.Conv2d(3, 4, 3, padding=1, padding_mode="reflect"), (1, 3, 6, 7)),
    Case("conv3d", lambda: nn.Conv3d(2, 4, 3, stride=(1, 2, 1), padding=1), (1, 2, 5, 6, 7)),
    Case("conv_transpose1d", lambda: nn.ConvTranspose1d(4, 3, 4, stride=2, padding=1), (2, 4, 7)),
    Case("conv_transpose2d", lambda: nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1), (2, 4, 5, 6)),
    Case("conv_transpose2d_groups", lambda: nn.ConvTranspose2d(4, 6, 3, groups=2, dilation=2), (1, 4, 5, 6)),
    Case("conv_transpose3d", lambda: nn.ConvTranspose3d(2, 3, 3, stride=2), (1, 2, 3, 4, 3)),
    Case("residual_block", Residual, (2, 8, 6, 6), dynamic=[BATCH], again=[(5, 8, 6, 6)]),
]

POOLS = [
    Case("max_pool1d", lambda: nn.MaxPool1d(3, 2), (2, 3, 11)),
    Case("max_pool2d", lambda: nn.MaxPool2d(3, 2, padding=1), (2, 3, 11, 12)),
    Case("max_pool2d_ceiling", lambda: nn.MaxPool2d(3, 2, ceil_mode=True), (1, 3, 8, 10)),
    Case("max_pool2d_dilated", lambda: nn.MaxPool2d(2, 1, dilation=2), (1, 3, 8, 10), opsets=range(10, 18)),
    Case("max_pool2d_indices", lambda: nn.MaxPool2d(2, return_indices=True), lambda: spread(2, 3, 6, 8)),
    Case("max_pool3d", lambda: nn.MaxPool3d(2), (1, 2, 4, 6, 5)),
    Case("avg_pool1d", lambda: nn.AvgPool1d(3, 2, padding=1), (2, 3, 11)),
    Case("avg_pool2d", lambda: nn.AvgPool2d(3, 2, padding=1), (2, 3, 11, 12)),
    Case("avg_pool2d_inside", lambda: nn.AvgPool2d(3, 2, padding=1, count_include_pad=False), (2, 3, 9, 12)),
    Case("avg_pool2d_ceiling", lambda: nn.AvgPool2d(2, 2, ceil_mode=True), (1, 3, 8, 10)),
    Case("avg_pool3d", lambda: nn.AvgPool3d(2), (1, 2, 4, 6, 5)),
    Case("adaptive_avg_pool1d", lambda: nn.AdaptiveAvgPool1d(4), (2, 3, 12)),
    Case("adaptive_avg_pool2d", lambda: nn.AdaptiveAvgPool2d(1), (2, 3, 7, 9), dynamic=[{0: "N", 2: "H", 3: "W"}],
         again=[(1, 3, 4, 5)]),
    Case("adaptive_avg_pool2d_parts", lambda: nn.AdaptiveAvgPool2d((2, 3)), (2, 3, 8, 9)),
    Case("adaptive_avg_pool3d", lambda: nn.AdaptiveAvgPool3d(2), (1, 2, 4, 6, 8)),
    Case("adaptive_max_pool1d", lambda: nn.AdaptiveMaxPool1d(3), (2, 3, 12)),
    Case("adaptive_max_pool2d", lambda: nn.AdaptiveMaxPool2d((2, 3)), (2, 3, 8, 9)),
]

NORMALIZATIONS = [
    Case("batch_norm1d", lambda: nn.BatchNorm1d(5), (4, 5)),
    Case("batch_norm1d_sequence", lambda: nn.BatchNorm1d(5), (4, 5, 6)),
    Case("batch_norm2d", lambda: nn.BatchNorm2d(5), (2, 5, 6, 7), dynamic=[BATCH], again=[(3, 5, 6, 7)]),
    Case("batch_norm3d", lambda: nn.BatchNorm3d(3, affine=False), (2, 3, 4, 5, 6)),
    Case("instance_norm1d", lambda: nn.InstanceNorm1d(4, affine=True), (2, 4, 9)),
    Case("instance_norm2d", lambda: nn.InstanceNorm2d(4), (2, 4, 5, 6)),
    Case("instance_norm2d_statistics", lambda: nn.InstanceNorm2d(4, affine=True, track_running_stats=True),
         (2, 4, 5, 6)),
    Case("instance_norm3d", lambda: nn.InstanceNorm3d(3), (2, 3, 4, 5, 6)),
    Case("group_norm", lambda: nn.GroupNorm(3, 6), (2, 6, 5, 4)),
    Case("layer_norm", lambda: nn.LayerNorm(8), (2, 5, 8), dynamic=[{0: "N", 1: "T"}], again=[(1, 9, 8)]),
    Case("layer_norm_axes", lambda: nn.LayerNorm([5, 8], elementwise_affine=False), (2, 3, 5, 8), opsets=range(9, 17)),
    Case("local_response_norm", lambda: nn.LocalResponseNorm(3, alpha=0.1), (2, 7, 4, 5)),
    Case("weight_norm", lambda: nn.utils.weight_norm(nn.Linear(5, 4)), (3, 5)),
]

RECURRENT = [
    Case("rnn", lambda: nn.RNN(5, 4), (7, 2, 5), dynamic=[{0: "T", 1: "N"}], again=[(3, 4, 5)]),
    Case("rnn_relu_bidirectional", lambda: nn.RNN(5, 4, nonlinearity="relu", bidirectional=True), (7, 2, 5)),
    Case("rnn_layers", lambda: nn.RNN(5, 4, num_layers=2, batch_first=True), (2, 7, 5), (2, 2, 4)),
    Case("gru", lambda: nn.GRU(5, 4), (7, 2, 5), dynamic=[{0: "T", 1: "N"}], again=[(3, 4, 5)]),
    Case("gru_bidirectional", lambda: nn.GRU(5, 4, num_layers=2, bidirectional=True), (7, 2, 5), (4, 2, 4)),
    Case("gru_without_bias", lambda: nn.GRU(5, 4, bias=False, batch_first=True), (2, 7, 5)),
    Case("lstm", lambda: nn.LSTM(5, 4), (7, 2, 5), dynamic=[{0: "T", 1: "N"}], again=[(3, 4, 5)]),
    Case("lstm_bidirectional", lambda: nn.LSTM(5, 4, num_layers=2, bidirectional=True), (7, 2, 5)),
    Case("lstm_states", StatefulLstm, (2, 7, 5), (1, 2, 4), (1, 2, 4)),
    Case("lstm_packed", lambda: Packed(nn.LSTM), (7, 3, 5), torch.tensor([7, 4, 2])),
    Case("gru_packed", lambda: Packed(nn.GRU), (7, 3, 5), torch.tensor([7, 4, 2])),
    Case("rnn_cell", lambda: nn.RNNCell(5, 4), (3, 5), (3, 4)),
    Case("gru_cell", lambda: nn.GRUCell(5, 4), (3, 5), (3, 4)),
    Case("lstm_cell", lambda: nn.LSTMCell(5, 4), (3, 5)),
]


TRANSFORMERS = [
    Case("multi_head_attention", Attended, (6, 2, 16), (6, 2, 16)),
    Case("multi_head_attention_masked", lambda: Attended(True), (6, 2, 16), (6, 2, 16)),
    Case("transformer_encoder_layer", lambda: nn.TransformerEncoderLayer(16, 4, 32, dropout=0.0), (6, 2, 16)),
    Case("transformer_encoder_layer_before", lambda: nn.TransformerEncoderLayer(
        16, 4, 32, dropout=0.0, norm_first=True, activation="gelu", batch_first=True), (2, 6, 16)),
    Case("transformer_decoder_layer", lambda: nn.TransformerDecoderLayer(16, 4, 32, dropout=0.0), (5, 2, 16),
         (6, 2, 16)),
    Case("transformer", lambda: nn.Transformer(16, 4, 2, 2, 32, dropout=0.0), (6, 2, 16), (5, 2, 16)),
]

EMBEDDINGS = [
    Case("embedding", lambda: nn.Embedding(10, 6, padding_idx=0), lambda: integers(10, 3, 4), dynamic=[BATCH],
         again=[lambda: integers(10, 5, 4)]),
    Case("embedding_bag_sum", lambda: nn.EmbeddingBag(10, 6, mode="sum"), lambda: integers(10, 3, 4),
         opsets=range(10, 18)),
    Case("embedding_bag_mean", lambda: nn.EmbeddingBag(10, 6, mode="mean"), lambda: integers(10, 9),
         torch.tensor([0, 2, 5]), opsets=range(10, 18)),
    Case("embedding_bag_max", lambda: nn.EmbeddingBag(10, 6, mode="max"), lambda: integers(10, 3, 4),
         opsets=range(10, 18)),
]

HALF_PIXELS = range(11, 18)  # before, files could not say where samples lie, and the exporter takes another place
RESIZING = [
    Case("upsample_nearest", lambda: nn.Upsample(scale_factor=2), (1, 2, 4, 5)),
    Case("upsample_nearest1d", lambda: nn.Upsample(size=11), (1, 2, 4)),
    Case("upsample_nearest3d", lambda: nn.Upsample(scale_factor=2), (1, 2, 2, 3, 4)),
    Case("upsample_linear", lambda: nn.Upsample(scale_factor=2, mode="linear"), (1, 2, 7), opsets=HALF_PIXELS),
    Case("upsample_bilinear", lambda: nn.Upsample(scale_factor=(1.5, 2.5), mode="bilinear"), (1, 2, 4, 6), opsets=HALF_PIXELS),
    Case("upsample_bilinear_corners", lambda: nn.Upsample(size=(9, 7), mode="bilinear", align_corners=True),
         (1, 2, 4, 5), opsets=range(11, 18)),
    Case("upsample_bicubic", lambda: nn.Upsample(scale_factor=2, mode="bicubic"), (1, 2, 5, 6), opsets=range(11, 18)),
    Case("upsample_bicubic_corners", lambda: nn.Upsample(size=(7, 12), mode="bicubic", align_corners=True),
         (1, 2, 5, 6), opsets=range(11, 18)),
    Case("upsample_trilinear", lambda: nn.Upsample(scale_factor=2, mode="trilinear"), (1, 2, 3, 4, 3), opsets=HALF_PIXELS),
    Case("downsample_bilinear", lambda: nn.Upsample(size=(4, 5), mode="bilinear"), (1, 2, 9, 10), opsets=HALF_PIXELS),
    Case("pixel_shuffle", lambda: nn.PixelShuffle(3), (1, 18, 3, 4)),
    Case("pixel_unshuffle", lambda: nn.PixelUnshuffle(2), (1, 3, 6, 8)),
    Case("unfold", lambda: nn.Unfold((3, 2), dilation=(1, 2), padding=1, stride=2), (2, 3, 7, 8),
         opsets=range(11, 18)),
]

PADS = [
    Case("constant_pad1d", lambda: nn.ConstantPad1d((2, 1), 1.5), (2, 3, 5)),
    Case("zero_pad2d", lambda: nn.ZeroPad2d((1, 2, 3, 0)), (1, 2, 4, 5)),
    Case("negative_pad2d", lambda: nn.ConstantPad2d((-1, 2, 1, -2), 0.5), (1, 2, 5, 6)),
    Case("reflection_pad1d", lambda: nn.ReflectionPad1d((2, 1)), (2, 3, 5)),
    Case("reflection_pad2d", lambda: nn.ReflectionPad2d((1, 2, 3, 0)), (1, 2, 4, 5)),
    Case("replication_pad1d", lambda: nn.ReplicationPad1d((2, 1)), (2, 3, 5)),
    Case("replication_pad2d", lambda: nn.ReplicationPad2d((1, 2, 3, 0)), (1, 2, 4, 5)),
    Case("replication_pad3d", lambda: nn.ReplicationPad3d(1), (1, 2, 3, 3, 4)),
]

SHAPE = (3, 4, 5)
ACTIVATIONS = [Case(name, make, SHAPE, opsets=opsets) for name, make, opsets in [
    ("relu", nn.ReLU, ALL), ("relu6", nn.ReLU6, ALL), ("leaky_relu", lambda: nn.LeakyReLU(0.2), ALL),
    ("elu", lambda: nn.ELU(0.7), ALL), ("celu", lambda: nn.CELU(0.7), range(12, 18)), ("selu", nn.SELU, ALL),
    ("gelu", nn.GELU, ALL), ("gelu_tanh", lambda: nn.GELU("tanh"), ALL), ("silu", nn.SiLU, ALL), ("mish", nn.Mish, ALL),
    ("hardswish", nn.Hardswish, ALL), ("hardsigmoid", nn.Hardsigmoid, ALL), ("hardtanh", nn.Hardtanh, ALL),
    ("hardshrink", nn.Hardshrink, ALL), ("softshrink", nn.Softshrink, ALL), ("softplus", nn.Softplus, ALL),
    ("softsign", nn.Softsign, ALL), ("tanhshrink", nn.Tanhshrink, ALL), ("log_sigmoid", nn.LogSigmoid, ALL),
    ("sigmoid", nn.Sigmoid, ALL), ("tanh", nn.Tanh, ALL), ("threshold", lambda: nn.Threshold(0, 0), ALL),
    ("prelu", lambda: nn.PReLU(4), ALL), ("rrelu", nn.RReLU, ALL), ("glu", lambda: nn.GLU(1), ALL),
    ("softmax", lambda: nn.Softmax(1), ALL), ("log_softmax", lambda: nn.LogSoftmax(-1), ALL),
    ("softmin", lambda: nn.Softmin(2), ALL), ("softmax2d", nn.Softmax2d, ALL), ("dropout", nn.Dropout, ALL),
    ("flatten", lambda: nn.Flatten(1), ALL), ("identity", nn.Identity, ALL)]]

LOSSES = [
    Case("cross_entropy_loss", lambda: nn.CrossEntropyLoss(ignore_index=1), (6, 4), lambda: integers(4, 6),
         opsets=range(12, 18)),
    Case("cross_entropy_loss_images", lambda: nn.CrossEntropyLoss(torch.tensor([1.0, 0.5, 2.0])), (2, 3, 4, 5),
         lambda: integers(3, 2, 4, 5), opsets=range(12, 18)),
    Case("nll_loss", lambda: nn.NLLLoss(reduction="none"), (6, 4), lambda: integers(4, 6), opsets=range(12, 18)),
    Case("bce_with_logits_loss", lambda: nn.BCEWithLogitsLoss(pos_weight=torch.tensor([1.0, 2, 3, 0.5])), (3, 4),
         lambda: probabilities(3, 4), opsets=range(12, 18)),
    Case("kl_div_loss", lambda: nn.KLDivLoss(reduction="batchmean"), (3, 4), lambda: probabilities(3, 4)),
]

DENSE = [
    Case("linear", lambda: nn.Linear(5, 4), (3, 5), dynamic=[BATCH], again=[(7, 5)]),
    Case("linear_higher", lambda: nn.Linear(5, 4, bias=False), (2, 3, 5)),
    Case("cosine_similarity", nn.CosineSimilarity, (6, 4), (6, 4)),
    Case("pairwise_distance", nn.PairwiseDistance, (6, 4), (6, 4)),
    Case("perceptron", lambda: nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Dropout(), nn.Linear(8, 3), nn.Softmax(1)),
         (4, 5), dynamic=[BATCH], again=[(1, 5)]),
]

CASES = (CONVOLUTIONS + POOLS + NORMALIZATIONS + RECURRENT + TRANSFORMERS + EMBEDDINGS + RESIZING + PADS + ACTIVATIONS
         + LOSSES + DENSE)
