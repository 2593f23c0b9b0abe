//! Filters on streams: what is not wanted is dropped before it is decoded, and a bad record does not end the stream.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use pin_project_lite::pin_project;

use crate::filter::Several;
use crate::{Error, FeedFilter, MarketType, Result, feeds};

/// Something that belongs to a feed: a record by its key, a message by its identifiers.
///
/// For a record type of your own it is one line: `filter.wants(self.key(), self.payload())`.
pub trait InFeed {
    /// Whether a filter takes the feed that this belongs to.
    ///
    /// # Errors
    /// The reason why it belongs to no feed.
    fn is_wanted(&self, filter: &FeedFilter) -> Result<bool>;
}

/// An item of a stream: a record or message, or the `Result` of one.
pub trait Item {
    /// What comes out of a filter.
    type Filtered;

    /// The item if it is wanted, or as an error when it belongs to no feed; errors stay as they are.
    fn filtered(self, filter: &FeedFilter) -> Option<Self::Filtered>;
}

impl<T: InFeed> Item for T {
    type Filtered = Result<T>;

    fn filtered(self, filter: &FeedFilter) -> Option<Result<T>> {
        match self.is_wanted(filter) {
            Ok(true) => Some(Ok(self)),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

impl<T: InFeed, E: From<Error>> Item for std::result::Result<T, E> {
    type Filtered = Self;

    fn filtered(self, filter: &FeedFilter) -> Option<Self> {
        match self.map(|item| item.filtered(filter)) {
            Ok(Some(item)) => Some(item.map_err(E::from)),
            Ok(None) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

/// Filters on any stream of records, messages, or `Result`s of them.
///
/// A record that belongs to no feed comes out as an `Err`, and the stream goes on after it.
pub trait FeedStreamExt: Stream + Sized
where
    Self::Item: Item,
{
    /// Keeps the feeds that a filter takes.
    fn feeds(self, filter: FeedFilter) -> Filtered<Self> {
        Filtered {
            stream: self,
            filter,
        }
    }

    /// Keeps feeds of these market types.
    ///
    /// # Errors
    /// [`Error::Configuration`]: none is given, or one is unspecified.
    fn market_type(self, values: impl Several<MarketType>) -> Result<Filtered<Self>> {
        Ok(self.feeds(feeds().market_type(values)?))
    }

    /// Keeps spot feeds.
    fn spot(self) -> Filtered<Self> {
        self.feeds(FeedFilter::of_market(MarketType::Spot))
    }

    /// Keeps feeds of perpetual futures.
    fn perpetual(self) -> Filtered<Self> {
        self.feeds(FeedFilter::of_market(MarketType::Perpetual))
    }

    /// Keeps feeds of options.
    fn options(self) -> Filtered<Self> {
        self.feeds(FeedFilter::of_market(MarketType::Options))
    }
}

impl<S: Stream> FeedStreamExt for S where S::Item: Item {}

pin_project! {
    /// A stream of what a filter takes.
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct Filtered<S> {
        #[pin]
        stream: S,
        filter: FeedFilter,
    }
}

impl<S: Stream> Stream for Filtered<S>
where
    S::Item: Item,
{
    type Item = <S::Item as Item>::Filtered;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        loop {
            match this.stream.as_mut().poll_next(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Ready(Some(item)) => {
                    if let Some(item) = item.filtered(this.filter) {
                        return Poll::Ready(Some(item));
                    }
                }
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, self.stream.size_hint().1)
    }
}
