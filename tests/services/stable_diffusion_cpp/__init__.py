"""A real server of ``/sdapi/v1``: ``sd-server`` of stable-diffusion.cpp, built from source, with tiny weights."""
