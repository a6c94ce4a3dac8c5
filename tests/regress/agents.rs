//! Agents and the simulator that bots are pointed at.
