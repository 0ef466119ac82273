"""Stand-ins for hosted services that tests cannot reach. Each is strict, and the vendor's own SDK works with it."""
