"""Filters of feeds: which ones a consumer wants, said once and tested on the record key alone."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import product, starmap

from pragma_contracts.errors import ConfigurationError, shown
from pragma_contracts.messages import MarketType
from pragma_contracts.rules import BAD_COMPONENT, is_component
from pragma_contracts.wire.feed import Feed


class FeedFilter(ABC):
    """A condition on feeds. Filters combine with & (both), | (either) and ~ (not)."""

    __slots__ = ()

    @abstractmethod
    def __call__(self, feed: Feed) -> bool:
        """Whether the feed is wanted."""

    def exact(self) -> frozenset[Feed] | None:
        """Every feed that it wants, when it names them all; None when it cannot list them."""
        return None

    def __and__(self, other: "FeedFilter") -> "FeedFilter":
        return _Both(self, other) if isinstance(other, FeedFilter) else NotImplemented

    def __or__(self, other: "FeedFilter") -> "FeedFilter":
        return _Either(self, other) if isinstance(other, FeedFilter) else NotImplemented

    def __invert__(self) -> "FeedFilter":
        return _Not(self)


def feeds(
    *,
    market_type: MarketType | str | Iterable[MarketType | str] | None = None,
    network_id: str | Iterable[str] | None = None,
    source_id: str | Iterable[str] | None = None,
    token_ticker: str | Iterable[str] | None = None,
) -> FeedFilter:
    """A filter of the feeds whose identifiers are all among the given ones.

    Each argument is one value or several; one that is left out allows every value, so `feeds()` takes every feed. A
    market type is a MarketType or its text: "spot", "perpetual" (or "perp"), "options". A feed whose market type this
    version does not know matches no filter that names one; `~` is plain negation, so it matches that.

    Raises:
        ConfigurationError: a market type is unknown, a value can be in no feed, or an argument has no value at all.
    """
    return _Match(
        None if market_type is None else frozenset(map(_market_type, _several("market_type", market_type))),
        _texts("network_id", network_id),
        _texts("source_id", source_id),
        _texts("token_ticker", token_ticker),
    )


def as_filter(where: object) -> Callable[[Feed], bool] | None:
    """What a consumer takes for a filter: one, any function of a Feed, or the feeds themselves.

    Raises:
        ConfigurationError: it is none of these.
    """
    if where is None or callable(where):
        return where
    wanted = frozenset(where) if isinstance(where, Iterable) and not isinstance(where, str) else frozenset()
    if wanted and all(isinstance(feed, Feed) for feed in wanted):
        return _Exactly(wanted)
    problem = f"{shown(where)} is no filter; write feeds(…), a function of a Feed, or the feeds themselves"
    raise ConfigurationError("where", problem)


@dataclass(frozen=True, slots=True)
class _Exactly(FeedFilter):
    wanted: frozenset[Feed]

    def __call__(self, feed: Feed) -> bool:
        return feed in self.wanted

    def exact(self) -> frozenset[Feed]:
        return self.wanted


@dataclass(frozen=True, slots=True)
class _Match(FeedFilter):
    market_type: frozenset[MarketType] | None
    network_id: frozenset[str] | None
    source_id: frozenset[str] | None
    token_ticker: frozenset[str] | None

    def __call__(self, feed: Feed) -> bool:
        return (
            (self.market_type is None or feed.market_type in self.market_type)
            and (self.network_id is None or feed.network_id in self.network_id)
            and (self.source_id is None or feed.source_id in self.source_id)
            and (self.token_ticker is None or feed.token_ticker in self.token_ticker)
        )

    def exact(self) -> frozenset[Feed] | None:
        parts = self.market_type, self.network_id, self.source_id, self.token_ticker
        return None if None in parts else frozenset(starmap(Feed, product(*filter(None, parts))))

    def __repr__(self) -> str:
        named = {
            "market_type": frozenset(member.text for member in self.market_type or ()),
            "network_id": self.network_id,
            "source_id": self.source_id,
            "token_ticker": self.token_ticker,
        }
        return f"feeds({', '.join(f'{name}={_shown(values)}' for name, values in named.items() if values)})"


@dataclass(frozen=True, slots=True)
class _Both(FeedFilter):
    left: FeedFilter
    right: FeedFilter

    def __call__(self, feed: Feed) -> bool:
        return self.left(feed) and self.right(feed)

    def exact(self) -> frozenset[Feed] | None:
        for one, other in (self.left, self.right), (self.right, self.left):
            if (listed := one.exact()) is not None:
                return frozenset(filter(other, listed))
        return None

    def __repr__(self) -> str:
        return f"({self.left!r} & {self.right!r})"


@dataclass(frozen=True, slots=True)
class _Either(FeedFilter):
    left: FeedFilter
    right: FeedFilter

    def __call__(self, feed: Feed) -> bool:
        return self.left(feed) or self.right(feed)

    def exact(self) -> frozenset[Feed] | None:
        left, right = self.left.exact(), self.right.exact()
        return None if left is None or right is None else left | right

    def __repr__(self) -> str:
        return f"({self.left!r} | {self.right!r})"


@dataclass(frozen=True, slots=True)
class _Not(FeedFilter):
    inner: FeedFilter

    def __call__(self, feed: Feed) -> bool:
        return not self.inner(feed)

    def __repr__(self) -> str:
        return f"~{self.inner!r}"


def _several(option: str, given: object) -> list[object]:
    values = list(given) if isinstance(given, Iterable) and not isinstance(given, str) else [given]
    if not values:
        raise ConfigurationError(option, "names no value, so no feed would ever match; leave it out to allow every one")
    return values


def _market_type(value: object) -> MarketType:
    found = MarketType.from_text(value) if isinstance(value, str) else value
    if isinstance(found, MarketType) and found:
        return found
    known = ", ".join(member.text for member in MarketType if member)
    raise ConfigurationError("market_type", f"{value!r} is no market type; write a MarketType or one of {known}")


def _texts(option: str, given: str | Iterable[str] | None) -> frozenset[str] | None:
    if given is None:
        return None
    values = _several(option, given)
    for value in values:
        if not isinstance(value, str) or not is_component(value):
            raise ConfigurationError(option, f"{value!r} {BAD_COMPONENT}")
    return frozenset(map(str, values))


def _shown(values: frozenset[str]) -> str:
    texts = [repr(value) for value in sorted(values)]
    return texts[0] if len(texts) == 1 else f"{{{', '.join(texts)}}}"
