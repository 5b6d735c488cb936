"""A case of PyTorch: a module or function, its inputs, and the opsets at which torch.onnx can export it."""
import io
import os
import warnings

import numpy as np
import onnx
import torch
from onnx import numpy_helper

ALL = range(9, 18)


class Function(torch.nn.Module):
    """A function as the exporter wants it."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *inputs):
        return self.function(*inputs)


def positive(*shape):
    return torch.rand(shape) + 0.5


def probabilities(*shape):
    return torch.rand(shape) * 0.98 + 0.01


def integers(high, *shape, low=0):
    return torch.randint(low, high, shape)


def booleans(*shape):
    return torch.rand(shape) < 0.5


def spread(*shape):
    """No two values alike, so that sorting has one answer."""
    count = int(np.prod(shape))
    return ((torch.randperm(count).float() - count / 2) / 4).reshape(shape)


def value_of(recipe):
    """A tuple of sizes stands for normally distributed numbers, a function for what it makes."""
    if isinstance(recipe, tuple):
        return torch.randn(recipe)
    return recipe() if callable(recipe) else recipe


class Case:
    """`make` gives the module; `inputs` are recipes; with `again`, recipes of a second set of data, the sizes in `dynamic` (a dictionary of axis and
    name for each input) are left open."""

    def __init__(self, name, make, *inputs, opsets=ALL, dynamic=None, again=None):
        self.name, self.make, self.inputs, self.opsets = name, make, inputs, opsets
        self.dynamic, self.again = dynamic, again

    def prepared(self):
        """The module in evaluation mode, its statistics as after training; and the sets of inputs."""
        torch.manual_seed(sum(map(ord, self.name)))
        module = self.make()
        if isinstance(module, torch.nn.Module):
            randomize(module.eval())
        return module, [[value_of(recipe) for recipe in recipes] for recipes in (self.inputs, self.again) if recipes]

    def write(self, folder):
        """A folder an opset; as ONNX's backend tests have them."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module, data = self.prepared()
            with torch.no_grad():
                wanted = [flattened(module(*(x.clone() for x in inputs))) for inputs in data]
            for opset in self.opsets:
                name = os.path.join(self.name, "opset_%d" % opset)
                self.export(module, data[0], opset, os.path.join(folder, name))
                for position, (inputs, outputs) in enumerate(zip(data, wanted)):
                    write_data(os.path.join(folder, name, "test_data_set_%d" % position), inputs, outputs)

    def export(self, module, inputs, opset, folder):
        names = ["x%d" % i for i in range(len(inputs))]
        axes = dict(zip(names, self.dynamic)) if self.dynamic else None
        file = io.BytesIO()
        torch.onnx.export(module, tuple(x.clone() for x in inputs), file, opset_version=opset, input_names=names,
                          dynamic_axes=axes, training=torch.onnx.TrainingMode.PRESERVE)
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "model.onnx"), "wb") as model:
            model.write(file.getvalue())


def randomize(module):
    """Statistics and scales that are neither 0 nor 1."""
    for part in module.modules():
        if getattr(part, "running_var", None) is not None:
            part.running_mean.normal_()
            part.running_var.uniform_(0.5, 2)
        if isinstance(part, (torch.nn.GroupNorm, torch.nn.LayerNorm, torch.nn.modules.batchnorm._NormBase)):
            for parameter in part.parameters():
                parameter.data.normal_(1, 0.5)


def flattened(value):
    if isinstance(value, torch.Tensor):
        return [value]
    return [tensor for part in value if part is not None for tensor in flattened(part)]


def write_data(folder, inputs, outputs):
    os.makedirs(folder, exist_ok=True)
    for kind, tensors in (("input", inputs), ("output", outputs)):
        for position, tensor in enumerate(tensors):
            proto = numpy_helper.from_array(tensor.detach().contiguous().numpy())
            with open(os.path.join(folder, "%s_%d.pb" % (kind, position)), "wb") as file:
                file.write(proto.SerializeToString())
