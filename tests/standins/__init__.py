"""Stand-ins: for faults that a real server does not produce on demand, and for plugins that misbehave."""
