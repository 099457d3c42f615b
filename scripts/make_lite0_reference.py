"""Write what timm's network says with the same weights: tests/features/lite0_reference.npz.

In: timm, torch and the weights package (none of them is needed to run the tests). Out: for each
size and each of PICTURES the 1,000 logits and the pooled stages, and a hash of all weights.
Try: `PYTHONPATH=. python scripts/make_lite0_reference.py efficientnet-lite0-57934424.pth`.
"""

from __future__ import annotations

import hashlib
import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

REFERENCE = Path(__file__).resolve().parents[1] / "tests" / "features" / "lite0_reference.npz"
MODEL = "tf_efficientnet_lite0"  # timm's name
SIZES = (128, 224)
PICTURES = 3


def pictures(size: int) -> NDArray[np.float32]:
    """PICTURES squares (PICTURES, size, size, 3), 0..255, from whole numbers only.

    Slopes of colour with dark discs, rings that alias, and noise: smooth, regular and rough.
    """
    y, x, c = np.mgrid[:size, :size, :3].astype(np.int64)
    slopes = (x * (c + 1) + y * (3 - c)) * 60 // size
    discs = np.where(((x % 48) - 24) ** 2 + ((y % 56) - 28) ** 2 < 150, slopes // 3, slopes + 40)
    rings = (x * x + y * y * (c + 1)) // size % 256
    noise = ((x * 73_856_093) ^ (y * 19_349_663) ^ (c * 83_492_791)) * 2_654_435_761 >> 20 & 255
    return np.stack([discs, rings, noise]).astype(np.float32)


def timm_model(state: dict[str, Any], name: str = MODEL) -> Any:
    """timm's network with the tensors of `state`, which stand in the same order as its own."""
    model = importlib.import_module("timm").create_model(name, pretrained=False)
    own = model.state_dict()
    if [tuple(t.shape) for t in own.values()] != [tuple(t.shape) for t in state.values()]:
        raise ValueError(f"the tensors are not those of {name}, or in another order")
    model.load_state_dict(dict(zip(own, state.values(), strict=True)))
    return model.eval()


def run(model: Any, squares: NDArray[np.float32]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Features (images, 3,728) pooled by torch behind every stage, and logits (images, 1,000)."""
    torch = importlib.import_module("torch")
    pooled = []

    def pool(_: Any, __: Any, x: Any) -> None:
        deviation = x.std((2, 3), correction=0)
        pooled.extend([x.mean((2, 3)), x.amax((2, 3)), deviation])

    def last(_: Any, __: Any, x: Any) -> None:
        pooled.append(x.mean((2, 3)))

    watched = [(stage, pool) for stage in (model.bn1, *model.blocks)] + [(model.bn2, last)]
    hooks = [module.register_forward_hook(hook) for module, hook in watched]
    with torch.inference_mode():
        pixels = torch.from_numpy(squares).permute(0, 3, 1, 2) / 127.5 - 1
        logits = model(pixels)
    for hook in hooks:
        hook.remove()
    return torch.cat(pooled, 1).numpy(), logits.numpy()


def digest(state: dict[str, NDArray[Any]]) -> str:
    """One hash of all tensors: names, shapes, kinds of number and bytes, in order."""
    whole = hashlib.sha256()
    for name, tensor in state.items():
        whole.update(f"{name} {tensor.shape} {tensor.dtype}\n".encode())
        whole.update(tensor.tobytes())
    return whole.hexdigest()


def main() -> None:
    """Write the reference from the file of weights that is given."""
    torch = importlib.import_module("torch")
    state = torch.load(sys.argv[1], weights_only=True)
    model = timm_model(state)
    arrays = {"weights": np.array(digest({name: t.numpy() for name, t in state.items()}))}
    for size in SIZES:
        features, logits = run(model, pictures(size))
        arrays |= {f"features{size}": features, f"logits{size}": logits}
    np.savez_compressed(REFERENCE, **arrays)  # type: ignore[arg-type]  # NumPy's own stub
    print(f"{REFERENCE}: {REFERENCE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
