"""A few numbers on their way from the device to the host: read some steps later, when nobody has to wait for them."""

from __future__ import annotations

import torch
from torch import Tensor


class Later:
    """values: float (n,) on the device. Once some steps have passed, `read` costs nothing."""

    def __init__(self, values: Tensor) -> None:
        self._values, self._arrived = values, None
        if values.device.type == "cuda":
            self._values = torch.empty(values.shape, dtype=values.dtype, pin_memory=True)
            self._values.copy_(values, non_blocking=True)
            self._arrived = torch.cuda.Event()
            self._arrived.record()

    def read(self) -> list[float]:
        if self._arrived is not None:
            self._arrived.synchronize()
        return self._values.tolist()
