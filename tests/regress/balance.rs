//! A balance is whole, or an error.
