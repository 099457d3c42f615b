"""The other side of `benchmarks/serving.py`: FastAPI and torch as most tutorials put them together.

In: port, size, precision. Out: a server with one route that reads a picture with Pillow, resizes
it, and runs timm's tf_efficientnet_lite0, channels last, in bf16 where the processor has it.
"""

from __future__ import annotations

import io
import sys
from typing import Any

import numpy as np
import timm
import torch
import uvicorn
from fastapi import FastAPI, Request
from PIL import Image


def main() -> None:
    """Serve until killed."""
    port, size, precision = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    model = timm.create_model("tf_efficientnet_lite0", pretrained=False, num_classes=2).eval()
    model = model.to(memory_format=torch.channels_last)
    app = FastAPI()

    @app.post("/v1/predict")
    async def predict(request: Request) -> dict[str, Any]:
        data = await request.body()
        return await _in_thread(data)

    async def _in_thread(data: bytes) -> dict[str, Any]:
        from starlette.concurrency import run_in_threadpool

        return await run_in_threadpool(_answer, data)

    def _answer(data: bytes) -> dict[str, Any]:
        picture = Image.open(io.BytesIO(data)).convert("RGB").resize((size, size))
        pixels = torch.from_numpy(np.asarray(picture).copy()).permute(2, 0, 1)[None]
        pixels = (pixels.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, precision == "bf16"):
            probabilities = model(pixels).float().softmax(1)[0]
        return {"probabilities": probabilities.tolist()}

    uvicorn.run(app, port=port, http="httptools", log_level="error", access_log=False)


if __name__ == "__main__":
    main()
