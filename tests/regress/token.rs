//! The access token and the clocks.
