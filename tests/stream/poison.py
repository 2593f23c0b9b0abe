"""Records of the prices topic that no producer of this package would write."""

import random
import time
from typing import Any

from pragma_contracts import Price, encode, stamp
from pragma_contracts.errors import ContractError, ForeignSchema, InvalidFrame, InvalidMessage, KeyMismatch

KEY = b"perp-unknown-paradex-BTC"
MANTISSA = "1" * 39


def frame_of(schema_id: int = 1, *, event_age_s: int = 0, **fields: Any) -> bytes:
    """The frame of a price, unchecked; every field may be given. event_age_s: how old its event is."""
    identifiers = {"market_type": 2, "network_id": "unknown", "source_id": "paradex", "token_ticker": "BTC"}
    message = Price(**{**identifiers, "price": "65432.10", **fields})
    stamp(message, event_time=time.time_ns() - event_age_s * 10**9)
    return encode(message, schema_id, validate=False)


def poison(good: int, foreign: int) -> list[tuple[bytes | None, bytes | None, type[ContractError]]]:
    """Every kind of bad price record as (key, value), with the error it must give.

    good, foreign: the schema ids of Price and of another contract.
    """
    frame = frame_of(good)
    noise = random.Random(7).randbytes
    return [
        (KEY, None, InvalidFrame),
        *[(KEY, frame[:size], InvalidFrame) for size in range(6)],
        (KEY, b"\x01" + frame[1:], InvalidFrame),
        (KEY, frame[:5] + b"\x02\x02" + frame[6:], InvalidFrame),
        (KEY, frame[:5] + b"\x04\x02\x02" + frame[6:], InvalidFrame),
        (KEY, frame[:-3], InvalidFrame),
        (KEY, frame[:6] + noise(60), InvalidFrame),
        (KEY, frame[:6], InvalidMessage),
        (KEY, frame_of(foreign), ForeignSchema),
        (KEY, frame_of(good, market_type=0), InvalidMessage),
        (KEY, frame_of(good, price="1e5"), InvalidMessage),
        (KEY, frame_of(good, price="NaN"), InvalidMessage),
        (KEY, frame_of(good, price=""), InvalidMessage),
        (KEY, frame_of(good, price=MANTISSA), InvalidMessage),
        (KEY, frame_of(good, market_type=1), KeyMismatch),
        (KEY, frame_of(good, token_ticker="ETH"), KeyMismatch),
        (b"lending-unknown-paradex-BTC", frame_of(good, market_type=1), KeyMismatch),
        (KEY, frame_of(good, market_type=9), KeyMismatch),
    ]
