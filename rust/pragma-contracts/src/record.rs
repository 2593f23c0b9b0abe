//! A record of a topic, as it came from Kafka or anywhere else: nothing of it is decoded until it is asked for.

use std::borrow::Cow;

use crate::{AnyMessage, Contract, ContractView, Error, Feed, Frame, Result, peek};

/// A record of a topic: its key and its value, which is a frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The topic.
    pub topic: Cow<'static, str>,
    /// The record key, in which the feed is written.
    pub key: Option<Vec<u8>>,
    /// The frame; None for a tombstone.
    pub value: Option<Vec<u8>>,
}

impl Record {
    /// The feed that the record belongs to: by its key, or by its frame when the key is absent or foreign.
    ///
    /// # Errors
    /// [`Error::InvalidFrame`], [`Error::InvalidFeed`]: neither says it.
    pub fn feed(&self) -> Result<Feed<'_>> {
        self.borrowed().feed()
    }

    /// The message of a contract, checked, and of the feed that the record key names.
    ///
    /// # Errors
    /// [`Error::InvalidFrame`]: the value is no frame, or holds no such message. [`Error::InvalidMessage`]: the message
    /// breaks its contract. [`Error::KeyMismatch`]: the key names another feed.
    pub fn decode<C: Contract>(&self) -> Result<C> {
        self.borrowed().decode()
    }

    /// The message of a contract in its borrowed form, checked as by [`Record::decode`].
    ///
    /// # Errors
    /// As for [`Record::decode`]; and [`Error::InvalidFrame`]: only the owned form can hold it.
    pub fn view<C: Contract>(&self) -> Result<C::View<'_>> {
        let record = self.borrowed();
        let view = Frame::parse(record.frame()?)?.view::<C>()?;
        record.check_key(view.feed()?)?;
        Ok(view)
    }

    /// The message of whichever contract the topic belongs to, checked, and of the feed that the record key names.
    ///
    /// # Errors
    /// As for [`Record::decode`], and [`Error::NotAContract`]: the topic is no contract's.
    pub fn decode_any(&self) -> Result<AnyMessage> {
        self.borrowed().decode_any()
    }

    fn borrowed(&self) -> RecordRef<'_> {
        RecordRef {
            topic: &self.topic,
            key: self.key.as_deref(),
            value: self.value.as_deref(),
        }
    }
}

/// A record whose bytes are somebody else's.
#[derive(Clone, Copy)]
pub(crate) struct RecordRef<'a> {
    pub(crate) topic: &'a str,
    pub(crate) key: Option<&'a [u8]>,
    pub(crate) value: Option<&'a [u8]>,
}

impl<'a> RecordRef<'a> {
    pub(crate) fn feed(self) -> Result<Feed<'a>> {
        match self.key.map(Feed::parse) {
            Some(Ok(feed)) => Ok(feed),
            _ => peek(self.frame()?),
        }
    }

    pub(crate) fn decode<C: Contract>(self) -> Result<C> {
        let message: C = Frame::parse(self.frame()?)?.decode()?;
        self.check_key(message.feed()?)?;
        Ok(message)
    }

    pub(crate) fn decode_any(self) -> Result<AnyMessage> {
        let message = AnyMessage::decode(self.topic, self.frame()?)?;
        self.check_key(message.feed()?)?;
        Ok(message)
    }

    pub(crate) fn frame(self) -> Result<&'a [u8]> {
        let tombstone = "is a tombstone: the record has no value, and contracts delete nothing";
        self.value.ok_or_else(|| Error::frame(tombstone, 0, 0))
    }

    /// Whether a filter wants the record's feed.
    #[cfg(feature = "stream")]
    pub(crate) fn is_wanted(self, filter: &crate::FeedFilter) -> Result<bool> {
        match self.value {
            Some(frame) => filter.wants(self.key, frame),
            None => Ok(filter.matches(&self.feed()?)),
        }
    }

    fn check_key(self, payload: Feed<'_>) -> Result<()> {
        match self.key.map(Feed::parse) {
            Some(Ok(key)) if !key.is_same(&payload) => Err(Error::KeyMismatch {
                key: key.to_string(),
                payload: payload.to_string(),
            }),
            _ => Ok(()),
        }
    }
}

#[cfg(feature = "stream")]
impl crate::InFeed for Record {
    fn is_wanted(&self, filter: &crate::FeedFilter) -> Result<bool> {
        self.borrowed().is_wanted(filter)
    }
}
