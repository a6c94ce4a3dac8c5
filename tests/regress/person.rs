//! What the person in trouble reads.
