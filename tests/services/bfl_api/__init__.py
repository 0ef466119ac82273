"""Parts of the stand-in for the Black Forest Labs API: what its models take."""
