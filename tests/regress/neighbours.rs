//! Many programs on one socket.
