#!/usr/bin/python3
"""write_pytorch_models.py FOLDER: layers and functions of PyTorch as torch.onnx exports them, with PyTorch's outputs.

Prints one line a case: its name, or what is missing to make it.
"""
import sys


def main():
    try:
        import pytorch_functions
        import pytorch_layers
    except ImportError as error:
        print("missing: %s" % error)
        return
    for case in pytorch_layers.CASES + pytorch_functions.CASES:
        case.write(sys.argv[1])
        print(case.name)


if __name__ == "__main__":
    main()
