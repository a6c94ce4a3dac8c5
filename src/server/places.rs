//! The places of the socket: a user is a uid, and has its replies in common.

use super::unread::Unread;
use crate::places::{self, OfUser};

pub(super) use crate::places::NoPlace;

pub(crate) type Places = places::Places<u32, Unread>;
pub(super) type Place = places::Place<u32, Unread>;
pub(super) type Rules = places::Rules<u32>;

impl OfUser for Unread {
    fn of_another_user(&self) -> Self {
        Self::of_another_user(self)
    }
}
